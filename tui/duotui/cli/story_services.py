"""Services of the story machine: voice, microphone and files."""

import random
import sys
from dataclasses import replace
from datetime import datetime
from functools import partial

from duotui.base.clock import MonotonicClock
from duotui.base.translation import gettext as _
from duotui.protocol.request import Request
from duotui.session.session import Session
from duotui.settings import config_file
from duotui.settings.parental_settings import ParentalSettings
from duotui.speech.audio_output import open_output
from duotui.speech.auto_tts import AutoTts
from duotui.speech.board_microphone import open_board_microphone
from duotui.speech.board_tts import BoardTts
from duotui.speech.espeak_client import EspeakClient, EspeakVoice
from duotui.speech.espeak_tts import EspeakTts
from duotui.speech.microphone import open_microphone
from duotui.speech.recognizer import open_recognizer
from duotui.speech.tts import SilentTts, TextToSpeech
from duotui.story import diary, fallback_stories, favourites
from duotui.story.cards import CardChoice, deck
from duotui.story.catalogue import Catalogue
from duotui.story.content_filter import content_filter
from duotui.story.generator import StoryGenerator
from duotui.story.services import StoryServices
from duotui.story.voice_input import SPOKEN_COMMANDS, VoiceInput


def story_services(
    session: Session, child: ParentalSettings, request: Request, rng: random.Random
) -> StoryServices:
    """Return the controller's services, by the parental settings `child`."""
    clock, folder = MonotonicClock(), config_file.data_dir()
    generator = StoryGenerator(session, content_filter().fit, fallback_stories.endings(), request)
    return StoryServices(
        session=session,
        catalogue=Catalogue(
            deck=deck(),
            generator=generator,
            session=session,
            favourites=favourites.Favourites(folder / favourites.FAVOURITES_FILE),
            stored=_stored,
            rng=rng,
            wall=datetime.now,
        ),
        tts=_text_to_speech(session, child, clock),
        diary=diary.Diary(folder / diary.DIARY_FILE, datetime.now),
        clock=clock,
        wall=datetime.now,
        voice_input=voice_input(session, child),
    )


def voice_input(session: Session, child: ParentalSettings) -> VoiceInput | None:
    """Return the voice input by the microphone of the settings; None if that is off."""
    if child.microphone == "off":
        return None
    recognizer = partial(open_recognizer, deck().spoken() | {"command": SPOKEN_COMMANDS})
    if child.microphone == "board":
        return VoiceInput(recognizer, partial(open_board_microphone, session))
    return VoiceInput(recognizer, open_microphone)


def _text_to_speech(
    session: Session, child: ParentalSettings, clock: MonotonicClock
) -> TextToSpeech:
    if child.voice == "off":
        return SilentTts(clock, child.pace)
    if child.voice == "board":
        return BoardTts(session, clock, child.pace)
    voice = EspeakVoice(pace=child.pace, volume=child.volume / 100)
    if child.voice_name:
        voice = replace(voice, name=child.voice_name)
    output = open_output(clock)
    host = EspeakTts(EspeakClient(), output, voice)
    if child.voice == "host":
        return host
    if output.trouble:
        text = _("only a board with a voice reads aloud here: {why}", why=output.trouble)
        print(text, file=sys.stderr)
    return AutoTts(session, BoardTts(session, clock, child.pace), host)


def _stored(choice: CardChoice, rng: random.Random) -> tuple[str, ...]:
    return fallback_stories.for_choice(choice, rng).sentences
