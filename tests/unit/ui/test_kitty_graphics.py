"""Images for kitty: the transmitted picture, and each cell's part of it.

Only terminals that are known to show images get any.
"""

import re
import zlib
from base64 import standard_b64decode
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from duotui.ui import kitty_graphics
from duotui.ui.kitty_graphics import CHUNK_BYTES, DIACRITICS, PLACEHOLDER

ESCAPE = re.compile(r"\x1b_G([^;\x1b]*)(?:;([A-Za-z0-9+/=]*))?\x1b\\")

KITTY = {"TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1", "COLORTERM": "truecolor"}
GHOSTTY = {"TERM": "xterm-ghostty", "TERM_PROGRAM": "ghostty"}


def keys(text: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in text.split(","))


@given(
    st.integers(1, 0xFFFFFF),
    st.integers(1, 48).flatmap(
        lambda side: st.tuples(st.just(side), st.binary(min_size=4 * side**2, max_size=4 * side**2))
    ),
)
def test_what_is_sent_is_the_image(number: int, image: tuple[int, bytes]) -> None:
    side, pixels = image
    text = kitty_graphics.transmit_image(number, side, pixels, 16, 8)
    escapes = ESCAPE.findall(text)
    assert "".join(f"\x1b_G{head};{data}\x1b\\" for head, data in escapes) == text
    first, *rest = (keys(head) for head, _ in escapes)
    assert first == {
        "a": "T",
        "U": "1",
        "i": f"{number}",
        "f": "32",
        "o": "z",
        "s": f"{side}",
        "v": f"{side}",
        "c": "16",
        "r": "8",
        "q": "2",
        "m": "1" if rest else "0",
    }
    for number_of_rest, head in enumerate(rest, 1):
        assert head == {"q": "2", "m": "0" if number_of_rest == len(rest) else "1"}
    data = [chunk for _, chunk in escapes]
    assert all(len(chunk) == CHUNK_BYTES for chunk in data[:-1])
    assert 0 < len(data[-1]) <= CHUNK_BYTES
    assert zlib.decompress(standard_b64decode("".join(data))) == pixels


@given(st.integers(1, 0xFFFFFF))
def test_the_number_is_the_colour(number: int) -> None:
    red, green, blue = kitty_graphics.placeholder_colour(number)
    assert (red << 16) + (green << 8) + blue == number


def test_nothing_that_is_sent_is_answered() -> None:
    assert keys(ESCAPE.findall(kitty_graphics.delete_image(7))[0][0]) == {
        "a": "d",
        "d": "I",
        "i": "7",
        "q": "2",
    }


def test_there_is_a_mark_for_each_row_and_column() -> None:
    assert len(set(DIACRITICS)) == len(DIACRITICS) == 32
    assert all(cell_len(PLACEHOLDER + mark + mark) == 1 for mark in DIACRITICS)


@pytest.mark.parametrize(("row", "columns"), [(0, 16), (7, 16), (15, 32)])
def test_a_line_says_which_part_each_cell_is(row: int, columns: int) -> None:
    line = kitty_graphics.placeholder_row(row, columns)
    assert cell_len(line) == columns
    cells = re.findall(f"{PLACEHOLDER}(.)(.)", line)
    assert [(DIACRITICS.index(v), DIACRITICS.index(u)) for v, u in cells] == [
        (row, column) for column in range(columns)
    ]


@pytest.mark.parametrize(
    "environ",
    [
        KITTY,
        GHOSTTY,
        KITTY | {"TERM": "xterm-256color"},
        GHOSTTY | {"TERM": "xterm-256color"},
        {"TERM": "xterm-kitty"},
        KITTY | {"VTE_VERSION": "7006"},
        KITTY | {"KITTY_INSTALLATION_DIR": "/nowhere"},
    ],
)
def test_terminals_that_show_images_are_known(environ: Mapping[str, str]) -> None:
    assert kitty_graphics.shows_images(environ)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
        {"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"},
        KITTY | {"TERM": "tmux-256color", "TMUX": "/tmp/tmux-0/default,1,0"},
        KITTY | {"TERM": "screen.xterm-256color", "STY": "1.pts-0"},
        GHOSTTY | {"TERM": "tmux-256color", "TERM_PROGRAM": "tmux"},
        KITTY | {"ZELLIJ": "0"},
        KITTY | {"TERM": "xterm-256color", "TERM_PROGRAM": "vscode"},
        KITTY | {"TERM": "xterm-256color", "VTE_VERSION": "7006"},
        GHOSTTY | {"TERM": "xterm", "XTERM_VERSION": "XTerm(390)"},
    ],
)
def test_all_others_are_not(environ: Mapping[str, str]) -> None:
    assert not kitty_graphics.shows_images(environ)


@pytest.mark.parametrize(
    ("version", "shown"), [("0, 26, 5", False), ("0, 28, 0", True), ("0, 41, 1", True)]
)
def test_an_old_kitty_does_not_know_placeholders(version: str, shown: bool, tmp_path: Path) -> None:
    (tmp_path / "kitty").mkdir()
    constants = tmp_path / "kitty" / "constants.py"
    constants.write_text(f"appname: str = 'kitty'\nversion: Version = Version({version})\n")
    assert kitty_graphics.shows_images(KITTY | {"KITTY_INSTALLATION_DIR": str(tmp_path)}) == shown
