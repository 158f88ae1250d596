"""A disk without room under the full screens: the story is told, and a line says what was lost."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from support.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

FULL = """
import resource, sys
from duotui.cli.main import main
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
sys.exit(main())
"""
"""duotui in a process that can write to no file; Python ignores SIGXFSZ."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "DUOTUI_DATA"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("DUOTUI_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


def test_a_child_sees_a_story_and_a_parent_why_there_is_no_diary(home: Path) -> None:
    terminal = Terminal("story", "sim", "--voice", "off", program=("-c", FULL))
    try:
        terminal.wait_for(b"Who is it about?")
        os.write(terminal.master, b"s")
        terminal.wait_for(b"Once")
        os.write(terminal.master, b"\x11")
        question = re.search(rb"(\d+) \+ (\d+) =", terminal.wait_for(b"= ?"))
        assert question is not None
        os.write(terminal.master, b"%d\r" % sum(map(int, question.groups())))
        terminal.wait_for(b"diary cannot be written: File too large")
        terminal.leave(b"\x11")
        assert terminal.process.returncode == 0
    finally:
        terminal.close()
    assert files(home) == []


@pytest.mark.parametrize(
    "keys",
    [b"t", b"w", b"p", b"R", b"i more\r"],
    ids=["the theme", "the story", "a picture", "a recording", "the history"],
)
def test_the_console_says_what_was_not_written(home: Path, keys: bytes) -> None:
    old = "# mine\n"
    (home / "config.toml").write_text(old)
    terminal = Terminal("sim", "--no-baseline", "-i", "Once", program=("-c", FULL))
    try:
        terminal.wait_for(b"done", 60)
        os.write(terminal.master, keys)
        shown = terminal.wait_for(b"large", 60)  # File too large
        assert b"Traceback" not in shown
        terminal.leave(b"\x11")
        assert terminal.process.returncode == 0
    finally:
        terminal.close()
    assert files(home) == ["config.toml"]
    assert (home / "config.toml").read_text() == old
