"""Strip of all tokens of a story, by their agreement with the reference.

A token is chosen by its index or by a click; CandidateTable shows its candidates.
"""

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from duotui.ui.glyphs import Glyphs

SAME, OTHER, FORCED, NOT_YET = "same", "other", "forced", "ahead"


class AgreementStrip(Widget):
    """Three rows: the mark, the strip, and the numbers of its ends."""

    class Chosen(Message):
        """Token `index` was chosen."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="strip")
        self._glyphs = glyphs
        self._kinds: tuple[str, ...] = ()
        self._generated = 0
        self.chosen = 0

    def show(self, kinds: Sequence[str]) -> None:
        """Show a kind (SAME, OTHER, FORCED, NOT_YET) for each token up to the limit."""
        if tuple(kinds) != self._kinds:
            self._kinds = tuple(kinds)
            self._generated = sum(kind != NOT_YET for kind in kinds)
            self.refresh()

    @property
    def _signs(self) -> dict[str, tuple[str, str]]:
        g = self._glyphs
        return {
            SAME: (g.full, "$duo-same"),
            OTHER: (g.other, "bold $duo-board"),
            FORCED: (g.forced, "$foreground 60%"),
            NOT_YET: (g.rest, "$foreground 30%"),
        }

    def render(self) -> Content:
        width, count = self.size.width, len(self._kinds)
        if count == 0 or width == 0:
            return Content("")
        cells = [self._cell(at, width) for at in range(width)]
        marker = min(width - 1, self.chosen * width // count)
        mark = " " * marker + self._glyphs.below
        signs = self._signs
        strip = Content.assemble(*(Content.styled(*signs[kind]) for kind in cells))
        last = str(count)
        ends = Content.styled("1" + last.rjust(width - 1), "$foreground 60%")
        pointed = Content.styled(mark if self._generated else "", "bold $accent")
        return Content("\n").join([pointed, strip, ends])

    def _cell(self, at: int, width: int) -> str:
        """Kind of a cell that several tokens share: OTHER, a difference, hides the others."""
        count = len(self._kinds)
        low = at * count // width
        kinds = self._kinds[low : max(low + 1, (at + 1) * count // width)]
        return next(kind for kind in (OTHER, SAME, FORCED, NOT_YET) if kind in kinds)

    def choose(self, index: int) -> None:
        if self._generated:
            self.chosen = max(0, min(self._generated - 1, index))
            self.refresh()
            self.post_message(self.Chosen(self.chosen))

    def choose_next_difference(self) -> None:
        """Choose the next token that the reference would not take; after the last, the first."""
        others = [index for index, kind in enumerate(self._kinds) if kind == OTHER]
        after = [index for index in others if index > self.chosen]
        if others:
            self.choose((after or others)[0])

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if at is not None and self.size.width:
            self.choose(at.x * len(self._kinds) // self.size.width)
