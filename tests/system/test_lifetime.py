"""Whatever ends a screen, its process and its children are gone; whatever is typed, it stays."""

import os
import random
import select
import signal
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.scripted_model import STORY_PIECES, write_scripted_model
from support.terminal import ALTERNATE_OFF, Terminal

QUIT = b"\x11"
MARK = "DUOTUI_TEST_MARK"

ENDLESS = ("--model", "{model}", "--tokenizer", "{tokenizer}", "-n", "0", "-t", "0")
"""Options for a model that tells the same words until its context is full."""

STATES: dict[str, tuple[tuple[str, ...], list[tuple[bytes, bytes]]]] = {
    "console, nothing told": (("sim",), [(b"Quit", b"")]),
    "console, telling": (("sim", *ENDLESS, "-i", ""), [(b"telling", b"")]),
    "console, told": (("sim", "-n", "8", "-i", "Once"), [(b"done", b"")]),
    "console, help": (("sim",), [(b"Quit", b"?"), (b"Every key", b"")]),
    "console, palette": (("sim",), [(b"Quit", b"\x10"), (b"Find a command", b"")]),
    "console, settings": (("sim",), [(b"Quit", b"o"), (b"temperature", b"")]),
    "story, cards": (("story", "sim", "--voice", "off"), [(b"Who is it", b"")]),
    "story, telling": (("story", "sim", "--voice", "off"), [(b"Who is it", b"s"), (b"Once", b"")]),
    "story, gate": (("story", "sim", "--voice", "off"), [(b"Who is it", QUIT), (b"= ?", b"")]),
    "judge, running": (("judge", "sim", "--runs", "1000"), [(b"run 1", b"")]),
    "judge, judged": (("judge", "sim", "--runs", "1", "-n", "8"), [(b"judged", b"")]),
}
"""A command, and what is awaited and then typed."""


@pytest.fixture
def mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A mark in the environment of all children, with a home of their own."""
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "DUOTUI_DATA"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("DUOTUI_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv(MARK, str(tmp_path))
    return f"{MARK}={tmp_path}"


def left(mark: str) -> list[int]:
    """The processes that have `mark` in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def all_gone(mark: str) -> bool:
    """True if every child ends by itself; each is waited for."""
    for process in left(mark):
        try:
            descriptor = os.pidfd_open(process)
        except ProcessLookupError:
            continue
        ended = select.select([descriptor], [], [], 10)[0]
        os.close(descriptor)
        if not ended:
            return False
    return True


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_scripted_model(tmp_path_factory.mktemp("endless"), STORY_PIECES, 100_000)


@pytest.fixture
def opened(mark: str, endless: tuple[Path, Path]) -> Iterator[Callable[[str], Terminal]]:
    terminals: list[Terminal] = []
    model, tokenizer = endless

    def open_state(state: str) -> Terminal:
        command, steps = STATES[state]
        words = [word.format(model=model, tokenizer=tokenizer) for word in command]
        terminals.append(Terminal(*words))
        for awaited, typed in steps:
            terminals[-1].wait_for(awaited, 60)
            os.write(terminals[-1].master, typed)
        return terminals[-1]

    yield open_state
    for terminal in terminals:
        terminal.close()


@pytest.mark.parametrize("state", STATES)
def test_a_closed_window_leaves_nothing(
    opened: Callable[[str], Terminal], mark: str, state: str
) -> None:
    terminal = opened(state)
    assert terminal.hang_up()
    assert all_gone(mark)


@pytest.mark.parametrize("state", ["console, telling", "story, telling", "judge, running"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_a_signal_ends_it_with_its_children(
    opened: Callable[[str], Terminal], mark: str, state: str, number: signal.Signals
) -> None:
    terminal = opened(state)
    terminal.end(number)
    assert terminal.process.returncode == 9
    assert termios.tcgetattr(terminal.slave) == terminal.before
    assert ALTERNATE_OFF in terminal.last
    assert all_gone(mark)


@pytest.mark.parametrize("state", ["console, telling", "story, telling", "judge, running"])
def test_a_terminal_that_takes_nothing_holds_up_no_signal(
    opened: Callable[[str], Terminal], mark: str, state: str
) -> None:
    terminal = opened(state)
    while select.select([], [terminal.slave], [], 1)[1]:
        os.write(terminal.slave, b"x" * 256)  # until the pty is full, as of a frozen window
    terminal.process.send_signal(signal.SIGTERM)
    gone = os.pidfd_open(terminal.process.pid)
    assert select.select([gone], [], [], 10)[0]
    os.close(gone)
    assert termios.tcgetattr(terminal.slave) == terminal.before
    assert all_gone(mark)


@pytest.mark.parametrize("state", ["console, nothing told", "story, cards", "judge, running"])
def test_a_stray_sigcont_changes_nothing(opened: Callable[[str], Terminal], state: str) -> None:
    """systemd sends SIGTERM and SIGCONT at once."""
    terminal = opened(state)
    terminal.process.send_signal(signal.SIGCONT)
    terminal.process.send_signal(signal.SIGTERM)
    terminal.process.send_signal(signal.SIGCONT)
    assert terminal.gone(20)
    assert termios.tcgetattr(terminal.slave) == terminal.before


NOT_UTF8 = {
    "Latin-1": b"\xe9t\xe9",
    "GBK": "故事".encode("gbk"),
    "0xFF": b"\xff\xfe",
    "X10 mouse": b"\x1b[M \xf0\xf1",
    "8-bit Meta": b"\xe1\xe2",
    "half a character": b"\xf0\x9f",
    "GBK pasted": b"\x1b[200~" + "故事".encode("gbk") + b"\x1b[201~",
}


@pytest.mark.parametrize("state", ["console, nothing told", "story, cards", "judge, running"])
def test_bytes_that_are_not_utf8_end_nothing(opened: Callable[[str], Terminal], state: str) -> None:
    terminal = opened(state)
    for typed in NOT_UTF8.values():
        os.write(terminal.master, typed)
        assert not terminal.gone(0.1)
    assert not terminal.gone(1)


@pytest.mark.parametrize("state", ["console, nothing told", "judge, running"])
def test_an_unclosed_paste_keeps_the_quit_key(
    opened: Callable[[str], Terminal], state: str
) -> None:
    terminal = opened(state)
    os.write(terminal.master, b"\x1b[200~Once upon")
    for _ in range(40):
        if terminal.gone(0.5):
            break
        os.write(terminal.master, QUIT)
    assert terminal.process.returncode is not None


@pytest.mark.parametrize("state", ["console, nothing told", "console, palette", "story, cards"])
def test_random_bytes_end_nothing(opened: Callable[[str], Terminal], state: str) -> None:
    """Without the keys that end it: ctrl+c, ctrl+q, and Enter, which may choose Quit."""
    terminal = opened(state)
    chance = random.Random(7)
    for _ in range(200):
        typed = bytes(set(chance.randbytes(chance.randrange(1, 12))) - {3, 10, 13, 17})
        os.write(terminal.master, typed)
        assert not terminal.gone(0.01), typed
    assert not terminal.gone(1)
