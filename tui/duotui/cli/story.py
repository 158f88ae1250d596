"""duotui story."""

import argparse
import random
from dataclasses import replace
from datetime import datetime
from functools import partial

from duotui.base.clock import MonotonicClock
from duotui.base.errors import NoDevice, UsageError
from duotui.cli import resolve
from duotui.link.ports import is_path
from duotui.session.session import Session
from duotui.settings import config_file
from duotui.settings.parental_settings import ParentalSettings
from duotui.speech.audio_output import open_output
from duotui.speech.board_microphone import open_board_microphone
from duotui.speech.board_tts import BoardTts
from duotui.speech.espeak_client import EspeakClient, EspeakVoice
from duotui.speech.host_tts import HostTts
from duotui.speech.microphone import open_microphone
from duotui.speech.recognizer import open_recognizer
from duotui.speech.tts import SilentTts, TextToSpeech
from duotui.story import diary, fallback_stories, favourites
from duotui.story.cards import CardChoice, deck
from duotui.story.catalogue import Catalogue
from duotui.story.content_filter import content_filter
from duotui.story.controller import StoryController
from duotui.story.generator import DEFAULT_REQUEST, StoryGenerator
from duotui.story.services import StoryServices
from duotui.story.strings import strings_in
from duotui.story.voice_input import SPOKEN_COMMANDS, VoiceInput


def run(options: argparse.Namespace) -> None:
    if not resolve.on_terminal():
        raise UsageError("the story machine needs a terminal", "duotui tell needs none")
    settings = config_file.load()
    said = {name: getattr(options, name) for name in ("voice", "name", "theme", "language")}
    given = {name: value for name, value in said.items() if value is not None}
    child = replace(settings.parental, **given)
    child = replace(child, name=content_filter().name(child.name))
    rng = random.Random()
    target = options.target or resolve.board_or_sim()
    _check(target, options)
    session = resolve.session(target, options, baseline=False)
    hour = StoryController(
        _services(session, child, options, rng), child, strings_in(child.language)
    )
    from duotui.ui.story_app import StoryApp

    StoryApp(hour, settings, datetime.now, rng, ascii=options.ascii).show()


def _check(target: str, options: argparse.Namespace) -> None:
    """A board that is away is waited for, with stored stories; what never comes is a mistake."""
    if target in ("sim", "virtual"):
        model, _ = resolve.files(options)
        if not model.is_file():
            raise UsageError(f"there is no model {model}", "check the path")
    elif target != "auto" and not is_path(target):
        raise NoDevice(f"there is no port {target}", "duotui devices lists those there are")


def _services(
    session: Session, child: ParentalSettings, options: argparse.Namespace, rng: random.Random
) -> StoryServices:
    clock, folder = MonotonicClock(), config_file.data_dir()
    generator = StoryGenerator(
        session,
        content_filter().fit,
        fallback_stories.endings(),
        resolve.request(options, DEFAULT_REQUEST),
    )
    shelf = favourites.Favourites(folder / favourites.FAVOURITES_FILE)
    return StoryServices(
        session=session,
        catalogue=Catalogue(
            deck=deck(),
            generator=generator,
            session=session,
            favourites=shelf,
            stored=_stored,
            rng=rng,
            wall=datetime.now,
        ),
        tts=_reader(session, child, clock),
        diary=diary.Diary(folder / diary.DIARY_FILE, datetime.now),
        clock=clock,
        wall=datetime.now,
        voice_input=_voice_input(session, child),
    )


def _voice_input(session: Session, child: ParentalSettings) -> VoiceInput | None:
    if child.microphone == "off":
        return None
    ear = partial(open_recognizer, deck().spoken() | {"command": SPOKEN_COMMANDS})
    if child.microphone == "board":
        return VoiceInput(ear, partial(open_board_microphone, session))
    return VoiceInput(ear, open_microphone)


def _reader(session: Session, child: ParentalSettings, clock: MonotonicClock) -> TextToSpeech:
    if child.voice == "off":
        return SilentTts(clock, child.pace)
    if child.voice == "board":
        return BoardTts(session, clock, child.pace)
    voice = EspeakVoice(pace=child.pace, volume=child.volume / 100)
    if child.voice_name:
        voice = replace(voice, name=child.voice_name)
    return HostTts(EspeakClient(), open_output(clock), voice)


def _stored(choice: CardChoice, rng: random.Random) -> tuple[str, ...]:
    return fallback_stories.for_choice(choice, rng).sentences
