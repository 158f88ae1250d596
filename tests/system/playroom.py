"""A room for a story hour: the real engine behind the real wire, and a reader in a hurry."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from duotui.core.clock import MonotonicClock
from duotui.core.events import Mode
from duotui.core.session import Session
from duotui.evidence import sitting_of
from duotui.link.reader import Channel
from duotui.speech.utterance import Silent
from duotui.story import stored
from duotui.story.cards import deck
from duotui.story.diary import Diary
from duotui.story.hour import Hour
from duotui.story.household import Household
from duotui.story.listening import Listening
from duotui.story.phrases import phrases
from duotui.story.repertoire import Repertoire
from duotui.story.room import Room
from duotui.story.safety import safety
from duotui.story.shelf import Shelf
from duotui.story.teller import USUAL, Teller

AFTERNOON = datetime(2026, 11, 26, 15, 30)


class Hurried(Silent):
    """Reads as fast as it is asked to, whatever is settled. `said` is all that it has read."""

    def __init__(self, pace: float = 60_000.0) -> None:
        super().__init__(MonotonicClock(), pace)
        self.said: list[str] = []

    def settle(self, pace: float, volume: float) -> None:
        self.settled = pace, volume

    async def say(self, text: str, begun: Callable[..., None]) -> None:
        self.said.append(text)
        await super().say(text, begun)


def room(
    channel: Channel, folder: Path, *, seed: int = 1, reader: Hurried | None = None,
    wall: Callable[[], datetime] = lambda: AFTERNOON, fit: Callable[[str], bool] | None = None,
    mode: Mode = Mode.EXACT, listening: Listening | None = None,
) -> tuple[Room, Session]:  # fmt: skip
    session, rng = sitting_of(channel), random.Random(seed)
    teller = Teller(session, fit or safety().fit, stored.endings(), replace(USUAL, mode=mode))
    shelf = Shelf(folder / "favourites.jsonl")
    repertoire = Repertoire(
        deck(), teller, session, shelf,
        lambda choice, rng: stored.for_choice(choice, rng).sentences, rng, wall,
    )  # fmt: skip
    made = Room(
        session, repertoire, reader or Hurried(), Diary(folder / "diary.txt", wall),
        MonotonicClock(), wall, listening,
    )  # fmt: skip
    return made, session


def hour(made: Room, child: Household | None = None) -> Hour:
    child = child or Household(name="Lily")
    return Hour(made, child, phrases(child.language))
