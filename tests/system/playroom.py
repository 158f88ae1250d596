"""A room for a story hour: the real engine behind the real wire, and a reader in a hurry."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from duotui.base.clock import MonotonicClock
from duotui.judge.baseline import sitting_of
from duotui.link.port_thread import Channel
from duotui.protocol.events import Mode
from duotui.session.session import Session
from duotui.settings.parental_settings import Household
from duotui.speech.tts import Silent
from duotui.story import fallback_stories
from duotui.story.cards import deck
from duotui.story.catalogue import Repertoire
from duotui.story.content_filter import safety
from duotui.story.controller import Hour
from duotui.story.diary import Diary
from duotui.story.favourites import Shelf
from duotui.story.generator import USUAL, Teller
from duotui.story.services import Room
from duotui.story.strings import phrases
from duotui.story.voice_input import Listening

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
    channel: Channel,
    folder: Path,
    *,
    seed: int = 1,
    reader: Hurried | None = None,
    wall: Callable[[], datetime] = lambda: AFTERNOON,
    fit: Callable[[str], bool] | None = None,
    mode: Mode = Mode.EXACT,
    listening: Listening | None = None,
) -> tuple[Room, Session]:
    session, rng = sitting_of(channel), random.Random(seed)
    teller = Teller(
        session, fit or safety().fit, fallback_stories.endings(), replace(USUAL, mode=mode)
    )
    shelf = Shelf(folder / "favourites.jsonl")
    repertoire = Repertoire(
        deck(),
        teller,
        session,
        shelf,
        lambda choice, rng: fallback_stories.for_choice(choice, rng).sentences,
        rng,
        wall,
    )
    made = Room(
        session,
        repertoire,
        reader or Hurried(),
        Diary(folder / "diary.txt", wall),
        MonotonicClock(),
        wall,
        listening,
    )
    return made, session


def hour(made: Room, child: Household | None = None) -> Hour:
    child = child or Household(name="Lily")
    return Hour(made, child, phrases(child.language))
