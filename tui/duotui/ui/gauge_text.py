"""Formatting of figures: a value with its unit, or a dash if there is none yet."""

import math

from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.protocol.events import EndReason, RunStarted, SpeechEndReason
from duotui.protocol.request import Request
from duotui.session.source_state import SourceState
from duotui.ui.glyphs import Glyphs

NO_VALUE = "-"


def rate(value: float) -> str:
    """Format tok/s with about three digits: 0.36, 24.3, 512."""
    if value <= 0 or not math.isfinite(value):
        return NO_VALUE
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def seconds(value: float | None) -> str:
    if value is None:
        return NO_VALUE
    value = max(0.0, value)
    if value < 1:
        return _("{value:.0f} ms", value=value * 1000)
    if value < 60:
        return _("{value:.1f} s", value=value)
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return _("{minutes} min {rest:02d} s", minutes=minutes, rest=rest)
    return _("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)


def kib(value: int) -> str:
    return (
        _("{value} KiB", value=value) if value < 1024 else _("{value:.1f} MiB", value=value / 1024)
    )


def count(value: int) -> str:
    return str(value) if value < 100_000 else f"{value / 1e6:.2f} M"


def memory(board: SourceState) -> str:
    return (
        _("{rss}, peak {peak}", rss=kib(board.stats.rss), peak=kib(board.stats.peak))
        if board.stats
        else NO_VALUE
    )


def faults(board: SourceState) -> str:
    return count(board.stats.faults) if board.stats else NO_VALUE


def health(board: SourceState) -> str:
    """Counts of frames acknowledged, retransmitted and lost, and of bytes of noise."""
    if board.health is None:
        return NO_VALUE
    h = board.health
    return _(
        "{acknowledged} ok, {repeated} again, {lost} lost, {noise} noise",
        acknowledged=count(h.acknowledged),
        repeated=h.repeated,
        lost=h.lost,
        noise=h.noise,
    )


def model(board: SourceState) -> str:
    """The model's name and the head of its hash."""
    if board.ready is None:
        return NO_VALUE
    name = board.ready.model.replace("\\", "/").rsplit("/", 1)[-1]
    return f"{name} {board.ready.model_hash[:8]}"


def machine(board: SourceState) -> str:
    return board.ready.machine if board.ready else NO_VALUE


def progress(board: SourceState) -> tuple[int, int]:
    """Number of generated tokens, and the limit."""
    if board.run is None:
        return 0, 0
    limit = board.run.steps or (board.ready.context if board.ready else 0)
    return len(board.tokens), max(limit, len(board.tokens))


def time_left(board: SourceState) -> str:
    if board.ended is not None:
        return _(_ENDS[board.ended.reason])
    return (
        _("{time_left} left", time_left=seconds(board.time_left))
        if board.time_left is not None
        else NO_VALUE
    )


def speech(board: SourceState) -> str:
    """Summary of text-to-speech: sentences or seconds, which do not count in the run's time."""
    if board.speech_ended is None or board.speech is None:
        return ""
    ended, sentences = board.speech_ended, len(board.speech.sentences)
    match ended.silence:
        case SpeechEndReason.DONE:
            text = _("said aloud in {heard}", heard=seconds(ended.heard))
            return _("{text}, prepared in {prepared}", text=text, prepared=seconds(ended.prepared))
        case SpeechEndReason.FAILED:
            return _("not said aloud: {trouble}", trouble=ended.trouble or _("its voice failed"))
    return _(
        "said aloud: {said} of {sentences} sentences",
        said=ended.sentences,
        sentences=sentences,
    )


_ENDS = {
    EndReason.STEPS: N_("all told"),
    EndReason.ENDED: N_("the end"),
    EndReason.CANCELLED: N_("stopped"),
    EndReason.FAILED: N_("failed"),
    EndReason.LOST: N_("cut off"),
}


def sampling(request: Request | RunStarted, glyphs: Glyphs) -> str:
    parts = (
        _("temp {temperature:g}", temperature=request.temperature),
        _("top-p {top_p:g}", top_p=request.top_p),
        _("seed {seed}", seed=request.seed) if request.seed else _("any seed"),
    )
    return f" {glyphs.dot} ".join(parts)
