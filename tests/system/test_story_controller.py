"""Story screen's controller with the real engine: generated, saved and logged stories.

A story goes on after its board was away.
"""

import asyncio
import subprocess
import sys
import wave
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest

from duotui.base.errors import LinkBroken, NotReady
from duotui.link.serial_transport import SerialTransport
from duotui.protocol.request import Mode
from duotui.session.source_state import LinkState
from duotui.session.state import SessionState
from duotui.settings.parental_settings import ParentalSettings, SleepTimer
from duotui.speech.microphone import WavMicrophone
from duotui.speech.recognizer import open_recognizer
from duotui.story import fallback_stories
from duotui.story.cards import deck
from duotui.story.controller import StoryController
from duotui.story.sentences import whole_sentences
from duotui.story.view_state import RestReason, Step, StoryViewState
from duotui.story.voice_input import SPOKEN_COMMANDS, VoiceInput
from duotui.targets.simulator import SimulatedDuo
from support.espeak import ESPEAK_RATE, need_espeak, synthesise
from support.killable_duo import KillableDuo
from support.story_services import AFTERNOON, FastTts, new_controller, new_services


async def until(
    shown: StoryController, condition: Callable[[StoryViewState], bool]
) -> StoryViewState:
    news = asyncio.Event()
    shown.subscribe(news.set)
    while not condition(shown.view):
        await asyncio.wait_for(news.wait(), 60)
        news.clear()
    return shown.view


def at_end(view: StoryViewState) -> bool:
    return view.step is Step.THE_END


def is_telling(view: StoryViewState) -> bool:
    return view.step is Step.TELLING


async def test_three_cards_are_a_story_with_a_beginning_and_an_end(tmp_path: Path) -> None:
    services, _ = new_services(SimulatedDuo(), tmp_path)
    shown = new_controller(services)
    shown.open()
    assert (shown.view.step, shown.view.row) == (Step.CARDS, 0)
    shown.pick(2)
    assert [offer.key for offer in shown.view.picked] == [deck().who[1].key]
    shown.move(1)
    shown.select()
    shown.pick(1)
    view = await until(shown, at_end)
    assert "Lily" in " ".join(view.sentences)
    assert len(view.sentences) > 4
    assert all(services.catalogue.generator.fits(sentence) for sentence in view.sentences)
    assert view.sentences[-1].rstrip("\"'”’")[-1] in ".!?"
    assert services.tts.sentences == list(view.sentences)  # type: ignore[attr-defined]
    written = (tmp_path / "diary.txt").read_text()
    assert written.startswith("2026-11-26 15:30  Lily chose: a cat")
    assert all(sentence in written for sentence in view.sentences)
    assert "to its end" in written
    await shown.close()


async def test_again_and_favourites_are_the_same_words(tmp_path: Path) -> None:
    services, _ = new_services(SimulatedDuo(), tmp_path)
    shown = new_controller(services)
    shown.open()
    shown.surprise()
    first = (await until(shown, at_end)).sentences
    shown.keep()
    assert shown.view.saved
    shown.again()
    await until(shown, is_telling)
    assert (await until(shown, at_end)).sentences == first
    await shown.close()

    later, session = new_services(SimulatedDuo(), tmp_path, seed=2)
    shown = new_controller(later)
    shown.open()
    shown.favourites()
    assert [offer.label for offer in shown.view.options] == [
        services.catalogue.favourites.all()[0].title
    ]
    shown.select()
    assert (await until(shown, at_end)).sentences == first
    assert session.state.board.run is None  # no request was sent
    await shown.close()


async def test_what_happens_next_goes_on_from_there(tmp_path: Path) -> None:
    services, _ = new_services(SimulatedDuo(), tmp_path)
    shown = new_controller(services)
    shown.open()
    shown.surprise()
    first = (await until(shown, at_end)).sentences
    shown.what_next()
    await until(shown, is_telling)
    longer = (await until(shown, at_end)).sentences
    assert longer[: len(first)] == first
    assert longer[len(first)].startswith("The next day,")
    assert services.tts.sentences == list(longer)  # type: ignore[attr-defined]
    await shown.close()


async def undisturbed(folder: Path, seed: int) -> tuple[str, ...]:
    services, _ = new_services(SimulatedDuo(), folder, seed=seed, mode=Mode.REFERENCE)
    shown = new_controller(services)
    shown.open()
    shown.surprise()
    sentences = (await until(shown, at_end)).sentences
    await shown.close()
    return sentences


