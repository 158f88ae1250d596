"""Where things stand, in words: the link's state and the comparison's. Pure, and told once here."""

import math
from dataclasses import dataclass

from duotui.protocol.events import Narrator, Reason, Token
from duotui.session.state import Link, State, Telling
from duotui.ui.glyphs import Glyphs
from duotui.ui.widgets.wrapping import printable


@dataclass(frozen=True, slots=True)
class Standing:
    """`sign` and `word` carry the meaning; `tone` is a colour variable that repeats it."""

    sign: str
    word: str
    tone: str
    detail: str = ""


def standing(board: Telling, glyphs: Glyphs) -> Standing:
    """The state of the board's link, and of its story."""
    match board.link:
        case Link.LOST:
            return Standing(glyphs.lost, "lost", "text-error", _trouble(board))
        case Link.AWAY:
            return Standing(glyphs.silent, "away", "text-warning", _trouble(board))
        case Link.OPENING:
            return Standing(glyphs.opening, f"connecting{glyphs.waiting}", "text-warning")
        case Link.CLOSED:
            return Standing(glyphs.closed, "not connected", "foreground 60%")
        case Link.SILENT:
            return Standing(glyphs.silent, "silent", "text-warning", "nothing is heard")
    if board.ready is None:
        return Standing(glyphs.opening, f"waiting for the engine{glyphs.waiting}", "text-warning")
    if board.retelling is not None and board.telling:
        again = f"telling again, {board.retelling.told} of {board.retelling.count}"
        return Standing(glyphs.telling, again, "text-accent")
    if board.paused:
        return Standing(glyphs.paused, "paused", "text-warning")
    if board.telling:
        return Standing(glyphs.telling, "telling", "text-accent")
    if board.speaking and board.speech is not None:
        said = board.heard.index + 1 if board.heard else 0
        word = f"speaking, {said} of {len(board.speech.sentences)}"
        return Standing(glyphs.speaking, word, "text-accent")
    if board.ended is None:
        return Standing(glyphs.ready, "ready", "text-success")
    match board.ended.reason:
        case Reason.CANCELLED:
            return Standing(glyphs.done, "stopped", "text-warning")
        case Reason.FAILED:
            return Standing(glyphs.lost, "failed", "text-error")
        case Reason.LOST:
            return Standing(glyphs.ready, "ready", "text-success", "the story was cut off")
    return Standing(glyphs.done, "done", "text-success")


def verdict(state: State, glyphs: Glyphs) -> Standing:
    """Is it the baseline's story? One line, with a sign."""
    board, baseline, diff = state.board, state.baseline, state.diff
    told, compared = len(board.tokens), diff.compared
    if diff.first is not None:
        detail = ", ".join(
            _choice(narrator, telling, diff.first, glyphs)
            for narrator, telling in ((Narrator.BOARD, board), (Narrator.BASELINE, baseline))
        )
        word = f"differs at token {diff.first + 1}"
        return Standing(glyphs.differs, word, "duo-board", detail)
    missing = why_missing(baseline)
    if board.run is None:
        word = "baseline unavailable" if missing else "nothing to compare yet"
        return Standing(glyphs.dot, word, "foreground 60%", missing)
    if compared == 0 and missing:
        return Standing(glyphs.silent, "baseline unavailable", "text-warning", missing)
    if compared == 0:
        return Standing(glyphs.waiting, "waiting for the baseline", "foreground 60%")
    if board.ended and baseline.ended:
        whole = {board.ended.reason, baseline.ended.reason} <= {Reason.STEPS, Reason.ENDED}
        if whole and compared == told:
            return Standing(glyphs.same, f"identical, all {compared} tokens", "duo-same")
    word = f"identical so far, {compared} of {told} tokens"
    detail = f"baseline stopped: {missing}" if missing else ""
    return Standing(glyphs.same, word, "duo-same", detail)


def why_missing(baseline: Telling) -> str:
    """Why no more can come from the baseline; empty where it can."""
    if baseline.link in (Link.LOST, Link.AWAY):
        return _trouble(baseline)
    if baseline.link is Link.CLOSED:
        return "no reference engine is connected"
    return ""


def _trouble(telling: Telling) -> str:
    """What went wrong and what helps, as sentences; the last one without its full stop."""
    parts = (part.rstrip(".") for part in (telling.trouble, telling.hint) if part)
    return ". ".join(part[:1].upper() + part[1:] for part in parts)


def _choice(narrator: Narrator, telling: Telling, index: int, glyphs: Glyphs) -> str:
    if index >= len(telling.tokens):
        return f"{narrator} ends"
    token: Token = telling.tokens[index]
    said = f"{narrator} {glyphs.quote(printable(token.text).strip() or token.text)}"
    if math.isnan(token.probability):
        return said
    return f"{said} {100 * token.probability:.0f} %"
