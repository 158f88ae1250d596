"""The tests' own plugins: a skip that is not listed fails a run, and a failure is reported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.skips import LIST, read_list, unlisted

TESTS = Path(__file__).parents[1]

# Garbage whose finalizer parses: as an unclosed transport does that warns.
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
    """Run pytest with one of the plugins on a file of `text`: its exit status and its output."""
    (folder / "test_it.py").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", plugin, "-p", "no:cacheprovider", "test_it.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(TESTS), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_a_failure_with_garbage_around_is_reported(tmp_path: Path) -> None:
    status, out = run(tmp_path, "support.reports", GARBAGE)
    assert (status, "1 failed" in out, "INTERNALERROR" in out) == (1, True, False)


SKIPS = "import pytest\ndef test_it():\n    pytest.skip({!r})\n"


@pytest.mark.parametrize("in_ci", ["", "1"], ids=["stranger", "CI"])
@pytest.mark.parametrize(
    ("reason", "allowed_for_strangers", "allowed_in_ci"),
    [
        ("nobody has listed this", False, False),
        ("root may read every file", True, True),
        ("aplay is not installed", True, False),
    ],
)
def test_an_unlisted_skip_fails_the_run(
    tmp_path: Path, in_ci: str, reason: str, allowed_for_strangers: bool, allowed_in_ci: bool
) -> None:
    status, out = run(tmp_path, "support.skips", SKIPS.format(reason), DUOTUI_CI=in_ci)
    allowed = allowed_in_ci if in_ci else allowed_for_strangers
    assert (status, "SKIP FAILURE" in out) == ((0, False) if allowed else (1, True)), out


def test_the_list_can_be_read_and_is_used_as_written() -> None:
    assert LIST.name == "skips.toml"
    assert unlisted(["new", "new", "there is a sound card here"], read_list(), True) == ["new"]
