"""EVENT messages: the start, the tokens and the end of a story."""

import struct
from dataclasses import dataclass, fields
from typing import ClassVar

from duotui.protocol.fields import pack
from duotui.protocol.message_base import Message


@dataclass(frozen=True, slots=True)
class StoryEvent(Message):
    """One EVENT of a story; its kinds differ in the fields after story, index and kind."""

    type: ClassVar[int] = 0x82
    kind: ClassVar[int]
    story: int
    index: int

    def payload(self) -> bytes:
        head = struct.pack("<IIB", self.story, self.index, self.kind)
        names = [field.name for field in fields(self)][2:]
        values = (getattr(self, name) for name in names)
        return head + b"".join(pack(c, v) for c, v in zip(self.codes, values, strict=True))


@dataclass(frozen=True, slots=True)
class Start(StoryEvent):
    kind: ClassVar[int] = 0
    codes: ClassVar[tuple[str, ...]] = ("B", "I", "f", "f", "Q", "Q", "ids")
    mode: int
    steps: int
    temperature: float
    top_p: float
    seed: int
    clock: int
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Next(StoryEvent):
    kind: ClassVar[int] = 1
    codes: ClassVar[tuple[str, ...]] = ("I", "Q", "f", "bytes")
    id: int
    clock: int
    probability: float
    text: bytes


@dataclass(frozen=True, slots=True)
class End(StoryEvent):
    kind: ClassVar[int] = 2
    codes: ClassVar[tuple[str, ...]] = ("B", "I", "Q", "d")
    reason: int
    tokens: int
    clock: int
    rate: float


_EVENTS_BY_KIND: dict[int, type[StoryEvent]] = {kind.kind: kind for kind in (Start, Next, End)}
