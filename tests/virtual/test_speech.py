"""Board's voice: the Duo's program sounds like this computer's.

A recognizer understands the virtual Duo's speaker.
"""

from __future__ import annotations

import array
import hashlib
import json
import math
import subprocess
import sys
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from duotui.base import resources
from duotui.base.clock import MonotonicClock
from duotui.judge.baseline import single_session
from duotui.protocol.events import SentencePlaying
from duotui.session.recording import Recording
from duotui.speech.board_tts import BoardTts
from duotui.targets.virtual_duo import VirtualDuo, prepared_card
from support.emulators import BOARD_FOLDER, find_tools
from support.sessions import Watch
from support.wav_recognizer import understood

if TYPE_CHECKING:
    from duotui.targets.virtual_duo import VirtualMachine

pytestmark = pytest.mark.timeout(300)

SENTENCE = "Once upon a time, there was a little dragon named Lily."
RECOGNIZED = "once upon a time there was a little dragon named lily"


@pytest.fixture(scope="module")
def voice() -> Path:
    """Folder of `make speech`."""
    result = subprocess.run(
        [BOARD_FOLDER.parent / "speech" / "voice", "--offline"], capture_output=True, text=True
    )
    if result.returncode:
        pytest.skip(f"{result.stderr.strip()}")
    return Path(result.stdout.strip())


def speak(program: list[str | Path], out: Path, text: str) -> str:
    result = subprocess.run(
        [*program, "-o", out], input=text, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_duos_program_says_the_same_as_this_computers(voice: Path, tmp_path: Path) -> None:
    tools = find_tools()
    assert not isinstance(tools, str)
    text = f"{SENTENCE}\n\nThe end.\n"
    ours = speak([voice / "host/duospeak"], tmp_path / "ours.wav", text)
    duo_sound = speak(
        [tools / "qemu-10/usr/bin/qemu-riscv64", voice / "duospeak"], tmp_path / "theirs.wav", text
    )
    assert ours == duo_sound
    assert (tmp_path / "ours.wav").read_bytes() == (tmp_path / "theirs.wav").read_bytes()


def test_it_says_when_each_word_is_heard(voice: Path, tmp_path: Path) -> None:
    sentences = [SENTENCE, 'He said, "Go!"', "The end."]
    output = speak([voice / "host/duospeak"], tmp_path / "a.wav", "\n".join(sentences))
    rows = [line.split() for line in output.splitlines()]
    with wave.open(str(tmp_path / "a.wav")) as file:
        length = file.getnframes() * 1000 // file.getframerate()
    begins = [(int(row[2]), int(row[3])) for row in rows if row[0] == "S"]
    assert [start for start, _ in begins] == [0, begins[0][1], begins[0][1] + begins[1][1]]
    assert length == pytest.approx(sum(lasts for _, lasts in begins), abs=3)
    words: list[list[str]] = [[], [], []]
    for _, number, _, at, size in (row for row in rows if row[0] == "W"):
        words[int(number)].append(sentences[int(number)][int(at) : int(at) + int(size)])
    assert words == [
        RECOGNIZED.replace("lily", "Lily").replace("once", "Once").split(),
        ["He", "said", "Go"],
        ["The", "end"],
    ]
    times = [int(row[2]) for row in rows if row[0] == "W"]
    assert times == sorted(times)


def test_it_is_as_loud_as_it_is_told_to_be(voice: Path, tmp_path: Path) -> None:
    """Half of the sample amplitude is half as loud; volume zero lasts as long."""
    program, sounds, output = voice / "host/duospeak", {}, {}
    for loud in (100, 50, 10, 0):
        out = tmp_path / f"{loud}.wav"
        output[loud] = speak([program, "-v", str(loud)], out, SENTENCE)
        with wave.open(str(out)) as file:
            sounds[loud] = array.array("h", file.readframes(file.getnframes()))
    assert len(set(output.values())) == len({len(one) for one in sounds.values()}) == 1
    level = {loud: math.sqrt(sum(n * n for n in one) / len(one)) for loud, one in sounds.items()}
    assert level[100] > 1000
    assert 20 * math.log10(level[100] / level[50]) == pytest.approx(6.02, abs=0.01)
    assert 20 * math.log10(level[100] / level[10]) == pytest.approx(20, abs=0.05)
    assert set(sounds[0]) == {0}
    for loud in (50, 10):
        off = (
            100 * sample - loud * full
            for sample, full in zip(sounds[loud], sounds[100], strict=True)
        )
        assert max(map(abs, off)) <= 50
    assert speak([program], tmp_path / "as.wav", SENTENCE) == output[100]
    assert (tmp_path / "as.wav").read_bytes() == (tmp_path / "100.wav").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "usage"),
        (["-o", "/no/such/folder/a.wav"], "No such file"),
        (["-d", "/dev/null"], "takes no sound"),
        (["-c", "exit 3"], "duospeak: "),  # the error may come while it is written to, or after
        (["-c", "cat >/dev/null; exit 3"], "the player failed"),
        (["-x", "y"], "usage"),
        (["-v", "50"], "usage"),
        (["-v", "50", "-x", "y"], "usage"),
        (["-v", "101", "-d", "/dev/null"], "from 0 to 100: 101"),
        (["-v", "-1", "-d", "/dev/null"], "from 0 to 100: -1"),
        (["-v", "9x", "-d", "/dev/null"], "from 0 to 100: 9x"),
        (["-v", "", "-d", "/dev/null"], "from 0 to 100: "),
    ],
)
def test_bad_input(voice: Path, arguments: list[str], message: str) -> None:
    result = subprocess.run(
        [voice / "host/duospeak", *arguments], input="Hi.\n", capture_output=True, text=True
    )
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert message in result.stderr


