"""Status of the link and of the comparison, as text. Pure."""

import math
from dataclasses import dataclass

from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.base.untrusted_text import printable
from duotui.protocol.events import EndReason, Source
from duotui.protocol.tokens import Token
from duotui.session.source_state import LinkState, SourceState
from duotui.session.state import SessionState
from duotui.ui.glyphs import Glyphs


@dataclass(frozen=True, slots=True)
class StatusText:
    """`sign` and `word` hold the meaning; `tone` is a colour variable that repeats it."""

    sign: str
    word: str
    tone: str
    detail: str = ""


def link_status(board: SourceState, glyphs: Glyphs) -> StatusText:
    """Status of the board's link and of its run."""
    match board.link:
        case LinkState.LOST:
            return StatusText(glyphs.lost, _("lost"), "text-error", _trouble(board))
        case LinkState.RECONNECTING:
            return StatusText(glyphs.silent, _("away"), "text-warning", _trouble(board))
        case LinkState.OPENING:
            return StatusText(
                glyphs.opening, _("connecting{waiting}", waiting=glyphs.waiting), "text-warning"
            )
        case LinkState.CLOSED:
            return StatusText(glyphs.closed, _("not connected"), "foreground 60%")
        case LinkState.SILENT:
            return StatusText(glyphs.silent, _("silent"), "text-warning", _("nothing is heard"))
    if board.ready is None:
        return StatusText(
            glyphs.opening,
            _("waiting for the engine{waiting}", waiting=glyphs.waiting),
            "text-warning",
        )
    if board.regenerating is not None and board.running:
        progress = _(
            "telling again, {told} of {count}",
            told=board.regenerating.told,
            count=board.regenerating.count,
        )
        return StatusText(glyphs.telling, progress, "text-accent")
    if board.paused:
        return StatusText(glyphs.paused, _("paused"), "text-warning")
    if board.running:
        return StatusText(glyphs.telling, _("telling"), "text-accent")
    if board.speaking and board.speech is not None:
        current = board.sentence.index + 1 if board.sentence else 0
        word = _(
            "speaking, {current} of {sentences}",
            current=current,
            sentences=len(board.speech.sentences),
        )
        return StatusText(glyphs.speaking, word, "text-accent")
    if board.ended is None:
        return StatusText(glyphs.ready, _("ready"), "text-success")
    match board.ended.reason:
        case EndReason.CANCELLED:
            return StatusText(glyphs.done, _("stopped"), "text-warning")
        case EndReason.FAILED:
            return StatusText(glyphs.lost, _("failed"), "text-error")
        case EndReason.LOST:
            return StatusText(glyphs.ready, _("ready"), "text-success", _("the story was cut off"))
    if board.rate_doubt:
        return StatusText(
            glyphs.done,
            "done",
            "text-warning",
            _("no true rate: {rate_doubt}", rate_doubt=board.rate_doubt),
        )
    return StatusText(glyphs.done, _("done"), "text-success")


def comparison_status(state: SessionState, glyphs: Glyphs) -> StatusText:
    """Result of the comparison of the board's story with the baseline."""
    board, baseline, diff = state.board, state.baseline, state.diff
    generated, compared = len(board.tokens), diff.compared
    if diff.first is not None:
        detail = _(", ").join(
            _choice(source, board, diff.first, glyphs)
            for source, board in ((Source.BOARD, board), (Source.BASELINE, baseline))
        )
        word = _("differs at token {first}", first=diff.first + 1)
        return StatusText(glyphs.differs, word, "duo-board", detail)
    missing = why_missing(baseline)
    if board.run is None:
        word = _("baseline unavailable") if missing else _("nothing to compare yet")
        return StatusText(glyphs.dot, word, "foreground 60%", missing)
    if compared == 0 and missing:
        return StatusText(glyphs.silent, _("baseline unavailable"), "text-warning", missing)
    if compared == 0:
        return StatusText(glyphs.waiting, _("waiting for the baseline"), "foreground 60%")
    if board.ended and baseline.ended:
        whole = {board.ended.reason, baseline.ended.reason} <= {EndReason.STEPS, EndReason.ENDED}
        if whole and compared == generated:
            return StatusText(
                glyphs.same, _("identical, all {compared} tokens", compared=compared), "duo-same"
            )
    word = _(
        "identical so far, {compared} of {generated} tokens", compared=compared, generated=generated
    )
    detail = _("baseline stopped: {missing}", missing=missing) if missing else ""
    return StatusText(glyphs.same, word, "duo-same", detail)


def why_missing(baseline: SourceState) -> str:
    """Reason why the baseline cannot continue; "" if it can."""
    if baseline.link.gone:
        return _trouble(baseline)
    if baseline.link is LinkState.CLOSED:
        return _("no reference engine is connected")
    return ""


def _trouble(board: SourceState) -> str:
    """The board's fault and its hint, as sentences; the last one without its full stop."""
    parts = (part.rstrip(_(".")) for part in (board.trouble, board.hint) if part)
    return _(". ").join(part[:1].upper() + part[1:] for part in parts)


_NAMES = {Source.BOARD: N_("board"), Source.BASELINE: N_("baseline")}


def _choice(source: Source, board: SourceState, index: int, glyphs: Glyphs) -> str:
    if index >= len(board.tokens):
        return _("{source} ends", source=_(_NAMES[source]))
    token: Token = board.tokens[index]
    text = f"{_(_NAMES[source])} {glyphs.quote(printable(token.text).strip() or token.text)}"
    if math.isnan(token.probability):
        return text
    return _("{text} {percent:.0f} %", text=text, percent=100 * token.probability)
