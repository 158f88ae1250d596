"""Foreign text inside Markdown: it is shown as it is, whatever it contains. Pure.

A backslash before punctuation makes it text (CommonMark 0.31, section 2.4). GitHub's dialect also
makes links of bare addresses, and tables of bars.
"""

import re
from collections.abc import Iterator, Sequence

from duotui.base.untrusted_text import one_line

_SPECIAL = re.compile(
    r"[\\`*\[\]<>&|~$@]"
    r"|(?<!\w)_|_(?!\w)"  # emphasis, which does not begin inside a word
    r"|(?<=[^\W\d_]):(?=\S)"  # a scheme
    r"|(?<=\w)\.(?=[^\W\d_])"  # a host
)
_LINE_START = re.compile(r"[#+=-]|[0-9]{1,9}(?=[.)])")
"""What begins a heading, a list or a ruler; before the dot or the parenthesis of a number."""


def inline(text: str) -> str:
    """Return `text` on one line, for the middle of a line or a cell."""
    return _SPECIAL.sub(r"\\\g<0>", one_line(text).strip())


def line(text: str) -> str:
    """Return `text` as a line of its own."""
    escaped = inline(text).strip()
    start = _LINE_START.match(escaped)
    if start is None:
        return escaped
    return f"{start[0]}\\{escaped[start.end() :]}" if start[0].isdigit() else f"\\{escaped}"


def quote(text: str) -> Iterator[str]:
    """Yield the lines of `text` as a quotation."""
    return (f"> {line(each)}" for each in text.strip().split("\n"))


def code(text: str) -> str:
    """Return `text` as code, also for a cell."""
    text = one_line(text)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}".replace("|", "\\|")


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a table of cells that are Markdown already; the first row is its head."""
    for number, row in enumerate(rows):
        yield f"| {' | '.join(row)} |"
        if number == 0:
            yield "|" + " --- |" * len(row)
