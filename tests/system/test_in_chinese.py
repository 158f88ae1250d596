"""The program for a Chinese user: words change, and nothing that other programs read."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.chinese import english

DUOTUI = [sys.executable, "-m", "duotui"]


@pytest.fixture
def chinese(tmp_path: Path) -> dict[str, str]:
    """Environment of a Chinese user with a home of its own."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LC_CTYPE")
    }
    return {
        **kept,
        "LANG": "zh_CN.UTF-8",
        "PYTHONUTF8": "1",
        "TERM": "xterm-256color",
        "DUOTUI_CONFIG": str(tmp_path / "config.toml"),
        "DUOTUI_DATA": str(tmp_path / "data"),
    }


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DUOTUI, *arguments],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_the_story_stays_and_its_numbers_are_in_chinese(chinese: dict[str, str]) -> None:
    result = run(chinese, "tell", "--port", "sim", "-n", "12", "--check", "Once upon a time")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("Once upon a time")
    assert "逐字相同，12 / 12 个 token" in result.stderr
    assert english(result.stderr, "") == set()


def test_json_has_the_same_keys(chinese: dict[str, str]) -> None:
    arguments = ("tell", "--port", "sim", "-n", "8", "--json", "Once")
    ours = json.loads(run(chinese, *arguments).stdout)
    theirs = json.loads(run(chinese, *arguments, "--language", "en").stdout)
    assert ours.keys() == theirs.keys()
    assert ours["ids"] == theirs["ids"]


def test_a_judge_without_a_screen_speaks_chinese(chinese: dict[str, str], tmp_path: Path) -> None:
    options = ("--runs", "1", "--warm", "0", "-n", "8", "--anyway", "--headless")
    result = run(chinese, "judge", "sim", *options, "--report", str(tmp_path / "report"))
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["official"]["met"] is False
    assert "= 逐字相同" in result.stderr
    assert (tmp_path / "report" / "report.md").read_text("utf-8").startswith("# 本机（不是 Duo）")


def test_an_error_has_the_same_status(chinese: dict[str, str]) -> None:
    result = run(chinese, "tell", "--port", "/nowhere", "Once")
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.startswith("duotui: 没有端口 /nowhere；")


def test_the_doctor_has_the_same_names_in_json(chinese: dict[str, str]) -> None:
    (finding,) = json.loads(run(chinese, "doctor", "/nowhere", "--json").stdout)
    assert (finding["link"], finding["right"]) == ("port", False)
    assert "没有 /nowhere" in finding["what"]
