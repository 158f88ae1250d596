"""Damaged files, frames and command lines: the stored corpus, and a minute of new ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.engine import NATIVE

FUZZ = NATIVE / "fuzz"
FUZZ_TARGETS = ("frames", "model", "options", "packed", "tokenizer")
# Inputs that once failed, in a folder for each target.
CORPUS = Path(__file__).parent / "fuzz_corpus"
MISSING = 77  # the exit status if clang with libFuzzer is missing

# Two compilers build the engine here, with sanitizers.
pytestmark = pytest.mark.timeout(900)


def fuzz(cache: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, FUZZ / "fuzz", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        check=False,
    )


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz")
    build = fuzz(folder, "--seeds", folder / "seeds")
    assert build.returncode == 0, build.stderr
    return folder / "seeds"


@pytest.fixture(scope="module")
def replay() -> Path:
    build = subprocess.run(
        ["make", "-s", "-C", FUZZ, "replay", f"-j{os.cpu_count()}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert build.returncode == 0, build.stderr
    return NATIVE / "build/replay"


@pytest.mark.parametrize("target", FUZZ_TARGETS)
def test_nothing_that_is_kept_fails(replay: Path, seeds: Path, target: str) -> None:
    files = sorted([*(seeds / target).iterdir(), *(CORPUS / target).glob("*")])
    result = subprocess.run([replay / target, *files], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-4000:]
    assert result.stderr.endswith(f"{len(files)} inputs\n")


def test_a_minute_of_damage_finds_nothing(tmp_path: Path) -> None:
    result = fuzz(tmp_path, "--seconds", "12")
    if result.returncode == MISSING:
        pytest.skip(result.stderr.strip())
    assert result.returncode == 0, result.stdout + result.stderr
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == list(FUZZ_TARGETS)
