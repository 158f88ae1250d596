"""Status of the link and of the comparison, as text. Pure."""

import math
from dataclasses import dataclass

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
            return StatusText(glyphs.lost, "lost", "text-error", _trouble(board))
        case LinkState.RECONNECTING:
            return StatusText(glyphs.silent, "away", "text-warning", _trouble(board))
        case LinkState.OPENING:
            return StatusText(glyphs.opening, f"connecting{glyphs.waiting}", "text-warning")
        case LinkState.CLOSED:
            return StatusText(glyphs.closed, "not connected", "foreground 60%")
        case LinkState.SILENT:
            return StatusText(glyphs.silent, "silent", "text-warning", "nothing is heard")
    if board.ready is None:
        return StatusText(glyphs.opening, f"waiting for the engine{glyphs.waiting}", "text-warning")
    if board.regenerating is not None and board.running:
        progress = f"telling again, {board.regenerating.told} of {board.regenerating.count}"
        return StatusText(glyphs.telling, progress, "text-accent")
    if board.paused:
        return StatusText(glyphs.paused, "paused", "text-warning")
    if board.running:
        return StatusText(glyphs.telling, "telling", "text-accent")
    if board.speaking and board.speech is not None:
        current = board.sentence.index + 1 if board.sentence else 0
        word = f"speaking, {current} of {len(board.speech.sentences)}"
        return StatusText(glyphs.speaking, word, "text-accent")
    if board.ended is None:
        return StatusText(glyphs.ready, "ready", "text-success")
    match board.ended.reason:
        case EndReason.CANCELLED:
            return StatusText(glyphs.done, "stopped", "text-warning")
        case EndReason.FAILED:
            return StatusText(glyphs.lost, "failed", "text-error")
        case EndReason.LOST:
            return StatusText(glyphs.ready, "ready", "text-success", "the story was cut off")
    if board.rate_doubt:
        return StatusText(glyphs.done, "done", "text-warning", f"no true rate: {board.rate_doubt}")
    return StatusText(glyphs.done, "done", "text-success")


def comparison_status(state: SessionState, glyphs: Glyphs) -> StatusText:
    """Result of the comparison of the board's story with the baseline."""
    board, baseline, diff = state.board, state.baseline, state.diff
    generated, compared = len(board.tokens), diff.compared
    if diff.first is not None:
        detail = ", ".join(
            _choice(source, board, diff.first, glyphs)
            for source, board in ((Source.BOARD, board), (Source.BASELINE, baseline))
        )
        word = f"differs at token {diff.first + 1}"
        return StatusText(glyphs.differs, word, "duo-board", detail)
    missing = why_missing(baseline)
    if board.run is None:
        word = "baseline unavailable" if missing else "nothing to compare yet"
        return StatusText(glyphs.dot, word, "foreground 60%", missing)
    if compared == 0 and missing:
        return StatusText(glyphs.silent, "baseline unavailable", "text-warning", missing)
    if compared == 0:
        return StatusText(glyphs.waiting, "waiting for the baseline", "foreground 60%")
    if board.ended and baseline.ended:
        whole = {board.ended.reason, baseline.ended.reason} <= {EndReason.STEPS, EndReason.ENDED}
        if whole and compared == generated:
            return StatusText(glyphs.same, f"identical, all {compared} tokens", "duo-same")
    word = f"identical so far, {compared} of {generated} tokens"
    detail = f"baseline stopped: {missing}" if missing else ""
    return StatusText(glyphs.same, word, "duo-same", detail)


def why_missing(baseline: SourceState) -> str:
    """Reason why the baseline cannot continue; "" if it can."""
    if baseline.link.gone:
        return _trouble(baseline)
    if baseline.link is LinkState.CLOSED:
        return "no reference engine is connected"
    return ""


def _trouble(board: SourceState) -> str:
    """The board's fault and its hint, as sentences; the last one without its full stop."""
    parts = (part.rstrip(".") for part in (board.trouble, board.hint) if part)
    return ". ".join(part[:1].upper() + part[1:] for part in parts)


def _choice(source: Source, board: SourceState, index: int, glyphs: Glyphs) -> str:
    if index >= len(board.tokens):
        return f"{source} ends"
    token: Token = board.tokens[index]
    text = f"{source} {glyphs.quote(printable(token.text).strip() or token.text)}"
    if math.isnan(token.probability):
        return text
    return f"{text} {100 * token.probability:.0f} %"
