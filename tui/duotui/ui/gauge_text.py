"""Formatting of figures: a value with its unit, or a dash if there is none yet."""

import math

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
        return f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60} min"


def kib(value: int) -> str:
    return f"{value} KiB" if value < 1024 else f"{value / 1024:.1f} MiB"


def count(value: int) -> str:
    return str(value) if value < 100_000 else f"{value / 1e6:.2f} M"


def memory(board: SourceState) -> str:
    return f"{kib(board.stats.rss)}, peak {kib(board.stats.peak)}" if board.stats else NO_VALUE


def faults(board: SourceState) -> str:
    return count(board.stats.faults) if board.stats else NO_VALUE


def health(board: SourceState) -> str:
    """Counts of frames acknowledged, retransmitted and lost, and of bytes of noise."""
    if board.health is None:
        return NO_VALUE
    h = board.health
    return f"{count(h.acknowledged)} ok, {h.repeated} again, {h.lost} lost, {h.noise} noise"


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
        return _ENDS[board.ended.reason]
    return f"{seconds(board.time_left)} left" if board.time_left is not None else NO_VALUE


def speech(board: SourceState) -> str:
    """Summary of text-to-speech: sentences or seconds, which do not count in the run's time."""
    if board.speech_ended is None or board.speech is None:
        return ""
    ended, sentences = board.speech_ended, len(board.speech.sentences)
    match ended.silence:
        case SpeechEndReason.DONE:
            text = f"said aloud in {seconds(ended.heard)}"
            return f"{text}, prepared in {seconds(ended.prepared)}"
        case SpeechEndReason.FAILED:
            return f"not said aloud: {ended.trouble or 'its voice failed'}"
    return f"said aloud: {ended.sentences} of {sentences} sentences"


_ENDS = {
    EndReason.STEPS: "all told",
    EndReason.ENDED: "the end",
    EndReason.CANCELLED: "stopped",
    EndReason.FAILED: "failed",
    EndReason.LOST: "cut off",
}


def sampling(request: Request | RunStarted, glyphs: Glyphs) -> str:
    parts = (
        f"temp {request.temperature:g}",
        f"top-p {request.top_p:g}",
        f"seed {request.seed}" if request.seed else "any seed",
    )
    return f" {glyphs.dot} ".join(parts)
