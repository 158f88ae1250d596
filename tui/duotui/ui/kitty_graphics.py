"""Images in terminals with kitty's graphics protocol, by its Unicode placeholders. Pure.

An image is sent once, with a number. Cells with the placeholder show it: two diacritics give the
row and column of the image, the colour gives its number. These cells are text, so that the image
is moved, covered and erased as text is.
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
"""Diacritics for rows and columns, the first of the protocol's list."""

CHUNK_BYTES = 4096
"""Characters of an image in one escape sequence at most."""

KNOWS_PLACEHOLDERS = 0, 28
"""First version of kitty with Unicode placeholders."""

MULTIPLEXERS = ("TMUX", "STY", "ZELLIJ")
OTHERS = ("VTE_VERSION", "XTERM_VERSION", "KONSOLE_VERSION", "ALACRITTY_WINDOW_ID", "WT_SESSION")
"""Environment variables of other terminals. Started from kitty, these inherit kitty's variables."""


def multiplexed(environ: Mapping[str, str]) -> bool:
    """True inside a terminal multiplexer, which does not pass images on."""
    return environ.get("TERM", "").startswith(("tmux", "screen")) or any(
        environ.get(name) for name in MULTIPLEXERS
    )


def shows_images(environ: Mapping[str, str]) -> bool:
    """True if the environment names a terminal that shows images by placeholders."""
    if multiplexed(environ) or _too_old(environ.get("KITTY_INSTALLATION_DIR", "")):
        return False
    if environ.get("TERM") in ("xterm-kitty", "xterm-ghostty"):
        return True
    program = environ.get("TERM_PROGRAM", "")
    own = program == "ghostty" or (program in ("", "kitty") and "KITTY_WINDOW_ID" in environ)
    return own and not any(name in environ for name in OTHERS)


def _too_old(folder: str) -> bool:
    """True if the kitty in `folder` has no placeholders; False if its version is unknown."""
    try:
        text = (Path(folder) / "kitty" / "constants.py").read_text("utf-8") if folder else ""
    except (OSError, ValueError):
        return False
    version = re.search(r"^version: Version = Version\((\d+), (\d+)", text, re.MULTILINE)
    return version is not None and (int(version[1]), int(version[2])) < KNOWS_PLACEHOLDERS


def transmit_image(number: int, side: int, rgba: bytes, columns: int, rows: int) -> str:
    """Escape sequences that send an RGBA image of `side` x `side` pixels; cells: columns x rows."""
    data = standard_b64encode(zlib.compress(rgba)).decode()
    chunks = [data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES)]
    keys = f"a=T,U=1,i={number},f=32,o=z,s={side},v={side},c={columns},r={rows},"
    escapes = []
    for left, chunk in zip(range(len(chunks) - 1, -1, -1), chunks, strict=True):
        escapes.append(f"\x1b_G{keys}q=2,m={int(left > 0)};{chunk}\x1b\\")
        keys = ""
    return "".join(escapes)


def delete_image(number: int) -> str:
    """Escape sequence that deletes an image and frees its memory in the terminal."""
    return f"\x1b_Ga=d,d=I,i={number},q=2\x1b\\"


def placeholder_colour(number: int) -> Colour:
    """Colour of the cells that show image `number`."""
    return number >> 16 & 255, number >> 8 & 255, number & 255


def placeholder_row(row: int, columns: int) -> str:
    """Cells of one row of an image."""
    return "".join(f"{PLACEHOLDER}{DIACRITICS[row]}{DIACRITICS[n]}" for n in range(columns))
