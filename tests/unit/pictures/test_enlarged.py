"""Enlarged drawings: no detail is added or lost, and a mirror image stays one."""

from collections.abc import Mapping
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duotui.pictures import enlarged, icons, masks
from duotui.pictures.contours import BEND, BOW, LONG
from duotui.pictures.enlarged import SIDE, Ink
from duotui.pictures.icons import CLEAR, DAYLIGHT, ICON_SIZE, PALETTE
from duotui.pictures.masks import SHADES, STEP

INKS: dict[str, Ink] = {letter: (*colour, 255) for letter, colour in PALETTE.items()}
ICON_FRAMES = [
    pytest.param(frame, id=f"{name}{number}")
    for name, picture in icons.load().items()
    for number, frame in enumerate(picture.frames)
]

Pixels = list[list[Ink]]


def large(grid: tuple[str, ...]) -> Pixels:
    data, width = enlarged.enlarged(grid, INKS), len(grid[0]) * STEP
    assert len(data) == 4 * width * len(grid) * STEP
    inks = [(data[at], data[at + 1], data[at + 2], data[at + 3]) for at in range(0, len(data), 4)]
    return [inks[at : at + width] for at in range(0, len(inks), width)]


def check(grid: tuple[str, ...]) -> None:
    """Assert that every pixel mixes the colours of the four letters around it, and that the middles
    keep theirs."""
    pixels = large(grid)
    clear = CLEAR * (len(grid[0]) + 2)
    padded = [clear, *(f"{CLEAR}{row}{CLEAR}" for row in grid), clear]
    for y in range(0, len(pixels), 5):  # all kinds of rows, in a fifth of the time
        top = (y + STEP // 2) // STEP
        for x, (*colour, mixed) in enumerate(pixels[y]):
            left = (x + STEP // 2) // STEP
            around = {padded[top + v][left + u] for v in (0, 1) for u in (0, 1)}
            drawn = [INKS[letter] for letter in around - {CLEAR}]
            assert mixed or CLEAR in around
            assert mixed == 255 or CLEAR in around
            if mixed:
                for part, parts in zip(colour, zip(*drawn, strict=True), strict=False):
                    assert min(parts) <= part <= max(parts)
            if len(around) == 1:
                assert (*colour, mixed) == (drawn[0] if drawn else (0, 0, 0, 0))
    for y, letters in enumerate(grid):
        for x, letter in enumerate(letters):
            middle = pixels[y * STEP + STEP // 2][x * STEP + STEP // 2]
            assert middle == INKS.get(letter, (0, 0, 0, 0))


@pytest.mark.parametrize("frame", ICON_FRAMES)
def test_a_picture_keeps_its_colours(frame: tuple[str, ...]) -> None:
    check(frame)


@pytest.mark.parametrize("frame", ICON_FRAMES)
def test_the_mirror_image_is_enlarged_to_the_mirror_image(frame: tuple[str, ...]) -> None:
    mirrored(frame)


def mirrored(grid: tuple[str, ...]) -> None:
    pixels = large(grid)
    assert large(tuple(row[::-1] for row in grid)) == [row[::-1] for row in pixels]
    assert large(grid[::-1]) == pixels[::-1]


grids = st.integers(1, 6).flatmap(
    lambda width: st.lists(
        st.text(st.sampled_from(".krw"), min_size=width, max_size=width), min_size=1, max_size=6
    ).map(tuple)
)


@given(grids)
def test_so_does_any_drawing(grid: tuple[str, ...]) -> None:
    check(grid)
    mirrored(grid)


CROSSINGS = {
    (turn * shift, way * turn * lean)
    for turn, way in product((1, -1), (1, -1))
    for shift, lean in [
        (0, 0),
        BOW,
        BEND,
        *((6 - 12 * (2 * k + 1) // (2 * n), 12 // n) for n in range(1, LONG + 1) for k in range(n)),
    ]
}


def test_what_mirrors_a_square_mirrors_its_mask() -> None:
    for left, right in product(CROSSINGS, CROSSINGS):
        below = masks.lower(left, right)
        back = masks.lower((right[0], -right[1]), (left[0], -left[1]))
        assert back == tuple(row[::-1] for row in below)
        other = masks.lower((-left[0], -left[1]), (-right[0], -right[1]))
        assert other == tuple(bytes(SHADES - n for n in row) for row in below[::-1])


def test_nothing_stays_nothing() -> None:
    assert enlarged.enlarged((CLEAR * ICON_SIZE,) * ICON_SIZE, INKS) == bytes(4 * SIDE * SIDE)


def test_stairs_are_a_slope() -> None:
    """Each row along a diagonal equals the one before, a step farther."""
    pixels = large(tuple("k" * n + "w" * (12 - n) for n in range(1, 12)))
    for y in range(4 * STEP, 8 * STEP - 1):
        assert pixels[y + 1][1:] == pixels[y][:-1]


def test_a_line_of_two_across_is_one() -> None:
    pixels = large(("....", ".k..", "..k.", "...."))
    assert pixels[2 * STEP][2 * STEP] == INKS["k"]
    assert pixels[2 * STEP - 8][2 * STEP + 8][3] == 0


def test_a_picture_is_seen_in_its_light() -> None:
    cat = icons.named("cat")
    day, dim = enlarged.rgba(cat), enlarged.rgba(cat, 0, (200, 100, 0))
    assert len(day) == len(dim) == 4 * SIDE * SIDE
    assert day[3::4] == dim[3::4]
    assert not any(dim[2::4])
    assert enlarged.rgba(cat, 1, DAYLIGHT) != day
    assert enlarged.rgba(cat, 2, DAYLIGHT) == day


def test_few_of_the_pixels_of_an_image_are_mixed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mixes are cached: 160 to 471 of them make the 65,536 pixels of an icon."""
    mixes = 0
    mix = enlarged._Brush._pixel

    def count(brush: enlarged._Brush, parts: Mapping[str, int]) -> bytes:
        nonlocal mixes
        mixes += 1
        return mix(brush, parts)

    monkeypatch.setattr(enlarged._Brush, "_pixel", count)
    for picture in icons.load().values():
        mixes = 0
        enlarged.enlarged(picture.frames[0], INKS)
        assert 0 < mixes < 1000
