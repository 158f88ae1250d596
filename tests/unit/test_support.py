"""Plugins of the tests: a skip that is not listed fails a run, and a failure is reported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.paths import TESTS
from support.skips import read_list, unlisted

# Garbage whose finalizer parses source, like an unclosed transport that warns.
GARBAGE = """
import ast, gc

class Parsing:
    def __init__(self):
        self.cycle = self

    def __del__(self):
        ast.parse("def f(a):\\n    return a")

def test_it_fails():
    for _ in range(2000):
        Parsing()
    gc.set_threshold(50)
    assert 1 == 2
"""


def run(folder: Path, plugin: str, text: str, **environment: str) -> tuple[int, str]:
    """Run pytest with one of the plugins on a file of `text`; return its exit status and its
    output."""
    (folder / "test_it.py").write_text(text, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", plugin, "-p", "no:cacheprovider", "test_it.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(TESTS), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout


def test_a_failure_with_garbage_around_is_reported(tmp_path: Path) -> None:
    status, out = run(tmp_path, "support.reports", GARBAGE)
    assert (status, "1 failed" in out, "INTERNALERROR" in out) == (1, True, False)


SKIPS = "import pytest\ndef test_it():\n    pytest.skip('nobody has listed this')\n"


def test_an_unlisted_skip_fails_the_run(tmp_path: Path) -> None:
    status, out = run(tmp_path, "support.skips", SKIPS)
    assert (status, "SKIP FAILURE: 'nobody has listed this'" in out) == (1, True), out


@pytest.mark.parametrize("in_ci", [False, True], ids=["stranger", "CI"])
@pytest.mark.parametrize(
    ("reason", "allowed_for_strangers", "allowed_in_ci"),
    [
        ("nobody has listed this", False, False),
        ("root may read every file", True, True),
        ("aplay is not installed", True, False),
        ("the board's emulators: not in /home/a/.cache: native/board/tools makes it", True, False),
    ],
)
def test_the_list_says_where_a_skip_is_allowed(
    reason: str, in_ci: bool, allowed_for_strangers: bool, allowed_in_ci: bool
) -> None:
    allowed = allowed_in_ci if in_ci else allowed_for_strangers
    assert unlisted([reason, reason], read_list(), in_ci) == ([] if allowed else [reason])


BOARD_TEST = """
import pytest

@pytest.mark.board
def test_it(board_port):
    assert board_port == "/dev/x"
"""


@pytest.mark.parametrize(
    ("option", "status", "outcome"),
    [
        ("", 0, "no board: pytest --port PORT names one"),
        ("--port=/dev/x", 0, "1 passed"),
        ("--port=/dev/y", 1, "1 failed"),
    ],
)
def test_a_test_of_a_board_runs_with_a_port_alone(
    tmp_path: Path, option: str, status: int, outcome: str
) -> None:
    options = f"-rs -W ignore::pytest.PytestUnknownMarkWarning {option}"
    ended, output = run(tmp_path, "support.board_port", BOARD_TEST, PYTEST_ADDOPTS=options)
    assert (ended, outcome in output) == (status, True), output
