"""State of a session: everything that a screen shows, folded from events by one pure function.

A state is immutable: `reduce` returns a new one. It holds only what events contain. A recording
thus shows again what was on the screen, and more if a later screen shows more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from duotui.protocol import events
from duotui.protocol.events import EndReason, Event, Source, SpeechEndReason
from duotui.protocol.tokens import Token
from duotui.session.source_state import LinkState, SourceState
from duotui.session.token_diff import TokenDiff, extend, settled
from duotui.session.token_sequence import TokenSequence

RATE_HISTORY = 240
"""Number of points of the tok/s history that are kept."""


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
                _missing(source_state, event.t),
                link=LinkState.RECONNECTING,
                trouble=event.reason,
                hint=event.hint,
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
            silent = _missing(source_state, event.t - event.seconds)
            return replace(silent, link=LinkState.SILENT)
        case events.LinkResponding():
            return replace(_heard(source_state, event.t), link=LinkState.UP)
        case events.LinkHealth():
            return replace(source_state, health=event)
        case events.Ready():
            return replace(
                _heard(source_state, event.t),
                ready=event,
                link=LinkState.UP,
                ready_after_end=source_state.over,
            )
        case events.RunStarted():
            return replace(
                source_state,
                run=event,
                tokens=TokenSequence(),
                arrived=event.t,
                missed=0.0,
                regenerated=False,
                ended=None,
                stats=None,
                rates=(),
                regenerating=None,
                ready_after_end=False,
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
            tokens = _sequence(source_state.tokens).appended(event.tokens)
            grown = replace(resumed, tokens=tokens, arrived=event.t)
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
        tokens=TokenSequence(
            replace(token, clock=clock)
            for token, clock in zip(source_state.tokens, event.clocks, strict=True)
        ),
        regenerating=None,
        regenerated=True,
    )


def _sequence(tokens: Sequence[Token]) -> TokenSequence:
    return tokens if isinstance(tokens, TokenSequence) else TokenSequence(tokens)


def _missing(source_state: SourceState, since: float) -> SourceState:
    """The state of a source that sends nothing since the host's time `since`."""
    if source_state.missing_since is not None:
        return source_state
    return replace(source_state, missing_since=since)


def _heard(source_state: SourceState, now: float) -> SourceState:
    """The state of a source that sends again."""
    if source_state.missing_since is None:
        return source_state
    missed = source_state.missed + now - source_state.missing_since
    return replace(source_state, missed=missed, missing_since=None)


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
