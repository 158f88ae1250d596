"""Events: the only vocabulary of the program for what happens.

An event is a fact about one source. The recorder writes events, the replay reads them,
`state.reduce` folds them; widgets see nothing else. `t` is the host's monotonic clock in seconds;
`clock` is the source's own, in microseconds, and the one that is scored.
"""

from dataclasses import dataclass
from enum import StrEnum

from duotui.base.errors import Exit
from duotui.protocol.request import Mode
from duotui.protocol.tokens import TextSpan, Token, WordMark


class Source(StrEnum):
    """Origin of an event: the engine that is judged, or the fp32 reference beside it."""

    BOARD = "board"
    BASELINE = "baseline"


class Activity(StrEnum):
    """Activity of the agent. The order is the wire's."""

    IDLE = "idle"
    GENERATING = "telling"
    PAUSED = "paused"


class EndReason(StrEnum):
    """Reason for the end of a story. The order is the wire's; `lost` is the host's own."""

    STEPS = "steps"
    ENDED = "ended"
    CANCELLED = "cancelled"
    FAILED = "failed"
    LOST = "lost"


class SpeechEndReason(StrEnum):
    """Reason for the end of speech."""

    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Event:
    t: float
    source: Source


@dataclass(frozen=True, slots=True)
class LinkOpening(Event):
    """A port is being opened; nothing has been received yet."""

    target: str


@dataclass(frozen=True, slots=True)
class LinkUp(Event):
    target: str
    described: str


@dataclass(frozen=True, slots=True)
class LinkLost(Event):
    """The port or its engine is gone for good. All received tokens are kept.

    status: the exit status of this loss without a screen (errors.py).
    """

    reason: str
    hint: str = ""
    status: int = Exit.LINK_BROKEN


@dataclass(frozen=True, slots=True)
class LinkReconnecting(Event):
    """The link was lost, and duotui reconnects. Emitted again if the reason changes."""

    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class LinkSilent(Event):
    """Silence of the link for a second. `LinkResponding` follows if the agent answers again."""

    seconds: float


@dataclass(frozen=True, slots=True)
class LinkResponding(Event):
    pass


@dataclass(frozen=True, slots=True)
class LineNoise(Event):
    """Bytes outside frames; `text` is their readable part."""

    count: int
    text: str


@dataclass(frozen=True, slots=True)
class LinkHealth(Event):
    """Totals of the link so far, emitted when one of them changed."""

    acknowledged: int
    repeated: int
    lost: int
    noise: int


@dataclass(frozen=True, slots=True)
class Ready(Event):
    """The handshake succeeded. Hashes are hex SHA-256 of the two files; `modes` are the agent's."""

    version: str
    model: str
    machine: str
    model_hash: str
    tokenizer_hash: str
    modes: tuple[Mode, ...]
    vocabulary: int
    context: int
    parameters: int
    boot: int
    voice: bool = False
    ear: bool = False


@dataclass(frozen=True, slots=True)
class RunStarted(Event):
    """A story begins, with its effective settings and the encoded prompt."""

    story: int
    prompt: str
    mode: Mode
    steps: int
    temperature: float
    top_p: float
    seed: int
    clock: int
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tokens(Event):
    """Tokens that arrived together, in order and without gaps."""

    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Regenerating(Event):
    """A restarted agent generates the story again: `told` of the `count` earlier tokens so far."""

    told: int
    count: int


@dataclass(frozen=True, slots=True)
class Regenerated(Event):
    """Regeneration is complete, and the tokens are identical. The clocks are the restarted agent's:
    `clock` that of the start, `clocks` those of the tokens."""

    clock: int
    clocks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EngineStats(Event):
    """The agent's gauges. rss and peak in KiB, first in microseconds (0: no token yet)."""

    activity: Activity
    tokens: int
    clock: int
    first: int
    rss: int
    peak: int
    faults: int
    repeats: int


@dataclass(frozen=True, slots=True)
class RunEnded(Event):
    """The story is over. rate is llama2.c's achieved tok/s, by the source's clock."""

    reason: EndReason
    tokens: int
    clock: int
    rate: float


@dataclass(frozen=True, slots=True)
class SpeechStarted(Event):
    """Speech of the story begins, in these sentences."""

    sentences: tuple[TextSpan, ...]


@dataclass(frozen=True, slots=True)
class SentencePlaying(Event):
    """Playback of sentence `index`, since `begun` on the clock of `t`, for `length` seconds."""

    index: int
    begun: float
    length: float
    marks: tuple[WordMark, ...]


@dataclass(frozen=True, slots=True)
class SpeechEnded(Event):
    """Speech ended after `sentences` sentences.

    prepared, heard: seconds by the source's clock, in total: from the request to the first sound,
    and from there to the last.
    """

    silence: SpeechEndReason
    sentences: int
    prepared: float
    heard: float
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class MicrophoneAudio(Event):
    """Live audio of the source's microphone: 16-bit PCM, 16000 samples a second. Never recorded:
    the speaker may be a child."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class ListenEnded(Event):
    """The end of microphone audio; `trouble` if it is an error."""

    trouble: str = ""


@dataclass(frozen=True, slots=True)
class RecordingFailed(Event):
    """The recording cannot be written, and has ended; whatever was recorded goes on. Never
    recorded."""

    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Fault(Event):
    """A command of the user that cannot be carried out. The session goes on.

    status: the exit status of this error without a screen (errors.py).
    """

    text: str
    hint: str = ""
    status: int = Exit.USAGE


Batch = tuple[Event, ...]

EVENTS: dict[str, type[Event]] = {
    "LinkOpening": LinkOpening,
    "LinkUp": LinkUp,
    "LinkAway": LinkReconnecting,
    "LinkLost": LinkLost,
    "LinkSilent": LinkSilent,
    "LinkAnswers": LinkResponding,
    "Noise": LineNoise,
    "Health": LinkHealth,
    "Ready": Ready,
    "RunStarted": RunStarted,
    "Tokens": Tokens,
    "Retelling": Regenerating,
    "Retold": Regenerated,
    "Stats": EngineStats,
    "RunEnded": RunEnded,
    "SpeechStarted": SpeechStarted,
    "SentenceHeard": SentencePlaying,
    "SpeechEnded": SpeechEnded,
    "ListenEnded": ListenEnded,
    "Fault": Fault,
}
"""Recorded events by their names in recordings, which never change."""
