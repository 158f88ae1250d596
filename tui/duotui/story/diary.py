"""What was told and when, for parents: plain text that is read without a tool.

    2026-11-26 19:02  Lily chose: a dog, the forest, a shiny key
            Once upon a time, there was a little dog.
        left out: He hit the bear.
            He was happy.
        told in 2 min 10 s, to its end

The day's time is read back from it. What cannot be written waits and counts all the same.
"""

import errno
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

DIARY_FILE = "diary.txt"
DIARY_CHOSE, DIARY_AGAIN, DIARY_NEXT = "chose", "heard again", "asked what happens next"

READING_PACE = 100
"""Words a minute, where it was not written how long a story took: it may have been cut off."""

_NOTE_INDENT, _TEXT_INDENT = (
    4 * " ",
    8 * " ",
)  # what a story says can then never be taken for a note
_ONE_MORE = " (one more)"
_HEAD = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) [0-9]{2}:[0-9]{2}  (?!left out: )")
_TOLD = re.compile(_NOTE_INDENT + r"told in (?:([0-9]{1,4}) min )?([0-9]{1,4}) s\b")


class Diary:
    """`path` need not be there. `wall` is the local time. Nothing here raises: `trouble` says, in a
    line for grown-ups, why it cannot be written."""

    def __init__(self, path: Path, wall: Callable[[], datetime]) -> None:
        self.path = path
        self.trouble = ""
        self._wall = wall
        self._telling = False
        self._waiting = ""

    def begin(
        self, name: str, what: str, how: str = DIARY_CHOSE, *, one_more: bool = False
    ) -> None:
        """A story begins: `what` in words, and how the child came to it."""
        head = f"{_plain(name) or 'A child'} {how}: {_plain(what)}"
        self._dated(head + (_ONE_MORE if one_more else ""))
        self._telling = True

    def say(self, sentence: str) -> None:
        self._write(_TEXT_INDENT + _plain(sentence) + "\n")

    def leave_out(self, what: str) -> None:
        """A sentence or a name that was refused."""
        note = f"left out: {_plain(what)}"
        if self._telling:
            self._write(_NOTE_INDENT + note + "\n")
        else:
            self._dated(note)

    def end(self, lasted: timedelta, *, whole: bool, made: timedelta | None = None) -> None:
        """`made`: how long it took to make the story up, which is not how long it was told."""
        how = "to its end" if whole else "stopped"
        up = f"; made up in {made.total_seconds():.1f} s" if made is not None else ""
        self._write(f"{_NOTE_INDENT}told in {_long(lasted)}, {how}{up}\n")
        self._telling = False

    def used(self, day: date) -> timedelta:
        """How long was told on `day`; a story belongs to the day on which it began."""
        return sum((entry.lasted for entry in self._entries(day)), timedelta())

    def extra(self, day: date) -> int:
        """How often one more was asked for."""
        return sum(entry.one_more for entry in self._entries(day))

    def _entries(self, day: date) -> Iterator["DiaryEntry"]:
        try:
            # an editor may have put a mark before it, and bytes into it that are no text
            text = self.path.read_text("utf-8-sig", errors="replace")
        except OSError:
            text = ""
        text = f"\n{text}\n{self._waiting}"
        begins = text.find(f"\n{day.isoformat()} ")  # of years, the day is a small part
        found = entries(text[begins:] if begins >= 0 else "")
        return (entry for entry in found if entry.day == day.isoformat())

    def _dated(self, line: str) -> None:
        self._write(f"\n{self._wall():%Y-%m-%d %H:%M}  {line}\n")

    def _write(self, lines: str) -> None:
        self._waiting += lines
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _append(self.path, self._waiting)
        except OSError as error:
            self.trouble = f"the diary cannot be written: {error.strerror or error}"
        else:
            self._waiting = self.trouble = ""


@dataclass(frozen=True, slots=True)
class DiaryEntry:
    """`day` in ISO 8601."""

    day: str
    one_more: bool = False
    words: int = 0
    told: timedelta | None = None

    @property
    def lasted(self) -> timedelta:
        return timedelta(minutes=self.words / READING_PACE) if self.told is None else self.told


def entries(text: str) -> Iterator[DiaryEntry]:
    """What a diary has; lines that mean nothing are passed over."""
    entry: DiaryEntry | None = None
    for line in text.split("\n"):
        if head := _HEAD.match(line):
            if entry:
                yield entry
            entry = DiaryEntry(head[1], line.rstrip().endswith(_ONE_MORE))
        elif entry and (told := _TOLD.match(line)):
            long = timedelta(minutes=int(told[1] or 0), seconds=int(told[2]))
            entry = replace(entry, told=(entry.told or timedelta()) + long)
        elif entry and line.startswith(_TEXT_INDENT):
            entry = replace(entry, words=entry.words + len(line.split()))
    if entry:
        yield entry


def _long(lasted: timedelta) -> str:
    minutes, seconds = divmod(round(lasted.total_seconds()), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _plain(text: str) -> str:
    """One line, and nothing in it that a terminal would obey."""
    line = " ".join(text.split())
    return "".join(c if c.isprintable() else "\ufffd" for c in line)


def _append(path: Path, text: str) -> None:
    """All of it or nothing, from the start of a line. Raises OSError."""
    with path.open("a+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        if size == 0:
            text = text.lstrip("\n")
        else:
            file.seek(size - 1)
            text = text if file.read(1) == b"\n" else "\n" + text
        data = text.encode()
        try:
            if file.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            file.truncate(size)
            raise
