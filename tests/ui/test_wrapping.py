"""Wrapping of growing text equals wrapping of the whole text, whatever the text."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from duotui.base.untrusted_text import printable
from duotui.ui.widgets.wrapping import Wrapping


def lines(width: int, *pieces: str) -> list[str]:
    wrapping = Wrapping(width)
    for number, piece in enumerate(pieces):
        wrapping.append(piece, "told" if number % 2 else "prompt")
    return ["".join(span.text for span in line) for line in wrapping.lines]


def test_words_stay_whole_and_the_space_stays_behind_them() -> None:
    assert lines(10, "once upon a time") == ["once upon ", "a time"]


def test_a_word_that_grows_past_the_edge_moves_down() -> None:
    assert lines(10, "once up", "on") == ["once upon"]
    assert lines(10, "once upo", "nnn") == ["once ", "uponnn"]


def test_a_word_longer_than_the_line_is_cut() -> None:
    assert lines(4, "abcdefghij") == ["abcd", "efgh", "ij"]


def test_a_newline_ends_a_line() -> None:
    assert lines(10, "a\n", "\nb") == ["a", "", "b"]


def test_wide_characters_take_two_cells() -> None:
    assert lines(6, "日本語日本語") == ["日本語", "日本語"]


def test_a_wide_character_in_the_narrowest_line_does_not_hang() -> None:
    assert lines(1, "日本") == ["日", "本"]


def test_what_steers_a_terminal_is_shown_and_not_sent() -> None:
    assert printable("a\x1b[2Jb\x9bc\rd") == "a�[2Jb�c�d"
    assert printable("x\u202ey\u200bz") == "xyz"
    assert printable("a\tb\r\nc") == "a    b\nc"


text = st.text(st.sampled_from("ab é日😀\n\t\x1b[]"), max_size=60)


@given(st.lists(text, max_size=8), st.integers(2, 12))
def test_growing_gives_the_same_lines_as_all_at_once(pieces: list[str], width: int) -> None:
    whole = "".join(pieces)
    assert lines(width, *pieces) == lines(width, whole)
    assert "\n".join(lines(width, whole)).replace("\n", "") == printable(whole).replace("\n", "")
    assert all(cell_len(line.rstrip(" ")) <= width for line in lines(width, whole))
