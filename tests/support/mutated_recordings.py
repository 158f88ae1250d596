"""Recordings with one value exchanged for another, for properties of their readers."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st

from support.paths import VECTORS

LINES = tuple((VECTORS / "recording-1.jsonl").read_text("utf-8").splitlines())

NASTY: tuple[Any, ...] = (
    *(None, True, "", [], {}, "board", "\ud800", "\x1b]52;c;UFdO\x07\x9b31m\u202e", "x" * 5000),
    *(0, -1, 1, 2**31, 2**32, 2**53 + 1, 2**63, 2**64 - 1, 2**64, 10**300, 10**400),
    *(0.5, -0.0, 1e-320, 1e9, 3.5e38, 1e300, float("inf"), float("-inf"), float("nan")),
    *([0], ["board"], [[[[]]]], {"index": 0}, [None], ["\ud800"], [10**30]),
)
"""Values that a field must not trip over."""


def _places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The place of each value inside `value`, as keys and indices."""
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [place, *(inner for key, item in items for inner in _places(item, (*place, key)))]


def _set(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    if not place:
        return new
    value = copy.deepcopy(value)
    at = value
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = new
    return value


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A recording in which some values, lines or bytes are not what they were."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(("value", "value", "value", "drop", "twice", "move", "text"))):
            case "value":
                try:
                    value = json.loads(lines[at])
                except (ValueError, RecursionError):
                    continue
                place = draw(st.sampled_from(_places(value)))
                lines[at] = json.dumps(_set(value, place, draw(st.sampled_from(NASTY))))
            case "drop" if len(lines) > 1:
                del lines[at]
            case "twice":
                lines.insert(at, lines[at])
            case "move":
                lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(at))
            case "text":
                lines[at] = draw(st.sampled_from(("", "[" * 100_000, "5", "\ufeff{}", "{", '"')))
    data = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")
    if draw(st.booleans()):
        data = b"\xef\xbb\xbf" + data
    return data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data
