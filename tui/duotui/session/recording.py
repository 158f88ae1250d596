"""Recordings: JSON lines, a header and then one event a line, written before a screen shows it.

The header names the format's version, so that later versions of the program can read the recording.
A last line that a crash cut short is left out.
"""

import dataclasses
import json
import math
import types
import typing
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import IO, Any

from duotui import __version__
from duotui.base.errors import UsageError
from duotui.base.untrusted_text import one_line, without_controls
from duotui.protocol.events import EVENTS, Event

RECORDING_FORMAT = 1
_NAMES = {kind: name for name, kind in EVENTS.items()}
_RECORDED_FIELDS = {"source": "narrator"}
"""Fields of events that recordings hold under another name."""
_FIELDS = {recorded: name for name, recorded in _RECORDED_FIELDS.items()}

_STORY_TEXT = ("prompt", "text")
"""Fields that may hold newlines. All other strings are one line."""


class Recorder:
    """Writer of a recording. Raises UsageError if `path` cannot be written, now or later."""

    def __init__(self, path: Path, started: str = "") -> None:
        self.path = path
        header = {"duotui recording": RECORDING_FORMAT, "version": __version__, "started": started}
        try:
            self._file: IO[str] = path.open("w", encoding="utf-8", newline="\n")
        except OSError as error:
            raise UsageError(f"{path} cannot be written", str(error.strerror)) from error
        self._line(header)

    def write(self, event: Event) -> None:
        self._line({"event": _NAMES[type(event)], **_to_json(event)})

    def close(self) -> None:
        self._file.close()

    def _line(self, value: dict[str, Any]) -> None:
        try:
            self._file.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")
            self._file.flush()
        except OSError as error:
            raise UsageError(f"{self.path} cannot be written", str(error.strerror)) from error


def started_at(path: Path) -> str:
    """Start of a readable recording, in ISO 8601; "" if the recording does not name one."""
    with path.open(encoding="utf-8") as file:
        return str(json.loads(file.readline()).get("started", ""))


def read(path: Path) -> Iterator[Event]:
    """Yield the events of a recording, in order. Raises UsageError if `path` is not a recording."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise UsageError(f"{path} cannot be read", str(error.strerror)) from error
    try:
        header = json.loads(lines[0])
        version = header["duotui recording"]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is not a recording", "duotui tell --record makes one") from error
    if version != RECORDING_FORMAT:
        raise UsageError(
            f"{path} has format {version}, not {RECORDING_FORMAT}", "use a newer duotui"
        )
    for number, line in enumerate(lines[1:-1], 2):
        try:
            value = json.loads(line)
            event = _from_json(EVENTS[value.pop("event")], value)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"{path} is damaged in line {number}", "use another copy") from error
        yield event


def _to_json(value: object) -> Any:  # noqa: ANN401
    if dataclasses.is_dataclass(value):
        return {
            _RECORDED_FIELDS.get(field.name, field.name): _to_json(getattr(value, field.name))
            for field in dataclasses.fields(value)
        }
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _field(name: str, kind: Any, value: Any) -> Any:  # noqa: ANN401
    """Return `value` as `kind`; a string of a recording can do nothing to a terminal."""
    result = _from_json(kind, value)
    if type(result) is not str:
        return result
    return without_controls(result) if name in _STORY_TEXT else one_line(result)


def _from_json(kind: Any, value: Any) -> Any:  # noqa: ANN401
    """Convert `value` to `kind`: a dataclass, a tuple of one type, an enum or a plain type."""
    origin = typing.get_origin(kind)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = typing.get_type_hints(kind)
        value = {_FIELDS.get(name, name): item for name, item in value.items()}
        if set(value) - set(hints):
            raise KeyError("fields that this version does not know")
        return kind(**{name: _field(name, hints[name], item) for name, item in value.items()})
    if origin is tuple:
        (item_kind, _) = typing.get_args(kind)
        return tuple(_from_json(item_kind, item) for item in value)
    if isinstance(kind, types.UnionType):
        raise TypeError("events have no unions")
    if kind is float:
        return math.nan if value is None else float(value)
    if kind in (int, str, bool) and type(value) is not kind:
        raise TypeError(f"{value!r} is not {kind}")
    return kind(value)
