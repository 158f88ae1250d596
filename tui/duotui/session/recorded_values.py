"""Values of a recording, turned into events: each field's type and range is checked.

A recording may come from anybody. What an agent could not have sent is refused.
"""

import dataclasses
import functools
import math
import typing
from collections.abc import Callable
from enum import Enum
from typing import Any

from duotui.base.untrusted_text import one_line, without_controls
from duotui.protocol import events
from duotui.protocol.events import EVENTS, Event, Source
from duotui.protocol.request import Request
from duotui.protocol.story_check import RATE_LIMIT

RECORDED_FIELDS = {"source": "narrator"}
"""Fields of events that recordings hold under another name."""

STORY_LIMIT_TOKENS = 1 << 14
"""Tokens of a story at most; the models of this program have contexts of 256 to 1024."""

_TEXT_FIELDS = ("prompt", "text")
"""Fields that may hold newlines. All other strings are one line."""

_INTEGER_LIMIT, _TIME_LIMIT = 2**64, 1e10
"""The widest field of the wire; seconds of a clock that counts from a computer's start."""

_Converter = Callable[[Any], Any]


def event_of(value: Any) -> Event:  # noqa: ANN401 - any JSON value
    """Return the event of a line. Raises ValueError, KeyError, TypeError, AttributeError or
    UsageError if it is none."""
    event: Event = _converters()[value.pop("event")](value)
    if not 0 <= event.t < _TIME_LIMIT:
        raise ValueError("the time is none of a clock")
    match event:
        case events.RunStarted():
            request_of(event).checked()
        case events.RunEnded(rate=rate) if not 0 <= rate < RATE_LIMIT:
            raise ValueError("the rate is none of an engine")
        case events.Tokens(tokens=tokens):
            for token in tokens:
                if not (math.isnan(token.probability) or 0 <= token.probability <= 1):
                    raise ValueError("a probability is none")
    return event


class StoryLengths:
    """The lengths of the stories of a recording, each of which has a limit."""

    def __init__(self) -> None:
        self._lengths = dict.fromkeys(Source, 0)

    def check(self, event: Event) -> None:
        """Take the next event. Raises ValueError if it makes a story longer than any."""
        if isinstance(event, events.RunStarted):
            self._lengths[event.source] = 0
        elif isinstance(event, events.Tokens):
            self._lengths[event.source] += len(event.tokens)
            if self._lengths[event.source] > STORY_LIMIT_TOKENS:
                raise ValueError("the story is longer than any")


def request_of(run: events.RunStarted) -> Request:
    """Return the request of a run, as its agent understood it."""
    names = (field.name for field in dataclasses.fields(Request))
    return Request(**{name: getattr(run, name) for name in names})


@functools.cache
def _converters() -> dict[str, _Converter]:
    """The converter of each event by its recorded name, built once: a recording has many lines."""
    return {name: _of_dataclass(kind) for name, kind in EVENTS.items()}


def _of_dataclass(kind: Any) -> _Converter:  # noqa: ANN401 - any dataclass
    hints = typing.get_type_hints(kind)
    fields = {RECORDED_FIELDS.get(name, name): name for name in hints}
    converters = {key: _converter(hints[name], name) for key, name in fields.items()}

    def convert(value: dict[str, Any]) -> Any:  # noqa: ANN401
        return kind(**{fields[key]: converters[key](item) for key, item in value.items()})

    return convert


def _converter(kind: Any, name: str) -> _Converter:  # noqa: ANN401 - any type of a field
    if dataclasses.is_dataclass(kind):
        return _of_dataclass(kind)
    if typing.get_origin(kind) is tuple:
        convert = _converter(typing.get_args(kind)[0], name)
        return lambda value: tuple(convert(item) for item in _exactly(list, value))
    if issubclass(kind, Enum):
        return lambda value: kind(_exactly(str, value))
    if kind is float:
        return _number
    if kind is int:
        return _count
    if kind is str:
        clean = without_controls if name in _TEXT_FIELDS else one_line
        return lambda value: clean(_unicode(value))
    if kind is bool:
        return lambda value: _exactly(bool, value)
    raise TypeError(f"events have no {kind}")


def _exactly(kind: type, value: Any) -> Any:  # noqa: ANN401
    if type(value) is not kind:
        raise TypeError(f"{value!r} is not {kind}")
    return value


def _number(value: Any) -> float:  # noqa: ANN401
    """Return a finite float, or NaN for null, as which a number that is not finite was written."""
    if value is None:
        return math.nan
    if type(value) not in (int, float):
        raise TypeError(f"{value!r} is no number")
    try:
        number = float(value)
    except OverflowError as error:
        raise ValueError("a number is too long") from error
    if not math.isfinite(number):
        raise ValueError("a number is not finite")
    return number


def _count(value: Any) -> int:  # noqa: ANN401
    number: int = _exactly(int, value)
    if not 0 <= number < _INTEGER_LIMIT:
        raise ValueError("a number is none of the wire")
    return number


def _unicode(value: Any) -> str:  # noqa: ANN401
    text: str = _exactly(str, value)
    text.encode()  # a lone surrogate is a ValueError
    return text
