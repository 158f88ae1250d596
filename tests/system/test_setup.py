"""`duotui setup` in cases where it must stop: one line, its status, and nothing changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from duotui.base import resources
from duotui.base.errors import NotReady, UsageError
from duotui.board.installer import install_files, plan_install
from duotui.board.port_probe import probe_peer
from duotui.board.shell import Shell
from duotui.cli.card_setup import as_root
from duotui.cli.setup_dialog import SetupOptions
from duotui.targets.engine_binary import ENGINE_VARIABLE, find_engine
from support.fixture_types import port_of
from support.paths import ROOT

if TYPE_CHECKING:
    from support.fixture_types import OpenLine


def setup(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "duotui", "setup", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def one_line(result: subprocess.CompletedProcess[str], status: int) -> str:
    assert (result.returncode, result.stderr.count("\n")) == (status, 1), result.stderr
    return result.stderr


def test_another_computer_is_no_duo(line: OpenLine) -> None:
    with line() as spawn:
        port = port_of(spawn)
        spawn.transport.close()
        message = one_line(setup(port, "--yes"), 6)
    reason = "this is no Duo: its processor is x86_64"
    assert message == f"duotui: {reason}; look for the Duo's port: duotui devices\n"


def test_nothing_is_sent_unasked(line: OpenLine, tmp_path: Path) -> None:
    """The computer reports that it is a Duo, to get this far."""
    (tmp_path / "uname").write_text("#!/bin/sh\necho riscv64\n")
    (tmp_path / "uname").chmod(0o755)
    with line() as spawn:
        port = port_of(spawn)
        spawn.transport.close()
        result = setup(port)
    assert one_line(result, 2) == ("duotui: setup asks before it changes a board; --yes says yes\n")
    assert result.stdout.count("to send") >= 7


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["/dev/ttyNONE0"], 3, "no port /dev/ttyNONE0"),
        (["/dev/ttyNONE0", "--model", "none.bin"], 2, "none.bin cannot be read; No such file"),
        (["/dev/null"], 2, "/dev/null is not a serial port"),
    ],
)
def test_bad_input(arguments: list[str], status: int, message: str) -> None:
    assert message in one_line(setup(*arguments), status)


def test_a_line_without_a_shell(line: OpenLine) -> None:
    with line("cat") as spawn:
        port = port_of(spawn)
        spawn.transport.close()
        assert "another program has the board's line" in one_line(setup(port, "--yes"), 6)


def test_an_engine_that_cannot_be_read(line: OpenLine, tmp_path: Path) -> None:
    (tmp_path / "uname").write_text("#!/bin/sh\necho riscv64\n")
    (tmp_path / "uname").chmod(0o755)
    with line() as spawn:
        shell = Shell.enter(spawn, probe_peer(spawn))
        with pytest.raises(UsageError, match="cannot be read"):
            plan_install(shell, install_files(tmp_path / "none", tmp_path / "none"))
        (tmp_path / "uname").write_text("#!/bin/sh\nexit 1\n")
        with pytest.raises(NotReady, match="does not say what state"):
            plan_install(shell, ())


def stock_root(tmp_path: Path) -> Path:
    root = tmp_path / "rootfs"
    shutil.copytree(ROOT / "firmware/stock", root)
    return root


def test_a_mounted_card_gets_all_of_it(tmp_path: Path) -> None:
    root = stock_root(tmp_path)
    for _ in range(2):
        result = setup("--sd", root)
        assert result.returncode == 0, result.stderr
    home = root / "mnt/data/duotui"
    assert (home / "duollama").read_bytes() == resources.BOARD.read_bytes()
    assert os.access(home / "duollama", os.X_OK)
    assert os.access(home / "start.sh", os.X_OK)
    assert (root / "mnt/data/auto.sh").exists()
    looked = subprocess.run([find_engine(), "inspect", home / "story.duo"], check=False)
    assert looked.returncode == 0
    assert not list(root.rglob("*.part"))


def test_the_default_model_needs_no_engine_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENGINE_VARIABLE, "/none")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = stock_root(tmp_path)
    assert setup("--sd", root).returncode == 0
    home = root / "mnt/data/duotui"
    assert (home / "story.duo").read_bytes() == resources.MODEL.read_bytes()
    message = one_line(setup("--sd", root, "--model", resources.CHECKPOINT), 2)
    assert "DUOTUI_ENGINE names /none" in message


def test_a_folder_that_is_no_card(tmp_path: Path) -> None:
    message = one_line(setup("--sd", tmp_path), 2)
    assert "is not the root of a Duo's card: it has no etc/inittab; mount its second" in message


def test_a_card_that_cannot_be_written(tmp_path: Path) -> None:
    root = stock_root(tmp_path)
    shutil.rmtree(root / "mnt/data", ignore_errors=True)
    (root / "mnt/data").write_text("a file where the folder should be")
    assert "cannot be written" in one_line(setup("--sd", root), 6)


def test_a_card_of_roots_names_the_command_for_root(tmp_path: Path) -> None:
    """The command is this installation's own, with absolute paths."""
    if os.geteuid() == 0:
        pytest.skip("root may open everything")
    root = stock_root(tmp_path)
    (root / "mnt/data").mkdir()
    (root / "mnt/data").chmod(0o555)
    message = one_line(setup("--sd", root), 6)
    assert "cannot be written by this user" in message
    assert f"; sudo {sys.executable} -m duotui setup --sd {root} --model /" in message


def test_the_command_for_root_is_complete(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    options = SetupOptions("auto", Path("m.bin"), Path("t.bin"), engine=Path("e"), undo=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [str(tmp_path / "bin/duotui"), "setup"])
    words = as_root(options, Path("my card")).split(" setup ")
    assert words[0] == f"sudo {tmp_path}/bin/duotui"
    assert words[1] == (
        f"--sd '{tmp_path}/my card' --model {tmp_path}/m.bin --tokenizer {tmp_path}/t.bin"
        f" --engine {tmp_path}/e --undo"
    )


def test_a_card_says_what_it_gets_and_is_put_back(tmp_path: Path) -> None:
    root = stock_root(tmp_path)
    own = root / "mnt/data/auto.sh"
    own.parent.mkdir()
    own.write_text("#!/bin/sh\nmy-program &\n")
    assert "--yes says yes" in one_line(setup("--sd", root), 2)
    assert own.read_text() == "#!/bin/sh\nmy-program &\n"
    result = setup("--sd", root, "--yes")
    assert result.stdout.count(" MB\n") == 8
    assert "/mnt/data/auto.sh is the owner's own: it is kept as" in result.stdout
    assert "start.sh" in own.read_text()
    assert setup("--sd", root, "--undo", "--yes").returncode == 0
    assert own.read_text() == "#!/bin/sh\nmy-program &\n"
    assert not (root / "mnt/data/duotui").exists()
