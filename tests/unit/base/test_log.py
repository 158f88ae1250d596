"""The log: one bounded line for each record, no password, and no failure of the program."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from duotui.base.errors import NotReady, UsageError
from duotui.base.log import LOG_LINE_LIMIT, logged, logger, without_secrets
from support.full_disk import full_disk

if TYPE_CHECKING:
    from pathlib import Path

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (DEBUG|INFO|WARNING|ERROR) [\w.]+: (.*)")


def lines(path: Path) -> list[tuple[str, str]]:
    """Levels and texts of a log. Every line has the form."""
    matches = [LINE.fullmatch(line) for line in path.read_text("utf-8").splitlines()]
    return [(match[1], match[2]) for match in matches if match or pytest.fail("another form")]


def test_a_record_is_a_bounded_line_whatever_it_quotes(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with logged(path, "info", "start"):
        log = logger("duotui.link.some")
        log.info("%s", "a\x1b]52;c;UFdO\x07\nb\u202e\udcff" + "x" * 9999)
        log.debug("too much")
    (_, start), (_, text), (_, end) = lines(path)
    assert (start, end) == ("start", "end")
    assert text.isprintable()
    assert len(text) <= LOG_LINE_LIMIT + 3


def test_the_level_is_chosen(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for level in ("debug", "error"):
        with logged(path, level, "start"):
            for name in ("debug", "info", "warning", "error"):
                getattr(logger("duotui.some"), name)("said")
    assert [level for level, text in lines(path) if text == "said"] == [
        *("DEBUG", "INFO", "WARNING", "ERROR", "ERROR"),
    ]


def test_no_password_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUOTUI_PASSWORD", "s3cret")
    path = tmp_path / "log"
    with pytest.raises(NotReady), logged(path, "info", "start"):
        raise NotReady("it refuses s3cret", "http://me:other@proxy:80 is no proxy")
    assert "refuses ***; http://***@proxy:80" in path.read_text()
    assert without_secrets("ssh://a@b/c socket://h:1 a@b") == "ssh://***@b/c socket://h:1 a@b"


def test_an_error_is_kept_with_the_way_there(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with pytest.raises(ZeroDivisionError), logged(path, "info", "start"):
        _ = 1 / 0
    with pytest.raises(KeyboardInterrupt), logged(path, "info", "start"):
        raise KeyboardInterrupt
    texts = [text for _, text in lines(path)]
    assert texts[1].startswith("unexpected | Traceback")
    assert "ZeroDivisionError" in texts[1]
    assert texts[2:] == ["start", "interrupted"]


def test_a_full_disk_ends_the_log_and_not_the_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log"
    with full_disk(200), logged(path, "info", "start"):
        for _ in range(9):
            logger("duotui.some").info("%s", "x" * 60)
    assert 0 < path.stat().st_size <= 200
    expected = f"duotui: {path} takes no more; it ends here (File too large)\n"
    assert capsys.readouterr().err == expected


@pytest.mark.parametrize("kind", ["folder", "fifo", "nowhere"])
def test_what_is_no_file_is_one_line(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "log"
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path = tmp_path / "none" / "log"
    with pytest.raises(UsageError, match="cannot be written"), logged(path, "info", "start"):
        pytest.fail("it was opened")


def test_without_a_file_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    logger("duotui.some").error("a fault")
    assert capsys.readouterr().err == ""
