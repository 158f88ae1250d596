"""Enlargement of a drawing of few pixels into a smooth image.

Colours stay the same; only along a border are two of them mixed, so that it is soft. The mirror
image of a picture is enlarged to the mirror image.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

from duotui.pictures import masks
from duotui.pictures.contours import Square, squares
from duotui.pictures.icons import CLEAR, DAYLIGHT, ICON_SIZE, PALETTE, Colour, Icon, lit
from duotui.pictures.masks import SHADES, STEP, Mask

SIDE = ICON_SIZE * STEP
"""Pixels to a side of the image."""

Ink = tuple[int, int, int, int]
"""Red, green, blue and opacity; 0 to 255."""

Shares = tuple[int, int, int, int]
"""Shares of a pixel that belong to each corner of its square."""


@lru_cache(128)
def rgba(picture: Icon, frame: int = 0, light: Colour = DAYLIGHT) -> bytes:
    """Return the image of `picture` in `light`: SIDE rows of SIDE pixels, four bytes each."""
    inks = {letter: (*lit(colour, light), 255) for letter, colour in PALETTE.items()}
    return enlarged(picture.frames[frame % len(picture.frames)], inks)


def enlarged(grid: Sequence[str], inks: Mapping[str, Ink]) -> bytes:
    """Return the image of `grid`, STEP by STEP pixels for each letter, in the `inks` of its
    letters."""
    brush = _Brush(inks)
    lines: list[bytes] = []
    for row in squares(grid):
        parts = zip(*map(brush.square, row), strict=True)
        lines += [b"".join(part)[2 * STEP : -2 * STEP] for part in parts]
    return b"".join(lines[STEP // 2 : -STEP // 2])


class _Brush:
    """Renderer of squares, with a cache of its mixed colours."""

    def __init__(self, inks: Mapping[str, Ink]) -> None:
        self._inks = inks
        self._rows: dict[tuple[str, str], dict[bytes, bytes]] = {}
        self._shades: dict[tuple[str, str, int], bytes] = {}
        self._squares: dict[Square, Sequence[bytes]] = {}

    def square(self, square: Square) -> Sequence[bytes]:
        """Return the rows of its pixels."""
        if square not in self._squares:
            self._squares[square] = self._drawn(square)
        return self._squares[square]

    def _drawn(self, square: Square) -> Sequence[bytes]:
        a, b, c, d = letters = tuple(square.corners)
        top, left, right, bottom = square.sides
        lone = [n for n in range(4) if _lone(n, square)]
        if a == b == c == d:
            return (self._pixel({a: 1}) * STEP,) * STEP
        if a == b and c == d:
            return self._two(a, c, masks.lower(left, right))
        if a == c and b == d:
            return self._two(a, b, masks.right(top, bottom))
        if len(lone) == 1:
            return self._two(letters[lone[0] ^ 1], letters[lone[0]], _cut(lone[0], square))
        if lone:
            cuts = zip(*(_cut(n, square) for n in lone), strict=True)
            return self._many(letters, [_cutting(lone, rows) for rows in cuts])
        crossed = zip(masks.lower(left, right), masks.right(top, bottom), strict=True)
        return self._many(letters, [_crossing(*rows) for rows in crossed])

    def _two(self, under: str, over: str, mask: Mask) -> list[bytes]:
        known = self._rows.setdefault((under, over), {})
        for row in mask:
            if row not in known:
                known[row] = b"".join([self._shade(under, over, n) for n in row])
        return [known[row] for row in mask]

    def _shade(self, under: str, over: str, share: int) -> bytes:
        shade = self._shades.get((under, over, share))
        if shade is None:
            shade = self._pixel({under: SHADES - share, over: share})
            self._shades[under, over, share] = shade
        return shade

    def _many(self, letters: Sequence[str], pixels: Sequence[Sequence[Shares]]) -> list[bytes]:
        mixed: dict[Shares, bytes] = {}
        for shares in {shares for row in pixels for shares in row}:
            parts = Counter[str]()
            for letter, share in zip(letters, shares, strict=True):
                parts[letter] += share
            mixed[shares] = self._pixel(parts)
        return [b"".join([mixed[shares] for shares in row]) for row in pixels]

    def _pixel(self, parts: Mapping[str, int]) -> bytes:
        whole = sum(parts.values())
        seen = whole - parts.get(CLEAR, 0)
        if not seen:
            return bytes(4)
        inks = [(self._inks[letter], part) for letter, part in parts.items() if letter != CLEAR]
        colour = (round(sum(ink[i] * part for ink, part in inks) / seen) for i in range(3))
        return bytes((*colour, round(255 * seen / whole)))


def _lone(n: int, square: Square) -> bool:
    """Return True if a corner is cut off by the letter beside it on both sides."""
    own, beside, below, across = (square.corners[n ^ way] for way in range(4))
    return beside == below != own and (own != across or square.joined == beside)


def _cut(n: int, square: Square) -> Mask:
    straight = square.corners[n ^ 3] != square.corners[n ^ 1]
    return masks.corner(n, square.sides[n // 2 * 3], square.sides[1 + n % 2], straight)


def _cutting(lone: Sequence[int], rows: Sequence[bytes]) -> list[Shares]:
    """Return the shares in a row of a square with several corners cut off."""
    row: list[Shares] = []
    for cuts in zip(*rows, strict=True):
        shares = [0, 0, 0, 0]
        shares[lone[0] ^ 1] = SHADES - sum(cuts)
        for n, share in zip(lone, cuts, strict=True):
            shares[n] = share
        row.append((shares[0], shares[1], shares[2], shares[3]))
    return row


def _crossing(low: bytes, late: bytes) -> list[Shares]:
    """Return the shares in a row of a square with one border from left to right and one from top to
    bottom."""
    return [
        ((SHADES - v) * (SHADES - u), (SHADES - v) * u, v * (SHADES - u), v * u)
        for v, u in zip(low, late, strict=True)
    ]
