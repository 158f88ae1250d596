"""Number three rows high, in Unicode or ASCII."""

from textual.app import RenderResult
from textual.content import Content
from textual.widgets import Digits

from duotui.ui.glyphs import Glyphs

# Seven segments: the rows of each figure, three characters wide.
_SEGMENTS = {
    "0": (" _ ", "| |", "|_|"),
    "1": ("   ", "  |", "  |"),
    "2": (" _ ", " _|", "|_ "),
    "3": (" _ ", " _|", " _|"),
    "4": ("   ", "|_|", "  |"),
    "5": (" _ ", "|_ ", " _|"),
    "6": (" _ ", "|_ ", "|_|"),
    "7": (" _ ", "  |", "  |"),
    "8": (" _ ", "|_|", "|_|"),
    "9": (" _ ", "|_|", " _|"),
    ".": (" ", " ", "."),
    "-": ("   ", " _ ", "   "),
}


class LargeFigure(Digits):
    def __init__(self, glyphs: Glyphs, *, id: str) -> None:  # noqa: A002
        super().__init__("-", id=id)
        self._glyphs = glyphs

    def render(self) -> RenderResult:
        if not self._glyphs.ascii:
            return super().render()
        figures = [_SEGMENTS[character] for character in self.value if character in _SEGMENTS]
        return Content("\n".join("".join(rows) for rows in zip(*figures, strict=True)))
