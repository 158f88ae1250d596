"""Smooth borders for a drawing of few pixels, so that it can be enlarged.

A border is made of pieces as long as a pixel. Stairs with treads of at most LONG pieces become a
slope. A corner before a slope, or a cap of two pieces, becomes a bow. The border crosses each piece
near its middle, at an angle; it is a curve through all crossings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from duotui.pictures.icons import CLEAR

LONG = 3
"""Most pieces in a tread; a longer edge stays straight."""

PART = 12
"""Parts of a pixel in which crossings are counted: a whole number of them for each tread."""

Crossing = tuple[int, int]
"""Crossing of a piece: the distance from its middle, down or right, and the change of that distance
a pixel on; in PARTs of a pixel."""

FLAT: Crossing = 0, 0
BOW, BEND = (2, 6), (1, 4)
"""Crossings at the end of a cap of two pieces, and of a longer edge before a slope."""

EDGE = 2
"""Clear pixels around a drawing that a square's surroundings may reach into."""


@dataclass(frozen=True, slots=True)
class Square:
    """Square between the middles of four pixels, whose letters are its `corners`: upper left, upper
    right, lower left, lower right."""

    corners: str
    sides: tuple[Crossing, Crossing, Crossing, Crossing]
    """Crossings of its upper, left, right and lower side."""

    joined: str = ""
    """The letter that forms a line, if two letters each fill a diagonal: the rarer one around."""


def squares(grid: Sequence[str]) -> list[list[Square]]:
    """Return rows of squares, one more each way than `grid` has letters."""
    width = len(grid[0]) + 2 * EDGE
    clear = [CLEAR * width] * EDGE
    rows = [*clear, *(CLEAR * EDGE + row + CLEAR * EDGE for row in grid), *clear]
    columns = ["".join(column) for column in zip(*rows, strict=True)]
    runs, other = _runs(rows), _runs(columns)
    slopes, steep = _slopes(rows, runs), _slopes(columns, other)
    across, along = _bent(rows, runs, slopes, steep), _bent(columns, other, steep, slopes)

    def square(x: int, y: int) -> Square:
        corners = rows[y][x : x + 2] + rows[y + 1][x : x + 2]
        sides = along[x][y], across[y][x], across[y][x + 1], along[x][y + 1]
        return Square(corners, sides, _joined(rows, x, y))

    return [[square(x, y) for x in range(1, width - EDGE)] for y in range(1, len(rows) - EDGE)]


def _joined(rows: Sequence[str], x: int, y: int) -> str:
    a, b, c, d = tuple(rows[y][x : x + 2] + rows[y + 1][x : x + 2])
    if a != d or b != c or a == b:
        return ""
    around = "".join(row[x - 1 : x + 3] for row in rows[y - 1 : y + 3])
    more = around.count(a) - around.count(b)
    return "" if not more else b if more > 0 else a


@dataclass(frozen=True, slots=True)
class BorderRun:
    """Pieces in a line between the same two letters: below row `y`, from `start` to before `end`.
    `turns` are the border's directions at both ends: 1 down, -1 up, 0 neither."""

    y: int
    start: int
    end: int
    turns: tuple[int, int]


def _runs(rows: Sequence[str]) -> list[BorderRun]:
    runs: list[BorderRun] = []
    for y in range(1, len(rows) - EDGE):
        start = 0
        for (over, under), pieces in groupby(zip(rows[y], rows[y + 1], strict=True)):
            end = start + len(list(pieces))
            if over != under:
                turns = _turn(rows, y, start - 1, start), _turn(rows, y, end, end - 1)
                runs.append(BorderRun(y, start, end, turns))
            start = end
    return runs


def _turn(rows: Sequence[str], y: int, beyond: int, last: int) -> int:
    over, under = rows[y][last], rows[y + 1][last]
    down, up = rows[y + 1][beyond] == over, rows[y][beyond] == under
    if down and up:
        joined = _joined(rows, min(beyond, last), y)
        down, up = joined == over, joined == under
    return down - up


Slopes = dict[tuple[int, int], Crossing]
"""Crossings by the row above a piece, and its column."""


def _slopes(rows: Sequence[str], runs: Sequence[BorderRun]) -> Slopes:
    slopes: Slopes = {}
    for run in runs:
        count, (first, last) = run.end - run.start, run.turns
        if first and first == -last and count <= LONG:
            for n in range(count):
                shift = PART // 2 - PART * (2 * n + 1) // (2 * count)
                slopes[run.y, run.start + n] = first * shift, -first * PART // count
    return slopes


def _bent(
    rows: Sequence[str], runs: Sequence[BorderRun], slopes: Slopes, other: Slopes
) -> list[list[Crossing]]:
    """Return every crossing of the borders below rows, with those of bows."""
    crossings = [[slopes.get((y, x), FLAT) for x in range(len(row))] for y, row in enumerate(rows)]
    for run in runs:
        if (run.y, run.start) in slopes:
            continue
        cap = _cap(rows, run)
        ends = (run.start - 1, run.start, 1), (run.end - 1, run.end - 1, -1)
        for turn, (border, last, way) in zip(run.turns, ends, strict=True):
            bends = run.end - run.start > 2 and (border, run.y + (turn > 0)) in other
            if cap or (turn and bends):
                shift, lean = BOW if cap else BEND
                crossings[run.y][last] = turn * shift, -turn * way * lean
    return crossings


def _cap(rows: Sequence[str], run: BorderRun) -> bool:
    """Return True if the run goes round two pixels that lie on two of the same letter."""
    turn, last = run.turns
    if not turn or turn != last or run.end - run.start != 2:
        return False
    inside = range(run.y + 1, run.y + 3) if turn > 0 else range(run.y - 1, run.y + 1)
    return len({rows[y][x] for y in inside for x in (run.start, run.end - 1)}) == 1
