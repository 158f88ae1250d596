"""Pictures as images: cells that name the part of an image they show.

A terminal holds each image once, and none in the end.
"""

import os
import random
import re
import zlib
from base64 import standard_b64decode
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import cast

import pytest
from rich.cells import cell_len
from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver
from textual.strip import Strip
from textual.widgets import Input

from duotui.pictures import enlarged, icons
from duotui.settings import config_file
from duotui.settings.parental_settings import PICTURE_CHOICES, ParentalSettings
from duotui.story.controller import StoryController
from duotui.ui import themes
from duotui.ui.glyphs import ASCII_GLYPHS, UNICODE_GLYPHS, Glyphs
from duotui.ui.image_cache import (
    FIRST_IMAGE_NUMBER,
    IMAGES_LIMIT,
    ImageCache,
    ImageKey,
    with_images,
)
from duotui.ui.kitty_graphics import DIACRITICS, PLACEHOLDER
from duotui.ui.story_app import StoryApp
from duotui.ui.widgets.picture import FRAME_COUNT, PictureView
from support.scripted_controller import scripted_controllers

KITTY = {"TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1", "COLORTERM": "truecolor"}
CAT = icons.named("cat")
WHITE = (255, 255, 255)

ESCAPE = re.compile(r"\x1b_G([^;\x1b]*)(?:;([^\x1b]*))?\x1b\\")
CELL = re.compile(f"{PLACEHOLDER}([{DIACRITICS}])([{DIACRITICS}])")


class KittyTerminal:
    """State of images that kitty would hold."""

    def __init__(self) -> None:
        self.images: dict[int, tuple[int, int, bytes]] = {}
        self.written: list[str] = []
        self._coming: dict[str, str] = {}
        self._data = ""

    def write(self, text: str) -> None:
        self.written.append(text)
        assert ESCAPE.sub("", text) == ""
        for head, data in ESCAPE.findall(text):
            keys = dict(pair.split("=") for pair in head.split(","))
            assert keys["q"] == "2"
            if keys.get("a") == "d":
                del self.images[int(keys["i"])]
                continue
            if "a" in keys:
                self._coming, self._data = keys, ""
            self._data += data
            if keys["m"] == "0":
                pixels = zlib.decompress(standard_b64decode(self._data))
                columns, rows = int(self._coming["c"]), int(self._coming["r"])
                self.images[int(self._coming["i"])] = columns, rows, pixels


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch, home: Path) -> KittyTerminal:
    for name, value in KITTY.items():
        monkeypatch.setenv(name, value)
    for name in ("TMUX", "STY", "ZELLIJ", "NO_COLOR", "TERM_PROGRAM"):
        monkeypatch.delenv(name, raising=False)
    return KittyTerminal()


class Page(App[None]):
    def __init__(self, images: ImageCache, glyphs: Glyphs, size: tuple[int, int]) -> None:
        super().__init__()
        self.view = PictureView(glyphs, CAT, images)
        self.view.styles.width, self.view.styles.height = size

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(themes.VARIABLES)

    def compose(self) -> Iterator[PictureView]:
        yield self.view


def page(
    terminal: KittyTerminal,
    pictures: str = "auto",
    glyphs: Glyphs = UNICODE_GLYPHS,
    size: tuple[int, int] = (16, 8),
) -> Page:
    images = ImageCache(pictures, dict(os.environ))
    images.open(terminal.write)
    return Page(images, glyphs, size)


def cells(strip: Strip) -> list[tuple[int, int, int]]:
    """Image number, row and column of each cell."""
    result = []
    for segment in strip:
        parts = CELL.findall(segment.text)
        if not parts:
            continue
        assert cell_len(segment.text) == len(parts)
        assert CELL.sub("", segment.text) == ""
        assert segment.style is not None
        assert segment.style.color is not None
        red, green, blue = segment.style.color.triplet or (0, 0, 0)
        number = (red << 16) + (green << 8) + blue
        result += [(number, DIACRITICS.index(v), DIACRITICS.index(u)) for v, u in parts]
    return result


def imaged(app: Page | StoryApp) -> bool:
    """True if any cell on the screen belongs to an image."""
    return any(cells(strip) for strip in app.screen._compositor.render_strips())


@pytest.mark.parametrize(("size", "scale"), [((16, 8), 1), ((20, 10), 1), ((32, 16), 2)])
async def test_each_cell_shows_its_part(
    size: tuple[int, int], scale: int, terminal: KittyTerminal
) -> None:
    app = page(terminal, size=size)
    width, height = scale * 16, scale * 8
    async with app.run_test(size=(40, 20)):
        strips = [app.view.render_line(y) for y in range(size[1])]
        assert all(strip.cell_length == size[0] for strip in strips)
        above, left = (size[1] - height) // 2, (size[0] - width) // 2
        for y, strip in enumerate(strips[above : above + height]):
            assert cells(strip) == [(FIRST_IMAGE_NUMBER, y, x) for x in range(width)]
            assert cells(strip.crop(left + 3, left + 7)) == [
                (FIRST_IMAGE_NUMBER, y, x) for x in range(3, 7)
            ]
        assert terminal.images == {
            FIRST_IMAGE_NUMBER: (width, height, enlarged.rgba(CAT, 0, WHITE))
        }


