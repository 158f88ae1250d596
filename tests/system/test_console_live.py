"""Real console: with the real engine under a pilot, and as a process on a real terminal."""

import os
import termios
import time
from pathlib import Path

import pytest

from duotui.protocol.events import EndReason, Source
from duotui.protocol.request import Request
from duotui.session.source_state import LinkState
from duotui.settings.config_file import Settings
from duotui.targets.simulator import SimulatedDuo
from duotui.ui.app import ConsoleApp
from support.scripted_model import write_scripted_model
from support.sessions import Watch, new_session, over
from support.terminal import ALTERNATE_ON, Terminal

STORY_PIECES = [b" once", b" upon", b" a", b" time,", "🙂".encode(), b" there", b" was\n"]


@pytest.fixture(scope="module")
def scripted_model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Model that generates STORY_PIECES for a long time."""
    model, tokenizer = write_scripted_model(
        tmp_path_factory.mktemp("scripted"), STORY_PIECES, 500_000
    )
    return Path(model), Path(tokenizer)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))


async def test_it_tells_and_finds_the_story_identical() -> None:
    session = new_session(SimulatedDuo(), SimulatedDuo())
    watch = Watch(session)
    app = ConsoleApp(session, Settings(), ascii=False, first=Request(steps=60, seed=4))
    async with app.run_test(size=(120, 40)) as pilot:
        both = [Source.BOARD, Source.BASELINE]
        state = await watch.until(lambda s: all(over(s, n) for n in both))
        await pilot.pause()
        assert state.diff.identical
        assert state.diff.compared == 60
        shown = app.export_screenshot()
        assert "identical" in shown.replace("&#160;", " ")
    assert session.state.board.text == session.state.baseline.text


async def test_a_killed_engine_is_said_and_the_story_goes_on(
    scripted_model: tuple[Path, Path],
) -> None:
    board = SimulatedDuo(*scripted_model)
    session = new_session(board)
    watch = Watch(session)
    request = Request(prompt="", steps=400_000, temperature=0.0)
    app = ConsoleApp(session, Settings(story=request), ascii=False, first=request)
    async with app.run_test(size=(80, 24)) as pilot:
        await watch.until(lambda s: len(s.board.tokens) > 50)
        assert board.process is not None
        board.process.kill()
        state = await watch.until(lambda s: s.board.link is LinkState.RECONNECTING)
        received = len(state.board.tokens)
        await pilot.pause()
        shown = app.export_screenshot().replace("&#160;", " ")
        assert "killed (signal 9" in shown
        assert "The story goes on" in shown
        state = await watch.until(lambda s: len(s.board.tokens) > received + 50)
        assert [token.index for token in state.board.tokens] == list(range(len(state.board.tokens)))
        ids = [token.id for token in state.board.tokens]
        assert ids == [ids[n % len(STORY_PIECES)] for n in range(len(ids))]


async def test_an_engine_that_dies_again_and_again_is_given_up_and_r_tells_again(
    scripted_model: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("duotui.link.connection.LOSSES_WITHOUT_TOKEN", 1)
    board = SimulatedDuo(*scripted_model)
    session = new_session(board)
    watch = Watch(session)
    request = Request(prompt="", steps=400_000, temperature=0.0)
    app = ConsoleApp(session, Settings(story=request), ascii=False, first=request)
    async with app.run_test(size=(80, 24)) as pilot:
        await watch.until(lambda s: len(s.board.tokens) > 50)
        assert board.process is not None
        killed = time.monotonic()
        board.process.kill()
        state = await watch.until(lambda s: s.board.link is LinkState.LOST)
        print(f"said {time.monotonic() - killed:.2f} s after the kill")
        assert "killed (signal 9" in state.board.trouble
        received = len(state.board.tokens)
        assert received > 50
        await pilot.pause()
        assert "killed" in app.export_screenshot()
        await pilot.press("r")
        state = await watch.until(lambda s: s.board.running and len(s.board.tokens) > 5)
        assert state.board.ended is None


async def test_keys_answer_while_tokens_stream(scripted_model: tuple[Path, Path]) -> None:
    """The scripted model generates thousands a second; stop, theme and help must not wait for its
    end."""
    session = new_session(SimulatedDuo(*scripted_model))
    watch = Watch(session)
    request = Request(prompt="", steps=400_000, temperature=0.0)
    app = ConsoleApp(session, Settings(story=request), ascii=False, first=request)
    async with app.run_test(size=(120, 40)) as pilot:
        await watch.until(lambda s: len(s.board.tokens) > 500)
        theme = app.theme
        await pilot.press("t")
        assert app.theme != theme
        await pilot.press("s")
        state = await watch.until(lambda s: over(s, Source.BOARD), seconds=10)
        assert state.board.ended is not None
        assert state.board.ended.reason is EndReason.CANCELLED
        assert len(state.board.tokens) < 400_000


@pytest.mark.parametrize("key", [b"\x11", b"\x03"], ids=["ctrl+q", "ctrl+c"])
@pytest.mark.parametrize("where", ["telling", "silent", "connecting"])
def test_the_terminal_is_given_back_at_any_moment(
    key: bytes, where: str, scripted_model: tuple[Path, Path]
) -> None:
    model, tokenizer = map(str, scripted_model)
    files = ["--model", model, "--tokenizer", tokenizer]
    silent_master, silent = os.openpty()
    target = {
        "telling": "sim",
        "silent": os.ttyname(silent),
        "connecting": "socket://10.255.255.1:9",  # no answer, not even a refusal
    }[where]
    terminal = Terminal(target, *files, "--no-baseline", "-n", "0", "-t", "0", "--prompt", "")
    try:
        terminal.wait_for(ALTERNATE_ON)
        terminal.wait_for(b"upon" if where == "telling" else b"connecting")
        took = terminal.leave(key)
        assert termios.tcgetattr(terminal.slave) == terminal.before
        assert terminal.process.returncode == 0
        # The promise is a second; the assertion allows for a loaded machine.
        assert took < 3
    finally:
        terminal.close()
        os.close(silent_master)
        os.close(silent)