async def test_a_board_that_was_away_generates_the_rest_of_the_same_story(
    tmp_path: Path,
) -> None:
    board = KillableDuo()
    services, session = new_services(board, tmp_path, seed=5, mode=Mode.REFERENCE)
    shown = new_controller(services)
    killed = 0

    def kill(state: SessionState, _batch: object) -> None:
        """Kill the engine in the middle of the story, once."""
        nonlocal killed
        if state.board.tokens and not killed and state.board.ended is None:
            killed = len(state.board.tokens)
            board.kill()

    session.subscribe(kill)
    shown.open()
    shown.surprise()
    fallback = await until(shown, lambda view: view.fallback_playing and view.current > 0)
    assert killed
    assert fallback.board_away
    stories = [story.sentences for story in fallback_stories.stories()]
    assert any(fallback.sentences == story[: len(fallback.sentences)] for story in stories)
    board.dead = False
    end = await until(shown, at_end)
    spoken_wav = services.tts.sentences  # type: ignore[attr-defined]
    await shown.close()
    calm = await undisturbed(tmp_path / "calm", 5)
    assert end.sentences == calm
    assert not end.board_away
    assert [sentence for sentence in spoken_wav if sentence in calm] == list(calm)
    assert len(spoken_wav) > len(calm)


class MissingBoard(SimulatedDuo):
    def open(self) -> tuple[SerialTransport, str]:
        raise LinkBroken("there is no board", "plug it in")


async def test_without_a_board_there_are_stories_all_the_same(tmp_path: Path) -> None:
    services, session = new_services(MissingBoard(), tmp_path)
    shown = new_controller(services)
    shown.open()
    await until(shown, lambda view: view.board_away)
    shown.surprise()
    view = await until(shown, lambda view: view.fallback_playing and view.current > 3)
    assert session.state.board.link in (LinkState.RECONNECTING, LinkState.LOST)
    assert shown.troubles[0] == "there is no board"
    shown.back()
    assert (view.step, shown.view.step) == (Step.TELLING, Step.CARDS)
    await shown.close()


async def test_stop_is_silence_and_goes_on_with_the_same_sentence(tmp_path: Path) -> None:
    tts = FastTts(pace=600)
    services, _ = new_services(SimulatedDuo(), tmp_path, tts=tts)
    shown = new_controller(services)
    shown.open()
    shown.surprise()
    await until(shown, lambda view: view.current == 1)
    while len(tts.sentences) < 2:  # noqa: ASYNC110 - a sentence is shown first
        await asyncio.sleep(0)
    shown.stop()
    view = shown.view
    assert view.paused
    if shown.word is not None:
        await asyncio.sleep(0)
    assert tts.position() == 0
    tts.pace = 60_000
    shown.stop()
    await until(shown, at_end)
    assert tts.sentences[:4].count(view.sentences[1]) == 2
    await shown.close()


async def test_leaving_a_story_is_written_down(tmp_path: Path) -> None:
    services, _ = new_services(SimulatedDuo(), tmp_path, tts=FastTts(pace=600))
    shown = new_controller(services)
    shown.open()
    shown.surprise()
    await until(shown, lambda view: view.current == 1)
    shown.back()
    assert shown.view.step is Step.CARDS
    shown.surprise()
    await until(shown, lambda view: view.current == 0)
    assert "stopped" in (tmp_path / "diary.txt").read_text()
    await shown.close()


async def test_unfit_sentences_are_left_out_and_told_on_otherwise(tmp_path: Path) -> None:
    checked: list[str] = []

    def fit(sentence: str) -> bool:
        checked.append(sentence)
        return len(checked) % 5 != 0

    services, _ = new_services(SimulatedDuo(), tmp_path, fit=fit)
    shown = new_controller(services)
    shown.open()
    shown.surprise()
    view = await until(shown, at_end)
    refused = checked[4::5]
    assert refused
    assert not set(refused) & set(view.sentences)
    assert all(
        f"left out: {sentence}" in (tmp_path / "diary.txt").read_text() for sentence in refused
    )
    await shown.close()


async def test_where_nothing_is_fit_a_stored_ending_closes_it(tmp_path: Path) -> None:
    services, _ = new_services(SimulatedDuo(), tmp_path, fit=lambda _: False)
    shown = new_controller(services)
    shown.open()
    shown.surprise()
    view = await until(shown, at_end)
    assert shown.story is not None
    assert view.sentences[-1] in fallback_stories.endings()
    assert view.sentences[:-1] == tuple(
        whole_sentences(services.catalogue.deck.opening(shown.story.choice), over=True)
    )
    await shown.close()


@pytest.mark.parametrize(
    ("child", "rest", "one_more"),
    [
        (ParentalSettings(sleep_after=SleepTimer(stories=1), one_more=1), RestReason.ASLEEP, True),
        (ParentalSettings(sleep_after=SleepTimer(stories=1)), RestReason.ASLEEP, False),
    ],
)
async def test_it_rests_after_the_story_not_in_it(
    tmp_path: Path, child: ParentalSettings, rest: RestReason, one_more: bool
) -> None:
    services, _ = new_services(SimulatedDuo(), tmp_path)
    shown = new_controller(services, child)
    shown.open()
    shown.surprise()
    await until(shown, at_end)
    shown.surprise()
    assert (shown.view.step, shown.view.rest, shown.view.one_more) == (
        Step.RESTING,
        rest,
        one_more,
    )
    shown.select()
    if one_more:
        assert shown.view.step is Step.CARDS
        shown.surprise()
        await until(shown, at_end)
        shown.surprise()
        assert (shown.view.step, shown.view.one_more) == (Step.RESTING, False)
    else:
        assert shown.view.step is Step.RESTING
    await shown.close()


