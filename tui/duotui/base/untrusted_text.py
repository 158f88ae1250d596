"""Text from a board, a recording or a server, made safe for a terminal and for a file name.

A terminal obeys control characters and the sequences that they begin (OSC 52 writes the clipboard,
ESC c resets the screen). Format characters reorder or hide text (Unicode Standard Annex #9).
"""

import unicodedata

REPLACED = ("Cc", "Cs", "Zl", "Zp")
"""Unicode categories of controls, surrogates and separators of lines."""

DROPPED = "Cf"
"""Unicode category of invisible marks, such as marks of direction."""

_TAB = "    "
_DIRECTIONS = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Marks of direction, which reorder text. Other invisible marks belong to words and emoji."""

_REMOVED: dict[int, str | None] = {
    **dict.fromkeys({*range(0x20), *range(0x7F, 0xA0)} - {ord("\n"), ord("\t")}),
    **dict.fromkeys(_DIRECTIONS),
    **dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}"),
}


def printable(text: str) -> str:
    """Return `text` with a box for each control character and without invisible marks.

    Newlines stay; a tab is four spaces."""
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\t", _TAB)
    return "".join(character if character == "\n" else _shown(character) for character in text)


def one_line(text: str) -> str:
    """Return `text` like `printable`, with a space for each newline."""
    if text.isascii() and text.isprintable():
        return text
    return printable(text).replace("\n", " ")


def bounded_line(text: str, limit: int) -> str:
    """Return `text` as one line with single spaces, cut after `limit` characters."""
    line = " ".join(one_line(text).split())
    return line if len(line) <= limit else f"{line[:limit]}..."


def without_controls(text: str) -> str:
    """Return `text` without control characters, but for newlines and tabs, and without marks of
    direction. A surrogate, which no file can hold, is a box."""
    return text if text.isascii() and text.isprintable() else text.translate(_REMOVED)


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category in REPLACED:
        return "\N{REPLACEMENT CHARACTER}"
    return "" if category == DROPPED else character
