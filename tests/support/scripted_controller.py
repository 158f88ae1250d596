"""Controller of the story screen that holds a scripted view, and records its calls."""

import random
from collections.abc import Callable
from datetime import datetime

from duotui.base.translation import current_language
from duotui.protocol.tokens import WordMark
from duotui.settings.parental_settings import ParentalSettings
from duotui.story import choices
from duotui.story.cards import deck
from duotui.story.strings import StoryStrings, story_strings
from duotui.story.view_state import ChoiceOption, RestReason, Step, StoryViewState

SENTENCES = (
    "Once upon a time, there was a little cat named Kitty.",
    "Kitty and Lily were best friends.",
    "One day, they found a shiny golden key in the deep, dark forest.",
    '"What does it open?" asked Lily.',
    "They walked to the old castle and saw a big, red door with a tiny lock, and they looked at "
    "each other and smiled.",
)


class ScriptedController:
    def __init__(self, view: StoryViewState, parental: ParentalSettings) -> None:
        self.view, self.parental = view, parental
        self.strings = story_strings()
        self.word: WordMark | None = None
        self.troubles: tuple[str, ...] = ()
        self.requests: list[tuple[object, ...]] = []
        self._watch: Callable[[], None] = lambda: None

    def subscribe(self, watch: Callable[[], None]) -> None:
        self._watch = watch

    def open(self) -> None:
        self.requests.append(("open",))

    async def close(self) -> None:
        self.requests.append(("close",))

    def apply_settings(self, parental: ParentalSettings, strings: StoryStrings) -> None:
        self.parental, self.strings = parental, strings

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments: self.requests.append((name, *arguments))


def mark(sentence: str, word: str) -> WordMark:
    at = sentence.index(word)
    return WordMark(0.0, at, at + len(word))


def scripted_controllers(parental: ParentalSettings) -> dict[str, ScriptedController]:
    """Controllers for each view, by name."""
    strings, language = story_strings(), current_language()
    heroes, places, topics = (choices.cards(deck(), row, language) for row in range(3))
    favourites = (
        ChoiceOption("0", choices.title(deck(), _CHOICE, language), "cat"),
        ChoiceOption("1", "a dragon, the sea, a cake", "dragon"),
    )
    views = {
        "who": StoryViewState(Step.CARDS, heroes, cursor=1),
        "what": StoryViewState(Step.CARDS, topics, cursor=6, row=2, picked=(heroes[1], places[0])),
        "telling": StoryViewState(Step.TELLING, sentences=SENTENCES, current=4),
        "paused": StoryViewState(Step.TELLING, sentences=SENTENCES[:2], current=1, paused=True),
        "thinking": StoryViewState(Step.TELLING, sentences=SENTENCES[:2], current=1, thinking=True),
        "fallback": StoryViewState(
            Step.TELLING, sentences=SENTENCES[:1], current=0, fallback_playing=True, board_away=True
        ),
        "board-back": StoryViewState(
            Step.TELLING, sentences=SENTENCES[:3], current=2, board_back=True
        ),
        "end": StoryViewState(
            Step.THE_END, choices.ending(strings, kept=False), sentences=SENTENCES, current=5
        ),
        "saved": StoryViewState(
            Step.THE_END, choices.ending(strings, kept=True), sentences=SENTENCES, saved=True
        ),
        "favourites": StoryViewState(Step.SHELF, favourites),
        "empty": StoryViewState(Step.SHELF),
        "listening": StoryViewState(Step.LISTENING),
        "recognized": StoryViewState(
            Step.HEARD,
            choices.answers(strings),
            recognized=choices.title(deck(), _CHOICE, language),
        ),
        "missed": StoryViewState(Step.CARDS, heroes, not_understood="not_heard"),
        "night": StoryViewState(
            Step.RESTING, rest=RestReason.QUIET, until=datetime(2026, 11, 27, 6, 30)
        ),
        "over": StoryViewState(Step.RESTING, rest=RestReason.TIME_OVER, one_more=True),
        "asleep": StoryViewState(Step.RESTING, rest=RestReason.ASLEEP),
    }
    controllers = {name: ScriptedController(view, parental) for name, view in views.items()}
    controllers["telling"].word = mark(SENTENCES[4], "castle")
    controllers["fallback"].word = mark(SENTENCES[0], "time,")
    return controllers


_CHOICE = deck().draw(random.Random(3))