async def test_it_is_sent_once_and_moves(terminal: KittyTerminal) -> None:
    app = page(terminal)
    async with app.run_test(size=(40, 20)) as pilot:
        app.view.moving = True
        for beat in range(2 * FRAME_COUNT):
            app.view.beat()
            await pilot.pause()
            moved = beat % FRAME_COUNT == FRAME_COUNT - 2
            assert cells(app.view.render_line(0))[0] == (FIRST_IMAGE_NUMBER + moved, 0, 0)
        assert [image[2] for image in terminal.images.values()] == [
            enlarged.rgba(CAT, frame, WHITE) for frame in (0, 1)
        ]
        assert len(terminal.written) == 2


@pytest.mark.parametrize("pictures", PICTURE_CHOICES)
@pytest.mark.parametrize(
    ("changes", "auto", "images"),
    [
        ({}, True, True),
        ({"TERM": "xterm-256color"}, True, True),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, False, True),
        ({"TMUX": "/tmp/tmux,1,0", "TERM": "tmux-256color"}, False, False),
        ({"STY": "1.pts-0", "TERM": "screen-256color"}, False, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"COLORTERM": ""}, False, False),
        ({"TERM": "dumb"}, False, False),
    ],
    ids=["kitty", "its name", "another", "tmux", "screen", "no colour", "256 colours", "dumb"],
)
async def test_who_gets_images(
    pictures: str,
    changes: dict[str, str],
    auto: bool,
    images: bool,
    terminal: KittyTerminal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    app = page(terminal, pictures)
    async with app.run_test(size=(40, 20)):
        expected = {"auto": auto, "characters": False, "images": images}[pictures]
        assert imaged(app) == bool(terminal.images) == expected


async def test_ascii_gets_none(terminal: KittyTerminal) -> None:
    app = page(terminal, "images", ASCII_GLYPHS)
    async with app.run_test(size=(40, 20)):
        assert not imaged(app)
        assert not terminal.written


async def test_without_a_terminal_there_are_none() -> None:
    images = ImageCache("images", KITTY)
    assert not images.ready
    async with Page(images, UNICODE_GLYPHS, (16, 8)).run_test(size=(40, 20)) as pilot:
        assert not imaged(cast("Page", pilot.app))


def test_a_terminal_is_not_filled(terminal: KittyTerminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enlarged, "rgba", lambda *_: b"")
    images = ImageCache("auto", KITTY)
    images.open(terminal.write)
    sheets = [ImageKey(CAT, 0, 1, (n, n, n)) for n in range(IMAGES_LIMIT + 3)]
    numbers = [images.number(key) for key in sheets[:IMAGES_LIMIT]]
    assert len(set(numbers)) == IMAGES_LIMIT
    assert images.number(sheets[0]) == numbers[0]
    for key in sheets[IMAGES_LIMIT:]:
        images.number(key)
    assert len(terminal.images) == IMAGES_LIMIT
    assert numbers[0] in terminal.images
    assert not {*numbers[1:4]} & terminal.images.keys()
    images.close()
    assert not terminal.images
    assert not images.ready


def test_what_parents_want_counts_at_once(terminal: KittyTerminal) -> None:
    images = ImageCache("characters", KITTY)
    images.open(terminal.write)
    assert not images.ready
    images.settle("auto")
    assert images.ready


def story_app(child: ParentalSettings) -> StoryApp:
    controller = cast("StoryController", scripted_controllers(child)["who"])
    return StoryApp(
        controller, config_file.Settings(parental=child), datetime.now, random.Random(1)
    )


def quiet(terminal: KittyTerminal) -> type[HeadlessDriver]:
    """Driver that only writes images."""

    class Quiet(HeadlessDriver):
        def write(self, data: str) -> None:
            if data.startswith("\x1b_G"):
                terminal.write(data)

        def stop_application_mode(self) -> None:
            """Leave the screen: no image may be left."""
            assert not terminal.images

    return Quiet


@pytest.fixture
def app(terminal: KittyTerminal, monkeypatch: pytest.MonkeyPatch) -> StoryApp:
    """Story screen, with a terminal for its images."""
    program = story_app(ParentalSettings())
    driver = with_images(quiet(terminal), program._images)
    monkeypatch.setattr("textual.drivers.headless_driver.HeadlessDriver", driver)
    return program


async def test_a_dialog_is_before_half_blocks(app: StoryApp, terminal: KittyTerminal) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        assert imaged(app)
        await pilot.press("ctrl+q")
        await pilot.pause()
        controller, gate = app.screen_stack
        assert not any(cells(strip) for strip in controller._compositor.render_strips())
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen is controller
        assert app.screen is not gate
        assert imaged(app)
        assert terminal.images
    assert not terminal.images


async def test_parents_choose(app: StoryApp, terminal: KittyTerminal) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        for pictures in ("characters", "auto"):
            app._through(True)
            await pilot.pause()
            app.screen.query_one("#pictures", Input).value = pictures
            await pilot.press("enter")
            await pilot.pause()
            assert imaged(app) == (pictures == "auto")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_break_leaves_none(app: StoryApp, terminal: KittyTerminal) -> None:
    async def broken() -> None:
        async with app.run_test(size=(80, 24)):
            assert terminal.images
            app.call_later(lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        await broken()
    assert not terminal.images


async def test_the_screen_that_comes_back_has_them_anew(
    app: StoryApp, terminal: KittyTerminal
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        assert app._driver is not None
        app._driver.stop_application_mode()
        app._driver.start_application_mode()
        assert not terminal.images
        app.app_resume_signal.publish(app)
        await pilot.pause()
        shown = {
            number
            for strip in app.screen._compositor.render_strips()
            for number, _, _ in cells(strip)
        }
        assert shown == terminal.images.keys()
