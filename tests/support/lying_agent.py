"""An agent that lies in every field of every message: honest conversations, and changes of them.

All lies come from one random.Random, so that a seed or a hypothesis example repeats them.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from duotui.protocol import messages, story_messages
from duotui.protocol.frames import Frame, encode
from duotui.protocol.limits import MAX_PAYLOAD
from duotui.protocol.message_base import Message
from support.protocol_agent import HELLO
from support.short_story import START, STORY_NUMBER

STEPS = 6
AGENT_MESSAGES: tuple[type[Message], ...] = (
    messages.Hello,
    messages.Stats,
    messages.Pong,
    messages.Refused,
    messages.Gone,
    messages.Speech,
    messages.Sound,
    messages.Hearing,
    story_messages.Start,
    story_messages.Next,
    story_messages.End,
)
ALL_FEATURES = 0b11000111
LYING_HELLO = replace(HELLO, protocol=2, modes=ALL_FEATURES)
_SIZES = {"B": 8, "H": 16, "I": 32, "Q": 64}
_EVIL = (
    "\x1b]52;c;UFdORUQ=\x07\x1bc\x1b[2J\x9b31m\x9d0;title\x9c\x00\x08\r\n\u202e\u2066\u200b\u2028"
    "\x1b_Ga=T\x1b\\[bold][/][@click=app.quit]<script>|`é\U0001f600\u0301 Linux version 5.10"
)


class Liar:
    """Maker of messages. `rng` decides everything."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def text(self) -> str:
        size = self.rng.choice((0, 1, 5, 60))
        return "".join(self.rng.choice(_EVIL) for _ in range(size))

    def whole(self, bits: int) -> int:
        top = (1 << bits) - 1
        near = self.rng.randrange(300)
        return min(self.rng.choice((0, 1, 2, near, STORY_NUMBER, top, top - 1, top // 2)), top)

    def real(self) -> float:
        return self.rng.choice(
            (0.0, -0.0, 0.5, 1.0, 24.3, -1.0, 3e38, 1e-45, math.nan, math.inf, -math.inf)
        )

    def value(self, code: str) -> Any:
        """A value of a field that is encoded as `code`."""
        rng = self.rng
        match code:
            case "B" | "H" | "I" | "Q":
                return self.whole(_SIZES[code])
            case "h":
                return rng.choice((0, 1, -1, 32767, -32768))
            case "f" | "d":
                return self.real()
            case "str" | "line":
                return self.text()
            case "bytes":
                raw = bytes(rng.randrange(256) for _ in range(rng.choice((0, 1, 3, 40))))
                return rng.choice((raw, self.text().encode(), b"x" * 2000))
            case "32":
                return bytes([rng.randrange(256)]) * 32
            case "ids":
                return tuple(self.whole(32) for _ in range(rng.choice((0, 1, 3, 40))))
            case "words":
                count = rng.choice((0, 1, 5))
                return tuple((self.whole(32), self.whole(16), self.whole(16)) for _ in range(count))
        raise KeyError(code)

    def message(self) -> Message:
        """A message of any kind; every field is any value."""
        kind = self.rng.choice(AGENT_MESSAGES)
        is_event = issubclass(kind, story_messages.StoryEvent)
        head = [self.whole(32), self.rng.randrange(9)] if is_event else []
        return self.about_us(kind(*head, *map(self.value, kind.codes)))

    def about_us(self, message: Message) -> Message:
        """The same message, often about the story or the sentence that is wanted."""
        numbered = {"story", "sentence", "listen"} & _names(type(message))
        if not numbered or self.rng.random() < 0.2:
            return message
        return replace(message, **dict.fromkeys(numbered, STORY_NUMBER))  # type: ignore[type-var]

    def changed(self, message: Message) -> Message:
        """The same message with another value in one field."""
        names = sorted(_names(type(message)))
        if not names:
            return message
        name = self.rng.choice(names)
        return replace(message, **{name: self.value(_code_of(type(message), name))})  # type: ignore[type-var]

    def conversation(self) -> list[Message]:
        """An honest story with some lies: fields changed, messages added, left out, repeated."""
        said: list[Message] = list(honest_story())
        for _ in range(self.rng.choice((0, 1, 1, 2, 4))):
            at = self.rng.randrange(len(said)) if said else 0
            match self.rng.randrange(5):
                case 0 if said:
                    del said[at]
                case 1 if said:
                    said.insert(at, said[self.rng.randrange(len(said))])
                case 2:
                    said.insert(at, self.message())
                case _ if said:
                    said[at] = self.changed(said[at])
        return said


def honest_story(number: int = STORY_NUMBER) -> Sequence[Message]:
    """Messages of an agent that tells a story and is idle after it."""
    start = replace(START, story=number, steps=STEPS)
    tokens = [
        story_messages.Next(number, index, 7, 1000 + 50_000 * index, 0.5, b" a")
        for index in range(1, STEPS + 1)
    ]
    end = story_messages.End(number, STEPS + 1, 0, STEPS, 1000 + 50_000 * STEPS, 20.0)
    stats = messages.Stats(number, 0, STEPS, 400_000, 50_000, 10_000, 11_000, 0, 0, 0)
    return [start, *tokens, end, stats]


def frame_bytes(seq: int, message: Message) -> bytes:
    payload = message.payload()[:MAX_PAYLOAD]
    return encode(Frame(message.type, seq & 0xFFFF, payload))


def _names(kind: type[Message]) -> set[str]:
    return {field.name for field in fields(kind)}  # type: ignore[arg-type]


def _code_of(kind: type[Message], name: str) -> str:
    """The encoding of a field; a story's event has story and index before its own."""
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    is_event = issubclass(kind, story_messages.StoryEvent)
    codes = ("I", "I", *kind.codes) if is_event else kind.codes
    return codes[names.index(name)]
