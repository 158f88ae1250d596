"""Log of run.c, the contest's own program: story after story, each followed by its speed. Pure."""

import re
from dataclasses import dataclass
from pathlib import Path

from duotui.base.errors import UsageError
from duotui.base.files import read_text, reported
from duotui.base.translation import gettext as _
from duotui.base.untrusted_text import without_controls

LOG_LIMIT_BYTES = 64 << 20
"""Bytes of a log at most: tens of thousands of stories."""

_SPEED = re.compile(r"achieved tok/s: ([0-9]+(?:\.[0-9]*)?)\n?")


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """One run: the story without its last newlines, and tok/s."""

    story: str
    rate: float


def parse_log(text: str, prompt: str) -> list[LoggedRun]:
    """Parse the runs in `text`. Output before `prompt` belongs to no story."""
    pieces = _SPEED.split(text)
    return [
        LoggedRun(_story(before, prompt), float(rate))
        for before, rate in zip(pieces[::2], pieces[1::2], strict=False)
    ]


def _story(before: str, prompt: str) -> str:
    start = before.find(prompt) if prompt else -1
    return (before[start:] if start >= 0 else before.lstrip("\n")).rstrip("\n")


def read_log(path: Path, prompt: str) -> list[LoggedRun]:
    """Read the runs in a file. Raises UsageError if it cannot be read or holds none."""
    with reported(path):
        text = read_text(path, LOG_LIMIT_BYTES, "replace")
    runs = parse_log(without_controls(text), prompt)
    if not runs:
        raise UsageError(
            _("{path} has no line 'achieved tok/s:'", path=path),
            _("redirect run.c's output and errors into it"),
        )
    return runs
