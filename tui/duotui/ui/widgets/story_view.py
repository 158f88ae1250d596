"""View of one source's growing story: appends new tokens and draws only visible lines."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBarRender
from textual.selection import Selection
from textual.strip import Strip

from duotui.base.translation import gettext as _
from duotui.protocol.events import RunStarted, Source
from duotui.protocol.tokens import Token
from duotui.session.source_state import SourceState
from duotui.session.state import SessionState
from duotui.ui.glyphs import Glyphs
from duotui.ui.widgets.wrapping import Wrapping

Pieces = tuple[tuple[str, str], ...]
"""Pairs of kind and text."""

STORY_WIDTH = 80
"""Columns of text at most: wider lines are hard to follow."""


class PlainScrollBar(ScrollBarRender):
    """Scroll bar without eighth blocks at its ends."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


class StoryView(ScrollView, can_focus=True):
    """Shows a story, its prompt in another style and its first difference marked."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "story--prompt",
        "story--told",
        "story--differs",
        "story--after",
        "story--invite",
        "story--key",
        "story--caret",
    }

    def __init__(self, source: Source, glyphs: Glyphs, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._source = source
        self._glyphs = glyphs
        self._sign = glyphs.board if source is Source.BOARD else glyphs.baseline
        self._wrapping = Wrapping(STORY_WIDTH)
        self._source_state = SourceState()
        self._first: int | None = None
        self._run: RunStarted | None = None
        self._shown = 0
        self._follow = True
        self._drawn: dict[int, Strip] = {}
        self._invitation: Pieces = ()

    def on_mount(self) -> None:
        if self._glyphs.ascii:
            self.vertical_scrollbar.renderer = PlainScrollBar  # type: ignore[misc]

    def invite(self, *pieces: tuple[str, str]) -> None:
        """Set the text that is shown while there is no story."""
        if pieces != self._invitation:
            self._invitation = pieces
            if self._run is None:
                self._rewrap()

    def show(self, state: SessionState) -> None:
        """Draw the changes since the last state."""
        source_state = state.of(self._source)
        changed = source_state is not self._source_state or state.diff.first != self._first
        restart = source_state.run is not self._run or len(source_state.tokens) < self._shown
        self._source_state = source_state
        if restart:
            self._follow = True
        if restart or state.diff.first != self._first:
            self._run, self._first = source_state.run, state.diff.first
            self._rewrap()
        elif changed:
            self._grow()

    @property
    def lines(self) -> list[str]:
        """Lines of the text."""
        return ["".join(span.text for span in line) for line in self._wrapping.lines]

    @property
    def _measure(self) -> int:
        """Columns for text. One is kept for the scroll bar, so that text stays when it appears."""
        outer = self.outer_size.width
        width = outer - self.styles.gutter.width - 1 if outer else STORY_WIDTH
        return max(8, min(STORY_WIDTH, width))

    def _rewrap(self) -> None:
        self._wrapping = Wrapping(self._measure)
        self._shown = 0
        self._drawn.clear()
        if self._run is None:
            for kind, text in self._invitation:
                self._wrapping.append(text, kind)
        self._grow()
        self.refresh()

    def _grow(self) -> None:
        fresh = self._source_state.tokens[self._shown :]
        start = len(self._wrapping.lines) - 1
        self._drawn.pop(start, None)
        for kind, text in self._kinds(fresh):
            self._wrapping.append(text, kind)
        self._shown += len(fresh)
        self.virtual_size = Size(self._wrapping.width, len(self._wrapping.lines))
        self.refresh_lines(start, len(self._wrapping.lines) - start)
        if self._follow:
            self.scroll_end(animate=False, immediate=True, x_axis=False)
        self._hint()

    def _kinds(self, fresh: Sequence[Token]) -> Iterator[tuple[str, str]]:
        """Kinds and texts of `fresh`; the differing token gets a sign besides its colour."""

        def kind(numbered: tuple[int, Token]) -> str:
            at = numbered[0]
            if self._first is not None and at >= self._first:
                return "differs" if at == self._first else "after"
            return "prompt" if at < self._source_state.prompt_steps else "told"

        for name, run in groupby(enumerate(fresh, self._shown), key=kind):
            text = "".join(token.text for _, token in run)
            if name == "differs":
                lead = text[: len(text) - len(text.lstrip())]
                yield "told", lead
                text = f"[{self._sign}{text[len(lead) :]}]"
            yield name, text

    def _hint(self) -> None:
        below = len(self._wrapping.lines) - 1 - (self.scroll_offset.y + self.size.height - 1)
        more = below > 0 and self.size.height > 0
        self.border_subtitle = (
            _("{sign} {count} more, end", sign=self._glyphs.below, count=below) if more else ""
        )

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._follow = self.is_vertical_scroll_end
        self._hint()

    def on_resize(self) -> None:
        if self._wrapping.width != self._measure:
            self._rewrap()
        if self._follow:
            self.call_after_refresh(self.scroll_end, animate=False, x_axis=False)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._drawn.clear()

    def render_line(self, y: int) -> Strip:
        number = self.scroll_offset.y + y
        last = len(self._wrapping.lines) - 1
        if number > last:
            number = -1
        strip = self._drawn.get(number)
        # The last line may have a caret, so it is drawn each time.
        if strip is None or strip.cell_length != self.size.width or number == last:
            strip = self._drawn[number] = self._draw(number, last)
        return strip

    def _draw(self, number: int, last: int) -> Strip:
        """Draw the line of this index; -1 is an empty line."""
        width, base = self.size.width, self.rich_style
        if number < 0:
            return Strip.blank(width, base)
        segments = [
            Segment(span.text, self.get_component_rich_style(f"story--{span.kind}"))
            for span in self._wrapping.lines[number]
        ]
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(number)) is not None:
            segments = self._select(segments, *span)
        strip = Strip(segments)
        if number == last and self._source_state.running and strip.cell_length < width:
            caret = Segment(self._glyphs.caret, self.get_component_rich_style("story--caret"))
            strip = Strip([*strip, caret])
        return strip.adjust_cell_length(width, base).apply_offsets(0, number)

    def _select(self, segments: list[Segment], start: int, end: int) -> list[Segment]:
        style = self.screen.get_component_rich_style("screen--selection")
        letters = [(letter, s.style) for s in segments for letter in s.text]
        end = len(letters) if end == -1 else end
        return [
            Segment(letter, (old + style if old else style) if start <= at < end else old)
            for at, (letter, old) in enumerate(letters)
        ]

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        return selection.extract("\n".join(self.lines)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self._drawn.clear()
        self.refresh()
