"""Picture beside a story: an image if the terminal supports images, else half blocks, or plain
characters without colours."""

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
"""Seconds per beat, and beats per cycle: the last one shows the picture's second frame."""

LARGE_SCALE = 2
"""Cells per pixel column if there is room; a pixel is half as many cells high."""

Grid = tuple[tuple[Colour | None, ...], ...]
Cell = tuple[Colour | None, Colour | None]
"""Upper and lower half of a cell; None is the background."""


class PictureView(Widget):
    """Doubles the picture if its size allows. The picture is still unless `moving` is set."""

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
        id: str | None = None,  # noqa: A002 - Textual's name
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
        """True if half blocks are unreadable, because colours are missing."""
        colours = self.app.console.color_system in ("256", "truecolor")
        poor = self.app.no_color or self.app.native_ansi_color or not colours
        return self._glyphs.ascii or poor

    @property
    def imaged(self) -> bool:
        """True if an image can be shown. Its number is a colour, which Textual changes behind a
        dialog."""
        ready = self._images is not None and self._images.ready and self.screen is self.app.screen
        return ready and not self.plain and self.app.console.color_system == "truecolor"

    def show(self, picture: Icon | None) -> None:
        if picture is not self._picture:
            self._picture, self._beats = picture, 0
            self._apply_motion()

    def on_mount(self) -> None:
        self._timer = self.set_interval(FRAME_SECONDS, self.beat, pause=True)
        self.app.theme_changed_signal.subscribe(self, lambda _: self._apply_motion())
        self.app.app_resume_signal.subscribe(self, lambda _: self.refresh())
        self._apply_motion()

    def watch_moving(self) -> None:
        self._apply_motion()

    def beat(self) -> None:
        before = self.frame
        self._beats = (self._beats + 1) % FRAME_COUNT if self._animated() else 0
        if self.frame != before:
            self.refresh()

    def _animated(self) -> bool:
        frames = len(self._picture.frames) if self._picture else 0
        still = self.app.animation_level == "none" or self.plain
        return self.moving and frames > 1 and not still

    def _apply_motion(self) -> None:
        """Run the timer only while the picture moves."""
        if self._timer is None:
            return
        if self._animated():
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
    """Cells in which the terminal shows an image."""
    style = Style(foreground=Color(*kitty_graphics.placeholder_colour(number)))
    lines = (
        Content.styled(kitty_graphics.placeholder_row(row, columns), style) for row in range(rows)
    )
    return Content("\n").join(lines)


@lru_cache(64)
def drawn(picture: Icon, frame: int, scale: int, light: Colour) -> Content:
    """Draw `picture` in half blocks, lit by `light`."""
    return Content("\n").join(
        Content.assemble(*_runs(cells, scale))
        for cells in _cells(icons.pixels(picture, frame, light), scale)
    )


def _cells(grid: Grid, scale: int) -> Iterator[list[Cell]]:
    """Cells line by line: two rows of pixels to a line, or one row at LARGE_SCALE."""
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
