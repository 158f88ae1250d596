"""Masks of smooth shapes in a square of STEP by STEP pixels. A mask is the share of each pixel on
one side of a border, from 0 to SHADES.

A mirrored square has exactly the mirrored mask.
"""

from functools import cache
from itertools import pairwise

from duotui.pictures.contours import PART, Crossing

STEP = 16
"""Pixels to a side of a square."""

SHADES = 16
"""Share of a pixel that lies on one side as a whole."""

FINE = 4
"""Sample lines through a pixel along which a border is followed."""

Mask = tuple[bytes, ...]
"""Rows, one byte per pixel."""

Point = tuple[float, float]


@cache
def lower(left: Crossing, right: Crossing) -> Mask:
    """Return the mask below a border from the left side to the right one."""
    back = (right[0], -right[1]), (left[0], -left[1])
    if back > (left, right):
        return _mirrored(lower(*back))
    if (left[0], right[0], left[1]) < (-left[0], -right[0], -left[1]):
        above = lower((-left[0], -left[1]), (-right[0], -right[1]))
        return tuple(bytes(SHADES - share for share in row) for row in reversed(above))

    def height(u: float) -> float:
        shift = (1 + 2 * u) * (1 - u) ** 2 * left[0] + u * u * (3 - 2 * u) * right[0]
        lean = u * (1 - u) ** 2 * left[1] - u * u * (1 - u) * right[1]
        return STEP * (0.5 + (shift + lean) / PART)

    return _filled([STEP - height(u) for u in _lines()])[::-1]


@cache
def right(top: Crossing, bottom: Crossing) -> Mask:
    """Return the mask right of a border from the upper side to the lower one."""
    return tuple(map(bytes, zip(*lower(top, bottom), strict=True)))


@cache
def corner(at: int, across: Crossing, down: Crossing, straight: bool) -> Mask:
    """Return the mask that a border between two sides cuts off at their corner (0 to 3, row by
    row). The border is a bow unless `straight`."""
    if at:
        far, low = at % 2, at // 2
        lean = -1 if far != low else 1
        across = -across[0] if far else across[0], lean * across[1]
        down = -down[0] if low else down[0], lean * down[1]
        mask = corner(0, across, down, straight)
        mask = mask[::-1] if low else mask
        return _mirrored(mask) if far else mask
    start, end = (0.5 + across[0] / PART, 0.0), (0.0, 0.5 + down[0] / PART)
    middle = (start[0] / 2, end[1] / 2)
    if not straight:
        middle = _meeting(start[0], end[1], across, down)
    pieces = list(pairwise(_bow(start, middle, end)))

    def height(u: float) -> float:
        for (far, top), (near, bottom) in pieces:
            if near <= u < far:
                return STEP * (bottom + (top - bottom) * (u - near) / (far - near))
        return 0.0

    return _filled([height(u) for u in _lines()])


def _mirrored(mask: Mask) -> Mask:
    return tuple(row[::-1] for row in mask)


def _meeting(wide: float, high: float, across: Crossing, down: Crossing) -> Point:
    """Return the point where two borders meet if they go straight on from their crossings."""
    leans = across[1] / PART, down[1] / PART
    apart = 1 - leans[0] * leans[1]
    if apart <= 0:
        return wide / 2, high / 2
    u, v = (wide + leans[0] * high) / apart, (high + leans[1] * wide) / apart
    return min(wide, max(0.0, u)), min(high, max(0.0, v))


def _bow(start: Point, middle: Point, end: Point) -> list[Point]:
    """Return points of the quadratic Bézier curve from `start` to `end`, with control point
    `middle`."""

    def point(t: float) -> Point:
        shares = (1 - t) ** 2, 2 * t * (1 - t), t * t
        u, v = (
            sum(s * p[i] for s, p in zip(shares, (start, middle, end), strict=True)) for i in (0, 1)
        )
        return u, v

    return [point(n / STEP) for n in range(STEP + 1)]


def _lines() -> list[float]:
    return [(2 * n + 1) / (2 * STEP * FINE) for n in range(STEP * FINE)]


def _filled(heights: list[float]) -> Mask:
    """Return the mask from the upper side down to a height, one for each line."""

    def share(x: int, y: int) -> int:
        inside = (min(1.0, max(0.0, height - y)) for height in heights[x * FINE : (x + 1) * FINE])
        return round(round(SHADES * sum(inside) / FINE, 6))

    return tuple(bytes(share(x, y) for x in range(STEP)) for y in range(STEP))
