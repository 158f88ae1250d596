"""Sentences spoken by this computer: espeak in a child process, a player, and the voice of both."""

from __future__ import annotations

import array
import asyncio
import json
import operator
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duotui.base.clock import MonotonicClock
from duotui.base.errors import NotReady
from duotui.protocol.sentence_splitter import sentences
from duotui.speech.audio_output import (
    APLAY,
    PlayerProgram,
    SilentOutput,
    SubprocessOutput,
    WavOutput,
    open_output,
)
from duotui.speech.espeak_client import EspeakClient, EspeakVoice
from duotui.speech.espeak_tts import EspeakTts
from duotui.speech.tts import Utterance, timed_words
from support.espeak import need_espeak
from support.speech import TEN_STORIES, bursts, read_aloud, samples
from support.word_onsets import measure_onsets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

SPEAK_COMMAND = f"exec {sys.executable} -m duotui.speech.espeak_worker"
SLOW_VOICE = EspeakVoice(pace=90)
"""Fastest voice whose words are separated by silence."""

MARK_TOLERANCE = 0.15
"""Seconds by which the marked and the audible word may differ."""

HOSTILE_TEXTS = [
    "",
    " \n\t",
    "...",
    "“No,” said Zoë — it's 42 and 3.5, isn't it? \"x\"",
    "one\ntwo\n\nthree\rfour\0five",
    "a 😀 bear 👩‍👩‍👧 ran 🏳️‍🌈",
    "<speak>hi <break time='9s'/> there</speak> &amp; &lt;",
    "[[h@l'oU]] \x01200P \x0150S loud",
    "\ud83d broken \udfff",
    "读一个故事 مرحبا здравствуй",
    "x" * 2000,
    ("the little cat went to the market and said hello to the dog " * 40)[:2000],
]

PLAYS = """
import sys, time
pcm = sys.stdin.buffer.read()
began = time.monotonic()
with open(sys.argv[1], "ab", 0) as file:
    at, done = 0.0, 0
    while at < len(pcm) / 2 / {rate}:
        at = time.monotonic() - began
        done += file.write(pcm[done : 2 * round(at * {rate})])
        print(min(at, len(pcm) / 2 / {rate}), flush=True)
        time.sleep(0.005)
"""
"""Player that writes into a file, at the pace of a sound card, and reports its position."""


@pytest.fixture(autouse=True)
def espeak() -> None:
    need_espeak()


@pytest.fixture
async def voice() -> AsyncIterator[EspeakClient]:
    client = EspeakClient()
    yield client
    await client.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - nothing signals it
            await asyncio.sleep(0.005)


def shell(line: str, patience: float = 5.0) -> EspeakClient:
    return EspeakClient(patience=patience, command=("/bin/sh", "-c", line))


def player(tmp_path: Path, code: str = PLAYS) -> SubprocessOutput:
    command = (sys.executable, "-c", code, str(tmp_path / "played"))
    return SubprocessOutput(MonotonicClock(), PlayerProgram("test", command, early=True))


def tone(seconds: float, rate: int = 8000) -> bytes:
    return b"\x10\x10" * round(seconds * rate)


def test_every_word_of_ten_stories_is_marked_when_it_begins() -> None:
    """Onsets come from the sound itself: separated words begin at the end of a silence."""

    async def far() -> list[float]:
        synthesiser, differences = EspeakClient(), []
        for story in TEN_STORIES:
            for span in sentences(story):
                text = story[span.start : span.end]
                sound = await synthesiser.synthesize(text, SLOW_VOICE)
                assert [text[mark.start : mark.end] for mark in sound.marks] == text.split()
                onsets = bursts(array.array("h", sound.pcm), sound.rate)
                assert len(onsets) == len(sound.marks)
                differences += [
                    abs(mark.begins - begins)
                    for mark, begins in zip(sound.marks, onsets, strict=True)
                ]
        await synthesiser.close()
        return differences

    differences = asyncio.run(far())
    assert len(differences) > 250
    assert max(differences) <= MARK_TOLERANCE


