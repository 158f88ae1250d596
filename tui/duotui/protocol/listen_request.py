"""What a board's microphone hears (LISTEN, docs/protocol.md). No I/O, no time of its own.

Sound is live: what was lost is not asked for again, but is silence as long.
"""

import math
from enum import IntEnum

from duotui.protocol import events, messages
from duotui.protocol.adpcm import decode
from duotui.protocol.events import Event, Source
from duotui.protocol.message import Message
from duotui.protocol.timing import POLL_INTERVAL, RETRANSMIT_INTERVAL

START_TIMEOUT = 5.0
"""Seconds without an answer or a sound until it is given up: it gives up its recorder before."""

MAX_AUDIO_GAP = 750
"""Of a listen, at most: thirty seconds."""


class ListenState(IntEnum):
    """How far a listen is. The numbers are the wire's."""

    UNKNOWN = 0
    OPENING = 1
    RECORDING = 2
    OVER = 3
    FAILED = 4


class ListenRequest:
    """One listen, of that `number`."""

    def __init__(self, source: Source, number: int, now: float) -> None:
        self.source, self.number = source, number
        self.over = False
        self._ask, self._since = -math.inf, now
        self._answered = False
        self._next = 0

    def due(self, now: float) -> list[Message]:
        if self.over or now < self._ask:
            return []
        self._ask = now + (POLL_INTERVAL if self._answered else RETRANSMIT_INTERVAL)
        return [messages.Listen(self.number)]

    def overdue(self, now: float) -> list[Event]:
        """The end of it, where nothing comes."""
        if self.over or now < self._since + START_TIMEOUT:
            return []
        return self.end(now, "the board's microphone is stuck")

    def end(self, now: float, trouble: str = "") -> list[Event]:
        if self.over:
            return []
        self.over = True
        return [events.ListenEnded(now, self.source, trouble)]

    def receive(self, said: messages.Sound | messages.Hearing, now: float) -> list[Event]:
        if self.over or said.listen != self.number:
            return []
        if isinstance(said, messages.Sound):
            return self._sound(said, now)
        self._answered = self._answered or said.state != ListenState.UNKNOWN
        match said.state:
            case ListenState.OVER:
                return self.end(now)
            case ListenState.FAILED:
                return self.end(now, said.trouble or "the board's microphone has failed")
        return []

    def _sound(self, said: messages.Sound, now: float) -> list[Event]:
        lost = said.index - self._next
        if lost < 0 or said.index >= MAX_AUDIO_GAP:
            return []
        self._answered, self._since, self._next = True, now, said.index + 1
        pcm = decode(said.predictor, said.step, said.data)
        return [events.MicrophoneAudio(now, self.source, bytes(len(pcm)) * lost + pcm)]
