"""Gauges of the console: rows at 80 columns, cards if there is room.

Module ui/gauge_text.py formats every figure; this one arranges them.
"""

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from duotui.base.text_width import cell_len, lines_of, padded
from duotui.base.translation import gettext as _
from duotui.protocol.request import Request
from duotui.session.source_state import SourceState
from duotui.session.state import SessionState
from duotui.ui import gauge_text
from duotui.ui.glyphs import Glyphs
from duotui.ui.widgets.large_figure import LargeFigure
from duotui.ui.widgets.rate_history import RateHistory

LABEL_STYLE = "$foreground 60%"
VALUE_STYLE = "bold"

Fact = tuple[str, str]


def flow(facts: list[Fact], width: int) -> Content:
    """Arrange facts side by side as they fit; below 50 columns, one per line, aligned."""
    if width < 50:
        widest = max(cell_len(label) for label, value in facts) + 2
        rows = []
        for label, value in facts:
            parts = lines_of(value, max(8, width - widest)) or [gauge_text.NO_VALUE]
            rows += [_fact(padded(label, widest), parts[0])]
            rows += [_fact(" " * widest, part) for part in parts[1:]]
        return Content("\n").join(rows)
    lines: list[list[Content]] = []
    room = 0
    for label, value in facts:
        fact = _fact(f"{label} ", value)
        if not lines or fact.cell_length > room:
            lines.append([])
            room = width
        lines[-1].append(fact)
        room -= fact.cell_length + 3
    return Content("\n").join(Content("   ").join(line) for line in lines)


def _fact(label: str, value: str) -> Content:
    return Content.assemble(Content.styled(label, LABEL_STYLE), Content.styled(value, VALUE_STYLE))


class TokenProgress(Widget):
    """Number of generated tokens and their limit, as a bar and in figures."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="progress")
        self._glyphs = glyphs
        self._board = SourceState()

    def show(self, board: SourceState) -> None:
        self._board = board
        self.refresh()

    def render(self) -> Content:
        generated, limit = gauge_text.progress(self._board)
        before = (
            _("{generated} of {limit} tokens ", generated=generated, limit=limit)
            if limit
            else _("no tokens yet ")
        )
        after = f" {gauge_text.time_left(self._board)}" if self._board.run else ""
        width = max(4, self.size.width - cell_len(before) - cell_len(after))
        done, rest = self._glyphs.bar(generated / limit if limit else 0.0, width)
        return Content.assemble(
            Content.styled(before, VALUE_STYLE),
            Content.styled(done, "$duo-rate"),
            Content.styled(rest, LABEL_STYLE),
            Content.styled(after, VALUE_STYLE),
        )


class FactList(Widget):
    """List of the small figures: a label and a value each."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="facts")
        self._glyphs = glyphs
        self._facts: list[Fact] = [(_("link"), gauge_text.NO_VALUE)]

    def show(self, board: SourceState, request: Request) -> None:
        shown = board.run or request
        self._facts = [
            (_("first token"), gauge_text.seconds(board.first_token)),
            (_("memory"), gauge_text.memory(board)),
            (_("faults"), gauge_text.faults(board)),
            (_("link"), gauge_text.health(board)),
            (_("mode"), shown.mode),
            (_("sampling"), gauge_text.sampling(shown, self._glyphs)),
        ]
        self.refresh()

    def render(self) -> Content:
        return flow(self._facts, self.size.width)


class Gauges(Container):
    """Composes digits and rows; the style sheet displays those that fit the width."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="gauges")
        self._glyphs = glyphs

    def compose(self) -> ComposeResult:
        with Vertical(id="now", classes="card"):
            yield LargeFigure(self._glyphs, id="rate-now")
            yield Static(_("tok/s now"), classes="label")
        with Vertical(id="mean", classes="card"):
            yield LargeFigure(self._glyphs, id="rate-mean")
            yield Static(_("tok/s mean"), classes="label")
        with Vertical(id="history", classes="card"):
            yield RateHistory(self._glyphs, id="rate-history")
            yield Static(classes="label", id="rate-top")
        with Container(id="speed"):
            yield Static(id="speed-row")
            yield RateHistory(self._glyphs, id="rate-line")
        with Vertical(id="rows"):
            yield TokenProgress(self._glyphs)
            yield FactList(self._glyphs)

    def show(self, state: SessionState, request: Request) -> None:
        """Show the run's figures; `request` is shown before the first run."""
        board = state.board
        now, mean = gauge_text.rate(board.rate_now), gauge_text.rate(board.rate)
        self.query_one("#rate-now", LargeFigure).update(now)
        self.query_one("#rate-mean", LargeFigure).update(mean)
        for history in self.query(RateHistory):
            history.show(board.rates)
        top = (
            _("top {rate} tok/s", rate=gauge_text.rate(max(board.rates)))
            if board.rates
            else _("history")
        )
        self.query_one("#rate-top", Static).update(Content(top), layout=False)
        row = flow([(_("tok/s now"), now), (_("mean"), mean)], 99)
        self.query_one("#speed-row", Static).update(row, layout=False)
        self.query_one(TokenProgress).show(board)
        self.query_one(FactList).show(board, request)