async def test_the_word_that_is_seen_is_the_word_that_is_heard(tmp_path: Path) -> None:
    spoken = await read_aloud(
        "In the end, they had some milk. All of the cats slept.", SLOW_VOICE, tmp_path / "a.wav"
    )
    onsets = bursts(*samples(tmp_path / "a.wav"))
    marked = [word for sentence in spoken for word in sentence.words]
    assert [word.text for word in marked] == [w for one in spoken for w in one.text.split()]
    assert len(marked) == len(onsets) == 12
    assert max(abs(word.at - at) for word, at in zip(marked, onsets, strict=True)) <= MARK_TOLERANCE


async def test_words_that_do_not_stand_apart_are_marked_when_they_sound(
    voice: EspeakClient,
) -> None:
    """Onsets come from the difference that muting a word makes."""
    texts = ["All of the cats slept.", "In the end, they had some milk."]
    for text, spoken in zip(texts, measure_onsets(texts, pace=130), strict=True):
        sound = await voice.synthesize(text, EspeakVoice(pace=130))
        assert sound.pcm == spoken.pcm
        begins = [onset.at for onset in spoken.onsets if onset]
        assert len(begins) == len(sound.marks) == len(text.split())
        assert (
            max(map(abs, map(operator.sub, begins, (m.begins for m in sound.marks))))
            <= MARK_TOLERANCE
        )


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=lambda text: ascii(text[:12]))
async def test_any_text_is_said_as_text(voice: EspeakClient, text: str) -> None:
    sound = await voice.synthesize(text, EspeakVoice(pace=200))
    begins = [mark.begins for mark in sound.marks]
    assert begins == sorted(begins)
    assert all(0 <= at <= sound.length for at in begins)
    assert sound.length == len(sound.pcm) / 2 / sound.rate
    words = [text[mark.start : mark.end] for mark in sound.marks]
    if words:
        assert " ".join(words).split() == text.split()
    assert voice.trouble == ""


def test_any_text_at_all() -> None:
    with asyncio.Runner() as runner:
        synthesiser = EspeakClient()

        @given(st.text(max_size=80))
        def holds(text: str) -> None:
            sound = runner.run(synthesiser.synthesize(text, EspeakVoice(pace=400)))
            begins = [mark.begins for mark in sound.marks]
            assert begins == sorted(begins)
            assert not sound.marks or sound.marks[-1].end <= len(text)
            assert not begins or begins[-1] <= sound.length

        holds()
        runner.run(synthesiser.close())


async def test_markup_is_no_command(voice: EspeakClient) -> None:
    plain = await voice.synthesize("before after", EspeakVoice())
    marked = await voice.synthesize("before <break time='30s'/> after", EspeakVoice())
    assert plain.length + 1 < marked.length < plain.length + 15
    assert len(marked.marks) >= 4
    shy = await voice.synthesize("before \x010V after", EspeakVoice())
    assert max(array.array("h", shy.pcm)[-round(shy.rate * 1.2) :]) > 1000


async def test_a_voice_is_as_it_is_settled(voice: EspeakClient) -> None:
    async def synthesised(**changes: object) -> tuple[float, int, bytes]:
        sound = await voice.synthesize("Once upon a time.", EspeakVoice(**changes))  # type: ignore[arg-type]
        return sound.length, max(array.array("h", sound.pcm)), sound.pcm

    length, loud, pcm = await synthesised()
    assert (await synthesised(pace=60))[0] > 1.3 * length
    assert (await synthesised(pace=200))[0] < 0.8 * length
    assert (await synthesised(volume=0.0))[1] == 0
    assert 0 < (await synthesised(volume=0.3))[1] < loud / 2
    assert (await synthesised(pitch=0.9))[2] != pcm
    assert (await synthesised(name="en-gb"))[2] != pcm
    assert (await synthesised())[:2] == pytest.approx(
        (length, loud), rel=0.1
    )  # its noise is random


async def test_paces_are_words_a_minute(voice: EspeakClient) -> None:
    """Measure with separated words, whose pause at the end is as long as espeak's to within a few
    words."""
    for pace in (60.0, 100.0, 130.0):
        texts = [story[span.start : span.end] for story in TEN_STORIES for span in sentences(story)]
        lengths = [(await voice.synthesize(text, EspeakVoice(pace=pace))).length for text in texts]
        assert sum(lengths) == pytest.approx(
            sum(timed_words(t, pace).length for t in texts), rel=0.1
        )


