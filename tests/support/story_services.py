"""Services of the story screen: the real engine behind the real protocol, and a fast voice."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from duotui.base.clock import MonotonicClock
from duotui.judge.baseline import single_session
from duotui.link.port_thread import Channel
from duotui.protocol.request import Mode
from duotui.session.session import Session
from duotui.settings.parental_settings import ParentalSettings
from duotui.speech.tts import SilentTts
from duotui.story import fallback_stories
from duotui.story.cards import deck
from duotui.story.catalogue import Catalogue
from duotui.story.content_filter import content_filter
from duotui.story.controller import StoryController
from duotui.story.diary import Diary
from duotui.story.favourites import Favourites
from duotui.story.generator import DEFAULT_REQUEST, StoryGenerator
from duotui.story.services import StoryServices
from duotui.story.strings import story_strings
from duotui.story.voice_input import VoiceInput

AFTERNOON = datetime(2026, 11, 26, 15, 30)


class FastTts(SilentTts):
    """Reads as fast as requested, whatever the settings. `sentences` holds all its sentences."""

    def __init__(self, pace: float = 60_000.0) -> None:
        super().__init__(MonotonicClock(), pace)
        self.sentences: list[str] = []

    def configure(self, pace: float, volume: float) -> None:
        self.settled = pace, volume

    async def speak(self, text: str, started: Callable[..., None]) -> None:
        self.sentences.append(text)
        await super().speak(text, started)


def new_services(
    channel: Channel,
    folder: Path,
    *,
    seed: int = 1,
    tts: FastTts | None = None,
    wall: Callable[[], datetime] = lambda: AFTERNOON,
    fit: Callable[[str], bool] | None = None,
    mode: Mode = Mode.EXACT,
    voice_input: VoiceInput | None = None,
) -> tuple[StoryServices, Session]:
    session, rng = single_session(channel), random.Random(seed)
    generator = StoryGenerator(
        session,
        fit or content_filter().fit,
        fallback_stories.endings(),
        replace(DEFAULT_REQUEST, mode=mode),
    )
    favourites = Favourites(folder / "favourites.jsonl")
    catalogue = Catalogue(
        deck=deck(),
        generator=generator,
        session=session,
        favourites=favourites,
        stored=lambda choice, rng: fallback_stories.for_choice(choice, rng).sentences,
        rng=rng,
        wall=wall,
    )
    services = StoryServices(
        session=session,
        catalogue=catalogue,
        tts=tts or FastTts(),
        diary=Diary(folder / "diary.txt", wall),
        clock=MonotonicClock(),
        wall=wall,
        voice_input=voice_input,
    )
    return services, session


def new_controller(
    services: StoryServices, parental: ParentalSettings | None = None
) -> StoryController:
    parental = parental or ParentalSettings(name="Lily")
    return StoryController(services, parental, story_strings())
