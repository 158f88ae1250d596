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
from duotui.settings.parental_settings import Household
from duotui.speech.audio_output import open_output
from duotui.speech.board_microphone import open_board_microphone
from duotui.speech.board_tts import BoardReader
from duotui.speech.espeak_client import Synthesiser, Voice
from duotui.speech.host_tts import HostReader
from duotui.speech.microphone import open_microphone
from duotui.speech.recognizer import open_ear
from duotui.speech.tts import Reader, Silent
from duotui.story import diary, fallback_stories, favourites
from duotui.story.cards import Choice, deck
from duotui.story.catalogue import Repertoire
from duotui.story.content_filter import safety
from duotui.story.controller import Hour
from duotui.story.generator import USUAL, Teller
from duotui.story.services import Room
from duotui.story.strings import phrases
from duotui.story.voice_input import COMMANDS, Listening


def run(options: argparse.Namespace) -> None:
    if not resolve.on_terminal():
        raise UsageError("the story machine needs a terminal", "duotui tell needs none")
    settings = config_file.load()
    said = {name: getattr(options, name) for name in ("voice", "name", "theme", "language")}
    given = {name: value for name, value in said.items() if value is not None}
    child = replace(settings.child, **given)
    child = replace(child, name=safety().name(child.name))
    rng = random.Random()
    target = options.target or resolve.board_or_sim()
    _check(target, options)
    session = resolve.session(target, options, baseline=False)
    hour = Hour(_room(session, child, options, rng), child, phrases(child.language))
    from duotui.ui.story_app import NurseryApp

    NurseryApp(hour, settings, datetime.now, rng, ascii=options.ascii).show()


def _check(target: str, options: argparse.Namespace) -> None:
    """A board that is away is waited for, with stored stories; what never comes is a mistake."""
    if target in ("sim", "virtual"):
        model, _ = resolve.files(options)
        if not model.is_file():
            raise UsageError(f"there is no model {model}", "check the path")
    elif target != "auto" and not is_path(target):
        raise NoDevice(f"there is no port {target}", "duotui devices lists those there are")


def _room(
    session: Session, child: Household, options: argparse.Namespace, rng: random.Random
) -> Room:
    clock, folder = MonotonicClock(), config_file.data_dir()
    teller = Teller(
        session, safety().fit, fallback_stories.endings(), resolve.request(options, USUAL)
    )
    shelf = favourites.Shelf(folder / favourites.NAME)
    return Room(
        session,
        Repertoire(deck(), teller, session, shelf, _stored, rng, datetime.now),
        _reader(session, child, clock),
        diary.Diary(folder / diary.NAME, datetime.now),
        clock,
        datetime.now,
        _listening(session, child),
    )


def _listening(session: Session, child: Household) -> Listening | None:
    if child.microphone == "off":
        return None
    ear = partial(open_ear, deck().spoken() | {"command": COMMANDS})
    if child.microphone == "board":
        return Listening(ear, partial(open_board_microphone, session))
    return Listening(ear, open_microphone)


def _reader(session: Session, child: Household, clock: MonotonicClock) -> Reader:
    if child.voice == "off":
        return Silent(clock, child.pace)
    if child.voice == "board":
        return BoardReader(session, clock, child.pace)
    voice = Voice(pace=child.pace, volume=child.volume / 100)
    if child.voice_name:
        voice = replace(voice, name=child.voice_name)
    return HostReader(Synthesiser(), open_output(clock), voice)


def _stored(choice: Choice, rng: random.Random) -> tuple[str, ...]:
    return fallback_stories.for_choice(choice, rng).sentences
