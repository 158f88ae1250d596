"""Cache of the images that the terminal holds: each is sent once and deleted at the end."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from textual.driver import Driver

from duotui.pictures import enlarged
from duotui.pictures.icons import ICON_COLUMNS, ICON_ROWS, Colour, Icon
from duotui.ui import kitty_graphics

FIRST_IMAGE_NUMBER, NUMBERS = 0xD00000, 0x10000
"""Range of image numbers, far from those that other programs are likely to use."""

IMAGES_LIMIT = 96
"""Images in the terminal at most; the least recently used one is deleted first."""


@dataclass(frozen=True, slots=True)
class ImageKey:
    """Identifies an image: `frame` of an icon in `light`, with `scale` cells per pixel column."""

    picture: Icon
    frame: int
    scale: int
    light: Colour

    @property
    def columns(self) -> int:
        return self.scale * ICON_COLUMNS

    @property
    def rows(self) -> int:
        return self.scale * ICON_ROWS


class ImageCache:
    """`pictures` is the parental setting: "auto", "characters" or "images"."""

    def __init__(self, pictures: str, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._write: Callable[[str], None] | None = None
        self._numbers: dict[ImageKey, int] = {}
        self._sent = 0
        self.settle(pictures)

    def settle(self, pictures: str) -> None:
        forced = pictures == "images" and not kitty_graphics.multiplexed(self._environ)
        self._wanted = forced or (pictures == "auto" and kitty_graphics.shows_images(self._environ))

    def open(self, write: Callable[[str], None]) -> None:
        """Start to use `write`, which writes to the terminal between two screen updates."""
        self._write = write

    def close(self) -> None:
        """Delete every image from the terminal."""
        if self._write is not None:
            self._write("".join(map(kitty_graphics.delete_image, self._numbers.values())))
        self._numbers.clear()
        self._write = None

    @property
    def ready(self) -> bool:
        return self._wanted and self._write is not None

    def number(self, key: ImageKey) -> int:
        """Number of the image of `key`, which is sent to the terminal if it is not there."""
        assert self._write is not None
        number = self._numbers.pop(key, None)
        if number is None:
            number = FIRST_IMAGE_NUMBER + self._sent % NUMBERS
            self._sent += 1
            pixels = enlarged.rgba(key.picture, key.frame, key.light)
            self._write(
                kitty_graphics.transmit_image(
                    number=number,
                    side=enlarged.SIDE,
                    rgba=pixels,
                    columns=key.columns,
                    rows=key.rows,
                )
            )
        self._numbers[key] = number
        if len(self._numbers) > IMAGES_LIMIT:
            self._write(kitty_graphics.delete_image(self._numbers.pop(next(iter(self._numbers)))))
        return number


def with_images(driver: type[Driver], images: ImageCache) -> type[Driver]:
    """Subclass `driver` so that `images` is open while the app uses the screen. At any exit or
    suspension the images are deleted before the app leaves the screen."""

    class ImageDriver(driver):  # type: ignore[misc, valid-type]
        def start_application_mode(self) -> None:
            super().start_application_mode()
            images.open(self.write)

        def stop_application_mode(self) -> None:
            images.close()
            super().stop_application_mode()

    return ImageDriver
