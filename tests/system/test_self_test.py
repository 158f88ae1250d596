"""A board's engine that fails at its first token, or does not start: its last words and the remedy.

The board is a shell on a tty, with this computer's engine, or with a script or a header in its
place.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from duotui.base import resources
from duotui.base.clock import MonotonicClock
from duotui.base.errors import NotReady
from duotui.board.checks import check_board
from duotui.board.installer import InstallFile, plan_install, send, try_engine
from duotui.board.port_probe import probe_peer
from duotui.board.self_test import explain_failure, generation_fault, modes_of
from duotui.board.shell import Shell
from duotui.protocol.request import Mode
from duotui.targets import packer
from duotui.targets.engine_binary import find_engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duotui.board.checks import Finding
    from support.fixture_types import OpenLine

ELF_OF_ANOTHER = b"\x7fELF\x02\x01\x01" + bytes(11) + b"\x16\x00" + bytes(100)
"""Header of a program for another processor: an IBM S/390."""

DIES = """#!/bin/sh
case "$*" in
--version) echo duollama 0.1.0 ;;
inspect*) echo "for mode exact and fast" ;;
*) kill -{signal} $$ ;;
esac
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of a board with an engine and a model."""
    folder = tmp_path / "home"
    folder.mkdir()
    shutil.copy(find_engine(), folder / "duollama")
    shutil.copy(resources.MODEL, folder / "story.duo")
    for module in ("checks", "installer"):
        monkeypatch.setattr(f"duotui.board.{module}.BOARD_FOLDER", str(folder))
    return folder


@pytest.fixture
def shell(line: OpenLine) -> Iterator[Shell]:
    with line() as spawn:
        yield Shell.enter(spawn, probe_peer(spawn))


def put_engine(home: Path, contents: str | bytes) -> None:
    data = contents.encode() if isinstance(contents, str) else contents
    (home / "duollama").unlink()
    (home / "duollama").write_bytes(data)
    (home / "duollama").chmod(0o755)


def story(shell: Shell) -> Finding:
    """Finding of doctor on the engine's first tokens."""
    (finding,) = (finding for finding in check_board(shell) if finding.link == "story")
    return finding


def engine_finding(shell: Shell) -> Finding:
    (finding,) = (finding for finding in check_board(shell) if finding.link == "storyteller")
    return finding


@pytest.mark.parametrize("packed", ["exact,fast", "fast", "exact"])
def test_the_modes_of_a_model_are_those_that_are_tried(tmp_path: Path, packed: str) -> None:
    model = packer.pack_model(
        resources.CHECKPOINT, resources.TOKENIZER, packed, tmp_path / "story.duo"
    )
    inspected = subprocess.run([find_engine(), "inspect", model], capture_output=True, text=True)
    modes = modes_of(inspected.stdout)
    for mode in Mode:
        done = subprocess.run(
            [find_engine(), model, "--mode", mode, "-n", "4"], capture_output=True
        )
        assert (done.returncode == 0) is (mode in modes)


def test_a_model_that_cannot_be_inspected_has_no_modes() -> None:
    assert modes_of("") == ()


def test_an_engine_that_works_begins_a_story_in_each_mode(shell: Shell, home: Path) -> None:
    finding = story(shell)
    assert (finding.right, finding.what) == (True, "begun in each mode: fast, exact, reference")


@pytest.mark.parametrize(
    ("signal", "words"),
    [
        ("ILL", "mode fast: Illegal instruction"),
        ("BUS", "mode fast: Bus error: its card cannot be read"),
        ("KILL", "mode fast: Killed, as Linux does when memory runs out"),
    ],
)
def test_an_engine_that_dies_at_its_first_token_is_said(
    shell: Shell, home: Path, signal: str, words: str
) -> None:
    """`--version` and `inspect` say that all is well."""
    put_engine(home, DIES.format(signal=signal))
    finding = story(shell)
    assert (finding.right, finding.what) == (False, words)
    assert finding.mend


def test_what_the_engine_said_last_is_shown(shell: Shell, home: Path) -> None:
    put_engine(home, DIES.replace("kill -{signal} $$", "echo 'duollama: no memory' >&2; exit 1"))
    assert story(shell).what == "mode fast: no memory"


