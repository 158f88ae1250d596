"""Check of a rate that an engine claims, by its tokens' clocks and by the host's own time. Pure.

docs/judging.md gives the tolerances and their reasons.
"""

from collections.abc import Sequence

from duotui.base.translation import gettext as _
from duotui.protocol.tokens import Token

RATE_TOLERANCE = 0.02
"""Part by which a claimed rate may differ from that of the tokens' clocks."""

CLOCK_STEP_US = 4
"""Microseconds by which the time of a rate may differ: a clock counts whole ones."""

LATE_TOLERANCE, LATE_SECONDS = 0.05, 3.0
"""Part of the engine's time, and seconds, by which the tokens may take longer on the host's clock:
a batch waits, and a lost frame is sent again."""

LINE_BYTES_PER_SECOND = 11_520
"""Bytes a second of the slowest line, 115200 baud: a fast engine waits for it."""

_EVENT_BYTES = 40
"""Bytes of a token's frame apart from its text."""


def mean_rate(tokens: Sequence[Token], warm_up: int) -> float:
    """Mean tok/s of the tokens after the first `warm_up`, or so far after the first one, by their
    clocks; 0 if there is none."""
    warm_up = warm_up if len(tokens) > warm_up else 1
    if len(tokens) < 2:
        return 0.0
    elapsed = tokens[-1].clock - tokens[warm_up - 1].clock
    return (len(tokens) - warm_up) * 1e6 / elapsed if elapsed > 0 else 0.0


def agrees(claimed: float, measured: float, count: int) -> bool:
    """True if the claimed rate of `count` tokens is the measured one, within the tolerance."""
    if count <= 0 or claimed <= 0:
        return False
    elapsed = count * 1e6 / measured if measured > 0 else 0.0
    return abs(count * 1e6 / claimed - elapsed) <= RATE_TOLERANCE * elapsed + CLOCK_STEP_US


def late(tokens: Sequence[Token], start: int, seconds: float) -> str:
    """Return the contradiction if the tokens took longer than their clocks say, else "".

    start: clock of the story's start. seconds: the host's time from its arrival to that of the last
    token.
    """
    claimed = (tokens[-1].clock - start) / 1e6
    if seconds <= _allowed(claimed) or seconds <= _allowed(_sent_at(tokens, start)):
        return ""
    return _(
        "its tokens took {seconds:.1f} s to arrive, by its own clock {claimed:.1f} s",
        seconds=seconds,
        claimed=claimed,
    )


def _allowed(seconds: float) -> float:
    return seconds * (1 + LATE_TOLERANCE) + LATE_SECONDS


def _sent_at(tokens: Sequence[Token], start: int) -> float:
    """Seconds after the start at which the slowest line has carried the last token."""
    sent = 0.0
    for token in tokens:
        size = _EVENT_BYTES + len(token.text.encode("utf-8", "replace"))
        sent = max(sent, (token.clock - start) / 1e6) + size / LINE_BYTES_PER_SECOND
    return sent
