"""Icons for words: one file for each, in data/story/pictures (docs/pictures.md).

An icon is a grid of 16 by 16 pixels in the letters of one palette, a second such grid if it moves,
and a drawing in ASCII. Its file lists its words.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from duotui.base import resources

FOLDER = resources.PACKAGE / "data" / "story" / "pictures"

ICON_SIZE = 16
"""Pixels to a side; as half blocks 16 columns and 8 rows."""

ICON_COLUMNS, ICON_ROWS = ICON_SIZE, ICON_SIZE // 2
"""Largest size of a drawing in ASCII."""

CLEAR = "."
"""The letter of a transparent pixel."""

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

PALETTE: Mapping[str, Colour] = MappingProxyType(
    {
        "k": (0x7A, 0x66, 0x60),  # the outline: visible on a dark page, soft on a light one
        "e": (0x3A, 0x2E, 0x38),  # eyes
        "w": (0xFF, 0xF4, 0xE0),
        "g": (0xB9, 0xAC, 0xA2),
        "b": (0xA8, 0x68, 0x3C),
        "t": (0xDB, 0xA7, 0x6C),
        "s": (0xF5, 0xCB, 0xA7),
        "y": (0xF7, 0xD1, 0x54),
        "o": (0xF0, 0x8A, 0x3C),
        "r": (0xD9, 0x56, 0x4F),
        "p": (0xF2, 0xA3, 0xB3),
        "v": (0xA5, 0x8A, 0xD8),
        "u": (0x5B, 0x93, 0xD6),
        "c": (0xA9, 0xD8, 0xEE),
        "n": (0x5F, 0xA3, 0x5A),
        "l": (0xA6, 0xCF, 0x6A),
    }
)
"""Grey, brown, tan, skin, yellow, orange, red, pink, violet, blue, ice, green, light green."""

DAYLIGHT: Colour = (255, 255, 255)

_WORD_PATTERN = re.compile(r"\b[^\W\d_]+\b")
_ICON_KEYS = {"words": str, "common": bool, "plain": str, "pixels": str, "moved": str}


@dataclass(frozen=True, slots=True)
class Icon:
    """An icon and its words. `frames` are one or two grids of ICON_SIZE rows of ICON_SIZE letters,
    `plain` its lines in ASCII."""

    name: str
    frames: tuple[tuple[str, ...], ...]
    plain: tuple[str, ...]
    words: tuple[str, ...] = ()
    """Words of the icon; one with a capital is a name. Plurals need not be listed."""

    common: bool = False
    """True if nearly every story has it: another icon of the same sentence comes first."""


@cache
def load() -> Mapping[str, Icon]:
    """Return all icons of the program, by name."""
    return MappingProxyType({path.stem: read(path) for path in sorted(FOLDER.glob("*.toml"))})


def named(name: str) -> Icon:
    """Return the icon of that name. Raises KeyError if there is none."""
    return load()[name]


def read(path: Path) -> Icon:
    """Return the icon in `path`, named like it. Raises ValueError with the reason if it is
    invalid."""
    table = tomllib.loads(path.read_text("utf-8"))
    for key, value in table.items():
        if not isinstance(value, _ICON_KEYS.get(key, ())):
            raise ValueError(f"{path.name}: {key}: not possible here")
    frames = tuple(tuple(table[key].split()) for key in ("pixels", "moved") if key in table)
    plain = tuple(table.get("plain", "").strip("\n").splitlines())
    if "pixels" not in table or any(map(_not_square, frames)):
        raise ValueError(f"{path.name}: not {ICON_SIZE} by {ICON_SIZE} letters of the palette")
    if (
        not any(line.strip() for line in plain)
        or len(plain) > ICON_ROWS
        or any(map(_invalid_plain, plain))
    ):
        raise ValueError(
            f"{path.name}: plain: not {ICON_COLUMNS} by {ICON_ROWS} characters of ASCII"
        )
    words = tuple(table.get("words", "").split())
    return Icon(
        name=path.stem, frames=frames, plain=plain, words=words, common=table.get("common", False)
    )


def _not_square(grid: tuple[str, ...]) -> bool:
    known = PALETTE.keys() | {CLEAR}
    return len(grid) != ICON_SIZE or any(len(row) != ICON_SIZE or set(row) - known for row in grid)


def _invalid_plain(line: str) -> bool:
    return len(line) > ICON_COLUMNS or not (line.isascii() and line.isprintable())


def icon_of_sentence(sentence: str) -> Icon | None:
    """Return the first icon of a word that is not common, else the first common one, if any."""
    first: Icon | None = None
    for word in _WORD_PATTERN.findall(sentence):
        icon = _meanings().get(word) or _meanings().get(word.lower())
        if icon is not None and not icon.common:
            return icon
        first = first or icon
    return first


@cache
def _meanings() -> Mapping[str, Icon]:
    return meanings(load())


def meanings(pictures: Mapping[str, Icon]) -> dict[str, Icon]:
    """Return each word and its plural, with its icon. Raises ValueError if two claim a word."""
    icons: dict[str, Icon] = {}
    for picture in pictures.values():
        for word in picture.words:
            for form in {word, plural(word)}:
                if icons.setdefault(form, picture) is not picture:
                    raise ValueError(f"{form}: of {icons[form].name} and of {picture.name}")
    return icons


def plural(word: str) -> str:
    """Return the plural of `word`; a name stays as it is."""
    if word != word.lower():
        return word
    if re.search("(s|x|z|ch|sh)$", word):
        return word + "es"
    return re.sub("(?<=[^aeiou])y$", "ie", word) + "s"


def pixels(
    picture: Icon, frame: int = 0, light: Colour = DAYLIGHT
) -> tuple[tuple[Colour | None, ...], ...]:
    """Return ICON_SIZE rows of ICON_SIZE colours as they look in `light`; None is a transparent
    pixel."""
    seen = {letter: lit(colour, light) for letter, colour in PALETTE.items()}
    grid = picture.frames[frame % len(picture.frames)]
    return tuple(tuple(seen.get(letter) for letter in row) for row in grid)


def lit(colour: Colour, light: Colour) -> Colour:
    """Return `colour` as it looks in `light`."""
    red, green, blue = (part * share // 255 for part, share in zip(colour, light, strict=True))
    return red, green, blue
