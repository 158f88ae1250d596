"""The board's voice: the same from the Duo's program as from this computer's, and understood from
the virtual Duo's speaker."""

from __future__ import annotations

import subprocess
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from duotui.engines.virtual import make_card
from native.guests import BOARD, find_tools
from virtual.ear import understood

if TYPE_CHECKING:
    from virtual.conftest import Start

pytestmark = pytest.mark.timeout(300)

SENTENCE = "Once upon a time, there was a little dragon named Lily."
PLAIN = "once upon a time there was a little dragon named lily"


@pytest.fixture(scope="module")
def voice() -> Path:
    """The folder that `make speech` leaves."""
    found = subprocess.run(
        [BOARD.parent / "speech" / "voice", "--offline"], capture_output=True, text=True
    )
    if found.returncode:
        pytest.skip(f"{found.stderr.strip()}")
    return Path(found.stdout.strip())


def speak(program: list[str | Path], out: Path, text: str) -> str:
    done = subprocess.run(
        [*program, "-o", out], input=text, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_duos_program_says_the_same_as_this_computers(voice: Path, tmp_path: Path) -> None:
    tools = find_tools()
    assert not isinstance(tools, str)
    text = f"{SENTENCE}\n\nThe end.\n"
    ours = speak([voice / "host/duospeak"], tmp_path / "ours.wav", text)
    theirs = speak(
        [tools / "qemu-10/usr/bin/qemu-riscv64", voice / "duospeak"], tmp_path / "theirs.wav", text
    )
    assert ours == theirs
    assert (tmp_path / "ours.wav").read_bytes() == (tmp_path / "theirs.wav").read_bytes()


def test_it_says_when_each_word_is_heard(voice: Path, tmp_path: Path) -> None:
    sentences = [SENTENCE, 'He said, "Go!"', "The end."]
    told = speak([voice / "host/duospeak"], tmp_path / "a.wav", "\n".join(sentences))
    rows = [line.split() for line in told.splitlines()]
    with wave.open(str(tmp_path / "a.wav")) as file:
        length = file.getnframes() * 1000 // file.getframerate()
    begins = [(int(row[2]), int(row[3])) for row in rows if row[0] == "S"]
    assert [start for start, _ in begins] == [0, begins[0][1], begins[0][1] + begins[1][1]]
    assert length == pytest.approx(sum(lasts for _, lasts in begins), abs=3)
    words: list[list[str]] = [[], [], []]
    for _, number, _, at, size in (row for row in rows if row[0] == "W"):
        words[int(number)].append(sentences[int(number)][int(at) : int(at) + int(size)])
    assert words == [PLAIN.replace("lily", "Lily").replace("once", "Once").split(),
                     ["He", "said", "Go"], ["The", "end"]]  # fmt: skip
    times = [int(row[2]) for row in rows if row[0] == "W"]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "usage"),
        (["-o", "/no/such/folder/a.wav"], "No such file"),
        (["-d", "/dev/null"], "takes no sound"),
        (["-c", "exit 3"], "duospeak: "),  # it may be seen while it is written to, or after
        (["-c", "cat >/dev/null; exit 3"], "the player failed"),
        (["-x", "y"], "usage"),
    ],
)
def test_bad_input(voice: Path, arguments: list[str], said: str) -> None:
    done = subprocess.run(
        [voice / "host/duospeak", *arguments], input="Hi.\n", capture_output=True, text=True
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert said in done.stderr


def test_the_speaker_of_the_virtual_duo_is_understood(
    start: Start, voice: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "with" / "usr/bin"
    folder.mkdir(parents=True)
    (folder / "duospeak").write_bytes((voice / "duospeak").read_bytes())
    (folder / "duospeak").chmod(0o755)
    make_card(tmp_path / "own.img", tmp_path / "with")
    with start(card=tmp_path / "own.img", sound=tmp_path / "speaker.wav") as duo:
        told = duo.shell().run(f"echo '{SENTENCE}' | duospeak -d /dev/dsp", 60)
    assert told.startswith("S 0 0 ")
    assert understood(tmp_path / "speaker.wav", tmp_path) == PLAIN