def test_the_package_has_the_duos_program(voice: Path) -> None:
    record = json.loads(resources.SPEAKER.with_name("duospeak.json").read_text())
    built = (voice / "duospeak").read_bytes()
    assert hashlib.sha256(built).hexdigest() == record["sha256"]
    assert resources.SPEAKER.read_bytes() == built


@pytest.mark.usefixtures("default_card")
def test_the_virtual_duo_says_its_story_and_is_understood(tmp_path: Path) -> None:
    """The sentence that a user requests is recognized, and its words are marked."""
    speaker, recording = tmp_path / "speaker.wav", tmp_path / "r.jsonl"
    result = subprocess.run(
        [
            *(sys.executable, "-m", "duotui", "tell", "--port", "virtual", "--sound", speaker),
            *(
                "--speak",
                "--json",
                "--record",
                recording,
                "--mode",
                "exact",
                "-n",
                "14",
                RECOGNIZED,
            ),
        ],
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert result.returncode == 0, result.stderr
    summary = json.loads(result.stdout)
    assert summary["story"] == f"{RECOGNIZED}."
    assert understood(speaker, tmp_path) == RECOGNIZED
    assert "said aloud: 1 sentence in " in result.stderr
    (playing,) = (
        event for event in Recording(recording).events() if isinstance(event, SentencePlaying)
    )
    words = [summary["story"][mark.start : mark.end] for mark in playing.marks]
    assert words == RECOGNIZED.split()
    assert summary["speech_seconds"] == pytest.approx(playing.length, abs=2)
    with wave.open(str(speaker)) as file:
        assert file.getnframes() / file.getframerate() >= playing.length


@pytest.fixture
def card(machine: VirtualMachine, tmp_path: Path) -> Path:
    prepared = prepared_card(resources.MODEL, resources.TOKENIZER)
    subprocess.run(["cp", "--sparse=always", prepared, tmp_path / "card.img"], check=True)
    return tmp_path / "card.img"


async def test_the_virtual_duo_is_as_loud_as_it_is_told_to_be(card: Path, tmp_path: Path) -> None:
    """Play the same sentence twice, the second time half as loud."""
    speaker = tmp_path / "speaker.wav"
    session = single_session(VirtualDuo(card, sound=speaker))
    tts = BoardTts(session, MonotonicClock(), 100)
    try:
        session.open()
        await Watch(session).until(lambda state: state.board.ready is not None, 200)
        for volume in (1.0, 0.5):
            tts.configure(100, volume)
            await tts.speak(SENTENCE, lambda _: None)
        assert tts.trouble == ""
    finally:
        await session.close()
    with wave.open(str(speaker)) as file:
        recorded = array.array("h", file.readframes(file.getnframes()))
    loud = [at for at, sample in enumerate(recorded) if abs(sample) > 50]
    middle = (loud[0] + loud[-1]) // 2
    first, second = recorded[loud[0] : middle], recorded[middle : loud[-1]]
    level = [math.sqrt(sum(n * n for n in one) / len(one)) for one in (first, second)]
    assert level[0] / level[1] == pytest.approx(2, rel=0.05)