def test_an_engine_for_another_processor_is_said(shell: Shell, home: Path) -> None:
    put_engine(home, ELF_OF_ANOTHER)
    finding = engine_finding(shell)
    assert finding.what == f"{home}/duollama is built for another processor"
    assert "duotui setup" in finding.mend


@pytest.mark.parametrize("contents", [b"", b"cut", bytes(5000)])
def test_an_engine_that_is_no_program_is_said(shell: Shell, home: Path, contents: bytes) -> None:
    put_engine(home, contents)
    result = shell.ask(f"{home}/duollama --version")
    fault = explain_failure(shell, f"{home}/duollama", result)
    assert fault.what == f"{home}/duollama is no program"


def test_an_engine_that_may_not_run_is_said(shell: Shell, home: Path) -> None:
    (home / "duollama").chmod(0o644)
    finding = engine_finding(shell)
    assert "Permission denied" in finding.what
    assert finding.mend == f"on the board: chmod 755 {home}/duollama"


def test_a_mount_without_programs_is_said(shell: Shell, home: Path, tmp_path: Path) -> None:
    """The mounts are those that the board's shell reads; this computer's stay as they are."""
    (home / "duollama").chmod(0o644)
    (tmp_path / "df").write_text('#!/bin/sh\necho "/dev/mmcblk0p4 1 1 1 1% /mnt/data"\n')
    mounts = "/dev/root / ext4 rw 0 0\n/dev/mmcblk0p4 /mnt/data ext4 rw,noexec 0 0"
    (tmp_path / "cat").write_text(f"#!/bin/sh\necho '{mounts}'\n")
    for name in ("df", "cat"):
        (tmp_path / name).chmod(0o755)
    result = shell.ask(f"{home}/duollama --version")
    fault = explain_failure(shell, f"{home}/duollama", result)
    assert fault.what == "/mnt/data is mounted noexec: no program may run from there"
    assert fault.mend == "on the board: mount -o remount,exec /mnt/data"


def test_no_engine_is_said(shell: Shell, home: Path) -> None:
    (home / "duollama").unlink()
    assert engine_finding(shell).what == f"no {home}/duollama"


def files_for(home: Path, tmp_path: Path, engine: str | bytes) -> tuple[InstallFile, ...]:
    """Engine, and a small file in place of a model, for a board whose folder is empty."""
    source = tmp_path / "engine"
    source.write_bytes(engine.encode() if isinstance(engine, str) else engine)
    for name in ("duollama", "story.duo"):
        (home / name).unlink()
    return (
        InstallFile(f"{home}/duollama", source, 0o755),
        InstallFile(f"{home}/story.duo", resources.TOKENIZER, 0o644),
    )


@pytest.mark.parametrize(
    ("engine", "words", "model_sent"),
    [
        (DIES.format(signal="ILL"), "mode fast: Illegal instruction", True),
        (ELF_OF_ANOTHER, "is built for another processor", False),
    ],
    ids=["illegal-instruction", "another-processor"],
)
def test_setup_fails_where_no_story_would_come(
    *,
    line: OpenLine,
    home: Path,
    tmp_path: Path,
    engine: str | bytes,
    words: str,
    model_sent: bool,
) -> None:
    """An engine that does not start at all is found before the model is sent."""
    (tmp_path / "uname").write_text("#!/bin/sh\necho riscv64\n")
    (tmp_path / "uname").chmod(0o755)
    files = files_for(home, tmp_path, engine)
    with line() as spawn:
        shell = Shell.enter(spawn, probe_peer(spawn))
        with pytest.raises(NotReady, match=f"does not run on this board: .*{words}; ."):  # noqa: PT012
            send(shell, plan_install(shell, files).missing, MonotonicClock())
            try_engine(shell)
    assert (home / "story.duo").exists() is model_sent


def test_a_fault_of_one_mode_is_that_modes(shell: Shell, home: Path) -> None:
    put_engine(home, '#!/bin/sh\ncase "$*" in *exact*) kill -SEGV $$ ;; esac\n')
    fault = generation_fault(shell, (Mode.FAST, Mode.EXACT), str(home))
    assert fault is not None
    assert fault.what.startswith("mode exact: ")
    assert generation_fault(shell, (Mode.FAST,), str(home)) is None
