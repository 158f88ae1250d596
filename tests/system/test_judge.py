"""`duotui judge` as a user runs it: its figures, its report, and its exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from duotui.base import resources
from duotui.base.errors import Cancelled
from duotui.judge import grammar_checker
from duotui.judge.run_series import RunSeries
from duotui.protocol.request import Mode, Request
from duotui.scoring.run import Run
from duotui.targets.board import BoardTarget
from duotui.targets.simulator import SimulatedDuo
from support.judge_command import begun, judge
from support.sessions import new_session

if TYPE_CHECKING:
    from pathlib import Path

DUOTUI = [sys.executable, "-m", "duotui"]


def one_line(result: subprocess.CompletedProcess[str], status: int) -> str:
    """Last line of stderr: before it there may be a warning about a busy computer."""
    lines = [line for line in result.stderr.splitlines() if "something else takes" not in line]
    assert (result.returncode, len(lines), result.stdout) == (status, 1, ""), result.stderr
    return lines[0]


def test_thirty_runs_of_exact_are_the_baselines_story(tmp_path: Path) -> None:
    result = judge("sim", "--headless", "--report", tmp_path / "new" / "report")
    assert result.returncode == 0, result.stderr
    verdict = json.loads(result.stdout)
    assert verdict["request"] == {
        "prompt": "Once upon a time",
        "mode": "exact",
        "steps": 256,
        "temperature": 1.0,
        "top_p": 0.9,
        "seed": 123,
    }
    assert (verdict["score"]["runs"], len(verdict["runs"])) == (30, 30)
    assert verdict["correctness"]["identical_runs"] == 30
    assert (verdict["correctness"]["agreement"], verdict["correctness"]["doubtful_from"]) == (
        1.0,
        None,
    )
    assert verdict["score"]["mean"] > 0
    assert result.stderr.count("= identical") == 31  # one of them warms up
    files = {path.name for path in (tmp_path / "new/report").iterdir()}
    assert files == {"verdict.json", "report.md", "report.html", "story.txt", "baseline.txt"}
    assert json.loads((tmp_path / "new/report/verdict.json").read_text()) == verdict
    assert (tmp_path / "new/report/story.txt").read_text() == verdict["story"]


def test_fast_is_another_story_and_gets_its_agreement_and_its_grammar() -> None:
    result = judge("sim", "--headless", "--runs", "3", "--mode", "fast")
    assert result.returncode == 8
    verdict = json.loads(result.stdout)["correctness"]
    assert verdict["identical"] is False
    assert 0.8 < verdict["agreement"] < 1
    assert verdict["nats"] > verdict["baseline_nats"]
    if not grammar_checker.available():
        pytest.skip("no grammar checker is installed")
    assert verdict["mistakes"] >= 0
    assert verdict["baseline_mistakes"] >= 0


def test_a_recording_of_run_c_is_the_baseline_and_can_be_judged(tmp_path: Path) -> None:
    from duotui.targets.engine_binary import find_engine

    output = subprocess.run(
        [
            find_engine(),
            resources.MODEL,
            "-z",
            resources.TOKENIZER,
            "-s",
            "123",
            "-n",
            "60",
            "-i",
            "Once upon a time",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    base = tmp_path / "base.out.txt"
    base.write_text("".join(f"{output}achieved tok/s: {24 + n / 100}\n" for n in range(30)))
    result = judge("sim", "--headless", "--runs", "2", "-n", "60", "--baseline", base)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["correctness"]["baseline"] == str(base)

    result = judge("--outputs", base, "--baseline", base)
    assert result.returncode == 0
    assert "| 24.145000 |" in result.stdout
    other = tmp_path / "other.txt"
    other.write_text(base.read_text().replace("Lily", "Lucy"))
    result = judge("--outputs", other, "--baseline", base, "--headless")
    assert result.returncode == 8
    assert json.loads(result.stdout)["correctness"]["first_difference"] is not None


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["sim", "--runs", "0"], 2, "'0' is not a whole number from 1"),
        (["sim", "--sound", "a.wav"], 2, "--sound records the virtual Duo's loudspeaker"),
        (["sim", "--report", "/dev/null/x"], 2, "/dev/null/x cannot be made"),
        (["sim", "--baseline", "none.txt"], 2, "none.txt cannot be read"),
        (["--outputs", "none.txt"], 2, "none.txt cannot be read"),
        (["--outputs", "/dev/null"], 2, "it is a device, not a file"),
        (["/dev/ttyNONE0"], 3, "no port /dev/ttyNONE0"),
        (["sim", "--model", "none.bin"], 2, "none.bin"),
        (["sim", "-t", "nan"], 2, "'nan' is not a number from 0"),
    ],
)
def test_bad_input(arguments: list[str], status: int, message: str) -> None:
    assert message in one_line(judge(*arguments), status)


def test_who_stops_it_gets_what_there_is() -> None:
    process = begun("2 of", "sim", "--mode", "reference", "--runs", "100000")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 9
    assert err.splitlines()[-1] == "duotui: stopped"
    verdict = json.loads(out)
    assert verdict["trouble"] == "stopped"
    assert len(verdict["runs"]) >= 2
    assert verdict["correctness"]["identical"] is True


async def test_a_run_in_which_the_engine_dies_is_told_again() -> None:
    sim = SimulatedDuo()
    runs: list[Run] = []
    session = new_session(sim)

    def on_run(run: Run) -> None:
        runs.append(run)
        if len(runs) == 3:
            assert sim.process is not None
            os.kill(sim.process.pid, signal.SIGKILL)

    series = RunSeries(session, Request(mode=Mode.EXACT), on_run, runs=30)
    try:
        await series.run()
    finally:
        await session.close()
    assert (series.trouble, series.complete, series.disturbed) == (None, True, 1)
    assert len({run.ids for run in series.runs}) == 1


async def test_it_can_be_stopped_between_runs() -> None:
    session = new_session(SimulatedDuo())
    series = RunSeries(session, Request(mode=Mode.EXACT, steps=20), lambda _: None, runs=30)
    series.stop(Cancelled("stopped"))
    try:
        await series.run()
    finally:
        await session.close()
    assert isinstance(series.trouble, Cancelled)
    assert series.runs == []


async def test_a_port_that_is_not_there_is_said() -> None:
    session = new_session(BoardTarget("/dev/ttyNONE0"))
    series = RunSeries(session, Request(), lambda _: None)
    try:
        await series.run()
    finally:
        await session.close()
    assert series.trouble is not None
    assert series.trouble.exit == 3
