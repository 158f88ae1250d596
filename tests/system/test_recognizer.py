"""Voice input: real recognition of espeak-ng's speech, and microphones that are real processes."""

from __future__ import annotations

import array
import asyncio
import contextlib
import importlib.util
import os
import random
import sys
import time
import wave
from typing import TYPE_CHECKING

import pytest

from duotui.base.errors import NotReady, UsageError
from duotui.speech import microphone
from duotui.speech.microphone import (
    SubprocessMicrophone,
    VadSegmenter,
    WavMicrophone,
    open_microphone,
)
from duotui.speech.recognizer import NO_POCKETSPHINX, SAMPLE_RATE, Recognizer, open_recognizer
from duotui.story.cards import deck
from support.espeak import need_espeak
from support.spoken_wishes import (
    CARDS,
    CONDITIONS,
    OUTSIDE,
    VOICES,
    in_noise,
    sounds,
    turned,
    wishes,
)

if TYPE_CHECKING:
    from pathlib import Path

needs_pocketsphinx = pytest.mark.skipif(
    not importlib.util.find_spec("pocketsphinx"), reason="pocketsphinx is not installed"
)
FRAME = 960
SPEECH, NOTHING = b"\x00\x10" * (FRAME // 2), bytes(FRAME)


def turn(limit: float = 60.0) -> VadSegmenter:
    return VadSegmenter(limit, FRAME, lambda frame: frame == SPEECH)


def frames(turn: VadSegmenter) -> str:
    utterance = turn.utterance()
    return "".join(
        "s" if utterance[at : at + FRAME] == SPEECH else "."
        for at in range(0, len(utterance), FRAME)
    )


def test_a_turn_is_over_when_it_was_silent_for_long_enough() -> None:
    one = turn()
    assert not one.feed(NOTHING * 50)
    assert not one.feed(SPEECH * 20)
    assert not one.feed(NOTHING * 29)
    assert one.feed(NOTHING)
    assert frames(one) == "." * 3 + "s" * 20 + "." * 3
    assert one.surroundings() == NOTHING * (33 + 27)


def test_a_child_may_think_between_words() -> None:
    one = turn()
    assert not one.feed(SPEECH * 10 + NOTHING * 25 + SPEECH * 10 + NOTHING * 25)
    assert one.feed(NOTHING * 5)
    assert frames(one).strip(".") == "s" * 10 + "." * 25 + "s" * 10


def test_a_click_is_no_turn() -> None:
    one = turn()
    assert not one.feed((SPEECH * 2 + NOTHING * 40) * 5)
    assert one.utterance() == one.surroundings() == b""


def test_nothing_comes_from_a_turn_beyond_its_limit() -> None:
    one = turn(limit=3.0)
    assert one.feed(SPEECH * 200)
    assert len(one.utterance()) == 100 * FRAME


def test_a_turn_that_is_stopped_early_is_what_was_said_until_then() -> None:
    one = turn()
    assert not one.feed(NOTHING * 5 + SPEECH * 10 + NOTHING)
    assert frames(one) == "." * 3 + "s" * 10 + "."
    assert one.surroundings() == NOTHING * 2


def test_it_does_not_matter_how_sound_is_cut_up() -> None:
    uncut, cut = turn(), turn()
    sound = NOTHING * 7 + SPEECH * 20 + NOTHING * 40
    uncut.feed(sound)
    for at in range(0, len(sound), 37):
        cut.feed(sound[at : at + 37])
    assert cut.utterance() == uncut.utterance() != b""
    assert cut.surroundings() == uncut.surroundings() != b""


def test_a_voice_at_the_other_end_of_the_room_is_not_the_child() -> None:
    far = b"\x00\x01" * (FRAME // 2)
    one = VadSegmenter(60.0, FRAME, lambda frame: frame != NOTHING)
    assert not one.feed(NOTHING * 20 + SPEECH * 20 + far * 29)
    assert one.feed(far)


# -- microphones


def writer(program: str) -> SubprocessMicrophone:
    return SubprocessMicrophone((sys.executable, "-c", f"import os, sys, time\n{program}"))


RECORDER_CODE = f"""
import math, array
tone = [round(9000 * math.sin(n / 9) * math.sin(n / 700) ** 2) for n in range({SAMPLE_RATE})]
os.write(1, bytes({SAMPLE_RATE}) + array.array('h', tone).tobytes() + bytes({4 * SAMPLE_RATE}))
os.write(2, b'Expression failed in pa_linux_alsa.c')
time.sleep(60)
"""


@needs_pocketsphinx
async def test_a_child_process_is_listened_to_until_the_turn_is_over(
    capfd: pytest.CaptureFixture[str],
) -> None:
    starts: list[bool] = []
    sound = await writer(RECORDER_CODE).record_utterance(30.0, lambda: starts.append(True))
    assert SAMPLE_RATE < len(sound) < 5 * SAMPLE_RATE
    assert starts == [True]
    assert capfd.readouterr() == ("", "")


@needs_pocketsphinx
async def test_stop_ends_it_and_the_child_is_gone(tmp_path: Path) -> None:
    there = tmp_path / "pid"
    mic = writer(
        f"open({str(there)!r}, 'w').write(str(os.getpid()))\nos.write(1, bytes(9000))\n"
        "time.sleep(60)"
    )
    assert await mic.record_utterance(30.0, mic.stop) == b""
    with pytest.raises(ProcessLookupError):
        os.kill(int(there.read_text()), 0)


@needs_pocketsphinx
async def test_a_microphone_without_sound_is_listened_to_for_the_limit() -> None:
    since = time.monotonic()
    assert await writer("time.sleep(60)").record_utterance(0.2) == b""
    assert time.monotonic() - since < 20


@needs_pocketsphinx
@pytest.mark.parametrize("command", [("false",), ("/no/such/program",)])
async def test_a_microphone_that_is_lost(command: tuple[str, ...]) -> None:
    mic = SubprocessMicrophone(command)
    assert not await mic.works()
    with pytest.raises(NotReady):
        await mic.record_utterance(30.0)


@needs_pocketsphinx
async def test_the_first_microphone_that_gives_sound_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = writer("os.write(1, bytes(4000))\ntime.sleep(60)").command
    monkeypatch.setattr(microphone, "ARECORD", ("false",))
    monkeypatch.setattr(microphone, "PORTAUDIO", there)
    opened = await open_microphone()
    assert isinstance(opened, SubprocessMicrophone)
    assert opened.command == there


@needs_pocketsphinx
async def test_no_microphone_is_said_plainly(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(microphone, "ARECORD", ("false",))
    monkeypatch.setattr(microphone, "PORTAUDIO", ("false",))
    with pytest.raises(NotReady, match="no microphone was found"):
        await open_microphone()
    assert capfd.readouterr() == ("", "")


@needs_pocketsphinx
async def test_what_records_on_this_computer_is_not_seen(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with contextlib.suppress(NotReady):
        assert isinstance(await open_microphone(), SubprocessMicrophone)
    assert capfd.readouterr() == ("", "")


def wav(path: Path, pcm: bytes, rate: int = SAMPLE_RATE, channels: int = 1, width: int = 2) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(pcm)
    return path


@needs_pocketsphinx
async def test_a_file_is_a_microphone(tmp_path: Path) -> None:
    need_espeak()
    pcm = in_noise("a dog", VOICES[0], "clean", 1)
    one = await WavMicrophone(wav(tmp_path / "one.wav", pcm)).record_utterance(10.0)
    assert SAMPLE_RATE < len(one) <= len(pcm)
    both = array.array("h", [sample for sample in array.array("h", pcm) for _ in range(2)])
    stereo = WavMicrophone(wav(tmp_path / "two.wav", both.tobytes(), channels=2))
    assert await stereo.record_utterance(10.0) == one
    assert await WavMicrophone(wav(tmp_path / "none.wav", b"")).record_utterance(10.0) == b""


@pytest.mark.parametrize(
    "content",
    [b"", b"RIFF", b"RIFF\x00\x00\x00\x00WAVE", random.Random(1).randbytes(100)],
    ids=["empty", "four bytes", "header", "random"],
)
def test_what_is_no_wav_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="not a WAV"):
        WavMicrophone(path)
    with pytest.raises(UsageError, match="cannot be read"):
        WavMicrophone(tmp_path / "missing.wav")
    with pytest.raises(UsageError, match="16 bit"):
        WavMicrophone(wav(path, bytes(100), width=1))


# -- the recognizer


@pytest.fixture(scope="module")
def listening() -> Recognizer:
    pytest.importorskip("pocketsphinx")
    return Recognizer(CARDS)


@needs_pocketsphinx
def test_words_that_cannot_be_pronounced_are_named() -> None:
    with pytest.raises(ValueError, match="dictionary: flibber, zzyzx"):
        Recognizer({"who": {"it": ("a zzyzx flibber",)}})


@needs_pocketsphinx
def test_every_word_of_the_deck_can_be_heard() -> None:
    Recognizer(deck().spoken())


CASE_INTERVAL = 20
"""Sampling interval of the cases of bench/recognition_rate.py: seconds, not minutes."""


def test_wishes_are_understood(listening: Recognizer) -> None:
    need_espeak()
    correct = []
    for number, (text, slots) in enumerate(wishes(260, 1)[::CASE_INTERVAL]):
        voice, condition = VOICES[number % len(VOICES)], CONDITIONS[number % len(CONDITIONS)]
        recognized = listening.recognize(turned(in_noise(text, voice, condition, number)))
        correct.append(
            (
                recognized is not None and recognized.slots == slots,
                text,
                voice,
                condition,
                recognized,
            )
        )
    understood = sum(one[0] for one in correct)
    assert understood >= 0.8 * len(correct), [one[1:] for one in correct if not one[0]]


def test_what_is_outside_is_seldom_asked_for(listening: Recognizer) -> None:
    need_espeak()
    accepted = 0
    for number, text in enumerate(OUTSIDE[:: CASE_INTERVAL // 3]):
        voice, condition = VOICES[number % len(VOICES)], CONDITIONS[number % len(CONDITIONS)]
        recognized = listening.recognize(turned(in_noise(text, voice, condition, number)))
        accepted += recognized is not None
    assert accepted <= 5


def test_what_is_no_speech_is_no_wish(listening: Recognizer) -> None:
    need_espeak()
    recognized = {name: listening.recognize(turned(pcm)) for name, pcm in sounds().items()}
    wishes = {name: one for name, one in recognized.items() if one}
    # babble contains words
    assert {name: one for name, one in wishes.items() if not name.startswith("a room")} == {}


@pytest.mark.parametrize(
    "pcm",
    [b"", b"\x01", bytes(200), b"\xff\x7f" * 8000, random.Random(1).randbytes(16000)],
    ids=["empty", "half a sample", "silence", "full scale", "random"],
)
def test_any_bytes_may_be_heard(listening: Recognizer, pcm: bytes) -> None:
    assert listening.recognize(pcm) is None
    assert listening.recognize(pcm, 44100) is None


def test_what_was_heard_before_does_not_matter(listening: Recognizer) -> None:
    need_espeak()
    pcm = turned(in_noise("a story about a robot at home", VOICES[0], "white", 1))
    first = listening.recognize(pcm)
    listening.recognize(turned(in_noise("humpty dumpty sat on a wall", VOICES[3], "babble", 2)))
    again = listening.recognize(pcm)
    assert first is not None
    assert again is not None
    assert again.slots == first.slots == {"who": "robot", "where": "house"}
    # pocketsphinx starts with the densities of the previous utterance
    assert again.confidence == pytest.approx(first.confidence, abs=0.05)


# -- the recognizer in a process of its own


async def test_it_hears_the_same_while_the_loop_goes_on(
    listening: Recognizer, capfd: pytest.CaptureFixture[str]
) -> None:
    need_espeak()
    pcm = turned(in_noise("a story about a dog in the forest", VOICES[0], "clean", 1))
    longest, last, over = 0.0, time.monotonic(), asyncio.Event()

    async def tick() -> None:
        nonlocal longest, last
        while not over.is_set():
            await asyncio.sleep(0)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()

    ticking = asyncio.ensure_future(tick())
    distant = await open_recognizer(CARDS)
    try:
        recognized = await distant.recognize(pcm)
    finally:
        over.set()
        await ticking
        await distant.close()
    near = listening.recognize(pcm)
    assert recognized is not None
    assert near is not None
    assert recognized.words == near.words
    assert recognized.slots == {"who": "dog", "where": "forest"}
    assert longest < 0.3, longest
    assert capfd.readouterr() == ("", "")


@needs_pocketsphinx
async def test_who_does_not_wait_does_not_confuse_the_next() -> None:
    need_espeak()
    dog, sea = (turned(in_noise(text, VOICES[0], "clean", 1)) for text in ("a dog", "by the sea"))
    distant = await open_recognizer(CARDS)
    try:
        asking = asyncio.ensure_future(distant.recognize(dog))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        recognized = await distant.recognize(sea)
        assert recognized is not None
        assert recognized.slots == {"where": "sea"}
    finally:
        await distant.close()


@needs_pocketsphinx
async def test_a_recognizer_that_was_closed_is_lost() -> None:
    distant = await open_recognizer(CARDS)
    await distant.close()
    with pytest.raises(NotReady, match="lost"):
        await distant.recognize(bytes(100))
    await distant.close()


@needs_pocketsphinx
async def test_strange_words_are_named_from_the_other_process_too() -> None:
    with pytest.raises(ValueError, match="zzyzx"):
        await open_recognizer({"who": {"it": ("a zzyzx",)}})


async def test_without_pocketsphinx_it_is_said_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pocketsphinx.py").write_text("raise ImportError\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(NotReady, match="pip install") as caught:
        await open_recognizer(CARDS)
    assert (caught.value.message, caught.value.hint) == NO_POCKETSPHINX
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    with pytest.raises(NotReady, match="pip install"):
        await open_microphone()
