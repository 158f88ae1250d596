"""How well an agent is heard: its frames counted, its silences, what came between. No I/O."""

import re
from dataclasses import dataclass, field

from duotui.base.board_profile import DUO_64M
from duotui.protocol import events, messages
from duotui.protocol.events import Event, Source
from duotui.protocol.fields import MalformedPayload
from duotui.protocol.frames import Frame, NoiseBytes
from duotui.protocol.message import Message
from duotui.protocol.token_stream import CONTROL_CHARACTERS

PING_AFTER = 0.25
"""Seconds without a frame until the agent is asked whether it is there."""

SILENT_AFTER = 1.0
"""Seconds without a frame until the user is told."""

LOST_AFTER, NO_HANDSHAKE_AFTER = 10.0, 60.0
"""Seconds without a frame until an agent is given up: one that has spoken, and one that has not
since the port was opened. A board that is short of memory may be silent for some seconds."""


@dataclass
class LinkMonitor:
    """`lost` frames and `noise` bytes since ever; `gone` is what the board itself says of an agent
    that no longer is."""

    source: Source
    lost: int = 0
    noise: int = 0
    gone: str = ""
    _heard: float = 0.0
    _asked: float = 0.0
    _silent: bool = False
    _spoken: bool = False
    _seq: int | None = field(default=None)

    def opened(self, now: float) -> None:
        self._seq, self._silent, self._spoken, self.gone = None, False, False, ""
        self._heard = self._asked = now

    def receive(self, item: Frame | NoiseBytes, now: float, found: list[Event]) -> Message | None:
        """What a frame says; None where it says nothing, which goes to `found`."""
        if isinstance(item, Frame):
            self._heard, self._spoken = now, True
            if self._silent:
                self._silent = False
                found.append(events.LinkResponding(now, self.source))
            if self._seq is not None:
                self.lost += (item.seq - self._seq - 1) & 0xFFFF
            self._seq = item.seq
            try:
                return messages.parse_message(item.type, item.payload)
            except MalformedPayload:
                item = NoiseBytes(item.payload)
        self.noise += len(item.data)
        if re.search(DUO_64M.boot_messages, item.data):
            self.gone = "the board starts anew"
        found.append(events.LineNoise(now, self.source, len(item.data), readable_noise(item.data)))
        return None

    def ping_due(self, now: float) -> bool:
        """Whether to ask if it is there: each QUIET seconds without a frame."""
        if now < max(self._heard, self._asked) + PING_AFTER:
            return False
        self._asked = now
        return True

    def silent_for(self, now: float) -> list[Event]:
        """LinkSilent, once, when nothing was heard for too long."""
        if self._silent or now < self._heard + SILENT_AFTER:
            return []
        self._silent = True
        return [events.LinkSilent(now, self.source, now - self._heard)]

    def lost_reason(self, now: float) -> str:
        """Why it is not worth waiting for any longer; "" where it is."""
        if not self.gone and now >= self._heard + (
            LOST_AFTER if self._spoken else NO_HANDSHAKE_AFTER
        ):
            return "the engine has stopped answering"
        return self.gone


def readable_noise(noise: bytes) -> str:
    """What a person can read of bytes that were no frame; "" where that is little."""
    text = noise.decode("utf-8", "replace").translate(CONTROL_CHARACTERS)
    plain = sum(character.isprintable() and character != "�" for character in text)
    return text if plain >= 0.8 * len(text) else ""
