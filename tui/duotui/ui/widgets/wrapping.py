"""Incremental line wrapping of growing text. Pure.

Greedy wrapping changes no line but the last one, so the cost of an append does not grow with the
story. Text is untrusted: control characters are replaced before it is measured.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from rich.cells import get_character_cell_size

from duotui.base.untrusted_text import printable


@dataclass(frozen=True, slots=True)
class StyledSpan:
    """Text of one kind, on one line."""

    text: str
    kind: str


Line = list[StyledSpan]


@dataclass(slots=True)
class Wrapping:
    """Lines of at most `width` cells."""

    width: int
    lines: list[Line] = field(default_factory=lambda: [[]])

    def append(self, text: str, kind: str) -> int:
        """Append text; return the index of the first changed line."""
        start = len(self.lines) - 1
        last = self.lines.pop()
        self.lines += self._break([*last, StyledSpan(printable(text), kind)])
        return start

    def _break(self, spans: Line) -> Iterator[Line]:
        letters = [(letter, span.kind) for span in spans for letter in span.text]
        start = cells = at = 0
        space: int | None = None
        while at < len(letters):
            letter = letters[at][0]
            if letter == "\n":
                yield _line(letters[start:at])
                start, cells, space, at = at + 1, 0, None, at + 1
                continue
            size = get_character_cell_size(letter)
            if letter == " ":
                space = at
            elif cells + size > self.width and at > start:
                # The space stays at the end of its line, so that joined lines give the text.
                cut = at if space is None else space + 1
                yield _line(letters[start:cut])
                start = at = cut
                cells, space = 0, None
                continue
            cells += size
            at += 1
        yield _line(letters[start:])


def _line(letters: list[tuple[str, str]]) -> Line:
    return [
        StyledSpan("".join(letter for letter, _ in run), kind)
        for kind, run in groupby(letters, key=lambda pair: pair[1])
    ]
