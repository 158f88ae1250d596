"""The gauges: how fast, how far, how much, how well. Rows at 80 columns, cards where there is room.

Every figure is written once, in `figures`; this decides only where it stands.
"""

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Digits, Static

from duotui.core.events import Request
from duotui.core.state import State
from duotui.ui import figures
from duotui.ui.glyphs import Glyphs
from duotui.ui.widgets.rate_history import RateHistory

LABEL = "$text-muted"
VALUE = "bold"


class Gauges(Container):
    """Digits and rows are both there; the style sheet shows what the width allows."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="gauges")
        self._glyphs = glyphs

    def compose(self) -> ComposeResult:
        with Vertical(id="now", classes="card"):
            yield Digits("-", id="rate-now")
            yield Static("tok/s now", classes="label")
        with Vertical(id="mean", classes="card"):
            yield Digits("-", id="rate-mean")
            yield Static("tok/s mean", classes="label")
        with Vertical(id="history", classes="card"):
            yield RateHistory(self._glyphs, id="rate-history")
            yield Static(classes="label", id="rate-top")
        with Vertical(id="speed", classes="card"):
            yield Static(id="speed-row")
            yield RateHistory(self._glyphs, id="rate-line")
        yield Static(id="progress")
        yield Static(id="facts")

    def show(self, state: State, request: Request) -> None:
        """`request` is what stands here before a story has begun."""
        board = state.board
        now, mean = figures.rate(board.rate_now), figures.rate(board.rate)
        self.query_one("#rate-now", Digits).update(now)
        self.query_one("#rate-mean", Digits).update(mean)
        for history in self.query(RateHistory):
            history.show(board.rates)
        top = figures.rate(max(board.rates, default=0.0))
        self._write("#rate-top", Content.styled(f"tok/s, top {top}", LABEL))
        self._write("#speed-row", _row(("now", now), ("mean", f"{mean} tok/s")))
        self._write("#progress", self._progress(state))
        self._write("#facts", self._facts(state, request))

    def _write(self, selector: str, content: Content) -> None:
        self.query_one(selector, Static).update(content, layout=False)

    def _progress(self, state: State) -> Content:
        told, limit = figures.progress(state.board)
        width = self.query_one("#progress").size.width
        before = f"{told} of {limit} tokens " if limit else "no tokens yet "
        after = f" {figures.left(state.board)}" if state.board.run else ""
        done, rest = self._glyphs.bar(
            told / limit if limit else 0.0, max(4, width - len(before) - len(after))
        )
        return Content.assemble(
            Content.styled(before, VALUE),
            Content.styled(done, "$duo-rate"),
            Content.styled(rest, LABEL),
            Content.styled(after, VALUE),
        )

    def _facts(self, state: State, request: Request) -> Content:
        board = state.board
        asked = board.run or request
        return Content("\n").join(
            (
                _row(("first token", figures.seconds(board.first_token)),
                     ("memory", figures.memory(board)), ("faults", figures.faults(board))),
                _row(("link", figures.health(board))),
                _row(("settings", figures.settings(
                    asked.mode, asked.temperature, asked.top_p, asked.seed, self._glyphs))),
            )
        )  # fmt: skip


def _row(*pairs: tuple[str, str]) -> Content:
    parts = []
    for label, value in pairs:
        parts += [Content.styled(f"{label} ", LABEL), Content.styled(f"{value}   ", VALUE)]
    return Content.assemble(*parts)
