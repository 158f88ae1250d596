"""Numbers from text, in the digits and the range that the engine takes.

Python reads more than C does: `1_0`, digits of other scripts, `nan`, and numbers that no float32
holds. All text that becomes a number is read here.
"""

import re

_DECIMAL = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
_MOST_DIGITS = 400
"""Characters of a text at most: Python refuses to convert thousands of digits."""


def parse_whole_number(text: str, least: int, most: int) -> int:
    """Return `text` as a whole number from `least` to `most`. Raises ValueError."""
    if len(text) <= _MOST_DIGITS and re.fullmatch(r"[+-]?\d+", text, re.ASCII):
        number = int(text)
        if least <= number <= most:
            return number
    raise ValueError(text)


def parse_decimal_number(text: str, least: float, most: float) -> float:
    """Return `text` as a number from `least` to `most`. Raises ValueError."""
    if len(text) <= _MOST_DIGITS and re.fullmatch(_DECIMAL, text, re.ASCII):
        number = float(text)
        if least <= number <= most:
            return number
    raise ValueError(text)
