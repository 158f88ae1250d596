"""How well an agent is heard: its frames counted, its silences, what came between. No I/O."""

import re
from dataclasses import dataclass, field

from duotui.protocol import events, messages
from duotui.protocol.events import Event, Narrator
from duotui.protocol.fields import Malformed
from duotui.protocol.frames import Frame, NoiseBytes
from duotui.protocol.messages import Message
from duotui.protocol.token_stream import CONTROLS

QUIET = 0.25
"""Seconds without a frame until the agent is asked whether it is there."""

SILENT = 1.0
"""Seconds without a frame until the user is told."""

DEAD, UNHEARD = 10.0, 60.0
"""Seconds without a frame until an agent is given up: one that has spoken, and one that has not
since the port was opened. A board that is short of memory may be silent for some seconds."""

STARTING = rb"U-Boot|OpenSBI|Starting kernel|Linux version"
"""What only a board says that has just been turned on."""


@dataclass
class Hearing:
    """`lost` frames and `noise` bytes since ever; `gone` is what the board itself says of an agent
    that no longer is."""

    narrator: Narrator
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

    def take(self, item: Frame | NoiseBytes, now: float, found: list[Event]) -> Message | None:
        """What a frame says; None where it says nothing, which goes to `found`."""
        if isinstance(item, Frame):
            self._heard, self._spoken = now, True
            if self._silent:
                self._silent = False
                found.append(events.LinkAnswers(now, self.narrator))
            if self._seq is not None:
                self.lost += (item.seq - self._seq - 1) & 0xFFFF
            self._seq = item.seq
            try:
                return messages.parse(item.type, item.payload)
            except Malformed:
                item = NoiseBytes(item.payload)
        self.noise += len(item.data)
        if re.search(STARTING, item.data):
            self.gone = "the board starts anew"
        found.append(events.Noise(now, self.narrator, len(item.data), readable(item.data)))
        return None

    def wonder(self, now: float) -> bool:
        """Whether to ask if it is there: each QUIET seconds without a frame."""
        if now < max(self._heard, self._asked) + QUIET:
            return False
        self._asked = now
        return True

    def silence(self, now: float) -> list[Event]:
        """LinkSilent, once, when nothing was heard for too long."""
        if self._silent or now < self._heard + SILENT:
            return []
        self._silent = True
        return [events.LinkSilent(now, self.narrator, now - self._heard)]

    def dead(self, now: float) -> str:
        """Why it is not worth waiting for any longer; "" where it is."""
        if not self.gone and now >= self._heard + (DEAD if self._spoken else UNHEARD):
            return "the engine has stopped answering"
        return self.gone


def readable(noise: bytes) -> str:
    """What a person can read of bytes that were no frame; "" where that is little."""
    text = noise.decode("utf-8", "replace").translate(CONTROLS)
    plain = sum(character.isprintable() and character != "�" for character in text)
    return text if plain >= 0.8 * len(text) else ""
