"""Images in a terminal of kitty's graphics protocol, by its Unicode placeholders.

An image is sent once, with a number. It is seen wherever cells hold the placeholder, the row and
column of the image as two diacritics, and its number as their colour: text like any other, so that
whatever moves, covers or erases text does it to the image. Pure.
"""

import re
import zlib
from base64 import standard_b64encode
from collections.abc import Mapping
from pathlib import Path

from duotui.pictures.icons import Colour

PLACEHOLDER = "\U0010eeee"

DIACRITICS = (
    "\u0305\u030d\u030e\u0310\u0312\u033d\u033e\u033f\u0346\u034a\u034b\u034c\u0350\u0351\u0352\u0357"
    "\u035b\u0363\u0364\u0365\u0366\u0367\u0368\u0369\u036a\u036b\u036c\u036d\u036e\u036f\u0483\u0484"
)
"""Of a row or a column: the protocol's first."""

CHUNK_BYTES = 4096
"""Characters of an image in one escape sequence at most."""

KNOWS_PLACEHOLDERS = 0, 28
"""kitty's first version that does."""

MULTIPLEXERS = ("TMUX", "STY", "ZELLIJ")
OTHERS = ("VTE_VERSION", "XTERM_VERSION", "KONSOLE_VERSION", "ALACRITTY_WINDOW_ID", "WT_SESSION")
"""What other terminals leave in the environment; started from kitty they have kitty's too."""


def multiplexed(environ: Mapping[str, str]) -> bool:
    """Whether something stands between the program and the terminal that keeps images from it."""
    return environ.get("TERM", "").startswith(("tmux", "screen")) or any(
        environ.get(name) for name in MULTIPLEXERS
    )


def shows_images(environ: Mapping[str, str]) -> bool:
    """Whether the terminal is one that is known to, by its environment alone."""
    if multiplexed(environ) or _too_old(environ.get("KITTY_INSTALLATION_DIR", "")):
        return False
    if environ.get("TERM") in ("xterm-kitty", "xterm-ghostty"):
        return True
    program = environ.get("TERM_PROGRAM", "")
    own = program == "ghostty" or (program in ("", "kitty") and "KITTY_WINDOW_ID" in environ)
    return own and not any(name in environ for name in OTHERS)


def _too_old(folder: str) -> bool:
    """Whether the kitty there is older than placeholders. One that hides its version is not."""
    try:
        text = (Path(folder) / "kitty" / "constants.py").read_text("utf-8") if folder else ""
    except (OSError, ValueError):
        return False
    found = re.search(r"^version: Version = Version\((\d+), (\d+)", text, re.MULTILINE)
    return found is not None and (int(found[1]), int(found[2])) < KNOWS_PLACEHOLDERS


def transmit_image(number: int, side: int, rgba: bytes, columns: int, rows: int) -> str:
    """Gives the terminal an image of `side` by `side` pixels, to be seen in so many cells."""
    data = standard_b64encode(zlib.compress(rgba)).decode()
    chunks = [data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES)]
    keys = f"a=T,U=1,i={number},f=32,o=z,s={side},v={side},c={columns},r={rows},"
    escapes = []
    for left, chunk in zip(range(len(chunks) - 1, -1, -1), chunks, strict=True):
        escapes.append(f"\x1b_G{keys}q=2,m={int(left > 0)};{chunk}\x1b\\")
        keys = ""
    return "".join(escapes)


def delete_image(number: int) -> str:
    """Takes the image from the terminal, and the memory that it has there."""
    return f"\x1b_Ga=d,d=I,i={number},q=2\x1b\\"


def placeholder_colour(number: int) -> Colour:
    """The colour of cells that show the image."""
    return number >> 16 & 255, number >> 8 & 255, number & 255


def placeholder_row(row: int, columns: int) -> str:
    """The cells of one row of an image."""
    return "".join(f"{PLACEHOLDER}{DIACRITICS[row]}{DIACRITICS[n]}" for n in range(columns))
