"""Story screen as a process on a real terminal, which it restores at its end."""

import contextlib
import os
import re
import signal
import termios
from pathlib import Path

import pytest

from support.terminal import ALTERNATE_OFF, CURSOR_SHOWN, Terminal

LEAVE = b"\x11"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "DUOTUI_DATA"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("DUOTUI_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.delenv("NO_COLOR", raising=False)


def children(parent: int) -> set[int]:
    pids = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, above = stat.read_text().rpartition(")")[2].split()[:2]
            if int(above) == parent and state != "Z":
                pids.add(int(stat.parent.name))
    return pids


def restored(terminal: Terminal) -> None:
    assert termios.tcgetattr(terminal.slave) == terminal.before
    assert terminal.last.rfind(ALTERNATE_OFF) >= 0
    assert terminal.last.rfind(CURSOR_SHOWN) > terminal.last.rfind(b"\x1b[?25l")


@pytest.mark.parametrize("telling", [False, True], ids=["cards", "telling"])
def test_a_grown_up_leaves_and_the_terminal_is_as_before(telling: bool) -> None:
    terminal = Terminal("story", "sim", "--voice", "off")
    try:
        terminal.wait_for(b"Who is it about?")
        if telling:
            os.write(terminal.master, b"s")
            terminal.wait_for(b"Once")
        engines = children(terminal.process.pid)
        assert engines
        os.write(terminal.master, LEAVE)
        question = re.search(rb"(\d+) \+ (\d+) =", terminal.wait_for(b"= ?"))
        assert question is not None
        os.write(terminal.master, b"%d\r" % sum(map(int, question.groups())))
        terminal.wait_for(b"enter uses it")
        took = terminal.leave(LEAVE)
        assert terminal.process.returncode == 0
        restored(terminal)
        assert not [engine for engine in engines if Path(f"/proc/{engine}").exists()]
        # The promise is a second; the assertion allows for a loaded machine.
        assert took < 3
    finally:
        terminal.close()


@pytest.mark.parametrize(
    "command", [("story", "sim", "--voice", "off"), ("sim",)], ids=lambda c: c[0]
)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
def test_ended_from_outside_it_gives_the_terminal_back(
    command: tuple[str, ...], number: signal.Signals
) -> None:
    terminal = Terminal(*command)
    try:
        terminal.wait_for(b"Who is it about?" if len(command) > 1 else b"Quit")
        engines = children(terminal.process.pid)
        terminal.end(number)
        assert terminal.process.returncode == 9
        assert terminal.last.endswith(b"duotui: stopped\r\n")
        restored(terminal)
        assert not [engine for engine in engines if Path(f"/proc/{engine}").exists()]
    finally:
        terminal.close()


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        (["sim", "--voice", "loud"], 2),
        (["sim", "--sound", "x.wav"], 2),
        (["sim", "--model", "nothing.bin"], 2),
        (["nonsense"], 2),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else str(one),
)
def test_what_cannot_be_is_one_line_and_touches_nothing(wrong: list[str], status: int) -> None:
    terminal = Terminal("story", *wrong)
    try:
        terminal.leave(b"")
        assert terminal.process.returncode == status
        assert terminal.last.startswith(b"duotui: ")
        assert terminal.last.count(b"\n") == 1
        assert b"\x1b" not in terminal.last
        assert termios.tcgetattr(terminal.slave) == terminal.before
    finally:
        terminal.close()
