"""Texts of a judge session, for its screen. Pure."""

from dataclasses import replace

from textual.content import Content

from duotui.base.board_profile import DUO_64M
from duotui.base.errors import DuotuiError
from duotui.base.translation import gettext as _
from duotui.judge.session import JudgeSession, Phase
from duotui.report.strings import report_phrases
from duotui.report.tables import machine
from duotui.scoring import rival_run
from duotui.scoring.official_settings import (
    OFFICIAL_MODEL,
    MachineKind,
    machine_kind,
    official_model,
)
from duotui.scoring.rival_run import RivalRun
from duotui.scoring.roofline import Roofline
from duotui.scoring.verdict import Baseline, Verdict
from duotui.session.source_state import LinkState
from duotui.session.state import SessionState
from duotui.session.token_diff import TokenDiff, extend
from duotui.ui import gauge_text
from duotui.ui.glyphs import Glyphs
from duotui.ui.widgets.agreement_strip import FORCED, NOT_YET, OTHER, SAME
from duotui.ui.widgets.pace_chart import Lane


def phase_text(session: JudgeSession, glyphs: Glyphs) -> tuple[str, str]:
    """Sign and words of the session's phase."""
    board, count = session.state.board, len(session.shown.counted)
    if session.note:
        return glyphs.replay, _("a recording stands in")
    match session.phase:
        case Phase.RUNNING if board.speaking:
            return glyphs.speaking, _("the story is said aloud")
        case Phase.RUNNING if board.link is LinkState.RECONNECTING:
            return glyphs.silent, _("the board is away")
        case Phase.RUNNING if len(session.shown.runs) < session.options.warm:
            return glyphs.telling, _("a run to warm up")
        case Phase.RUNNING:
            total = session.options.runs
            return glyphs.telling, _(
                "run {count} of {total}", count=min(count + 1, total), total=total
            )
        case Phase.OVER:
            return glyphs.done, _("judged, {count} runs", count=count)
        case phase:
            return glyphs.opening, f"{_(phase)}{glyphs.waiting}"


def headline(session: JudgeSession, glyphs: Glyphs) -> Content:
    board = session.state.board
    sign, words = phase_text(session, glyphs)
    request = session.request
    parts = [
        session.options.target,
        _("mode {mode}", mode=request.mode),
        gauge_text.sampling(request, glyphs),
        gauge_text.model(board),
        gauge_text.machine(board),
    ]
    remarks = "".join(f" {glyphs.warning} {remark} " for remark in loud_remarks(session.shown))
    details = f" {glyphs.dot} ".join(
        part for part in parts if part not in ("", gauge_text.NO_VALUE)
    )
    return Content.assemble(
        Content.styled(f" {sign} {words} ", "bold $text-accent"),
        Content.styled(remarks, "bold reverse $warning") if remarks else "",
        Content.styled(f"  {details}", "$foreground 60%"),
    )


def loud_remarks(verdict: Verdict) -> list[str]:
    """What makes the runs no contest's runs, as far as it is known: machine, model."""
    strings = report_phrases()
    remarks = []
    if machine_kind(verdict) not in (MachineKind.DUO, MachineKind.UNKNOWN):
        remarks.append(machine(verdict, strings))
    if official_model(verdict) is False:
        remarks.append(_("not {model}", model=OFFICIAL_MODEL))
    return remarks


def mean(verdict: Verdict) -> str:
    return gauge_text.rate(verdict.score.mean) if verdict.score else gauge_text.NO_VALUE


def facts(verdict: Verdict, glyphs: Glyphs) -> Content:
    """Comparison with the baseline, score, spread and roofline, a line each."""
    return Content("\n").join(_facts(verdict, glyphs))


def sameness(v: Verdict, glyphs: Glyphs) -> Content:
    """Result of the comparison of the counted runs with the baseline."""
    count = len(v.counted)
    if v.identical is None:
        return Content.styled(_("{dot} nothing to compare yet", dot=glyphs.dot), "$foreground 60%")
    if v.identical:
        words = _("{same} the same story, {count} of {count} runs", same=glyphs.same, count=count)
        return Content.styled(words, "bold $duo-same")
    first = 0 if v.difference is None else v.difference + 1
    words = _(
        "another story, {others} of {count} runs; from token {first} on",
        others=count - v.same,
        count=count,
        first=first,
    )
    return Content.styled(f"{glyphs.differs} {words}", "bold $duo-board")


