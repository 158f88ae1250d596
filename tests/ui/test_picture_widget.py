"""Picture on a screen: the contents of each cell, its movement, and its form without colour."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.color import Color

from duotui.pictures import icons
from duotui.pictures.icons import ICON_SIZE, Icon
from duotui.ui import themes
from duotui.ui.glyphs import ASCII_GLYPHS, UNICODE_GLYPHS, Glyphs
from duotui.ui.widgets.picture import FRAME_COUNT, PictureView

CAT, APPLE = icons.named("cat"), icons.named("apple")
PAGE = (0x10, 0x14, 0x1C)

Ink = tuple[int, int, int] | None
Cells = list[tuple[str, tuple[int, int, int] | None, tuple[int, int, int] | None]]


class Frame(App[None]):
    """Page with one picture."""

    CSS = "Screen { background: $story-page; }"

    def __init__(
        self, picture: Icon | None, glyphs: Glyphs = UNICODE_GLYPHS, size: tuple[int, int] = (16, 8)
    ) -> None:
        super().__init__()
        self.view = PictureView(glyphs, picture)
        self._view_size = size
        for theme in themes.load([themes.packaged()])[0]:
            self.register_theme(theme)
        self.theme = "duo-dark"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(themes.VARIABLES)

    def compose(self) -> ComposeResult:
        self.view.styles.width, self.view.styles.height = self._view_size
        yield self.view


@pytest.fixture(autouse=True)
def colours(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")


def line(view: PictureView, y: int) -> Cells:
    """Cells of a line as they go to the terminal."""
    cells: Cells = []
    for segment in view.render_line(y):
        cells += [(letter, *inks(segment)) for letter in segment.text]
    return cells


def inks(segment: Segment) -> tuple[Ink, Ink]:
    style = segment.style
    assert style is not None
    ink, ground = (
        None if c is None or c.triplet is None else (c.triplet.red, c.triplet.green, c.triplet.blue)
        for c in (style.color, style.bgcolor)
    )
    return ink, ground


def text(view: PictureView) -> list[str]:
    return ["".join(cell[0] for cell in line(view, y)).rstrip() for y in range(view.size.height)]


def halves(view: PictureView, y: int) -> tuple[list[Ink], list[Ink]]:
    """Colours of the upper and of the lower halves of a line; the page is None."""
    upper, lower = [], []
    for letter, ink, ground in line(view, y):
        ground = None if ground == PAGE else ground
        top, bottom = {"▀": (ink, ground), "▄": (ground, ink), " ": (ground, ground)}[letter]
        upper.append(top)
        lower.append(bottom)
    return upper, lower


@pytest.mark.parametrize("name", icons.load())
async def test_every_pixel_is_where_its_file_has_it(name: str) -> None:
    app = Frame(icons.named(name))
    grid = [list(row) for row in icons.pixels(app.view.picture or CAT)]
    async with app.run_test(size=(40, 20)):
        for y in range(ICON_SIZE // 2):
            assert halves(app.view, y) == (grid[2 * y], grid[2 * y + 1])


async def test_where_there_is_room_it_is_twice_as_large() -> None:
    app = Frame(CAT, size=(2 * ICON_SIZE, ICON_SIZE))
    grid = icons.pixels(CAT)
    async with app.run_test(size=(40, 20)):
        for y in range(ICON_SIZE):
            wide = [colour for colour in grid[y] for _ in range(2)]
            assert halves(app.view, y) == (wide, wide)


async def test_in_a_larger_place_it_is_in_the_middle() -> None:
    app = Frame(CAT, size=(20, 10))
    async with app.run_test(size=(40, 20)):
        assert halves(app.view, 0)[0] == [None] * 20
        upper, _ = halves(app.view, 1)
        assert upper == [None, None, *icons.pixels(CAT)[0], None, None]


async def test_another_picture_takes_its_place_and_none_leaves_the_page() -> None:
    app = Frame(CAT)
    async with app.run_test(size=(40, 20)) as pilot:
        app.view.show(APPLE)
        await pilot.pause()
        assert halves(app.view, 3)[0] == list(icons.pixels(APPLE)[6])
        app.view.show(None)
        await pilot.pause()
        assert app.view.picture is None
        assert all(halves(app.view, y) == ([None] * 16, [None] * 16) for y in range(8))


async def test_without_unicode_it_is_drawn_in_plain_characters() -> None:
    app = Frame(CAT, ASCII_GLYPHS)
    async with app.run_test(size=(40, 20)):
        lines = text(app.view)
        assert all(line.isascii() for line in lines)
        assert [line for line in lines if line] == list(CAT.plain)


@pytest.mark.parametrize(
    "changes",
    [{"NO_COLOR": "1"}, {"TERM": "linux", "COLORTERM": ""}, {"TERM": "dumb"}],
    ids=["no colour", "few colours", "dumb"],
)
async def test_without_colour_too(
    changes: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    app = Frame(CAT)
    async with app.run_test(size=(40, 20)):
        assert [line for line in text(app.view) if line] == list(CAT.plain)


async def test_in_the_terminals_own_colours_too() -> None:
    app = Frame(CAT)
    async with app.run_test(size=(40, 20)) as pilot:
        app.theme = "ansi-dark"
        await pilot.pause()
        assert [line for line in text(app.view) if line] == list(CAT.plain)


def beats(view: PictureView, count: int) -> list[int]:
    frames = []
    for _ in range(count):
        view.beat()
        frames.append(view.frame)
    return frames


async def test_it_moves_only_when_it_is_told_to() -> None:
    app = Frame(CAT)
    async with app.run_test(size=(40, 20)) as pilot:
        assert beats(app.view, 2 * FRAME_COUNT) == [0] * 2 * FRAME_COUNT
        app.view.moving = True
        assert beats(app.view, 2 * FRAME_COUNT) == [0, 0, 1, 0] * 2
        beats(app.view, FRAME_COUNT - 1)
        await pilot.pause()
        grid = icons.pixels(CAT, 1)
        assert grid != icons.pixels(CAT)
        assert [halves(app.view, y) for y in range(8)] == [
            (list(upper), list(lower)) for upper, lower in zip(grid[::2], grid[1::2], strict=True)
        ]
        app.view.moving = False
        assert app.view.frame == 0


async def test_it_moves_by_itself() -> None:
    app = Frame(CAT)
    async with app.run_test(size=(40, 20)) as pilot:
        app.view.moving = True
        for _ in range(500):
            if app.view.frame:
                break
            await pilot.pause(0.02)
        assert app.view.frame == 1


async def test_a_picture_with_one_frame_stands_still() -> None:
    app = Frame(APPLE)
    async with app.run_test(size=(40, 20)):
        app.view.moving = True
        assert beats(app.view, FRAME_COUNT) == [0] * FRAME_COUNT


@pytest.mark.parametrize("glyphs", [UNICODE_GLYPHS, ASCII_GLYPHS], ids=["no animations", "plain"])
async def test_it_stands_still_where_nothing_may_move(glyphs: Glyphs) -> None:
    app = Frame(CAT, glyphs)
    app.animation_level = "none" if glyphs is UNICODE_GLYPHS else "full"
    async with app.run_test(size=(40, 20)):
        app.view.moving = True
        assert beats(app.view, FRAME_COUNT) == [0] * FRAME_COUNT


async def test_at_bedtime_it_is_seen_in_warm_light() -> None:
    app = Frame(CAT)
    async with app.run_test(size=(40, 20)) as pilot:
        app.theme = "bedtime"
        await pilot.pause()
        light = Color.parse(app.theme_variables["story-light"]).rgb
        shown = {c for y in range(8) for cell in line(app.view, y) for c in cell[1:] if c}
        assert all(blue <= green <= red for red, green, blue in shown)
        assert {c for row in icons.pixels(CAT, 0, light) for c in row if c} <= shown
