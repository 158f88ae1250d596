"""Whatever ends a screen, its process and its children are gone; whatever is typed, it stays."""

import os
import random
import select
import signal
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.screen_states import MARK, QUIT, STATES, all_gone, open_state
from support.scripted_model import STORY_PIECES, write_scripted_model
from support.terminal import ALTERNATE_OFF, Terminal


@pytest.fixture
def mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A mark in the environment of all children, with a home of their own."""
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "DUOTUI_DATA"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("DUOTUI_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv(MARK, str(tmp_path))
    return f"{MARK}={tmp_path}"


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_scripted_model(tmp_path_factory.mktemp("endless"), STORY_PIECES, 100_000)


@pytest.fixture
def opened(mark: str, endless: tuple[Path, Path]) -> Iterator[Callable[[str], Terminal]]:
    terminals: list[Terminal] = []
    model, tokenizer = endless

    def open_one(state: str) -> Terminal:
        terminals.append(open_state(state, model, tokenizer))
        return terminals[-1]

    yield open_one
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
