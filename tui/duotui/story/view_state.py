"""State of the story view: everything that the story screen shows."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Step(StrEnum):
    CARDS = "cards"
    LISTENING = "listening"
    HEARD = "heard"
    TELLING = "telling"
    THE_END = "the end"
    SHELF = "shelf"
    RESTING = "resting"


class RestReason(StrEnum):
    QUIET = "quiet"
    TIME_OVER = "time over"
    ASLEEP = "asleep"


@dataclass(frozen=True, slots=True)
class ChoiceOption:
    """An option to choose, with its label in the child's language and its picture's name."""

    key: str
    label: str
    picture: str


@dataclass(frozen=True, slots=True)
class StoryViewState:
    """`cursor` is an index into `options`; `row`, an index into CARD_ROWS, is the question, and
    `picked` are the cards chosen before.

    `sentences` and the index `current` belong to the story that is read; `thinking`: the next
    sentence is not generated yet. `board_away`: the link is away or lost; `fallback_playing`: a
    fallback is read meanwhile; `board_back`: the story continues after it.

    `recognized` holds the labels of a spoken wish, `not_understood` the name of the phrase that
    explains why there is none.

    `until` is the end of quiet hours, `one_more` offers an extra story."""

    step: Step = Step.CARDS
    options: tuple[ChoiceOption, ...] = ()
    cursor: int = 0
    row: int = 0
    picked: tuple[ChoiceOption, ...] = ()
    sentences: tuple[str, ...] = ()
    current: int = -1
    thinking: bool = False
    paused: bool = False
    board_away: bool = False
    fallback_playing: bool = False
    board_back: bool = False
    saved: bool = False
    recognized: str = ""
    not_understood: str = ""
    rest: RestReason | None = None
    until: datetime | None = None
    one_more: bool = False

    @classmethod
    def the_end(
        cls, options: tuple[ChoiceOption, ...], sentences: tuple[str, ...], *, saved: bool
    ) -> "StoryViewState":
        """The view after the last of `sentences`."""
        return cls(Step.THE_END, options, sentences=sentences, current=len(sentences), saved=saved)