async def test_a_voice_that_is_not_there(voice: EspeakClient) -> None:
    with pytest.raises(NotReady, match="no voice named 'klingon-9'"):
        await voice.synthesize("hello", EspeakVoice("klingon-9"))
    assert "klingon-9" in voice.trouble
    names = await voice.voices()
    assert "en-us" in [language for _, language in names]
    assert voice.trouble == ""


async def test_a_child_that_is_killed_is_started_anew(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    synthesiser = shell(f"echo $$ >>{pids}; {SPEAK_COMMAND}")
    first = await synthesiser.synthesize("hello", EspeakVoice())
    os.kill(int(pids.read_text()), signal.SIGKILL)
    assert await synthesiser.synthesize("hello", EspeakVoice()) == first
    assert len(pids.read_text().split()) == 2
    await synthesiser.close()


async def test_a_child_that_dies_over_a_sentence_is_tried_twice(tmp_path: Path) -> None:
    once = tmp_path / "once"
    synthesiser = shell(f"test -e {once} && {SPEAK_COMMAND}; touch {once}; read -r line; exit 3")
    assert (await synthesiser.synthesize("hello", EspeakVoice())).marks
    await synthesiser.close()


async def test_a_child_that_always_dies_is_trouble_but_not_for_ever(tmp_path: Path) -> None:
    well = tmp_path / "well"
    synthesiser = shell(
        f"test -e {well} && {SPEAK_COMMAND}; echo start >&2; echo broken glass >&2; exit 1"
    )
    with pytest.raises(NotReady, match="broken glass"):
        await synthesiser.synthesize("hello", EspeakVoice())
    assert synthesiser.trouble == "espeak ended: broken glass"
    well.touch()
    assert (await synthesiser.synthesize("hello", EspeakVoice())).marks
    assert synthesiser.trouble == ""
    await synthesiser.close()


@pytest.mark.parametrize(
    "line", ["echo hello", "echo '[]'", """echo '{"size": -1}'""", """echo '{"size": 9}'"""]
)
async def test_a_child_that_says_something_else(line: str) -> None:
    synthesiser = shell(line)
    with pytest.raises(NotReady, match="espeak ended"):
        await synthesiser.synthesize("hello", EspeakVoice())
    await synthesiser.close()


async def test_a_child_that_hangs_is_given_up_once_for_all() -> None:
    synthesiser = shell("exec sleep 60", patience=0.2)
    with pytest.raises(NotReady, match="did not answer"):
        await synthesiser.synthesize("hello", EspeakVoice())
    since = time.monotonic()
    with pytest.raises(NotReady, match="did not answer"):
        await synthesiser.synthesize("hello", EspeakVoice())
    assert time.monotonic() - since < 0.1


async def test_it_is_closed_within_a_second_whatever_it_does(tmp_path: Path) -> None:
    began = tmp_path / "began"
    synthesiser = shell(f"trap '' TERM; touch {began}; exec sleep 60", patience=60)
    task = asyncio.create_task(synthesiser.synthesize("hello", EspeakVoice()))
    await until(began.exists)
    since = time.monotonic()
    await synthesiser.close()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert time.monotonic() - since < 1.0


async def test_who_gives_up_waiting_leaves_nothing_behind(voice: EspeakClient) -> None:
    expected = await voice.synthesize("hello", EspeakVoice())
    task = asyncio.create_task(voice.synthesize(HOSTILE_TEXTS[-1], EspeakVoice()))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await voice.synthesize("hello", EspeakVoice()) == expected


def nowhere(tmp_path: Path) -> dict[str, str]:
    """Environment without a library: a file in its place is no library."""
    for name in ("libespeak-ng.so.1", "libespeak.so.1"):
        (tmp_path / name).write_text("not a library")
    (tmp_path / "espeakng_loader.py").write_text("raise ImportError")
    return {"LD_LIBRARY_PATH": str(tmp_path), "PYTHONPATH": str(tmp_path)}


async def test_no_library(tmp_path: Path) -> None:
    tape = WavOutput(tmp_path / "a.wav", MonotonicClock())
    tts = EspeakTts(EspeakClient(nowhere(tmp_path)), tape, EspeakVoice(pace=600))
    spoken: list[Utterance] = []
    await tts.speak("One two.", spoken.append)
    assert spoken == [timed_words("One two.", 600)]
    assert tts.trouble == "espeak-ng is not installed"
    await tts.close()
    assert set(samples(tmp_path / "a.wav")[0]) == {0}


async def test_no_voices(tmp_path: Path) -> None:
    (tmp_path / "espeak-ng-data").mkdir()
    synthesiser = EspeakClient({"ESPEAK_DATA_PATH": str(tmp_path)})
    with pytest.raises(NotReady, match="no voices"):
        await synthesiser.synthesize("hello", EspeakVoice())
    await synthesiser.close()


@pytest.mark.parametrize("there", [True, False], ids=["espeak", "no-espeak"])
def test_what_the_child_answers(tmp_path: Path, there: bool) -> None:
    requests = b'{"voices": true}\n\xff\nnull\n[]\n{"text": 1}\n{"text": "a", "pace": 0}\n'
    result = subprocess.run(
        [sys.executable, "-m", "duotui.speech.espeak_worker"],
        input=requests,
        capture_output=True,
        env={**os.environ, **({} if there else nowhere(tmp_path))},
        timeout=20,
        check=True,
    )
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [list(answer) for answer in answers[1:]] == [["trouble"]] * 5
    assert ("voices" in answers[0]) == there
    assert result.stderr == b""


async def test_silence_is_at_once_when_a_sentence_is_cancelled(tmp_path: Path) -> None:
    clock = MonotonicClock()
    output = player(tmp_path, PLAYS.format(rate=8000))
    started = asyncio.Event()
    task = asyncio.create_task(output.play(tone(30.0), 8000, started.set))
    await started.wait()
    await until(lambda: output.position() >= 0.2)
    stopped = clock.now()
    at = output.position()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert clock.now() - stopped < 0.05
    played = (tmp_path / "played").stat().st_size
    assert abs(played / 2 / 8000 - at) < 0.05
    assert output.position() == 0.0
    await asyncio.sleep(0.1)
    assert (tmp_path / "played").stat().st_size == played
    await output.close()


async def test_a_player_plays_one_after_another_and_tells_how_far_it_is(tmp_path: Path) -> None:
    output, clock = player(tmp_path, PLAYS.format(rate=8000)), MonotonicClock()
    for _ in range(2):
        begins: list[float] = []
        task = asyncio.create_task(output.play(tone(0.4), 8000, lambda: begins.append(clock.now())))  # noqa: B023
        while not task.done():
            if begins:  # a busy computer may report the end late: the position is the end
                played = min(clock.now() - begins[0], 0.4)
                assert abs(output.position() - played) < 0.05
            await asyncio.sleep(0.01)
        assert 0.35 < clock.now() - begins[0] < 0.6
    assert (tmp_path / "played").read_bytes() == 2 * tone(0.4)
    assert output.trouble == ""
    await output.close()


@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        ("import sys; sys.exit('the cable is out')", "test cannot play: the cable is out"),
        ("print('seven')", "could not convert string to float"),
        ("import os; os.kill(os.getpid(), 9)", "test cannot play"),
    ],
    ids=["fails", "prints", "dies"],
)
async def test_what_cannot_be_played_takes_its_time_in_silence(
    tmp_path: Path, code: str, trouble: str
) -> None:
    output, begins, clock = player(tmp_path, code), [], MonotonicClock()
    await output.play(tone(0.3), 8000, lambda: begins.append(clock.now()))
    assert len(begins) == 1
    assert 0.29 < clock.now() - begins[0] < 0.4
    assert trouble in output.trouble
    await output.close()


