"""duotui story."""

import argparse
import random
from dataclasses import replace
from datetime import datetime
from functools import partial

from duotui import config
from duotui.commands import asked
from duotui.core.clock import MonotonicClock
from duotui.core.session import Session
from duotui.errors import NoDevice, UsageError
from duotui.link.ports import is_path
from duotui.speech.board import BoardReader
from duotui.speech.board_microphone import open_board_microphone
from duotui.speech.ear import open_ear
from duotui.speech.espeak import Synthesiser, Voice
from duotui.speech.host import HostReader
from duotui.speech.microphone import open_microphone
from duotui.speech.output import open_output
from duotui.speech.utterance import Reader, Silent
from duotui.story import diary, shelf, stored
from duotui.story.cards import Choice, deck
from duotui.story.hour import Hour
from duotui.story.household import Household
from duotui.story.listening import COMMANDS, Listening
from duotui.story.phrases import phrases
from duotui.story.repertoire import Repertoire
from duotui.story.room import Room
from duotui.story.safety import safety
from duotui.story.teller import USUAL, Teller


def run(options: argparse.Namespace) -> None:
    if not asked.on_terminal():
        raise UsageError("the story machine needs a terminal", "duotui tell needs none")
    settings = config.load()
    said = {name: getattr(options, name) for name in ("voice", "name", "theme", "language")}
    given = {name: value for name, value in said.items() if value is not None}
    child = replace(settings.child, **given)
    child = replace(child, name=safety().name(child.name))
    rng = random.Random()
    target = options.target or asked.board_or_sim()
    _check(target, options)
    session = asked.session(target, options, baseline=False)
    hour = Hour(_room(session, child, options, rng), child, phrases(child.language))
    from duotui.ui.nursery import NurseryApp

    NurseryApp(hour, settings, datetime.now, rng, ascii=options.ascii).show()


def _check(target: str, options: argparse.Namespace) -> None:
    """A board that is away is waited for, with stored stories; what never comes is a mistake."""
    if target in ("sim", "virtual"):
        model, _ = asked.files(options)
        if not model.is_file():
            raise UsageError(f"there is no model {model}", "check the path")
    elif target != "auto" and not is_path(target):
        raise NoDevice(f"there is no port {target}", "duotui devices lists those there are")


def _room(
    session: Session, child: Household, options: argparse.Namespace, rng: random.Random
) -> Room:
    clock, folder = MonotonicClock(), config.data_dir()
    teller = Teller(session, safety().fit, stored.endings(), asked.request(options, USUAL))
    favourites = shelf.Shelf(folder / shelf.NAME)
    return Room(
        session,
        Repertoire(deck(), teller, session, favourites, _stored, rng, datetime.now),
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
    return stored.for_choice(choice, rng).sentences
