"""Audio of a board's microphone (LISTEN, docs/protocol.md). No I/O, no clock of its own.

Audio is live: a lost piece is not requested again, but replaced by silence of its length.
"""

import math
from enum import IntEnum

from duotui.base.translation import gettext as _
from duotui.protocol import events, messages
from duotui.protocol.adpcm import decode
from duotui.protocol.events import Event, Source
from duotui.protocol.message_base import Message
from duotui.protocol.timing import POLL_INTERVAL, RETRANSMIT_INTERVAL

LISTEN_START_TIMEOUT = 5.0
"""Seconds of silence until the host gives up; the board gives up its recorder earlier."""

MAX_AUDIO_GAP = 750
"""Pieces of audio in a listen request, at most: thirty seconds."""


class ListenState(IntEnum):
    """State of a listen request. The numbers are the wire's."""

    UNKNOWN = 0
    OPENING = 1
    RECORDING = 2
    OVER = 3
    FAILED = 4


class ListenRequest:
    """One listen request, with that `number`."""

    def __init__(self, source: Source, number: int, now: float) -> None:
        self.source, self.number = source, number
        self.over = False
        self._poll_at, self._received_at = -math.inf, now
        self._answered = False
        self._next_index = 0

    def due(self, now: float) -> list[Message]:
        if self.over or now < self._poll_at:
            return []
        self._poll_at = now + (POLL_INTERVAL if self._answered else RETRANSMIT_INTERVAL)
        return [messages.Listen(self.number)]

    def overdue(self, now: float) -> list[Event]:
        """End the request if nothing arrives."""
        if self.over or now < self._received_at + LISTEN_START_TIMEOUT:
            return []
        return self.end(now, _("the board's microphone is stuck"))

    def end(self, now: float, trouble: str = "") -> list[Event]:
        if self.over:
            return []
        self.over = True
        return [events.ListenEnded(now, self.source, trouble)]

    def receive(self, message: messages.Sound | messages.Hearing, now: float) -> list[Event]:
        if self.over or message.listen != self.number:
            return []
        if isinstance(message, messages.Sound):
            return self._sound(message, now)
        self._answered = self._answered or message.state != ListenState.UNKNOWN
        match message.state:
            case ListenState.OVER:
                return self.end(now)
            case ListenState.FAILED:
                return self.end(now, message.trouble or _("the board's microphone has failed"))
        return []

    def _sound(self, piece: messages.Sound, now: float) -> list[Event]:
        lost = piece.index - self._next_index
        if lost < 0 or piece.index >= MAX_AUDIO_GAP:
            return []
        self._answered, self._received_at, self._next_index = True, now, piece.index + 1
        pcm = decode(piece.predictor, piece.step, piece.data)
        return [events.MicrophoneAudio(now, self.source, bytes(len(pcm)) * lost + pcm)]
