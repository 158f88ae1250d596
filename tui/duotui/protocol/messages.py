"""Messages in frames: one dataclass each, packed as docs/protocol.md lists them.

A message packs itself into a payload, and `parse_message` reads it from one. A payload that is
shorter or longer than its fields is malformed.
"""

import struct
from dataclasses import dataclass
from typing import ClassVar

from duotui.protocol.fields import FieldReader, MalformedPayload
from duotui.protocol.message_base import Message
from duotui.protocol.story_messages import _EVENTS_BY_KIND, StoryEvent

PROTOCOL = 2
"""Version of the wire protocol. An agent of another version generates stories, but can neither
speak nor listen."""

HAS_MICROPHONE, HAS_TTS = 1 << 6, 1 << 7
"""Bits of a Hello's `modes`: the agent can listen, and speak."""


@dataclass(frozen=True, slots=True)
class AskHello(Message):
    type: ClassVar[int] = 0x01
    codes: ClassVar[tuple[str, ...]] = ("B",)
    protocol: int = PROTOCOL


@dataclass(frozen=True, slots=True)
class Generate(Message):
    type: ClassVar[int] = 0x02
    codes: ClassVar[tuple[str, ...]] = ("I", "B", "B", "I", "f", "f", "Q", "str")
    story: int
    mode: int
    flags: int
    steps: int
    temperature: float
    top_p: float
    seed: int
    prompt: str


@dataclass(frozen=True, slots=True)
class Cancel(Message):
    type: ClassVar[int] = 0x03
    codes: ClassVar[tuple[str, ...]] = ("I",)
    story: int


@dataclass(frozen=True, slots=True)
class Pause(Message):
    type: ClassVar[int] = 0x04
    codes: ClassVar[tuple[str, ...]] = ("I", "B")
    story: int
    on: int


@dataclass(frozen=True, slots=True)
class Ack(Message):
    type: ClassVar[int] = 0x05
    codes: ClassVar[tuple[str, ...]] = ("I", "I")
    story: int
    next: int


@dataclass(frozen=True, slots=True)
class Resume(Message):
    type: ClassVar[int] = 0x06
    codes: ClassVar[tuple[str, ...]] = ("I", "I")
    story: int
    next: int


@dataclass(frozen=True, slots=True)
class Ping(Message):
    type: ClassVar[int] = 0x07
    codes: ClassVar[tuple[str, ...]] = ("I",)
    nonce: int


@dataclass(frozen=True, slots=True)
class AskStats(Message):
    type: ClassVar[int] = 0x08
    codes: ClassVar[tuple[str, ...]] = ()


@dataclass(frozen=True, slots=True)
class Bye(Message):
    type: ClassVar[int] = 0x09
    codes: ClassVar[tuple[str, ...]] = ()


@dataclass(frozen=True, slots=True)
class Speak(Message):
    type: ClassVar[int] = 0x0A
    codes: ClassVar[tuple[str, ...]] = ("I", "B", "str")
    sentence: int
    volume: int
    text: str


@dataclass(frozen=True, slots=True)
class Hush(Message):
    type: ClassVar[int] = 0x0B
    codes: ClassVar[tuple[str, ...]] = ("I",)
    sentence: int


@dataclass(frozen=True, slots=True)
class Listen(Message):
    type: ClassVar[int] = 0x0C
    codes: ClassVar[tuple[str, ...]] = ("I",)
    listen: int


@dataclass(frozen=True, slots=True)
class Enough(Message):
    type: ClassVar[int] = 0x0D
    codes: ClassVar[tuple[str, ...]] = ("I",)
    listen: int


@dataclass(frozen=True, slots=True)
class Hello(Message):
    type: ClassVar[int] = 0x81
    codes: ClassVar[tuple[str, ...]] = (
        *("B", "B", "Q", "I", "I", "B", "I", "I", "Q"),
        "32",
        "32",
        "line",
        "line",
        "line",
    )
    protocol: int
    state: int
    boot: int
    story: int
    events: int
    modes: int
    """A bit for each mode, HAS_MICROPHONE and HAS_TTS."""
    vocabulary: int
    context: int
    parameters: int
    model_hash: bytes
    tokenizer_hash: bytes
    version: str
    model: str
    machine: str


@dataclass(frozen=True, slots=True)
class Stats(Message):
    type: ClassVar[int] = 0x83
    codes: ClassVar[tuple[str, ...]] = ("I", "B", "I", "Q", "Q", "I", "I", "Q", "I", "I")
    story: int
    state: int
    tokens: int
    clock: int
    first: int
    rss: int
    peak: int
    faults: int
    repeats: int
    noise: int


@dataclass(frozen=True, slots=True)
class Pong(Message):
    type: ClassVar[int] = 0x84
    codes: ClassVar[tuple[str, ...]] = ("I", "Q")
    nonce: int
    clock: int


@dataclass(frozen=True, slots=True)
class Refused(Message):
    type: ClassVar[int] = 0x85
    codes: ClassVar[tuple[str, ...]] = ("I", "B", "line")
    story: int
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Gone(Message):
    type: ClassVar[int] = 0x86
    codes: ClassVar[tuple[str, ...]] = ()


@dataclass(frozen=True, slots=True)
class Speech(Message):
    """State of a requested sentence. `words`: milliseconds after `begun`, byte, bytes."""

    type: ClassVar[int] = 0x87
    codes: ClassVar[tuple[str, ...]] = ("I", "B", "Q", "Q", "Q", "Q", "I", "line", "words")
    sentence: int
    state: int
    clock: int
    asked: int
    begun: int
    ended: int
    length: int
    trouble: str
    words: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Sound(Message):
    """A piece of audio from the board's microphone (adpcm.py)."""

    type: ClassVar[int] = 0x88
    codes: ClassVar[tuple[str, ...]] = ("I", "I", "h", "B", "bytes")
    listen: int
    index: int
    predictor: int
    step: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Hearing(Message):
    """State of a listen request."""

    type: ClassVar[int] = 0x89
    codes: ClassVar[tuple[str, ...]] = ("I", "B", "line")
    listen: int
    state: int
    trouble: str


_MESSAGES_BY_TYPE: dict[int, type[Message]] = {
    kind.type: kind
    for kind in (
        AskHello,
        Generate,
        Cancel,
        Pause,
        Ack,
        Resume,
        Ping,
        AskStats,
        Bye,
        Speak,
        Hush,
        Listen,
        Enough,
        Hello,
        Stats,
        Pong,
        Refused,
        Gone,
        Speech,
        Sound,
        Hearing,
    )
}


def parse_message(kind: int, payload: bytes) -> Message:
    """Parse the message of a frame's type and payload. Raises MalformedPayload."""
    reader = FieldReader(payload)
    message: Message
    if kind == StoryEvent.type:
        story, index, event = struct.unpack("<IIB", reader.take(9))
        if event not in _EVENTS_BY_KIND:
            raise MalformedPayload(f"unknown event kind {event}")
        event_type = _EVENTS_BY_KIND[event]
        message = event_type(story, index, *(reader.read(code) for code in event_type.codes))
    elif kind in _MESSAGES_BY_TYPE:
        message = _MESSAGES_BY_TYPE[kind].read(reader)
    else:
        raise MalformedPayload(f"unknown type 0x{kind:02x}")
    if reader.at != len(payload):
        raise MalformedPayload(f"{len(payload)} bytes, {reader.at} expected")
    return message
