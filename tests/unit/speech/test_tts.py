"""Words and their times: by a pace, by espeak's events, by a sound card's position."""

from __future__ import annotations

import asyncio
import re
import wave
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duotui.base.clock import ManualClock, MonotonicClock
from duotui.base.errors import UsageError
from duotui.protocol.tokens import WordMark
from duotui.speech.audio_output import SilentOutput, WavOutput
from duotui.speech.espeak_client import EspeakVoice, word_marks
from duotui.speech.espeak_worker import WORD_JOINER, speed, with_joiners, without_commands
from duotui.speech.portaudio_worker import Playback
from duotui.speech.tts import SENTENCE_PAUSE, SilentTts, Utterance, timed_words

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "in the end, it was 3.5 — yes"
ESPEAK_EVENTS = st.lists(
    st.tuples(st.floats(-9, 99) | st.just(float("nan")), st.integers(-9, 99)), max_size=30
)


def words(text: str, marks: tuple[WordMark, ...]) -> list[str]:
    return [text[mark.start : mark.end] for mark in marks]


def test_the_word_that_is_heard() -> None:
    utterance = Utterance("a b", (WordMark(0.2, 0, 1), WordMark(0.5, 2, 3)), 1.0)
    assert utterance.word_at(0.1) is None
    assert utterance.word_at(0.2) == utterance.word_at(0.49) == utterance.marks[0]
    assert utterance.word_at(0.5) == utterance.word_at(99.0) == utterance.marks[1]
    assert Utterance("", (), 0.0).word_at(1.0) is None


@given(st.text(max_size=300), st.floats(20, 600))
def test_a_pace_is_kept_and_every_word_marked(text: str, pace: float) -> None:
    utterance = timed_words(text, pace)
    assert words(text, utterance.marks) == re.findall(r"\S+", text)
    begins = [mark.begins for mark in utterance.marks]
    assert begins == sorted(set(begins))
    share = 60.0 / pace
    assert utterance.length == pytest.approx(
        (len(begins) + SENTENCE_PAUSE) * share if begins else 0.0
    )


async def test_silence_keeps_time_and_forgets_it_when_it_is_cancelled() -> None:
    clock = ManualClock(5.0)
    tts, started = SilentTts(clock, 60.0), asyncio.Event()
    assert tts.position() == 0.0
    task = asyncio.create_task(tts.speak("one two", lambda _: started.set()))
    await started.wait()
    clock.advance(0.75)
    assert tts.position() == 0.75
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert tts.position() == 0.0


def test_a_word_that_espeak_tells_nothing_of_is_marked_with_the_one_before() -> None:
    espeak_events = [
        (0.0, 0),
        (0.5, 7),
        (1.0, 12),
        (1.2, 15),
        (1.5, 19),
        (1.7, 20),
        (1.8, 20),
        (2.0, 25),
    ]
    marks = word_marks(TEXT, espeak_events)
    assert words(TEXT, marks) == ["in the", "end,", "it", "was", "3.5 —", "yes"]
    assert [mark.begins for mark in marks] == [0.0, 0.5, 1.0, 1.2, 1.5, 2.0]


@given(st.text(max_size=60), ESPEAK_EVENTS)
def test_marks_are_in_order_and_leave_no_word_out(
    text: str, espeak_events: list[tuple[float, int]]
) -> None:
    marks = word_marks(text, espeak_events)
    begins = [mark.begins for mark in marks]
    assert begins == sorted(begins)
    if marks:
        assert " ".join(words(text, marks)).split() == text.split()
    elif text.split():
        last = max(index for index, character in enumerate(text) if not character.isspace())
        assert not any(at == at and start <= last for at, start in espeak_events)


@given(st.text(max_size=80))
def test_what_is_sent_to_espeak_is_the_text_and_no_command(text: str) -> None:
    sent = without_commands(text)
    assert len(sent) == len(text)
    sent.encode()
    assert not re.search(r"[\x00-\x1f\x7f]", sent)
    sent_text, where = with_joiners(sent)
    assert [sent[at] for at, one in zip(where, sent_text, strict=True) if one != WORD_JOINER] == [
        one for one in sent if one != WORD_JOINER
    ]
    assert where == sorted(where)


def test_words_are_kept_apart_but_a_pause_is_left() -> None:
    assert with_joiners("in the end, Tom.")[0] == f"in{WORD_JOINER} the{WORD_JOINER} end, Tom."


@pytest.mark.parametrize("pace", [20, 60, 100, 116, 130, 180, 600])
def test_slower_is_slower_and_never_too_slow_for_espeak(pace: float) -> None:
    rate, gap = speed(pace)
    assert 80 <= rate <= 450
    assert (gap == 0) == (pace >= 116)


@pytest.mark.parametrize(
    "wrong",
    [{"pace": 0}, {"pace": float("nan")}, {"volume": 1.1}, {"volume": -1}, {"pitch": 2}],
    ids=str,
)
def test_a_voice_that_cannot_be(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        EspeakVoice(**wrong)  # type: ignore[arg-type]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20), st.integers(0, 300))
def test_a_sound_card_is_handed_all_and_silence_after_it(sizes: list[int], frames: int) -> None:
    pcm = bytes(number % 251 + 1 for number in range(2 * frames))
    playing = Playback(pcm, 1000)
    handed = b""
    for size in sizes:
        out = bytearray(2 * size)
        playing.fill(memoryview(out), size, None, None)
        handed += bytes(out)
    assert handed == (pcm + bytes(len(handed)))[: len(handed)]
    assert playing.seconds_played(0.0) <= frames / 1000
    assert playing.seconds_played(9.0) == 0.0


async def test_a_tape_has_what_was_played_when_it_was_played(tmp_path: Path) -> None:
    clock, rate = ManualClock(), 1000
    tape = WavOutput(tmp_path / "a.wav", clock, rate)
    one, two = b"\1\0" * 10, b"\2\0" * 20
    clock.advance(0.5)
    await tape.play(one, rate, lambda: None)
    clock.advance(0.25)
    await tape.play(two, rate, lambda: None)
    await tape.close()
    with wave.open(str(tmp_path / "a.wav")) as file:
        written = file.readframes(file.getnframes())
    assert written == bytes(2 * 500) + one + bytes(2 * 240) + two


async def test_a_tape_holds_what_was_heard_until_it_was_cancelled(tmp_path: Path) -> None:
    clock, rate, started = ManualClock(), 1000, asyncio.Event()
    tape = WavOutput(tmp_path / "a.wav", clock, rate)
    task = asyncio.create_task(tape.play(b"\1\0" * 60_000, rate, started.set))
    await started.wait()
    clock.advance(0.3)
    assert tape.position() == pytest.approx(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert tape.position() == 0.0
    await tape.close()
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert file.readframes(file.getnframes()) == b"\1\0" * 300


async def test_a_tape_says_no(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        WavOutput(tmp_path / "nowhere" / "a.wav", ManualClock())
    tape = WavOutput(tmp_path / "a.wav", ManualClock())
    with pytest.raises(ValueError, match="8000 Hz"):
        await tape.play(b"", 8000, lambda: None)
    await tape.close()


async def test_quiet_lasts_as_long_as_its_sound_would() -> None:
    clock = MonotonicClock()
    quiet, since = SilentOutput(clock, "no sound card"), clock.now()
    await quiet.play(bytes(2 * 50), 1000, lambda: None)
    assert clock.now() - since >= 0.045
    assert quiet.trouble == "no sound card"
