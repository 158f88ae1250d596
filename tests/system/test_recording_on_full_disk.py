"""A recording that cannot be written on ends, and nothing else does."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FILE_BLOCKS = "4"
"""Blocks of the largest file, 512 or 1024 bytes each: a part of any recording."""

LIMITED = ("sh", "-c", f'ulimit -f {FILE_BLOCKS}; exec "$@"', "sh", sys.executable, "-m", "duotui")


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run duotui where no file can be larger than FILE_BLOCKS, as on a disk that fills."""
    return subprocess.run([*LIMITED, *arguments], capture_output=True, text=True, timeout=100)


def test_tell_goes_on(tmp_path: Path) -> None:
    recording = tmp_path / "r.jsonl"
    result = run("tell", "--port", "sim", "-n", "60", "--record", recording, "--json")
    assert result.returncode == 0, result.stderr
    assert len(json.loads(result.stdout)["ids"]) == 60
    (line,) = [line for line in result.stderr.splitlines() if "cannot be written" in line]
    assert line.startswith(f"duotui: {recording} cannot be written; ")
    again = subprocess.run(
        [sys.executable, "-m", "duotui", "replay", recording],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert again.returncode == 0, again.stderr


def test_judge_goes_on(tmp_path: Path) -> None:
    recording = tmp_path / "r.jsonl"
    result = run(*("judge", "sim", "--headless", "-n", "20", "--runs", "3", "--record", recording))
    assert result.returncode == 0, result.stderr
    assert len(json.loads(result.stdout)["runs"]) == 3
    assert result.stderr.count("the recording has ended") == 1