async def test_a_player_that_is_not_there(tmp_path: Path) -> None:
    output, begins = (
        SubprocessOutput(MonotonicClock(), PlayerProgram("x", (str(tmp_path / "x"),), 0.1)),
        [],
    )
    await output.play(tone(0.1), 8000, lambda: begins.append(1))
    assert begins == [1]
    assert "No such file" in output.trouble


@pytest.mark.skipif(not shutil.which("aplay"), reason="aplay is not installed")
async def test_aplay_is_given_the_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played = tmp_path / "played.raw"
    (tmp_path / "asoundrc").write_text(
        f'pcm.!default {{ type file slave.pcm {{ type null }} file "{played}" format raw }}'
    )
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asoundrc"))
    output, begins = SubprocessOutput(MonotonicClock(), APLAY), []
    await output.play(tone(0.5, 22050), 22050, lambda: begins.append(1))
    assert output.trouble == ""
    assert begins == [1]
    assert played.read_bytes()[: 22050 // 2 * 2] == tone(0.5, 22050)


def test_without_a_sound_card_there_is_silence_and_not_a_byte_on_the_terminal(
    tmp_path: Path,
) -> None:
    code = """if True:
        import asyncio, json, sys
        from duotui.base.clock import MonotonicClock
        from duotui.speech.espeak_client import EspeakClient, EspeakVoice
        from duotui.speech.espeak_tts import EspeakTts
        from duotui.speech.audio_output import open_output
        async def main():
            output = open_output(MonotonicClock())
            reader = EspeakTts(EspeakClient(), output, EspeakVoice(pace=400))
            said = []
            await reader.speak("Hello.", said.append)
            await reader.close()
            with open(sys.argv[1], "w") as file:
                json.dump([type(output).__name__, output.trouble, len(said)], file)
        asyncio.run(main())
    """
    out = tmp_path / "out"
    shown, status = on_a_terminal([sys.executable, "-c", code, str(out)], {})
    assert (shown, status) == (b"", 0)
    kind, trouble, output = json.loads(out.read_text())
    if kind != "SilentOutput":
        pytest.skip("there is a sound card here")
    assert trouble.startswith("no sound card was found") or "alsa-utils" in trouble
    assert output == 1


def on_a_terminal(command: list[str], environment: dict[str, str]) -> tuple[bytes, int]:
    """Output of a program on its terminal, and its exit status."""
    master, slave = pty.openpty()
    child = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env={**os.environ, **environment}
    )
    os.close(slave)
    shown = b""
    while select.select([master], [], [], 60)[0]:
        try:
            piece = os.read(master, 4096)
        except OSError:
            break
        shown += piece
        if not piece:
            break
    os.close(master)
    return shown, child.wait()


