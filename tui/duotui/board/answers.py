"""Values in the answers of a board's shell. It may be broken, or that of another machine."""

import re

from duotui.base.untrusted_text import bounded_line

NUMBER_LIMIT = 1 << 62
"""Number that no size, time or count of a board reaches."""

TEXT_LIMIT = 160
"""Characters of an answer that a line quotes, at most."""

_DIGITS = re.compile(r"-?[0-9]{1,19}")


def whole_number(text: str, least: int = 0) -> int:
    """Return the number that `text` is, in ASCII. Raises ValueError if it is none, or less than
    `least`, or beyond all bounds."""
    if not _DIGITS.fullmatch(text) or not least <= int(text) < NUMBER_LIMIT:
        raise ValueError(f"{quoted(text)} is not a number of a board")
    return int(text)


def sha256_in(text: str) -> str:
    """Return the digest at the begin of what sha256sum printed; "" if there is none."""
    match = re.match(r"[0-9a-f]{64}(?=\s|$)", text)
    return match[0] if match is not None else ""


def quoted(text: str) -> str:
    """Return `text` as a part of one line, cut if it is long."""
    return bounded_line(text, TEXT_LIMIT)
