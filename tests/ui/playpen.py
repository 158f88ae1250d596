"""An hour for the stage: it holds the scene of a script, and writes down what is asked of it."""

import random
from collections.abc import Callable
from datetime import datetime

from duotui.protocol.events import Mark
from duotui.settings.parental_settings import Household
from duotui.story import choices
from duotui.story.cards import deck
from duotui.story.strings import phrases
from duotui.story.view_state import Act, Offer, Rest, Scene

TALE = (
    "Once upon a time, there was a little cat named Kitty.",
    "Kitty and Lily were best friends.",
    "One day, they found a shiny golden key in the deep, dark forest.",
    '"What does it open?" asked Lily.',
    "They walked to the old castle and saw a big, red door with a tiny lock, and they looked at "
    "each other and smiled.",
)


class HourStage:
    def __init__(self, scene: Scene, child: Household) -> None:
        self.scene, self.child = scene, child
        self.say = phrases(child.language)
        self.word: Mark | None = None
        self.troubles: tuple[str, ...] = ()
        self.asked: list[tuple[object, ...]] = []
        self._watch: Callable[[], None] = lambda: None

    def listen(self, watch: Callable[[], None]) -> None:
        self._watch = watch

    def open(self) -> None:
        self.asked.append(("open",))

    async def close(self) -> None:
        self.asked.append(("close",))

    def settle(self, child: Household, say: object) -> None:
        self.child, self.say = child, phrases(child.language)

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments: self.asked.append((name, *arguments))


def mark(sentence: str, word: str) -> Mark:
    at = sentence.index(word)
    return Mark(0.0, at, at + len(word))


def hours(child: Household) -> dict[str, HourStage]:
    """One for each thing that can be seen."""
    say, language = phrases(child.language), child.language
    who, where, what = (choices.cards(deck(), row, language) for row in range(3))
    favourites = (
        Offer("0", choices.title(deck(), _CHOICE, language), "cat"),
        Offer("1", "a dragon, the sea, a cake", "dragon"),
    )
    scenes = {
        "who": Scene(Act.CARDS, who, at=1),
        "what": Scene(Act.CARDS, what, at=6, row=2, picked=(who[1], where[0])),
        "telling": Scene(Act.TELLING, sentences=TALE, current=4),
        "held": Scene(Act.TELLING, sentences=TALE[:2], current=1, held=True),
        "thinking": Scene(Act.TELLING, sentences=TALE[:2], current=1, thinks=True),
        "napping": Scene(Act.TELLING, sentences=TALE[:1], current=0, napping=True, sleepy=True),
        "awake": Scene(Act.TELLING, sentences=TALE[:3], current=2, back=True),
        "end": Scene(Act.THE_END, choices.ending(say, kept=False), sentences=TALE, current=5),
        "kept": Scene(Act.THE_END, choices.ending(say, kept=True), sentences=TALE, kept=True),
        "shelf": Scene(Act.SHELF, favourites),
        "empty": Scene(Act.SHELF),
        "listening": Scene(Act.LISTENING),
        "heard": Scene(
            Act.HEARD, choices.answers(say), heard=choices.title(deck(), _CHOICE, language)
        ),
        "missed": Scene(Act.CARDS, who, missed="not_heard"),
        "night": Scene(Act.RESTING, rest=Rest.QUIET, until=datetime(2026, 11, 27, 6, 30)),
        "over": Scene(Act.RESTING, rest=Rest.TIME_OVER, one_more=True),
        "asleep": Scene(Act.RESTING, rest=Rest.ASLEEP),
    }
    found = {name: HourStage(scene, child) for name, scene in scenes.items()}
    found["telling"].word = mark(TALE[4], "castle")
    found["napping"].word = mark(TALE[0], "time,")
    return found


_CHOICE = deck().draw(random.Random(3))