def _facts(v: Verdict, glyphs: Glyphs) -> list[Content]:
    lines = [sameness(v, glyphs)]
    if v.agreement is not None:
        a = v.agreement
        own = _(", its own {nats:.3f}", nats=v.own.nats) if v.own is not None else ""
        lines.append(
            Content(
                _(
                    "the reference agrees with {agreed} of {chosen} tokens ({fraction:.1%}); "
                    "{nats:.3f} nats{own}",
                    agreed=a.agreed,
                    chosen=len(a.chosen),
                    fraction=a.fraction,
                    nats=a.nats,
                    own=own,
                )
            )
        )
    if v.doubt is not None:
        lines.append(
            Content.styled(
                _(
                    "{differs} its own probabilities are not those of mode {mode}, from "
                    "token {doubt} on",
                    differs=glyphs.differs,
                    mode=v.request.mode,
                    doubt=v.doubt + 1,
                ),
                "bold $duo-board",
            )
        )
    if v.mistakes is not None and v.baseline_mistakes is not None:
        board_mistakes, baseline_mistakes = len(v.mistakes), len(v.baseline_mistakes)
        lines.append(
            Content(
                _(
                    "grammar errors by Harper: {board_mistakes}, in the baseline "
                    "{baseline_mistakes}",
                    board_mistakes=board_mistakes,
                    baseline_mistakes=baseline_mistakes,
                )
            )
        )
    s = v.score
    if s is not None:
        dropped = ", ".join(
            _("run {number} ({rate})", number=index + 1, rate=gauge_text.rate(s.rates[index]))
            for index in s.dropped
        )
        parts = [
            _("spread {deviation:.3g}", deviation=s.deviation),
            _(
                "from {lowest} to {highest}",
                lowest=gauge_text.rate(min(s.rates)),
                highest=gauge_text.rate(max(s.rates)),
            ),
            _("dropped {dropped}", dropped=dropped or _("none")),
            _("mean of all {plain}", plain=gauge_text.rate(s.plain)),
        ]
        if v.disturbed:
            parts.append(_("{disturbed} told again", disturbed=v.disturbed))
        if v.speech is not None:
            parts.append(_("said aloud in {heard}", heard=gauge_text.seconds(v.speech.heard)))
        lines.append(Content.styled(f" {glyphs.dot} ".join(parts), "$foreground 70%"))
    if v.roof is not None:
        lines.append(Content.styled(_roof(v.roof, s.mean if s else 0.0), "$foreground 70%"))
    return lines


def _roof(roof: Roofline, mean: float) -> str:
    text = _(
        "{bytes:.1f} MB a token at {memory:.0f} MB/s: {rate} tok/s at most",
        bytes=roof.bytes / 1e6,
        memory=roof.sweep.memory / 1e6,
        rate=gauge_text.rate(roof.rate),
    )
    return _("{text}, {share:.0%} reached", text=text, share=roof.reached(mean)) if mean else text


def lanes(state: SessionState, verdict: Verdict, rival: RivalRun | None = None) -> list[Lane]:
    """Lanes of this run and of the others at the same time on the board's clock. A rival advances
    token by token, the others at their mean rates."""
    board = state.board
    generated, limit = gauge_text.progress(board)
    elapsed = rival_run.elapsed(board)
    result = [Lane(_("this run"), generated, limit, board.rate, ours=True)]
    if verdict.score is not None:
        rate = verdict.score.mean
        result.append(Lane(_("its mean"), min(rate * elapsed, limit), limit, rate))
    if rival is not None:
        rival_state = rival.at(elapsed)
        result.append(Lane(rival.name, len(rival_state.tokens), limit, rival.source_state.rate))
    others = []
    if verdict.roof is not None:
        others.append((_("its memory's roof"), verdict.roof.rate))
    if verdict.baseline is not None and verdict.baseline.rate > 0:
        others.append((_("the baseline, recorded"), verdict.baseline.rate))
    if board.ready is not None and board.ready.parameters == DUO_64M.published_parameters:
        others += [(_(name), rate) for name, rate in DUO_64M.published_rates]
    result += [Lane(name, min(rate * elapsed, limit), limit, rate) for name, rate in others]
    return result


def token_kinds(state: SessionState, verdict: Verdict) -> list[str]:
    """Kind of each token on the strip, by the agreement, or by the baseline until that exists."""
    board = state.board
    limit = gauge_text.progress(board)[1]
    if verdict.agreement is not None:
        steps, forced = verdict.agreement.steps, verdict.agreement.forced
        same = [step.id == step.taken for step in steps]
    else:
        forced, baseline = board.prompt_steps, verdict.baseline
        first = first_difference(state, baseline)
        same = [first is None or index < first for index in range(len(board.tokens))]
    result = [
        FORCED if index < forced else SAME if equal else OTHER for index, equal in enumerate(same)
    ]
    over = verdict.agreement is not None or board.ended is not None
    return result if over else result + [NOT_YET] * (limit - len(result))


def rival_or_baseline(state: SessionState, rival: RivalRun) -> SessionState:
    """Copy of `state` with the rival's story, as far as it is now, as its baseline."""
    source_state = rival.at(rival_run.elapsed(state.board))
    return replace(
        state,
        baseline=source_state,
        diff=extend(TokenDiff(), state.board.tokens, source_state.tokens),
    )


def first_difference(state: SessionState, baseline: Baseline | None) -> int | None:
    """Index of this run's first token that differs from the baseline; None if none is known."""
    if baseline is None or not baseline.ids:
        return None
    for index, token in enumerate(state.board.tokens):
        if index >= len(baseline.ids) or token.id != baseline.ids[index]:
            return index
    return None


def trouble(verdict: Verdict, error: DuotuiError | None, note: str) -> str:
    """The note on a fallback, reasons that void the result, and the error that ended it."""
    lines = [note, *(f"VOID: {reason}" for reason in verdict.void)]
    lines.append(str(error) if error else verdict.trouble)
    return "\n".join(line for line in lines if line)
