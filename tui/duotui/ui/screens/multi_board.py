"""Judge sessions of several boards at once, a row each."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Footer, Static

from duotui.base.errors import Cancelled
from duotui.base.text_width import fitted, padded
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.judge.multi_board import MultiBoardSession
from duotui.judge.session import JudgeSession
from duotui.ui import gauge_text, judge_text
from duotui.ui.glyphs import Glyphs
from duotui.ui.screens.throttled_screen import ThrottledScreen

NAME_WIDTH, STATE_WIDTH, RATE_WIDTH = 18, 26, 16


class BoardRow(Widget):
    """Three lines: target, phase and rate; progress of the run; comparison or fault."""

    def __init__(self, session: JudgeSession, glyphs: Glyphs) -> None:
        super().__init__(classes="board-row")
        self._session, self._glyphs = session, glyphs

    def render(self) -> Content:
        session, glyphs = self._session, self._glyphs
        verdict, board = session.shown, session.state.board
        sign, word = judge_text.phase_text(session, glyphs)
        if session.refused is not None:
            sign, word = glyphs.lost, _("not judged")
        rate = f"{judge_text.mean(verdict)} tok/s"
        generated, limit = gauge_text.progress(board)
        width = max(8, self.size.width - NAME_WIDTH - 14)
        done, rest = glyphs.bar(generated / limit if limit else 0.0, width)
        score = verdict.score
        spread = (
            _(", spread {deviation:.3g}", deviation=score.deviation) if score is not None else ""
        )
        return Content.assemble(
            Content.styled(fitted(session.options.target, NAME_WIDTH), "bold"),
            Content.styled(padded(f"{sign} {word}", STATE_WIDTH), "bold $text-accent"),
            Content.styled(rate.rjust(RATE_WIDTH), "bold $duo-rate"),
            Content.styled(spread, "$foreground 70%"),
            "\n" + " " * NAME_WIDTH,
            Content.styled(done, "$duo-rate"),
            Content.styled(rest, "$foreground 30%"),
            _(" {generated} of {limit}", generated=generated, limit=limit) if limit else "",
            "\n" + " " * NAME_WIDTH,
            self._result_line(),
        )

    def _result_line(self) -> Content:
        session = self._session
        refused = session.refused
        verdict = session.shown
        trouble = judge_text.trouble(verdict, refused, session.state.board.trouble)
        if trouble:
            return Content.styled(trouble.replace("\n", _("; ")), "$text-warning")
        return judge_text.sameness(verdict, self._glyphs)


class MultiBoardScreen(ThrottledScreen):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "s", "stop", N_("Stop"), id="stop", tooltip=N_("No more runs: judge what there is")
        ),
    ]

    def __init__(self, boards: MultiBoardSession, glyphs: Glyphs) -> None:
        super().__init__()
        self._boards, self._glyphs = boards, glyphs

    def compose(self) -> ComposeResult:
        yield Static(id="status")
        with VerticalScroll(id="boards"):
            for session in self._boards.sessions:
                yield BoardRow(session, self._glyphs)
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        self._boards.subscribe(lambda _: self.post_news())
        self.run_worker(self._boards.run())
        self._show()

    def show_news(self) -> None:
        self._show()

    def _show(self) -> None:
        self.query_one("#status", Static).update(
            self._headline(self._boards.sessions), layout=False
        )
        for row in self.query(BoardRow):
            row.refresh()

    def _headline(self, sessions: Sequence[JudgeSession]) -> Content:
        over = sum(
            session.verdict is not None or session.refused is not None for session in sessions
        )
        r = sessions[0].request
        runs = sessions[0].options.runs
        return Content.assemble(
            Content.styled(
                _(" {over} of {sessions} boards judged ", over=over, sessions=len(sessions)),
                "bold $text-accent",
            ),
            Content.styled(
                _(
                    "  {runs} runs each {dot} mode {mode} {dot} {sampling}",
                    runs=runs,
                    dot=self._glyphs.dot,
                    mode=r.mode,
                    sampling=gauge_text.sampling(r, self._glyphs),
                ),
                "$foreground 60%",
            ),
        )

    def action_stop(self) -> None:
        self._boards.stop(Cancelled(_("stopped by the judge")))
