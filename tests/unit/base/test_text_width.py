"""Width of text in cells."""

import pytest

from duotui.base.text_width import cell_len, fitted, lines_of, padded, right_aligned


@pytest.mark.parametrize("text", ["", "tok/s", "均值", "tok/s 均值", "更宽的一段文字"])
def test_a_text_is_padded_to_its_cells(text: str) -> None:
    assert cell_len(padded(text, 20)) == cell_len(right_aligned(text, 20)) == 20
    assert padded(text, 20).startswith(text)
    assert right_aligned(text, 20).endswith(text)
    assert padded(text, 1) == right_aligned(text, 1) == text or cell_len(text) <= 1


@pytest.mark.parametrize("width", range(1, 12))
def test_a_text_fits_exactly(width: int) -> None:
    assert cell_len(fitted("ab均值c中位数", width)) == width


@pytest.mark.parametrize("width", range(2, 12))
def test_no_line_is_wider(width: int) -> None:
    lines = lines_of("温度 1 top-p 0.9 一个没有空格的长句子 end", width)
    assert max(cell_len(line) for line in lines) <= width
    assert "".join(lines).replace(" ", "") == "温度1top-p0.9一个没有空格的长句子end"


def test_lines_break_at_spaces() -> None:
    assert lines_of("one two three", 8) == ["one two", "three"]
    assert lines_of("", 8) == []
