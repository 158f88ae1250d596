"""Fallback of a judge session: a recording is shown, and labelled, while the board is away."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from duotui.base import resources
from duotui.base.errors import NoDevice, UsageError
from duotui.judge.fallback_runs import FallbackRuns
from duotui.judge.options import JudgeOptions
from duotui.judge.session import JudgeSession, Phase
from duotui.judge.session_factory import fallback_session
from duotui.protocol.request import Mode, Request
from duotui.session.recording import Recording
from duotui.targets.judged_machine import LocalMachine
from duotui.targets.simulator import SimulatedDuo
from support.killable_duo import KillableDuo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from duotui.scoring.machine_conditions import MachineConditions

REQUEST = Request(mode=Mode.EXACT, steps=60)


class UnreachableMachine(LocalMachine):
    def conditions(self) -> MachineConditions:
        raise NoDevice("no board was found", "plug it in")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("safe") / "r.jsonl"
    result = subprocess.run(
        [
            *(sys.executable, "-m", "duotui", "judge", "sim", "--headless", "--runs", "3"),
            *("-n", "60", "--record", path),
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    return path


def options(runs: int = 6) -> JudgeOptions:
    return JudgeOptions("sim", REQUEST, resources.MODEL, resources.TOKENIZER, runs=runs)


async def until(session: JudgeSession, condition: Callable[[], bool]) -> None:
    """Wait until a change of the session makes it true."""
    news = asyncio.Event()
    session.subscribe(lambda _: news.set())
    while not condition():
        await asyncio.wait_for(news.wait(), 60)
        news.clear()


async def test_it_stands_in_while_the_board_is_away_and_goes_when_it_is_back(
    recording: Path,
) -> None:
    board = KillableDuo()
    session = fallback_session(LocalMachine(board), options(), Recording(recording), speed=0.2)
    runs = session.source
    assert isinstance(runs, FallbackRuns)
    judging = asyncio.create_task(session.run())
    await until(session, lambda: len(runs.runs) >= 2)
    assert (runs.showing_recording, session.note) == (False, "")
    state = session.state
    board.kill()
    await until(session, lambda: runs.showing_recording and bool(session.state.board.tokens))
    assert session.note.startswith("RECORDING of 20")
    assert "the board is not here" in session.note
    assert session.state.board.run != state.board.run
    assert session.shown.runs == session.so_far.runs  # the board's own runs are not mixed with it
    board.dead = False
    verdict = await judging
    assert (runs.showing_recording, session.note, session.phase) == (False, "", Phase.OVER)
    assert (len(verdict.counted), verdict.identical, verdict.disturbed) == (6, True, 1)
    await session.close()


async def test_a_board_that_never_comes_is_stood_in_for_to_the_end(recording: Path) -> None:
    session = fallback_session(
        UnreachableMachine(SimulatedDuo()), options(), Recording(recording), speed=0
    )
    with pytest.raises(NoDevice):
        await session.run()
    assert len(session.shown.counted) == 3
    assert session.so_far.runs == ()  # a recording is no result of this board
    assert session.note.startswith("RECORDING")
    assert "no board was found; plug it in" in session.note
    assert len(session.state.board.tokens) == 60
    with pytest.raises(NoDevice):
        session.outcome()
    await session.close()


def test_a_recording_without_a_whole_story_is_refused(recording: Path, tmp_path: Path) -> None:
    lines = recording.read_text().splitlines(keepends=True)
    (tmp_path / "r.jsonl").write_text("".join(lines[:8]))
    with pytest.raises(UsageError, match="holds no whole story"):
        fallback_session(LocalMachine(SimulatedDuo()), options(), Recording(tmp_path / "r.jsonl"))


def test_it_needs_a_screen(recording: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "duotui", "judge", "sim", "--headless", "--safe", recording],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "--safe needs a terminal" in result.stderr
