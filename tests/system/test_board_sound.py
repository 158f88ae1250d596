"""Sound of a board by ALSA, as the real images have it: the real aplay, into a file.

Its PCM device `duo` is in ~/.asoundrc, of which the file plugin writes what would be heard.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from duotui.base import resources
from duotui.board import checks
from duotui.board.checks import TONE_HINT, Finding, check_board
from duotui.board.port_probe import probe_peer
from duotui.board.self_test import SETUP_HINT
from duotui.board.shell import Shell
from support.emulators import BOARD_FOLDER as RECIPES

if TYPE_CHECKING:
    from support.fixture_types import OpenLine

OVERLAY = resources.resource_folder("firmware") / "overlay/mnt/data/duotui"
RATE = 8000
PERIOD = b"\x00\x20" * 8 + b"\x00\xe0" * 8
"""Period of the tone: 500 Hz of 16 bit."""

pytestmark = pytest.mark.skipif(shutil.which("aplay") is None, reason="aplay is not installed")


@pytest.fixture(scope="module")
def duospeak() -> Path:
    """This computer's build of the board's voice."""
    result = subprocess.run(
        [RECIPES.parent / "speech" / "voice", "--offline"], capture_output=True, text=True
    )
    if result.returncode:
        pytest.skip(f"{result.stderr.strip()}")
    return Path(result.stdout.strip()) / "host/duospeak"


@pytest.fixture
def board(tmp_path: Path, duospeak: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of a board whose PCM device is `duo`; the file `heard` beside it has its sound."""
    folder = tmp_path / "duotui"
    folder.mkdir()
    for name in ("voice", "ear"):
        shutil.copy(OVERLAY / name, folder)
    shutil.copy(duospeak, folder)
    (folder / "pcm").write_text("duo\n")
    heard = f'file "{tmp_path}/heard" format raw'
    (tmp_path / ".asoundrc").write_text(
        f"pcm.duo {{ type file slave.pcm {{ type null }} {heard} }}"
    )
    monkeypatch.setattr(checks, "BOARD_FOLDER", str(folder))
    return folder


def sound(line: OpenLine, *, tone: bool = False, link: str = "sound") -> Finding:
    with line() as spawn:
        shell = Shell.enter(spawn, probe_peer(spawn))
        findings = list(check_board(shell, tone=tone))
    return next(finding for finding in findings if finding.link == link)


def test_a_device_is_no_loudspeaker_yet(line: OpenLine, board: Path) -> None:
    finding = sound(line)
    assert (finding.right, finding.mend) == (None, TONE_HINT)
    assert finding.what.startswith("duo, and a voice; only you can hear")


def test_a_tone_is_played_on_request(line: OpenLine, board: Path) -> None:
    finding = sound(line, tone=True)
    assert (finding.right, finding.mend) == (None, "")
    assert finding.what.startswith("duo: a tone of a second was played")
    heard = (board.parent / "heard").read_bytes()
    assert heard.startswith(PERIOD * (RATE // 16))


def test_a_device_that_is_not_there_is_told_by_alsas_own_words(line: OpenLine, board: Path) -> None:
    (board / "pcm").write_text("hw:7\n")
    finding = sound(line)
    assert finding.right is False
    assert finding.what.startswith("hw:7: ")
    assert finding.mend.endswith(f"{board}/pcm")


def test_without_the_program_setup_helps(line: OpenLine, board: Path) -> None:
    (board / "duospeak").unlink()
    assert sound(line) == Finding("sound", False, "duo, but no voice", SETUP_HINT)


def test_a_chosen_microphone_is_named(line: OpenLine, board: Path) -> None:
    (board / "pcm-capture").write_text("plughw:2,0\n")
    finding = sound(line, link="microphone")
    assert finding.right is None
    assert finding.what.startswith("plughw:2,0, and arecord; no program can tell")


def test_a_sentence_is_heard_as_loud_as_is_wished(board: Path) -> None:
    """The branch of `aplay`, the only one on a real image."""
    loudest = []
    for volume in ("100", "50"):
        (board.parent / "heard").unlink(missing_ok=True)
        said = subprocess.run(
            [board / "voice", volume],
            input="Once upon a time.\n",
            env={"HOME": str(board.parent), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
        )
        assert (said.returncode, said.stderr) == (0, "")
        length = re.search(r"^S 0 0 (\d+)$", said.stdout, re.MULTILINE)
        assert length is not None
        heard = (board.parent / "heard").read_bytes()
        assert len(heard) >= int(length[1]) * RATE // 1000 * 2 - 4
        samples = memoryview(heard).cast("h")
        loudest.append(max(map(abs, samples)))
    assert loudest[1] == pytest.approx(loudest[0] / 2, abs=2)
