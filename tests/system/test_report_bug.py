"""`duotui report-bug`: what a report needs, shown, and nothing private in it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PRIVATE = ("lihua", "s3cret", "hippopotamus", "Xiaoming", "4711")
"""User, password, prompt, child and code."""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    home = tmp_path / "home" / "lihua"
    (home / ".config" / "duotui").mkdir(parents=True)
    (home / ".config" / "duotui" / "config.toml").write_text(
        '[story]\nprompt = "A hippopotamus"\nsteps = "hippopotamus"\n'
        '[child]\nname = "Xiaoming"\ncode = "4711"\n'
    )
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    own = {"HOME": str(home), "LOGNAME": "lihua", "USER": "lihua", "DUOTUI_PASSWORD": "s3cret"}
    return {**kept, **own, "TERM": "xterm-256color", "LANG": "C.UTF-8"}


def duotui(
    environment: dict[str, str], folder: Path, *arguments: str | Path
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "duotui", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        cwd=folder,
    )


def test_it_shows_what_it_wrote_and_nothing_private(
    environment: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "home" / "lihua" / "log"
    failed = duotui(environment, tmp_path, "inspect", "--log", log, f"{log.parent}/hippo.duo")
    assert failed.returncode == 2
    with log.open("a") as file:
        file.write("A hippopotamus of Xiaoming s3cret\n" + "x" * 396 + " lihua\n")
    result = duotui(environment, tmp_path, "report-bug", "--log", log)
    assert result.returncode == 0, result.stderr
    (written,) = tmp_path.glob("duotui-report-*.md")
    assert written.read_text() == result.stdout
    expected = f"duotui: this is in {written}; read it before you share it\n"
    assert result.stderr == expected
    assert "xx lih" not in result.stdout  # the half of a word at the end of a line
    for word in PRIVATE:
        assert word not in result.stdout, word
    sections = re.split(r"^## ", result.stdout, flags=re.MULTILINE)
    assert [section.partition("\n")[0] for section in sections[1:]] == [
        *("Versions", "Terminal", "Settings", "Devices", "Doctor", "Log"),
    ]
    for text in ("TERM=xterm-256color", "pyserial ", "not usable: story.steps", "~/hippo.duo"):
        assert text in result.stdout
    assert "PROMPT of NAME ***" in result.stdout


def test_it_names_its_file_also_where_it_cannot_be_written(
    environment: dict[str, str], tmp_path: Path
) -> None:
    result = duotui(environment, tmp_path, "report-bug", "-o", tmp_path)
    assert result.returncode == 2
    assert result.stdout.startswith("# duotui report\n")
    assert result.stderr == f"duotui: {tmp_path} cannot be written; Is a directory\n"


def test_the_findings_of_doctor_are_in_it(environment: dict[str, str], tmp_path: Path) -> None:
    out = tmp_path / "report.md"
    result = duotui(environment, tmp_path, "report-bug", "/dev/ttyUSB77", "-o", out)
    assert result.returncode == 0, result.stderr
    assert "    WRONG port there is no /dev/ttyUSB77\n" in out.read_text()
    result = duotui(environment, tmp_path, "report-bug", "sim", "-o", out)
    assert "    sim has no port to look at" in out.read_text()
