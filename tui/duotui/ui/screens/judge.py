"""Screen of a judge session: runs, comparison with the baseline, and each token's candidates.

The judge session determines the view; the screen keeps only the chosen token.
"""

import math
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Footer, Static

from duotui.base.errors import Cancelled, DuotuiError, UsageError
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.judge.session import JudgeSession, Phase
from duotui.protocol.events import Source
from duotui.scoring.verdict import Verdict
from duotui.session.token_diff import TokenDiff
from duotui.ui import judge_text
from duotui.ui.bindings import STEP_BINDING
from duotui.ui.glyphs import Glyphs
from duotui.ui.screens.throttled_screen import ThrottledScreen
from duotui.ui.widgets.agreement_strip import AgreementStrip
from duotui.ui.widgets.candidate_table import CandidateTable
from duotui.ui.widgets.large_figure import LargeFigure
from duotui.ui.widgets.pace_chart import PaceChart
from duotui.ui.widgets.run_chart import RunChart
from duotui.ui.widgets.story_view import StoryView


class JudgeScreen(ThrottledScreen):
    AUTO_FOCUS = "#board"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "left",
            "token(-1)",
            N_("Token before"),
            show=False,
            id="token-before",
            priority=True,
            tooltip=N_("Look at the token before"),
        ),
        Binding(
            "right",
            "token(1)",
            N_("Next token"),
            id="token-after",
            priority=True,
            tooltip=N_("Look at the token after"),
        ),
        Binding(
            "n",
            "other",
            N_("Next difference"),
            id="token-other",
            tooltip=N_("The next token that the reference would not have taken"),
        ),
        Binding(
            "b",
            "beside",
            N_("Beside"),
            id="beside",
            tooltip=N_("The story that is raced with, or what each token was chosen from"),
        ),
        Binding("space", "pause", N_("Hold"), id="pause", tooltip=N_("Hold a recording, or go on")),
        STEP_BINDING,
        Binding(
            "s", "stop", N_("Stop"), id="stop", tooltip=N_("No more runs: judge what there is")
        ),
        Binding("w", "save", N_("Save"), id="save-report", tooltip=N_("Write the report now")),
    ]

    def __init__(self, session: JudgeSession, glyphs: Glyphs) -> None:
        super().__init__()
        self._session, self._glyphs = session, glyphs
        self._trouble: DuotuiError | None = None
        self._rival = session.options.rival
        self._beside: bool | None = None
        """True if the rival's story is shown; None: shown until the runs are over."""

    def compose(self) -> ComposeResult:
        yield Static(id="status")
        with Container(id="score"):
            with Vertical(classes="card"):
                yield LargeFigure(self._glyphs, id="rate-mean")
                yield Static(_("tok/s mean"), classes="label")
            yield RunChart(self._glyphs)
        yield Static(id="facts")
        yield PaceChart(self._glyphs)
        yield AgreementStrip(self._glyphs)
        with Container(id="stories"):
            yield StoryView(Source.BOARD, self._glyphs, id="board")
            yield StoryView(Source.BASELINE, self._glyphs, id="rival")
            yield CandidateTable(self._glyphs)
        yield Static(id="banner")
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        self.query_one("#board", StoryView).border_title = _("Story")
        self.query_one(CandidateTable).border_title = _("Choices")
        if self._rival is not None:
            self.query_one("#rival", StoryView).border_title = self._rival.name
        self._session.subscribe(lambda _: self.post_news())
        self.run_worker(self._run_session())
        self._show()

    async def _run_session(self) -> None:
        try:
            await self._session.run()
        except DuotuiError as error:
            self._trouble = error
        self._show()

    def show_news(self) -> None:
        self._show()

    # View

    @property
    def _verdict(self) -> Verdict:
        return self._session.shown

    def _show(self) -> None:
        session, verdict, glyphs = self._session, self._verdict, self._glyphs
        state, score = session.state, verdict.score
        self.set_class(session.phase is Phase.OVER, "-over")
        with self.app.batch_update():
            self.query_one("#status", Static).update(
                judge_text.headline(session, glyphs), layout=False
            )
            mean = judge_text.mean(verdict)
            self.query_one("#rate-mean", LargeFigure).update(mean)
            self.query_one(RunChart).show(score, session.options.runs)
            self.query_one("#facts", Static).update(judge_text.facts(verdict, glyphs))
            self.query_one(PaceChart).show(judge_text.lanes(state, verdict, self._rival))
            self.query_one(AgreementStrip).show(judge_text.token_kinds(state, verdict))
            first = judge_text.first_difference(state, session.baseline)
            self.query_one("#board", StoryView).show(replace(state, diff=TokenDiff(0, first)))
            banner = self.query_one("#banner", Static)
            trouble = judge_text.trouble(verdict, self._trouble, session.note)
            banner.display = trouble != ""
            banner.update(Content.styled(trouble, "bold"))
            if self._rival is not None:
                self.set_class(self._shows_rival, "-beside")
                self.query_one("#rival", StoryView).show(
                    judge_text.rival_or_baseline(state, self._rival)
                )
            self._show_choice()

    @property
    def _shows_rival(self) -> bool:
        if self._beside is None:
            return self._session.phase in (Phase.LOOKING, Phase.BASELINE, Phase.RUNNING)
        return self._beside

    def _show_choice(self) -> None:
        index = self.query_one(AgreementStrip).chosen
        tokens, agreement = self._session.state.board.tokens, self._verdict.agreement
        step = agreement.steps[index] if agreement and index < len(agreement.steps) else None
        token = tokens[index] if index < len(tokens) else None
        self.query_one(CandidateTable).show(
            index, step, token.text if token else "", token.probability if token else math.nan
        )

    @on(AgreementStrip.Chosen)
    def _chosen(self) -> None:
        self._show_choice()

    # Actions

    def action_token(self, by: int) -> None:
        strip = self.query_one(AgreementStrip)
        strip.choose(strip.chosen + by)

    def action_other(self) -> None:
        self.query_one(AgreementStrip).choose_next_difference()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("pause", "step"):
            return self._session.replay is not None
        return self._rival is not None if action == "beside" else True

    def action_beside(self) -> None:
        self._beside = not self._shows_rival
        self._show()

    def action_pause(self) -> None:
        if self._session.replay is not None:
            self._session.replay.pause(self._session.replay.going)

    def action_step(self) -> None:
        if self._session.replay is not None:
            self._session.replay.step()

    def action_save(self) -> None:
        save = self._session.save_report
        if save is None or not self._verdict.runs:
            self.notify(_("there is no run to report yet"), severity="warning", markup=False)
            return
        try:
            folder = save(self._session.verdict or self._session.so_far)
        except UsageError as error:
            self.notify(str(error), severity="error", markup=False)
        else:
            self.notify(_("The report is in {folder}", folder=folder), markup=False)

    def action_stop(self) -> None:
        if self._session.phase is Phase.RUNNING:
            self._session.stop(Cancelled(_("stopped by the judge")))
