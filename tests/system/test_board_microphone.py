"""Board's own microphone: a real agent behind the real protocol, with a script as recorder.

The script plays a WAV.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import select
import sys
import wave
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NoReturn

import pytest

from duotui.base.errors import NotReady
from duotui.cli.story_services import voice_input
from duotui.judge.baseline import single_session
from duotui.protocol.frames import Frame, FrameDecoder, encode
from duotui.protocol.messages import Sound, parse_message
from duotui.session.recording import Recording
from duotui.settings.parental_settings import MICROPHONE_CHOICES, ParentalSettings
from duotui.speech.board_microphone import NO_MICROPHONE, BoardMicrophone, open_board_microphone
from duotui.speech.recognizer import SAMPLE_RATE, Recognizer, open_recognizer
from duotui.story.cards import deck
from duotui.story.view_state import Step
from duotui.story.voice_input import SPOKEN_COMMANDS, UTTERANCE_LIMIT, VoiceInput
from duotui.targets.simulator import SimulatedDuo
from support.espeak import need_espeak
from support.killable_duo import KillableDuo
from support.sessions import BadCable
from support.spoken_wishes import VOICES, in_noise
from support.story_services import new_controller, new_services

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from duotui.session.session import Session
    from duotui.story.controller import StoryController

needs_pocketsphinx = pytest.mark.skipif(
    not importlib.util.find_spec("pocketsphinx"), reason="pocketsphinx is not installed"
)
VOCABULARY = deck().spoken() | {"command": SPOKEN_COMMANDS}
WISH = "tell me a story about a dragon in the castle"
SLOTS = {"who": "dragon", "where": "castle"}

RECORDER = f"""#!{sys.executable}
import os, sys, time, wave
folder, pace = os.path.dirname(__file__), float({{pace}})
open(folder + "/pid", "w").write(str(os.getpid()))
with wave.open(folder + "/wish.wav") as file:
    pcm = file.readframes(file.getnframes()) + bytes(2 * 2 * {SAMPLE_RATE})
for at in range(0, len(pcm), 4000):
    os.write(1, pcm[at : at + 4000])
    time.sleep(pace * 4000 / 2 / {SAMPLE_RATE})
    if os.path.exists(folder + "/broken"):
        sys.exit("the device is busy")
