"""Diary of the stories, for parents: a plain text file. Example:

    2026-11-26 19:02  Lily chose: a dog, the forest, a shiny key
            Once upon a time, there was a little dog.
        left out: He hit the bear.
            He was happy.
        told in 2 min 10 s, to its end

Story time per day is computed from this file. Lines that cannot be written stay in memory, where
they count too.
"""

import errno
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from duotui.base.files import open_regular, read_tail, reason

DIARY_FILE = "diary.txt"
DIARY_CHOSE, DIARY_AGAIN, DIARY_NEXT = "chose", "heard again", "asked what happens next"

READING_PACE = 100
"""Words per minute, to estimate the time of a story whose duration is missing, as after a crash."""

DAY_LIMIT_BYTES = 4 << 20
"""Bytes at the end of a diary that are read: many more than a day's. A diary may hold years."""

# different indents: no text of a story can be read as a note
_NOTE_INDENT, _TEXT_INDENT = 4 * " ", 8 * " "
_ONE_MORE = " (one more)"
_HEAD = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) [0-9]{2}:[0-9]{2}  (?!left out: )")
_DURATION = re.compile(_NOTE_INDENT + r"told in (?:([0-9]{1,4}) min )?([0-9]{1,4}) s\b")


class Diary:
    """`path` need not exist; `wall` returns the local time. No method raises: `trouble` holds the
    reason why the file cannot be written, a line for adults."""

    def __init__(self, path: Path, wall: Callable[[], datetime]) -> None:
        self.path = path
        self.trouble = ""
        self._now = wall
        self._story_open = False
        self._unwritten = ""

    def begin(
        self, name: str, what: str, how: str = DIARY_CHOSE, *, one_more: bool = False
    ) -> None:
        """Write the head of a story: its title `what`, and `how` the child chose it."""
        head = f"{_plain(name) or 'A child'} {how}: {_plain(what)}"
        self._write_dated(head + (_ONE_MORE if one_more else ""))
        self._story_open = True

    def add_sentence(self, sentence: str) -> None:
        self._write(_TEXT_INDENT + _plain(sentence) + "\n")

    def add_left_out(self, what: str) -> None:
        """Write a sentence or a name that the content filter refused."""
        note = f"left out: {_plain(what)}"
        if self._story_open:
            self._write(_NOTE_INDENT + note + "\n")
        else:
            self._write_dated(note)

    def end(
        self, lasted: timedelta, *, whole: bool, generation_time: timedelta | None = None
    ) -> None:
        """Write the duration of a story. `generation_time` is the time of the engine alone."""
        outcome = "to its end" if whole else "stopped"
        generation = (
            f"; made up in {generation_time.total_seconds():.1f} s"
            if generation_time is not None
            else ""
        )
        self._write(f"{_NOTE_INDENT}told in {_duration_text(lasted)}, {outcome}{generation}\n")
        self._story_open = False

    def used(self, day: date) -> timedelta:
        """Total story time of `day`; a story belongs to the day on which it began."""
        return sum((entry.lasted for entry in self._entries(day)), timedelta())

    def extra(self, day: date) -> int:
        """Number of extra stories on `day`."""
        return sum(entry.one_more for entry in self._entries(day))

    def _entries(self, day: date) -> Iterator["DiaryEntry"]:
        try:
            text = read_tail(self.path, DAY_LIMIT_BYTES)
        except OSError:
            text = ""
        text = f"\n{text}\n{self._unwritten}"
        begins = text.find(f"\n{day.isoformat()} ")  # skip the days before
        recent = entries(text[begins:] if begins >= 0 else "")
        return (entry for entry in recent if entry.day == day.isoformat())

    def _write_dated(self, line: str) -> None:
        self._write(f"\n{self._now():%Y-%m-%d %H:%M}  {line}\n")

    def _write(self, lines: str) -> None:
        self._unwritten += lines
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _append(self.path, self._unwritten)
        except OSError as error:
            self.trouble = f"the diary cannot be written: {reason(error)}"
        else:
            self._unwritten = self.trouble = ""


@dataclass(frozen=True, slots=True)
class DiaryEntry:
    """A story: `day` in ISO 8601, `told` its duration if the diary has one."""

    day: str
    one_more: bool = False
    words: int = 0
    told: timedelta | None = None

    @property
    def lasted(self) -> timedelta:
        return timedelta(minutes=self.words / READING_PACE) if self.told is None else self.told


def entries(text: str) -> Iterator[DiaryEntry]:
    """Entries of a diary's `text`; unknown lines are skipped."""
    entry: DiaryEntry | None = None
    for line in text.split("\n"):
        if head := _HEAD.match(line):
            if entry:
                yield entry
            entry = DiaryEntry(head[1], line.rstrip().endswith(_ONE_MORE))
        elif entry and (duration := _DURATION.match(line)):
            part = timedelta(minutes=int(duration[1] or 0), seconds=int(duration[2]))
            entry = replace(entry, told=(entry.told or timedelta()) + part)
        elif entry and line.startswith(_TEXT_INDENT):
            entry = replace(entry, words=entry.words + len(line.split()))
    if entry:
        yield entry


def _duration_text(lasted: timedelta) -> str:
    minutes, seconds = divmod(round(lasted.total_seconds()), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _plain(text: str) -> str:
    """Make `text` one line, without control characters."""
    line = " ".join(text.split())
    return "".join(c if c.isprintable() else "\ufffd" for c in line)


def _append(path: Path, text: str) -> None:
    """Append all of `text` or nothing, from the start of a line. Raises OSError, and makes no file
    then."""
    is_new = not path.exists()
    with open_regular(path, os.O_RDWR | os.O_APPEND | os.O_CREAT) as file:
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
            if is_new:
                path.unlink()
            raise
