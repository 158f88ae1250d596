"""Several boards at once: the failure of one does not affect the others, and is reported."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from duotui.base import resources
from duotui.base.errors import Cancelled, UsageError
from duotui.judge.multi_board import MultiBoardSession, split_targets
from duotui.judge.options import JudgeOptions
from duotui.judge.saved_session import file_label
from duotui.judge.session import JudgeSession
from duotui.judge.session_factory import live_session
from duotui.protocol.request import Mode, Request
from duotui.report.markdown import markdown_boards
from duotui.targets.judged_machine import LocalMachine
from support.killable_duo import KillableDuo

if TYPE_CHECKING:
    from pathlib import Path


def judge_session(number: int) -> tuple[JudgeSession, KillableDuo]:
    board = KillableDuo()
    request = Request(mode=Mode.EXACT, steps=60)
    options = JudgeOptions(f"board {number}", request, resources.MODEL, resources.TOKENIZER, runs=5)
    return live_session(LocalMachine(board), options), board


async def test_of_three_boards_one_is_pulled_and_the_others_go_on() -> None:
    sessions = [judge_session(number) for number in range(3)]
    boards = MultiBoardSession([each for each, _ in sessions])
    second, board = sessions[1]

    def watch(_: MultiBoardSession) -> None:
        if len(second.source.runs) == 3 and not board.dead:
            board.kill()
        if board.dead and second.state.board.trouble:
            second.stop(Cancelled("pulled"))  # a judge session that waits no longer

    boards.subscribe(watch)
    outcomes = await boards.run()
    assert [len(verdict.counted) for verdict, _ in outcomes] == [5, 2, 5]
    assert [verdict.identical for verdict, _ in outcomes] == [True, True, True]
    assert [str(trouble) if trouble else "" for _, trouble in outcomes] == ["", "pulled", ""]
    report = markdown_boards([verdict for verdict, _ in outcomes])
    assert report.count("| board ") == 3
    assert "yes, 5 of 5 runs" in report
    assert "yes, 2 of 2 runs" in report
    assert "It ended early: pulled" in report


def test_boards_are_judged_side_by_side_and_reported_together(tmp_path: Path) -> None:
    result = subprocess.run(
        [
            *(sys.executable, "-m", "duotui", "judge", "sim,sim,/dev/ttyNONE0", "--headless"),
            *("--runs", "2", "-n", "30", "--report", tmp_path, "--record", tmp_path / "r.jsonl"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 3
    first, second, none = json.loads(result.stdout)
    assert (first["target"], second["target"], none["target"]) == (
        "sim 1",
        "sim 2",
        "/dev/ttyNONE0",
    )
    assert first["correctness"]["identical_runs"] == second["correctness"]["identical_runs"] == 2
    assert (none["score"], none["runs"]) == (None, [])
    assert "no port /dev/ttyNONE0" in none["trouble"]
    assert result.stderr.splitlines()[-1].startswith("duotui: /dev/ttyNONE0: there is no port")
    for name in ("sim-1", "sim-2", "dev-ttyNONE0"):
        assert (tmp_path / name / "report.html").exists()
    assert (tmp_path / "r-sim-1.jsonl").exists()
    assert (tmp_path / "r-sim-2.jsonl").exists()


def test_a_list_of_targets() -> None:
    assert split_targets("sim, /dev/ttyACM0,socket://duo:7") == [
        "sim",
        "/dev/ttyACM0",
        "socket://duo:7",
    ]
    with pytest.raises(UsageError, match="names no board between two commas"):
        split_targets("sim,,sim")
    assert file_label("rfc2217://duo.local:4000") == "rfc2217---duo-local-4000"
