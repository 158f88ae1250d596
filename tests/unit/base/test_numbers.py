"""Numbers from text: only what the engine reads as the same number."""

import pytest

from duotui.base.numbers import parse_decimal_number, parse_whole_number

NO_NUMBERS = [
    "",
    " ",
    "1_0",
    "\u0661\u0662",
    "\u00b2",
    "0x10",
    "nan",
    "inf",
    "1e",
    ".",
    "1 2",
    "9" * 5000,
]


@pytest.mark.quick
@pytest.mark.parametrize("text", [*NO_NUMBERS, "1.5", "1e2"])
def test_what_is_no_whole_number(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_whole_number(text, 0, 10**6000)


@pytest.mark.quick
@pytest.mark.parametrize("text", [*NO_NUMBERS, "1e400", "-1", "3.4028235e39"])
def test_what_is_no_decimal_number(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_decimal_number(text, 0, 3.4028234663852886e38)


@pytest.mark.quick
def test_numbers_are_read() -> None:
    assert [parse_whole_number(text, -5, 99) for text in ("0", "-5", "+7", "099")] == [0, -5, 7, 99]
    texts = (".5", "5.", "1e-3", "+2.5E1")
    assert [parse_decimal_number(text, 0, 99) for text in texts] == [0.5, 5.0, 0.001, 25.0]


@pytest.mark.quick
@pytest.mark.parametrize("text", ["-6", "100"])
def test_a_number_beyond_its_limits_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        parse_whole_number(text, -5, 99)
