"""Recordings: JSON lines, a header and then one event a line, written before a screen shows it.

The header names the format's version, so that later versions of the program can read the recording.
A last line that a crash cut short is left out.
"""

import dataclasses
import itertools
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from duotui import __version__
from duotui.base.errors import UsageError
from duotui.base.files import atomic_write, open_regular, read_lines, reported, write_all
from duotui.base.parsing import parse_json
from duotui.base.translation import gettext as _
from duotui.protocol.events import EVENTS, Event
from duotui.session.recorded_values import RECORDED_FIELDS, StoryLengths, event_of
from duotui.session.state import SessionState, reduce

RECORDING_FORMAT = 1
RECORDING_LIMIT_BYTES = 256 << 20
"""Bytes of a recording at most: four thousand stories (docs/recordings.md)."""

LINE_LIMIT_BYTES = 1 << 20
"""Bytes of a line at most: more than an event has with the longest prompt."""

PROGRESS_BYTES = 1 << 20
"""Bytes between two reports of progress."""

ReadProgress = Callable[[int, int], None]
"""A report of progress: the bytes that are read, and those of the whole file."""

_NAMES = {kind: name for name, kind in EVENTS.items()}


class Recorder:
    """Writer of a recording. `history` are the events before its start.

    Raises UsageError if `path` cannot be written, now or later. A file that was there is replaced
    only by a recording that has begun; a link is followed.
    """

    def __init__(self, path: Path, started: str = "", history: Iterable[Event] = ()) -> None:
        self.path = path
        header = {"duotui recording": RECORDING_FORMAT, "version": __version__, "started": started}
        lines = [_line(header), *map(event_line, history)]
        with reported(path, _("cannot be written")):
            atomic_write(path, b"".join(lines), for_all=True)
            self._file = open_regular(path, os.O_WRONLY | os.O_APPEND)

    def write(self, event: Event) -> None:
        """Write `event` whole. Raises UsageError, and the recording has then ended before it."""
        line = event_line(event)
        with reported(self.path, _("cannot be written")):
            size = os.fstat(self._file.fileno()).st_size
            try:
                write_all(self._file, line)
            except OSError:
                self._file.truncate(size)
                self._file.close()
                raise

    def close(self) -> None:
        self._file.close()


class Recording:
    """A recording that was read once and is good. It is read anew each time that it is played:
    memory holds its last state, whatever its size.

    Raises UsageError if `path` is no recording, is damaged or is too large.
    """

    def __init__(self, path: Path, progress: ReadProgress = lambda _done, _size: None) -> None:
        self.path = path
        self.started = ""
        """Start in ISO 8601; "" if the recording does not name one."""
        self.last = SessionState()
        """The state after its last event."""
        for event in self._read(progress):
            self.last = reduce(self.last, event)

    def events(self) -> Iterator[Event]:
        """Yield the events, in order. Raises UsageError if the file is not what it was."""
        return self._read(lambda _done, _size: None)

    def states(self) -> Iterator[SessionState]:
        """Yield the state after each event."""
        return itertools.accumulate(self.events(), reduce, initial=SessionState())

    def _read(self, progress: ReadProgress) -> Iterator[Event]:
        path = self.path
        lines = read_lines(path, RECORDING_LIMIT_BYTES, LINE_LIMIT_BYTES)
        with reported(path):
            size = path.stat().st_size
            first = next(lines, b"")
            self.started = _started(path, first)
            done, shown, lengths = len(first), 0, StoryLengths()
            for number, line in enumerate(lines, 2):
                done += len(line) + 1
                if done - shown >= PROGRESS_BYTES:
                    progress(done, size)
                    shown = done
                try:
                    event = event_of(parse_json(line))
                    lengths.check(event)
                except (ValueError, KeyError, TypeError, AttributeError, UsageError) as error:
                    raise UsageError(
                        _("{path} is damaged in line {number}", path=path, number=number),
                        _("use another copy"),
                    ) from error
                yield event
            progress(size, size)


def _started(path: Path, line: bytes) -> str:
    """Return the start that the header names. Raises UsageError if it is none of ours."""
    try:
        header = parse_json(line)
        version = header["duotui recording"]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            _("{path} is not a recording", path=path), _("duotui tell --record makes one")
        ) from error
    if version != RECORDING_FORMAT:
        raise UsageError(
            _(
                "{path} has format {version}, not {known}",
                path=path,
                version=version,
                known=RECORDING_FORMAT,
            ),
            _("use a newer duotui"),
        )
    return str(header.get("started", ""))


def event_line(event: Event) -> bytes:
    """Return `event` as a line of a recording."""
    return _line({"event": _NAMES[type(event)], **_to_json(event)})


def _line(value: dict[str, Any]) -> bytes:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode("utf-8", "replace")


def _to_json(value: object) -> Any:  # noqa: ANN401
    if dataclasses.is_dataclass(value):
        return {
            RECORDED_FIELDS.get(field.name, field.name): _to_json(getattr(value, field.name))
            for field in dataclasses.fields(value)
        }
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
