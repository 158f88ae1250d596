"""State of a session: everything that a screen shows, folded from events by one pure function.

A state is immutable: `reduce` returns a new one. It holds only what events contain. A recording
thus shows again what was on the screen, and more if a later screen shows more.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from duotui.protocol import events
from duotui.protocol.events import Activity, EndReason, Event, Source, SpeechEndReason
from duotui.protocol.tokens import Token
from duotui.session.token_diff import TokenDiff, extend, settled

RATE_HISTORY = 240
"""Number of points of the tok/s history that are kept."""

RATE_WINDOW_US = 1_000_000
"""Microseconds of the source's clock over which `rate_now` is measured."""


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
    tokens: tuple[Token, ...] = ()
    ended: events.RunEnded | None = None
    stats: events.EngineStats | None = None
    health: events.LinkHealth | None = None
    regenerating: events.Regenerating | None = None
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
        """True if the gauges say that nothing runs; a run's final gauges follow its end."""
        return self.stats is not None and self.stats.activity is Activity.IDLE

    @property
    def paused(self) -> bool:
        return self.running and self.stats is not None and self.stats.activity is Activity.PAUSED

    @property
    def rate(self) -> float:
        """Mean tok/s by the source's clock: llama2.c's (n - 1) / time since the first step."""
        if self.ended is not None and self.ended.rate > 0:
            return self.ended.rate
        if len(self.tokens) < 2:
            return 0.0
        elapsed = self.tokens[-1].clock - self.tokens[0].clock
        return (len(self.tokens) - 1) * 1e6 / elapsed if elapsed > 0 else 0.0

    @property
    def rate_now(self) -> float:
        """tok/s over the last second of the source's clock, of decoded tokens only: prefill emits a
        prompt's tokens all at once."""
        decoded = self.tokens[max(self.prompt_steps - 1, 0) :]
        if len(decoded) < 2:
            return 0.0
        last = decoded[-1].clock
        count, first = 0, last
        for token in reversed(decoded[:-1]):
            count, first = count + 1, token.clock
            if last - first >= RATE_WINDOW_US:
                break
        return count * 1e6 / (last - first) if last > first else 0.0

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


@dataclass(frozen=True, slots=True)
class SessionState:
    board: SourceState = field(default_factory=SourceState)
    baseline: SourceState = field(default_factory=SourceState)
    diff: TokenDiff = field(default_factory=TokenDiff)
    noise: tuple[str, ...] = ()
    """The last lines received outside frames."""
    fault: events.Fault | None = None

    def of(self, source: Source) -> SourceState:
        return self.board if source is Source.BOARD else self.baseline


def reduce(state: SessionState, event: Event) -> SessionState:
    """The state after `event`. Pure."""
    source_state = _reduce_source(state.of(event.source), event)
    if event.source is Source.BOARD:
        state = replace(state, board=source_state)
    else:
        state = replace(state, baseline=source_state)
    match event:
        case events.RunStarted():
            return replace(state, diff=_compare(TokenDiff(), state), fault=None)
        case events.Tokens() | events.RunEnded():
            return replace(state, diff=_compare(state.diff, state))
        case events.LineNoise(text=text) if text.strip():
            return replace(state, noise=(*state.noise, *text.strip().splitlines())[-50:])
        case events.Fault():
            return replace(state, fault=event)
    return state


def _reduce_source(source_state: SourceState, event: Event) -> SourceState:
    match event:
        case events.LinkOpening():
            return replace(
                source_state, link=LinkState.OPENING, target=event.target, trouble="", hint=""
            )
        case events.LinkUp():
            return replace(
                source_state,
                link=LinkState.UP,
                target=event.target,
                described=event.described,
                trouble="",
                hint="",
            )
        case events.LinkReconnecting():
            return replace(
                source_state, link=LinkState.RECONNECTING, trouble=event.reason, hint=event.hint
            )
        case events.LinkLost():
            lost = replace(source_state, link=LinkState.LOST, trouble=event.reason, hint=event.hint)
            if lost.running:
                ended = events.RunEnded(
                    event.t,
                    event.source,
                    reason=EndReason.LOST,
                    tokens=len(lost.tokens),
                    clock=0,
                    rate=lost.rate,
                )
                lost = replace(lost, ended=ended)
            if lost.speaking:
                speech_ended = events.SpeechEnded(
                    event.t,
                    event.source,
                    silence=SpeechEndReason.LOST,
                    sentences=0,
                    prepared=0.0,
                    heard=0.0,
                )
                lost = replace(lost, speech_ended=speech_ended)
            return lost
        case events.LinkSilent():
            return replace(source_state, link=LinkState.SILENT)
        case events.LinkResponding():
            return replace(source_state, link=LinkState.UP)
        case events.LinkHealth():
            return replace(source_state, health=event)
        case events.Ready():
            return replace(source_state, ready=event, link=LinkState.UP)
        case events.RunStarted():
            return replace(
                source_state,
                run=event,
                tokens=(),
                ended=None,
                stats=None,
                rates=(),
                regenerating=None,
                speech=None,
                sentence=None,
                speech_ended=None,
            )
        case events.Regenerating():
            return replace(source_state, regenerating=event)
        case events.Regenerated():
            return _regenerated(source_state, event)
        case events.Tokens():
            back = source_state.ended is not None and source_state.ended.reason is EndReason.LOST
            resumed = replace(source_state, ended=None) if back else source_state
            grown = replace(resumed, tokens=source_state.tokens + event.tokens)
            return replace(grown, rates=(*grown.rates, grown.rate_now)[-RATE_HISTORY:])
        case events.EngineStats():
            return replace(source_state, stats=event)
        case events.RunEnded():
            return replace(source_state, ended=event)
        case events.SpeechStarted():
            return replace(source_state, speech=event, sentence=None, speech_ended=None)
        case events.SentencePlaying():
            return replace(source_state, sentence=event)
        case events.SpeechEnded():
            return replace(source_state, speech_ended=event)
    return source_state


def _regenerated(source_state: SourceState, event: events.Regenerated) -> SourceState:
    """Replace the clocks by those of the agent that regenerated the tokens, if their count fits."""
    if len(event.clocks) != len(source_state.tokens):
        return replace(source_state, regenerating=None)
    return replace(
        source_state,
        run=source_state.run and replace(source_state.run, clock=event.clock),
        tokens=tuple(
            replace(token, clock=clock)
            for token, clock in zip(source_state.tokens, event.clocks, strict=True)
        ),
        regenerating=None,
    )


def _compare(diff: TokenDiff, state: SessionState) -> TokenDiff:
    """Compare the stories, if both have the same request."""
    board, baseline = state.board, state.baseline
    if (
        board.run is None
        or baseline.run is None
        or _request_of(board.run) != _request_of(baseline.run)
    ):
        return TokenDiff()
    if board.complete and baseline.complete:
        return settled(diff, board.tokens, baseline.tokens)
    return extend(diff, board.tokens, baseline.tokens)


def _request_of(run: events.RunStarted) -> tuple[object, ...]:
    return run.ids, run.steps, run.temperature, run.top_p, run.seed
