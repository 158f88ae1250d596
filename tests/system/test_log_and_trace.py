"""`--log` and `--trace` of a whole command: what happened, and nothing private in the log."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def duotui(*arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "duotui", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **more},
    )


def test_a_story_is_logged_without_its_words_and_traced_with_its_bytes(tmp_path: Path) -> None:
    log, trace = tmp_path / "log", tmp_path / "trace"
    options = ["--port", "sim", "-n", "12", "--log-level", "debug"]
    result = duotui("tell", *options, "--log", log, "--trace", trace, "Hello there")
    assert result.returncode == 0, result.stderr
    said = log.read_text()
    for text in ("INFO duotui: duotui ", "opening sim", "exact, 12 steps", "story ended, steps"):
        assert text in said
    assert "Hello" not in said
    assert "|.Hello there" in trace.read_text()
    assert " > " in trace.read_text()
    assert "frame Start " in trace.read_text()


def test_the_environment_names_the_log_and_a_failure_is_its_end(tmp_path: Path) -> None:
    log = tmp_path / "log"
    result = duotui("tell", "--port", tmp_path / "tty", DUOTUI_LOG=str(log))
    assert result.returncode == 3
    assert log.read_text().splitlines()[-1].split(" ", 1)[1] == (
        f"ERROR duotui: NoDevice: {result.stderr.removeprefix('duotui: ').strip()}"
    )


def test_a_log_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    result = duotui("devices", "--log", tmp_path)
    expected = f"duotui: {tmp_path} cannot be written; Is a directory\n"
    assert (result.returncode, result.stdout, result.stderr) == (2, "", expected)
