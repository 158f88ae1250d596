"""Unplugged cable or crashed board: the story goes on, and is identical."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from duotui.protocol import events
from duotui.protocol.events import EndReason, SpeechEndReason
from duotui.protocol.request import Mode, Request
from duotui.session.source_state import LinkState
from duotui.session.state import SessionState
from duotui.targets import packer
from duotui.targets.board import BoardTarget
from duotui.targets.engine_binary import find_engine
from support.board_on_tty import VOICE_SCRIPT, BoardOnTty
from support.scripted_model import write_scripted_model
from support.sessions import Watch, new_session
from support.tcp_port import served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

STORY_PIECES = [b" once", b" upon", b" a", b" time,", "🙂".encode(), b" there", b" was\n"]
TOKEN_COUNT = 20_000
REQUEST = Request(prompt="", mode=Mode.EXACT, steps=TOKEN_COUNT, temperature=0.0)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    model, tokenizer = write_scripted_model(folder, STORY_PIECES, TOKEN_COUNT)
    packer.pack_model(model, tokenizer, "exact", folder / "story.duo")
    (folder / "duollama").write_bytes(find_engine().read_bytes())
    (folder / "voice").write_text(VOICE_SCRIPT)
    for name in ("duollama", "voice"):
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture(params=["-m"])
def plugged(
    request: pytest.FixtureRequest, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[BoardOnTty]:
    monkeypatch.setattr("duotui.board.agent_launcher.BOARD_FOLDER", str(home))
    monkeypatch.setattr("duotui.board.agent_launcher.AGENT_LOG", str(tmp_path / "log"))
    # a test must not change the level of this computer's own kernel messages
    (tmp_path / "dmesg").write_text("#!/bin/sh\n")
    (tmp_path / "dmesg").chmod(0o755)
    board = BoardOnTty(f"{tmp_path}:{os.environ['PATH']}", home, request.param)
    yield board
    board.close()


def full_story(state: SessionState) -> bool:
    return state.board.ended is not None


def assert_identical(state: SessionState, count: int = TOKEN_COUNT) -> None:
    board = state.board
    assert board.ended is not None
    assert board.ended.reason is EndReason.STEPS
    assert [token.index for token in board.tokens] == list(range(count))
    ids = [token.id for token in board.tokens]
    assert ids == [ids[n % len(STORY_PIECES)] for n in range(count)]
    assert (
        board.text
        == b"".join(STORY_PIECES[n % len(STORY_PIECES)] for n in range(count)).decode()[1:]
    )


def boots(watch: Watch) -> int:
    return len({event.boot for event in watch.events_seen if isinstance(event, events.Ready)})


def parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rsplit(") ", 1)[1].split()[1])


@asynccontextmanager
async def generating(board: BoardTarget, steps: int = TOKEN_COUNT) -> AsyncIterator[Watch]:
    """Yield a session whose story has started."""
    session = new_session(board)
    watch = Watch(session)
    try:
        session.generate(replace(REQUEST, steps=steps))
        await watch.until(lambda s: len(s.board.tokens) > min(100, steps - 1))
        yield watch
    finally:
        await session.close()


async def test_a_cable_that_is_put_back_elsewhere_goes_on_where_it_stopped(
    plugged: BoardOnTty,
) -> None:
    async with generating(BoardTarget("auto", plugged.ports)) as watch:
        before = plugged.cable.host_path
        plugged.cable.unplug()
        state = await watch.until(lambda s: s.board.link is LinkState.RECONNECTING)
        assert not full_story(state)
        placeholder = os.openpty()
        assert plugged.cable.plug() != before
        for end in placeholder:
            os.close(end)
        assert_identical(await watch.until(full_story))
        assert boots(watch) == 1
        assert not [event for event in watch.events_seen if isinstance(event, events.Regenerating)]


async def test_an_agent_that_was_killed_is_started_and_tells_again(plugged: BoardOnTty) -> None:
    async with generating(BoardTarget("auto", plugged.ports)) as watch:
        for agent in plugged.agents():
            os.kill(agent, signal.SIGKILL)
        assert_identical(await watch.until(full_story))
        assert boots(watch) == 2
        assert [event for event in watch.events_seen if isinstance(event, events.Regenerated)]


@pytest.mark.parametrize("plugged", ["+m"], ids=["no job control"], indirect=True)
async def test_an_agent_that_hangs_is_waited_for(plugged: BoardOnTty) -> None:
    """The loop above it hangs, too, or it would take the line back."""
    async with generating(BoardTarget("auto", plugged.ports)) as watch:
        (agent,) = plugged.agents()
        stuck = (parent_of(agent), agent)
        for process in stuck:
            os.kill(process, signal.SIGSTOP)
        state = await watch.until(lambda s: s.board.link is LinkState.RECONNECTING)
        assert state.board.trouble == "the engine has stopped answering"
        await watch.until(lambda s: "nothing answers" in s.board.trouble)
        for process in reversed(stuck):
            os.kill(process, signal.SIGCONT)
        assert_identical(await watch.until(full_story))
        assert boots(watch) == 1


async def test_an_agent_that_was_stopped_is_replaced(plugged: BoardOnTty) -> None:
    """The shell takes the line back; a stopped agent would never answer again."""
    async with generating(BoardTarget("auto", plugged.ports)) as watch:
        (agent,) = plugged.agents()
        os.kill(agent, signal.SIGSTOP)
        assert_identical(await watch.until(full_story))
        assert boots(watch) == 2
        assert agent not in plugged.agents()


@pytest.mark.parametrize("killed", [False, True], ids=["cable", "agent"])
async def test_what_is_said_aloud_goes_on_too(plugged: BoardOnTty, killed: bool) -> None:
    spoken, hold = plugged.home / "said", plugged.home / "hold"
    spoken.unlink(missing_ok=True)
    async with generating(BoardTarget("auto", plugged.ports), 3 * len(STORY_PIECES)) as watch:
        await watch.until(full_story)
        hold.touch()
        watch.session.speak()
        await watch.until(lambda s: s.board.sentence is not None)
        if killed:
            for agent in plugged.agents():
                os.kill(agent, signal.SIGKILL)
        else:
            plugged.cable.unplug()
        await watch.until(lambda s: s.board.link is LinkState.RECONNECTING)
        hold.unlink()
        if not killed:
            plugged.cable.plug()
        state = await watch.until(lambda s: s.board.speech_ended is not None)
        assert state.board.speech_ended is not None
        assert (state.board.speech_ended.silence, state.board.speech_ended.sentences) == (
            SpeechEndReason.DONE,
            3,
        )
        assert state.board.sentence is not None
        (mark,) = state.board.sentence.marks
        assert state.board.text[mark.start : mark.end] == "upon"
        assert mark.start == state.board.text.rindex("upon")
        line = "once upon a time,  there was"
        assert spoken.read_text().splitlines() == [line] * (4 if killed else 3)


async def test_a_board_without_a_voice_says_so(plugged: BoardOnTty) -> None:
    (plugged.home / "voice").chmod(0o644)
    async with generating(BoardTarget("auto", plugged.ports), len(STORY_PIECES)) as watch:
        await watch.until(full_story)
        watch.session.speak()
        state = await watch.until(lambda s: s.fault is not None)
        assert state.fault is not None
        assert state.fault.text == "this board has no voice"
        (plugged.home / "voice").chmod(0o755)


@pytest.mark.filterwarnings("ignore:set.* is deprecated:DeprecationWarning")  # pyserial's threads
@pytest.mark.parametrize("scheme", ["socket", "rfc2217"])
async def test_a_board_behind_another_computer_tells_the_same(
    plugged: BoardOnTty, scheme: str
) -> None:
    with served(plugged.cable.host_path, scheme) as url:
        async with generating(BoardTarget(url), 5_000) as watch:
            assert_identical(await watch.until(full_story), 5_000)
            assert boots(watch) == 1


async def test_another_board_at_that_port_is_not_talked_to(plugged: BoardOnTty) -> None:
    async with generating(BoardTarget("auto", plugged.ports)) as watch:
        plugged.serial_number = "duotui-2"
        plugged.cable.unplug()
        plugged.cable.plug()
        state = await watch.until(lambda s: "duotui-1 is not plugged in" in s.board.trouble)
        assert state.board.link is LinkState.RECONNECTING
        plugged.serial_number = "duotui-1"
        assert_identical(await watch.until(full_story))


async def test_a_second_duotui_is_refused_with_the_name_of_the_first(plugged: BoardOnTty) -> None:
    async with generating(BoardTarget(plugged.cable.host_path)) as watch:
        second = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "duotui", "tell", "--port", plugged.cable.host_path),
            stderr=subprocess.PIPE,
        )
        _, errors = await second.communicate()
        assert second.returncode == 5
        assert b"is in use by" in errors
        assert f"(pid {os.getpid()}); close that program first" in errors.decode()
        assert_identical(await watch.until(full_story))