async def test_quiet_hours_say_until_when_and_end_by_themselves(tmp_path: Path) -> None:
    now = AFTERNOON.replace(hour=22)

    def wall() -> datetime:
        return now

    child = replace(
        ParentalSettings(),
        quiet_from=now.time().replace(hour=20),
        quiet_to=now.time().replace(hour=6),
    )
    services, _ = new_services(SimulatedDuo(), tmp_path, wall=wall)
    shown = new_controller(services, child)
    assert (shown.view.step, shown.view.rest) == (Step.RESTING, RestReason.QUIET)
    assert shown.view.until == now.replace(hour=6, minute=30) + timedelta(days=1)
    shown.surprise()
    shown.pick(1)
    assert shown.view.step is Step.RESTING
    now += timedelta(hours=9)
    shown.select()
    assert shown.view.step.value == "cards"
    await shown.close()


async def test_what_nobody_expected_is_the_cards_again(tmp_path: Path) -> None:
    def fit(_: str) -> bool:
        raise RuntimeError("nobody expected this")

    services, _ = new_services(SimulatedDuo(), tmp_path, fit=fit)
    shown = new_controller(services)
    shown.open()
    for count in (1, 2):
        shown.surprise()
        await until(shown, lambda view: view.step is Step.CARDS)
        assert shown.troubles.count("RuntimeError: nobody expected this") == count
    assert shown.alive
    await shown.close()


def test_it_needs_a_terminal() -> None:
    command = [sys.executable, "-m", "duotui", "story", "sim"]
    result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "needs a terminal" in result.stderr


def spoken_wav(text: str, folder: Path) -> Path:
    """WAV of `text`, spoken by espeak-ng."""
    need_espeak()
    path = folder / "wish.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(ESPEAK_RATE)
        file.writeframes(synthesise(text, rate=130))
    return path


class WishMicrophone:
    """Microphone that records one wish after another."""

    def __init__(self, *wishes: Path) -> None:
        self._wishes = iter(wishes)

    async def record_utterance(self, limit: float) -> bytes:
        return await WavMicrophone(next(self._wishes)).record_utterance(limit)


def wishing(*wishes: Path) -> VoiceInput:
    async def microphone() -> WishMicrophone:
        return WishMicrophone(*wishes)

    return VoiceInput(
        partial(open_recognizer, deck().spoken() | {"command": SPOKEN_COMMANDS}), microphone
    )


async def test_a_wish_is_asked_for_and_then_told(tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx")
    wish = spoken_wav("tell me a story about a dragon in the castle", tmp_path)
    services, _ = new_services(SimulatedDuo(), tmp_path, voice_input=wishing(wish, wish))
    shown = new_controller(services)
    shown.open()
    shown.listen()
    assert shown.view.step is Step.LISTENING
    view = await until(shown, lambda view: view.step is not Step.LISTENING)
    assert (view.step, view.recognized) == (Step.HEARD, "a dragon, the castle")
    shown.pick(2)
    assert shown.view.step.value == "cards"
    shown.listen()
    await until(shown, lambda view: view.step is Step.HEARD)
    shown.select()
    view = await until(shown, at_end)
    assert "dragon" in view.sentences[0]
    assert "castle" in " ".join(view.sentences[:4])
    await shown.close()


async def test_what_is_no_wish_begins_nothing(tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx")
    services, _ = new_services(
        SimulatedDuo(), tmp_path, voice_input=wishing(spoken_wav("what time is it", tmp_path))
    )
    shown = new_controller(services)
    shown.open()
    shown.listen()
    view = await until(shown, lambda view: view.step is not Step.LISTENING)
    assert (view.step, view.not_understood) == (Step.CARDS, "not_heard")
    await shown.close()


async def test_without_a_microphone_it_says_so_and_goes_on(tmp_path: Path) -> None:
    async def none() -> WishMicrophone:
        raise NotReady("no microphone was found", "plug one in")

    async def no_recognizer() -> NoReturn:
        raise AssertionError("it is not needed")

    services, _ = new_services(
        SimulatedDuo(), tmp_path, voice_input=VoiceInput(no_recognizer, none)
    )
    for child in (ParentalSettings(), ParentalSettings(microphone="off")):
        shown = new_controller(services, child)
        shown.open()
        shown.listen()
        view = await until(shown, lambda view: view.not_understood != "")
        assert (view.step, view.not_understood) == (Step.CARDS, "cannot_hear")
    assert any("no microphone" in line for line in shown.troubles)
    await shown.close()
