"""Conversion of an agent's messages to events."""

from duotui.protocol import messages
from duotui.protocol.events import Activity, EngineStats, Ready, Source
from duotui.protocol.request import Mode
from duotui.protocol.token_stream import ACTIVITIES


def activity_of(number: int) -> Activity:
    """The activity of a state number; unknown numbers of newer agents give the last one."""
    return ACTIVITIES[min(number, len(ACTIVITIES) - 1)]


def supports(hello: messages.Hello, feature: int) -> bool:
    """True if the agent has the feature and speaks our protocol, so that it takes such requests."""
    return hello.protocol == messages.PROTOCOL and bool(hello.modes & feature)


def ready_event(hello: messages.Hello, source: Source, now: float) -> Ready:
    """The event of a handshake."""
    return Ready(
        now,
        source,
        version=hello.version,
        model=hello.model,
        machine=hello.machine,
        model_hash=hello.model_hash.hex(),
        tokenizer_hash=hello.tokenizer_hash.hex(),
        modes=tuple(mode for bit, mode in enumerate(Mode) if hello.modes >> bit & 1),
        vocabulary=hello.vocabulary,
        context=hello.context,
        parameters=hello.parameters,
        boot=hello.boot,
        voice=supports(hello, messages.HAS_TTS),
        ear=supports(hello, messages.HAS_MICROPHONE),
    )


def stats_event(stats: messages.Stats, source: Source, now: float) -> EngineStats:
    """The event of an agent's gauges."""
    return EngineStats(
        now,
        source,
        activity=activity_of(stats.state),
        tokens=stats.tokens,
        clock=stats.clock,
        first=stats.first,
        rss=stats.rss,
        peak=stats.peak,
        faults=stats.faults,
        repeats=stats.repeats,
    )
