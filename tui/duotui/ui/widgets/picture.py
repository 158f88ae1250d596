"""The picture beside a story: an image where the terminal shows them, else half blocks, or plain
characters where colour is missing."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import ClassVar

from textual.color import Color
from textual.content import Content
from textual.reactive import var
from textual.style import Style
from textual.timer import Timer
from textual.widget import Widget

from duotui.pictures import icons
from duotui.pictures.icons import Colour, Icon
from duotui.ui import kitty_graphics
from duotui.ui.glyphs import Glyphs
from duotui.ui.image_cache import ImageCache, ImageKey
from duotui.ui.themes import VARIABLES

FRAME_SECONDS, FRAME_COUNT = 0.5, 4
"""Seconds to a beat; in the last of so many the picture shows its other frame."""

LARGE_SCALE = 2
"""Cells to a pixel's width where there is room for it; its height is half of that."""

Grid = tuple[tuple[Colour | None, ...], ...]
Cell = tuple[Colour | None, Colour | None]
"""The upper and the lower half of it; None is the ground."""


class PictureView(Widget):
    """Twice as large where its size allows. It stands still unless `moving` is set."""

    DEFAULT_CSS = """
    PictureView {
        width: 16;
        height: 8;
        content-align: center middle;
        color: $story-text;
    }
    """

    ALLOW_SELECT: ClassVar[bool] = False
    moving: var[bool] = var(False)

    def __init__(
        self,
        glyphs: Glyphs,
        picture: Icon | None = None,
        images: ImageCache | None = None,
        *,
        id: str | None = None,  # noqa: A002 - the widget's own word
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._glyphs = glyphs
        self._picture = picture
        self._images = images
        self._beats = 0
        self._timer: Timer | None = None

    @property
    def picture(self) -> Icon | None:
        return self._picture

    @property
    def frame(self) -> int:
        return self._beats // (FRAME_COUNT - 1)

    @property
    def plain(self) -> bool:
        """Half blocks say nothing without their colours."""
        colours = self.app.console.color_system in ("256", "truecolor")
        poor = self.app.no_color or self.app.native_ansi_color or not colours
        return self._glyphs.ascii or poor

    @property
    def imaged(self) -> bool:
        """The number of an image is a colour: none may be changed on its way, as all are behind a
        dialog."""
        ready = self._images is not None and self._images.ready and self.screen is self.app.screen
        return ready and not self.plain and self.app.console.color_system == "truecolor"

    def show(self, picture: Icon | None) -> None:
        if picture is not self._picture:
            self._picture, self._beats = picture, 0
            self._settle()

    def on_mount(self) -> None:
        self._timer = self.set_interval(FRAME_SECONDS, self.beat, pause=True)
        self.app.theme_changed_signal.subscribe(self, lambda _: self._settle())
        self.app.app_resume_signal.subscribe(self, lambda _: self.refresh())
        self._settle()

    def watch_moving(self) -> None:
        self._settle()

    def beat(self) -> None:
        before = self.frame
        self._beats = (self._beats + 1) % FRAME_COUNT if self._lively() else 0
        if self.frame != before:
            self.refresh()

    def _lively(self) -> bool:
        frames = len(self._picture.frames) if self._picture else 0
        still = self.app.animation_level == "none" or self.plain
        return self.moving and frames > 1 and not still

    def _settle(self) -> None:
        """No timer runs for a picture that stands still."""
        if self._timer is None:
            return
        if self._lively():
            self._timer.resume()
        else:
            self._timer.pause()
            self._beats = 0
        self.refresh()

    def render(self) -> Content:
        if self._picture is None:
            return Content("")
        if self.plain:
            return Content(
                "\n".join(line.ljust(icons.ICON_COLUMNS) for line in self._picture.plain)
            )
        width, height = self.size
        fits = width >= LARGE_SCALE * icons.ICON_COLUMNS and height >= LARGE_SCALE * icons.ICON_ROWS
        light = self.app.theme_variables.get("story-light", VARIABLES["story-light"])
        key = ImageKey(
            self._picture, self.frame, LARGE_SCALE if fits else 1, Color.parse(light).rgb
        )
        if self._images is not None and self.imaged:
            return placed(self._images.number(key), key.columns, key.rows)
        return drawn(key.picture, key.frame, key.scale, key.light)


def placed(number: int, columns: int, rows: int) -> Content:
    """The cells in which the terminal shows an image."""
    style = Style(foreground=Color(*kitty_graphics.placeholder_colour(number)))
    lines = (
        Content.styled(kitty_graphics.placeholder_row(row, columns), style) for row in range(rows)
    )
    return Content("\n").join(lines)


@lru_cache(64)
def drawn(picture: Icon, frame: int, scale: int, light: Colour) -> Content:
    """`picture` in half blocks, as it looks in `light`."""
    return Content("\n").join(
        Content.assemble(*_runs(cells, scale))
        for cells in _cells(icons.pixels(picture, frame, light), scale)
    )


def _cells(grid: Grid, scale: int) -> Iterator[list[Cell]]:
    """Two rows of pixels to a line; at LARGE one, as high as its cells are wide."""
    uppers, lowers = (grid, grid) if scale == LARGE_SCALE else (grid[::2], grid[1::2])
    for upper, lower in zip(uppers, lowers, strict=True):
        yield list(zip(upper, lower, strict=True))


def _runs(cells: list[Cell], scale: int) -> Iterator[tuple[str, Style]]:
    for cell, run in groupby(cells):
        text, style = _half_block(cell)
        yield text * scale * len(list(run)), style


def _half_block(cell: Cell) -> tuple[str, Style]:
    upper, lower = (colour and Color(*colour) for colour in cell)
    if upper == lower:
        return " ", Style(background=upper)
    if upper is None:
        return "▄", Style(foreground=lower)
    return "▀", Style(background=lower, foreground=upper)
