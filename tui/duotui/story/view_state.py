"""What is on the stage of the story hour: all that a screen shows."""

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
    """One of the things to choose from: what it is called, in the child's language, and its
    picture's name."""

    key: str
    label: str
    picture: str


@dataclass(frozen=True, slots=True)
class StoryViewState:
    """`offers` with the cursor `at` one of them; `row` is the question that they answer (who,
    where, what), `picked` the cards chosen until now. Of a story: its `sentences` until now, the
    `current` one, whether it `thinks` of the next, whether the machine is `sleepy` because what
    tells is away, and `napping`: what is read meanwhile is another story, or `back` from that.
    `heard` is what a child is thought to have said, `missed` why it is not known (a phrase's
    name)."""

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
