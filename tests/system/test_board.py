"""A real board at a port: `pytest --port PORT -m board` (docs/testing.md)."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from duotui.base.errors import Exit

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.board

COMMAND = (sys.executable, "-m", "duotui")
BOARD_SECONDS = 280
"""Seconds of one command: a board may have to start first."""

STEPS = "24"


def duotui(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=BOARD_SECONDS
    )


def told(port: str, *arguments: str) -> dict[str, Any]:
    """The summary of a story from the board."""
    result = duotui("tell", "--port", port, "--json", "-n", STEPS, "-t", "0", *arguments)
    assert result.returncode == Exit.OK, result.stderr
    summary: dict[str, Any] = json.loads(result.stdout)
    return summary


def test_doctor_finds_no_fault(board_port: str) -> None:
    result = duotui("doctor", board_port, "--json")
    faults = [row for row in json.loads(result.stdout) if row["right"] is False]
    assert (result.returncode, faults) == (Exit.OK, [])


@pytest.mark.parametrize("mode", ["exact", "reference"])
def test_the_story_is_the_baselines(board_port: str, mode: str) -> None:
    summary = told(board_port, "--mode", mode, "--check")
    assert (summary["identical"], summary["compared"]) == (True, len(summary["ids"]))


def test_its_rate_is_believed(board_port: str) -> None:
    summary = told(board_port, "--mode", "fast")
    assert summary["tokens_per_second"] > 0
    assert summary["rate_doubt"] is None


def test_the_same_seed_is_the_same_story(board_port: str) -> None:
    first, second = (told(board_port, "-t", "1", "-s", "5", "--mode", "fast") for _ in range(2))
    assert first["ids"] == second["ids"]


def test_a_story_that_is_stopped_leaves_the_board_ready(board_port: str) -> None:
    with subprocess.Popen(
        [*COMMAND, "tell", "--port", board_port, "-n", "0", "-t", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=BOARD_SECONDS)
    assert process.returncode == Exit.CANCELLED
    assert told(board_port, "--mode", "fast")["ids"]


def test_a_trace_shows_both_directions_without_the_password(
    board_port: str, tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    told(board_port, "--mode", "fast", "--trace", str(trace))
    text = trace.read_text("ascii")
    assert " > " in text
    assert "frame Start " in text
    assert "|milkv.|" not in text