time.sleep(1000)
"""
"""Recorder that plays the speech and two seconds of silence, at its own pace or as fast as it is
read."""


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    pytest.importorskip("pocketsphinx")
    return Recognizer(VOCABULARY)


@pytest.fixture
def recorder(tmp_path: Path) -> Callable[[float], Path]:
    def build(pace: float) -> Path:
        need_espeak()
        with wave.open(str(tmp_path / "wish.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(in_noise(WISH, VOICES[2], "clean", 1))
        path = tmp_path / "ear"
        path.write_text(RECORDER.format(pace=pace))
        path.chmod(0o755)
        return path

    return build


@pytest.fixture
async def opened() -> AsyncIterator[Callable[[SimulatedDuo], Session]]:
    sessions: list[Session] = []

    def build(board: SimulatedDuo) -> Session:
        sessions.append(single_session(board))
        sessions[-1].open()
        return sessions[-1]

    yield build
    for session in sessions:
        await session.close()


@needs_pocketsphinx
@pytest.mark.parametrize("pace", [1.0, 0.0], ids=["as-it-is-said", "at-once"])
async def test_a_wish_said_to_the_board_is_understood(
    recorder: Callable[[float], Path],
    opened: Callable[[SimulatedDuo], Session],
    recognizer: Recognizer,
    tmp_path: Path,
    pace: float,
) -> None:
    session = opened(SimulatedDuo(microphone=recorder(pace)))
    recording: list[int] = []

    def started() -> None:
        recording.append(os.pidfd_open(int((tmp_path / "pid").read_text())))

    microphone = await open_board_microphone(session)
    sound = await microphone.record_utterance(UTTERANCE_LIMIT, started)
    assert 2 * SAMPLE_RATE < len(sound) < 2 * UTTERANCE_LIMIT * SAMPLE_RATE
    recognized = recognizer.recognize(sound)
    assert recognized is not None
    assert recognized.slots == SLOTS
    (process,) = recording
    assert select.select([process], [], [], 20)[0]
    os.close(process)


def losing() -> Callable[[bytes], bytes]:
    """Link that drops one sound message in ten."""
    decoder = FrameDecoder()

    def corrupt(data: bytes) -> bytes:
        out = b""
        for item in decoder.feed(data):
            if isinstance(item, Frame):
                message = parse_message(item.type, item.payload)
                lost = isinstance(message, Sound) and message.index % 10 == 7
                out += b"" if lost else encode(item)
        return out

    return corrupt


@needs_pocketsphinx
async def test_it_is_understood_where_one_sound_in_ten_is_lost(
    recorder: Callable[[float], Path],
    opened: Callable[[SimulatedDuo], Session],
    recognizer: Recognizer,
) -> None:
    session = opened(SimulatedDuo(microphone=recorder(0.0), corrupt=losing()))
    sound = await (await open_board_microphone(session)).record_utterance(UTTERANCE_LIMIT)
    recognized = recognizer.recognize(sound)
    assert recognized is not None
    assert recognized.slots == SLOTS


@needs_pocketsphinx
async def test_a_bad_cable_makes_it_no_shorter(
    recorder: Callable[[float], Path], opened: Callable[[SimulatedDuo], Session]
) -> None:
    """Lost sound becomes silence of the same length."""
    lengths = []
    for corrupt in (None, losing(), BadCable(1, bits=50_000, bytes_=9_000)):
        session = opened(SimulatedDuo(microphone=recorder(0.0), corrupt=corrupt))
        lengths.append(
            len(await (await open_board_microphone(session)).record_utterance(UTTERANCE_LIMIT))
        )
        if isinstance(corrupt, BadCable):
            assert corrupt.flipped > 3
    assert max(lengths) - min(lengths) < 2 * SAMPLE_RATE // 5


@needs_pocketsphinx
async def test_who_stops_early_has_what_was_said_and_may_listen_again(
    recorder: Callable[[float], Path], opened: Callable[[SimulatedDuo], Session]
) -> None:
    session = opened(SimulatedDuo(microphone=recorder(1.0)))
    microphone = await open_board_microphone(session)
    assert await microphone.record_utterance(UTTERANCE_LIMIT, microphone.stop) == b""
    listening = asyncio.create_task(microphone.record_utterance(UTTERANCE_LIMIT))
    await asyncio.sleep(0)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    assert len(await microphone.record_utterance(UTTERANCE_LIMIT)) > 2 * SAMPLE_RATE


@needs_pocketsphinx
async def test_a_recorder_that_dies_says_why(
    recorder: Callable[[float], Path], opened: Callable[[SimulatedDuo], Session], tmp_path: Path
) -> None:
    session = opened(SimulatedDuo(microphone=recorder(1.0)))
    microphone = await open_board_microphone(session)
    with pytest.raises(NotReady, match="the device is busy"):
        await microphone.record_utterance(UTTERANCE_LIMIT, (tmp_path / "broken").touch)
    (tmp_path / "broken").unlink()
    assert len(await microphone.record_utterance(UTTERANCE_LIMIT)) > 2 * SAMPLE_RATE


@needs_pocketsphinx
async def test_a_board_that_is_lost_while_it_listens_is_said(
    recorder: Callable[[float], Path], opened: Callable[[SimulatedDuo], Session]
) -> None:
    board = KillableDuo(microphone=recorder(1.0))
    microphone = await open_board_microphone(opened(board))
    with pytest.raises(NotReady, match="the board was lost"):
        await microphone.record_utterance(UTTERANCE_LIMIT, board.kill)
    with pytest.raises(NotReady, match="the board is not there"):
        await microphone.record_utterance(UTTERANCE_LIMIT)


@needs_pocketsphinx
async def test_a_board_without_one_says_so(opened: Callable[[SimulatedDuo], Session]) -> None:
    session = opened(SimulatedDuo())
    with pytest.raises(NotReady) as caught:
        await open_board_microphone(session)
    assert (caught.value.message, caught.value.hint) == NO_MICROPHONE
    with pytest.raises(NotReady, match="the board has no microphone"):
        await BoardMicrophone(session).record_utterance(UTTERANCE_LIMIT)


@needs_pocketsphinx
async def test_a_board_that_is_lost_for_good_is_not_waited_for(
    opened: Callable[[SimulatedDuo], Session], tmp_path: Path
) -> None:
    session = opened(SimulatedDuo(model=tmp_path / "no.bin"))
    with pytest.raises(NotReady, match=r"no\.bin"):
        await open_board_microphone(session)


@needs_pocketsphinx
async def test_what_was_heard_is_written_nowhere(
    recorder: Callable[[float], Path], opened: Callable[[SimulatedDuo], Session], tmp_path: Path
) -> None:
    session = opened(SimulatedDuo(microphone=recorder(0.0)))
    session.record(tmp_path / "before.jsonl")
    microphone = await open_board_microphone(session)
    assert await microphone.record_utterance(UTTERANCE_LIMIT)
    session.record(tmp_path / "after.jsonl")
    await session.close()
    for name in ("before", "after"):
        kinds = [type(event).__name__ for event in Recording(tmp_path / f"{name}.jsonl").events()]
        assert "Ready" in kinds
        assert "Sound" not in kinds


async def until(shown: StoryController, condition: Callable[[], bool]) -> None:
    news = asyncio.Event()
    shown.subscribe(news.set)
    while not condition():
        await asyncio.wait_for(news.wait(), 60)
        news.clear()


@needs_pocketsphinx
@pytest.mark.parametrize("there", [True, False], ids=["microphone", "none"])
async def test_the_story_screen_listens_by_the_board(
    recorder: Callable[[float], Path], tmp_path: Path, there: bool
) -> None:
    board = SimulatedDuo(microphone=recorder(1.0) if there else None)
    services, session = new_services(board, tmp_path)
    listening = VoiceInput(
        partial(open_recognizer, VOCABULARY),
        partial(open_board_microphone, session),
    )
    shown = new_controller(
        replace(services, voice_input=listening), ParentalSettings(name="Lily", microphone="board")
    )
    shown.open()
    shown.listen()
    assert shown.view.step is Step.LISTENING
    await until(shown, lambda: shown.view.step is not Step.LISTENING)
    if there:
        assert (shown.view.step, shown.view.recognized) == (Step.HEARD, "a dragon, the castle")
        shown.select()
        await until(shown, lambda: shown.view.step is Step.THE_END)
        assert "dragon" in shown.view.sentences[0]
    else:
        assert (shown.view.step, shown.view.not_understood) == (Step.CARDS, "cannot_hear")
        assert any(NO_MICROPHONE[0] in line for line in shown.troubles)
    await shown.close()


async def test_a_child_does_not_wait_for_a_board_that_does_not_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never() -> NoReturn:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr("duotui.story.voice_input.RECOGNIZER_OPEN_TIMEOUT", 0.01)
    listening = VoiceInput(never, never)
    with pytest.raises(NotReady, match="there yet"):
        await listening.listen()
    assert "there yet" in listening.trouble
    await listening.close()


@needs_pocketsphinx
async def test_what_is_lost_while_it_listens_is_said_to_parents_until_it_works(
    recorder: Callable[[float], Path], opened: Callable[[SimulatedDuo], Session], tmp_path: Path
) -> None:
    session = opened(SimulatedDuo(microphone=recorder(0.0)))
    listening = VoiceInput(
        partial(open_recognizer, VOCABULARY), partial(open_board_microphone, session)
    )
    (tmp_path / "broken").touch()
    with pytest.raises(NotReady):
        await listening.listen()
    assert listening.trouble.startswith("the device is busy")
    (tmp_path / "broken").unlink()
    recognized = await listening.listen()
    assert recognized is not None
    assert recognized.slots == SLOTS
    assert listening.trouble == ""
    await listening.close()


@pytest.mark.parametrize("microphone", MICROPHONE_CHOICES)
def test_parents_say_which_microphone_it_is(microphone: str) -> None:
    inputs = voice_input(single_session(SimulatedDuo()), ParentalSettings(microphone=microphone))
    assert (inputs is None) == (microphone == "off")