def test_nothing_that_plays_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    output = open_output(MonotonicClock())
    assert isinstance(output, SilentOutput)
    assert "alsa-utils" in output.trouble


async def test_a_voice_makes_the_next_sentence_ahead(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    synthesiser = shell(f"echo $$ >>{pids}; test $(wc -l <{pids}) = 1 && {SPEAK_COMMAND}; exit 1")
    tape = WavOutput(tmp_path / "a.wav", MonotonicClock())
    tts = EspeakTts(synthesiser, tape, EspeakVoice(pace=400))
    spoken: list[Utterance] = []

    def has_started(one: Utterance) -> None:
        spoken.append(one)
        tts.prepare("Two.")

    await tts.speak("One, and then some.", has_started)
    os.kill(int(pids.read_text()), signal.SIGKILL)
    await tts.speak("Two.", spoken.append)
    assert [one.text for one in spoken] == ["One, and then some.", "Two."]
    assert spoken[1] != timed_words("Two.", 400)
    assert tts.trouble == ""
    await tts.close()


async def test_a_voice_that_is_cancelled_is_silent_and_goes_on(tmp_path: Path) -> None:
    clock = MonotonicClock()
    tape = WavOutput(tmp_path / "a.wav", clock)
    tts = EspeakTts(EspeakClient(), tape, EspeakVoice(pace=130))
    started = asyncio.Event()
    task = asyncio.create_task(tts.speak(HOSTILE_TEXTS[-1], lambda _: started.set()))
    await started.wait()
    await until(lambda: tts.position() >= 0.4)
    task.cancel()
    stopped = clock.now() - tape.began
    await asyncio.gather(task, return_exceptions=True)
    assert tts.position() == 0.0
    await asyncio.sleep(0.6)
    await tts.speak("Yes.", lambda _: None)
    await tts.close()
    recorded, rate = samples(tmp_path / "a.wav")
    assert max(recorded[: round(stopped * rate)]) > 1000
    silent = recorded[round((stopped + 0.05) * rate) : round((stopped + 0.55) * rate)]
    assert set(silent) == {0}
    assert max(recorded[round((stopped + 0.55) * rate) :]) > 1000


async def test_a_voice_that_is_cancelled_before_there_is_sound(tmp_path: Path) -> None:
    tape = WavOutput(tmp_path / "a.wav", MonotonicClock())
    tts = EspeakTts(EspeakClient(), tape, EspeakVoice())
    spoken: list[Utterance] = []
    task = asyncio.create_task(tts.speak("Never.", spoken.append))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await tts.close()
    assert spoken == []
    assert len(samples(tmp_path / "a.wav")[0]) == 0
