"""Log of run.c, the contest's own program: story after story, each followed by its speed. Pure.

A log may be a redirected output, or what a terminal program saw of a serial line. The latter has
echoed commands, time stamps and colours. Its text is UTF-8 or UTF-16.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path

from duotui.base.errors import UsageError
from duotui.base.files import read_bytes, reported
from duotui.base.translation import gettext as _
from duotui.base.untrusted_text import without_controls

LOG_LIMIT_BYTES = 64 << 20
"""Bytes of a log at most: tens of thousands of stories."""

_SPEED = re.compile(
    r"achieved tok/s:[ \t]*([0-9]+(?:[.,][0-9]*)?(?:e[+-]?[0-9]+)?|-?inf(?:inity)?|-?nan)[^\n]*\n?",
    re.IGNORECASE,
)
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
"""A sequence of a terminal (ECMA-48): CSI, OSC, or two characters."""

_STAMP = re.compile(r"^(?:\[[^\]\n]{4,40}\][ \t]?|[0-9][0-9T:.,/+-]{7,30}[ \t]+)", re.MULTILINE)
"""A time stamp that a terminal program puts before each line."""

_ECHO = re.compile(r"(?:^|\s)(?:-i|--prompt)[ =]")
"""An option before the prompt, in a command line that a shell echoed."""

_ENCODINGS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
"""Encoding by the byte order mark."""


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """One run: the story without its last newlines, and tok/s. `doubt` is the reason not to believe
    the rate, which is then 0."""

    story: str
    rate: float
    doubt: str = ""


def parse_log(text: str, prompt: str) -> list[LoggedRun]:
    """Parse the runs in `text`. Output before `prompt` belongs to no story."""
    pieces = _SPEED.split(text)
    return [
        _run(_story(before, prompt), rate)
        for before, rate in zip(pieces[::2], pieces[1::2], strict=False)
    ]


def decode_log(data: bytes) -> str:
    """Return the text of a log: its lines, without what a terminal program added."""
    encoding = next((name for mark, name in _ENCODINGS.items() if data.startswith(mark)), "")
    if not encoding:
        # text in UTF-16 without a mark: nearly every other byte is 0
        zeros = data[1::2].count(0), data[::2].count(0)
        likely = len(data) // 4
        encoding = (
            "utf-16-le" if zeros[0] > likely else "utf-16-be" if zeros[1] > likely else "utf-8"
        )
    text = _SEQUENCE.sub("", data.decode(encoding, "replace"))
    text = without_controls(re.sub(r"\r+\n|\r(?!\n)", "\n", text).replace("\0", ""))
    lines = [line for line in text.split("\n") if line.strip()]
    if lines and all(_STAMP.match(line) for line in lines):
        text = _STAMP.sub("", text)
    return text


def read_story(path: Path, prompt: str) -> str | None:
    """Return the story of a file that has a story alone, without a speed; None for any other.

    Raises UsageError if it cannot be read."""
    text = _read(path)
    return _story(text, prompt) if prompt in text and not _SPEED.search(text) else None


def read_log(path: Path, prompt: str) -> list[LoggedRun]:
    """Read the runs in a file. Raises UsageError if it cannot be read or holds none."""
    runs = parse_log(_read(path), prompt)
    if not runs:
        raise UsageError(
            _("{path} has no line 'achieved tok/s:'", path=path),
            _("redirect run.c's output and errors into it"),
        )
    return runs


def _read(path: Path) -> str:
    with reported(path):
        return decode_log(read_bytes(path, LOG_LIMIT_BYTES))


def _run(story: str, rate: str) -> LoggedRun:
    value = float(rate.replace(",", "."))
    if math.isfinite(value) and value > 0:
        return LoggedRun(story, value)
    return LoggedRun(
        story, 0.0, _("run.c printed {rate}, because its clock measured no time", rate=rate)
    )


def _story(before: str, prompt: str) -> str:
    """Return the story that ends `before`: it begins with the prompt, at the start of a line where
    there is such a line, and never in an echoed command."""
    text = before.rstrip("\n")
    if not prompt:
        return text.lstrip("\n")
    starts = [match.start() for match in re.finditer(re.escape(prompt), text)]
    at_line = [start for start in starts if start == 0 or text[start - 1] == "\n"]
    told = [start for start in starts if not _is_echo(text, start)]
    start = next(iter(at_line or told or starts), None)
    return text.lstrip("\n") if start is None else text[start:]


def _is_echo(text: str, start: int) -> bool:
    line = text[text.rfind("\n", 0, start) + 1 : start]
    return _ECHO.search(line) is not None
