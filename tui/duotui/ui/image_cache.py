"""The images that the terminal holds: each is sent once, and none is left behind."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from textual.driver import Driver

from duotui.pictures import enlarged
from duotui.pictures.icons import ICON_COLUMNS, ICON_ROWS, Colour, Icon
from duotui.ui import kitty_graphics

FIRST_IMAGE_NUMBER, NUMBERS = 0xD00000, 0x10000
"""The numbers of images; far from those that other programs are likely to give theirs."""

IMAGES_LIMIT = 96
"""Images that the terminal holds at a time."""


@dataclass(frozen=True, slots=True)
class ImageKey:
    """What an image is of, with `scale` cells to a pixel of the drawing."""

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
    """`pictures` is what parents want: "auto", "characters" or "images"."""

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
        """`write` reaches the terminal between two writings of the screen."""
        self._write = write

    def close(self) -> None:
        """No image is left in the terminal."""
        if self._write is not None:
            self._write("".join(map(kitty_graphics.delete_image, self._numbers.values())))
        self._numbers.clear()
        self._write = None

    @property
    def ready(self) -> bool:
        return self._wanted and self._write is not None

    def number(self, key: ImageKey) -> int:
        """Of the image of `sheet`, which the terminal has from now on."""
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
    """`driver`, which has `easel` open while the program has the screen: however it ends, and while
    it is suspended, the images are gone before the screen is left."""

    class Hung(driver):  # type: ignore[misc, valid-type]
        def start_application_mode(self) -> None:
            super().start_application_mode()
            images.open(self.write)

        def stop_application_mode(self) -> None:
            images.close()
            super().stop_application_mode()

    return Hung
