"""Page of a story: a bar and bold text mark the current sentence, reverse and underline the current
word. Both are visible without colour."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from duotui.base.untrusted_text import printable
from duotui.protocol.tokens import WordMark
from duotui.ui.glyphs import Glyphs

PAGE_WIDTH = 56
"""Columns of text at most: longer lines are hard for a child who learns to read."""

BAR = 2


class StoryPage(Widget):
    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="page")
        self._glyphs = glyphs
        self._sentences: tuple[str, ...] = ()
        self._current = -1
        self._word: WordMark | None = None

    def show(self, sentences: Sequence[str], current: int, word: WordMark | None) -> None:
        shown = tuple(sentences), current, word
        if shown != (self._sentences, self._current, self._word):
            self._sentences, self._current, self._word = shown
            self.refresh()

    @property
    def marked(self) -> str:
        """The marked word; "" if there is none."""
        if self._word is None or not 0 <= self._current < len(self._sentences):
            return ""
        return self._sentences[self._current][self._word.start : self._word.end].strip()

    def render(self) -> Content:
        width = max(8, min(PAGE_WIDTH, self.size.width - BAR))
        margin = " " * max(0, (self.size.width - width - BAR) // 2)
        rows: list[Content] = []
        end = 0
        for index, sentence in enumerate(self._sentences):
            current = index == self._current
            bar = (self._glyphs.margin if current else " ").ljust(BAR)
            for start, line in lines(sentence, width):
                rows.append(Content.assemble(margin, bar, self._line(line, start, current)))
            rows.append(Content(""))
            if current:
                end = len(rows)
        height = max(1, self.size.height)
        # the page shows the whole current sentence, with text before it
        last = max(height, end or len(rows)) if len(rows) > height else len(rows)
        return Content("\n").join(rows[max(0, last - height) : last])

    def _line(self, text: str, start: int, current: bool) -> Content:
        if not current:
            return Content.styled(text, "$story-text")
        line = Content.styled(text, "bold $story-sentence")
        word = self._word
        if word is not None:
            low, high = max(word.start - start, 0), min(word.end - start, len(text))
            while low < high and text[high - 1] == " ":
                high -= 1
            if low < high:
                line = line.stylize("underline bold $story-word-text on $story-word", low, high)
        return line


def lines(sentence: str, width: int) -> list[tuple[int, str]]:
    """Wrap `sentence` into lines of at most `width` cells, each with its start in characters.
    Unprintable characters become spaces, so that offsets into `sentence` stay valid."""
    text = "".join(shown if len(shown := printable(c)) == 1 else " " for c in sentence)
    result: list[tuple[int, str]] = []
    start = 0
    while start < len(text):
        end, cells, space = start, 0, -1
        while end < len(text) and cells + cell_len(text[end]) <= width:
            cells += cell_len(text[end])
            if text[end] == " ":
                space = end
            end += 1
        if end < len(text) and text[end] != " " and space > start:
            end = space
        result.append((start, text[start:end].rstrip(" ")))
        start = max(end, start + 1)
        while start < len(text) and text[start] == " ":
            start += 1
    return result
