"""State of one source: its link, its engine and its story. state.py folds it from events."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from duotui.base.translation import gettext as _
from duotui.protocol import events
from duotui.protocol.events import Activity, EndReason
from duotui.protocol.tokens import Token
from duotui.session import rate_check
from duotui.session.token_sequence import TokenSequence

RATE_WINDOW_US = 1_000_000
"""Microseconds of the source's clock over which `rate_now` is measured."""

RATE_WINDOW_TOKENS = 512
"""Tokens over which it is measured, at most: a clock may stand still."""


class LinkState(StrEnum):
    CLOSED = "closed"
    OPENING = "opening"
    UP = "up"
    SILENT = "silent"
    RECONNECTING = "reconnecting"
    LOST = "lost"

    @property
    def gone(self) -> bool:
        """True if the board is away or lost."""
        return self in (LinkState.RECONNECTING, LinkState.LOST)


@dataclass(frozen=True, slots=True)
class SourceState:
    """State of one source: its link, its engine and its story."""

    link: LinkState = LinkState.CLOSED
    target: str = ""
    described: str = ""
    trouble: str = ""
    hint: str = ""
    ready: events.Ready | None = None
    run: events.RunStarted | None = None
    tokens: Sequence[Token] = field(default_factory=TokenSequence)
    arrived: float = 0.0
    """Host's time of the last tokens."""
    missed: float = 0.0
    """Seconds of the story in which nothing was received: the link was silent or away."""
    missing_since: float | None = None
    regenerated: bool = False
    ended: events.RunEnded | None = None
    stats: events.EngineStats | None = None
    health: events.LinkHealth | None = None
    regenerating: events.Regenerating | None = None
    ready_after_end: bool = False
    """True if the agent answered anew after the end of the run."""
    rates: tuple[float, ...] = ()
    speech: events.SpeechStarted | None = None
    sentence: events.SentencePlaying | None = None
    speech_ended: events.SpeechEnded | None = None

    @property
    def speaking(self) -> bool:
        return self.speech is not None and self.speech_ended is None

    @property
    def text(self) -> str:
        """The story so far, including its prompt."""
        return "".join(token.text for token in self.tokens)

    @property
    def prompt_steps(self) -> int:
        """Number of the prompt's tokens among `tokens`."""
        return min(len(self.tokens), len(self.run.ids) - 1) if self.run else 0

    @property
    def prompt_text(self) -> str:
        return "".join(token.text for token in self.tokens[: self.prompt_steps])

    @property
    def generated_text(self) -> str:
        return "".join(token.text for token in self.tokens[self.prompt_steps :])

    @property
    def running(self) -> bool:
        return self.run is not None and self.ended is None

    @property
    def over(self) -> bool:
        """True if the agent has ended the run, for whatever reason."""
        return self.ended is not None and self.ended.reason is not EndReason.LOST

    @property
    def complete(self) -> bool:
        """True if the run has its whole story."""
        complete = (EndReason.STEPS, EndReason.ENDED)
        return self.ended is not None and self.ended.reason in complete

    @property
    def idle(self) -> bool:
        """True if the gauges say that nothing runs; a run's final gauges follow its end. They were
        lost if the agent answered anew after it."""
        gauges_idle = self.stats is not None and self.stats.activity is Activity.IDLE
        return gauges_idle or self.ready_after_end

    @property
    def paused(self) -> bool:
        return self.running and self.stats is not None and self.stats.activity is Activity.PAUSED

    @property
    def warm_up(self) -> int:
        """Tokens before those that a mean counts: the prompt's, at least one."""
        return max(self.prompt_steps, 1)

    @property
    def rate(self) -> float:
        """Mean tok/s by the source's clock, after the prompt. The engine's own figure is taken if
        it is that of its tokens' clocks."""
        measured = rate_check.mean_rate(self.tokens, self.warm_up)
        if self.ended is not None and self.ended.rate > 0:
            count = len(self.tokens) - self.warm_up
            if rate_check.agrees(self.ended.rate, measured, count):
                return self.ended.rate
        return measured

    @property
    def rate_doubt(self) -> str:
        """Reason not to believe the rate of a complete story; "" if there is none."""
        if not self.complete or self.run is None or self.ended is None or not self.tokens:
            return ""
        measured, claimed = rate_check.mean_rate(self.tokens, self.warm_up), self.ended.rate
        if claimed and not rate_check.agrees(claimed, measured, len(self.tokens) - self.warm_up):
            return _(
                "the engine claims {claimed:.6g} tok/s, its tokens' clocks {measured:.6g}",
                claimed=claimed,
                measured=measured,
            )
        if self.regenerated:  # its start arrived before the clock that it has now began
            return ""
        return rate_check.late(
            self.tokens, start=self.run.clock, seconds=self.arrived - self.run.t - self.missed
        )

    @property
    def rate_now(self) -> float:
        """tok/s over the last second of the source's clock, of decoded tokens only: prefill emits a
        prompt's tokens all at once."""
        tokens = self.tokens
        first = max(self.prompt_steps - 1, len(tokens) - RATE_WINDOW_TOKENS, 0)
        if len(tokens) - first < 2:
            return 0.0
        start = last = tokens[-1].clock
        count = 0
        for index in range(len(tokens) - 2, first - 1, -1):
            count, start = count + 1, tokens[index].clock
            if last - start >= RATE_WINDOW_US:
                break
        return count * 1e6 / (last - start) if last > start else 0.0

    @property
    def first_token(self) -> float | None:
        """Seconds from the start of the story to its first token."""
        if self.run is None or not self.tokens:
            return None
        return (self.tokens[0].clock - self.run.clock) / 1e6

    @property
    def time_left(self) -> float | None:
        """Seconds until the steps are used up, at the mean rate; the story may end earlier."""
        if (
            not self.running
            or self.run is None
            or self.rate <= 0
            or self.link is LinkState.RECONNECTING
        ):
            return None
        return (self.run.steps - len(self.tokens)) / self.rate
