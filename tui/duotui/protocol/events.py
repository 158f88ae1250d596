"""What happens, in the only vocabulary that the program has for it.

An event is a fact about one narrator. The recorder writes events, the player reads them,
`state.reduce` folds them; widgets see nothing else. `t` is the host's monotonic clock in
seconds; `clock` is the narrator's own, in microseconds, and the one that is scored.
"""

from dataclasses import dataclass
from enum import StrEnum

from duotui.base.errors import Exit
from duotui.protocol.request import Mode
from duotui.protocol.tokens import TextSpan, Token, WordMark


class Source(StrEnum):
    """Who speaks: the engine that is judged, or the fp32 reference beside it."""

    BOARD = "board"
    BASELINE = "baseline"


class Activity(StrEnum):
    """What the agent is doing. The order is the wire's."""

    IDLE = "idle"
    GENERATING = "telling"
    PAUSED = "paused"


class EndReason(StrEnum):
    """Why a story ended. The order is the wire's; `lost` is the host's own."""

    STEPS = "steps"
    ENDED = "ended"
    CANCELLED = "cancelled"
    FAILED = "failed"
    LOST = "lost"


class SpeechEndReason(StrEnum):
    """Why nothing is said aloud any longer."""

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
    """A port is being opened; nothing has been heard yet."""

    target: str


@dataclass(frozen=True, slots=True)
class LinkUp(Event):
    target: str
    described: str


@dataclass(frozen=True, slots=True)
class LinkLost(Event):
    """The port is gone, or its engine is, for good. Everything that was told is kept.

    status: the exit status that this would be without a screen (errors.py)."""

    reason: str
    hint: str = ""
    status: int = Exit.LINK_BROKEN


@dataclass(frozen=True, slots=True)
class LinkReconnecting(Event):
    """The link was lost, and is looked for: the story goes on when it is back. Said again where
    the reason changes."""

    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class LinkSilent(Event):
    """Nothing was heard for a second. It may yet speak again (`LinkAnswers`)."""

    seconds: float


@dataclass(frozen=True, slots=True)
class LinkResponding(Event):
    pass


@dataclass(frozen=True, slots=True)
class LineNoise(Event):
    """Bytes outside frames; `text` is what a person could read of them."""

    count: int
    text: str


@dataclass(frozen=True, slots=True)
class LinkHealth(Event):
    """Totals of the link so far, sent when one of them changed."""

    acknowledged: int
    repeated: int
    lost: int
    noise: int


@dataclass(frozen=True, slots=True)
class Ready(Event):
    """The agent said hello. Hashes are hex sha256 of the two files; modes are what it has."""

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
    """A story begins, with the settings that are really used and the encoded prompt."""

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
    """The agent was started anew, and tells the story again: `told` tokens of the `count` that
    were told before."""

    told: int
    count: int


@dataclass(frozen=True, slots=True)
class Regenerated(Event):
    """All of them, and they are the same. Clocks of the start, and of each, by the agent that
    tells now."""

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
    """The story is over. rate is llama2.c's achieved tok/s, by the narrator's clock."""

    reason: EndReason
    tokens: int
    clock: int
    rate: float


@dataclass(frozen=True, slots=True)
class SpeechStarted(Event):
    """The story is going to be said aloud, in these sentences."""

    sentences: tuple[TextSpan, ...]


@dataclass(frozen=True, slots=True)
class SentencePlaying(Event):
    """Sentence `index` is heard since `begun`, of the clock of `t`, for `length` seconds."""

    index: int
    begun: float
    length: float
    marks: tuple[WordMark, ...]


@dataclass(frozen=True, slots=True)
class SpeechEnded(Event):
    """`sentences` were said. Seconds by the narrator's clock, of all of them: from the asking to
    the first sound, and from there to the last."""

    silence: SpeechEndReason
    sentences: int
    prepared: float
    heard: float
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class MicrophoneAudio(Event):
    """What the narrator's microphone hears, as it comes: PCM of 16 bit, 16000 samples a second. It
    is recorded nowhere: it may be a child."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class ListenEnded(Event):
    """Nothing more comes from the microphone; `trouble` where that was not meant."""

    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Fault(Event):
    """Something the user asked for cannot be done. The session goes on.

    status: the exit status that this would be without a screen (errors.py)."""

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
"""Recorded events by the names that recordings hold: these never change."""
