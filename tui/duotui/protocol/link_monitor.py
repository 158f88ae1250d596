"""Health of the link to an agent: frames, silences and noise. No I/O."""

import re
from dataclasses import dataclass, field

from duotui.base.board_profile import DUO_64M
from duotui.base.translation import gettext as _
from duotui.base.untrusted_text import without_controls
from duotui.protocol import events, messages
from duotui.protocol.events import Event, Source
from duotui.protocol.fields import MalformedPayload
from duotui.protocol.frames import Frame, NoiseBytes
from duotui.protocol.message_base import Message

PING_AFTER = 0.25
"""Seconds without a frame until a ping."""

SILENT_AFTER = 1.0
"""Seconds without a frame until LinkSilent."""

LOST_AFTER, NO_HANDSHAKE_AFTER = 10.0, 60.0
"""Seconds without a frame until an agent is given up: after its first frame, and before it since
the port was opened. A board that is short of memory may be silent for some seconds."""

NOISE_TEXT_LIMIT = 4096
"""Characters of a batch's noise that its event quotes, at most."""


@dataclass
class LinkMonitor:
    """Totals of `lost` frames and `noise` bytes. `gone` is the board's report of its agent's
    loss."""

    source: Source
    lost: int = 0
    noise: int = 0
    gone: str = ""
    _received_at: float = 0.0
    _pinged_at: float = 0.0
    _silent: bool = False
    _answered: bool = False
    _seq: int | None = field(default=None)
    _reported: int = 0
    _readable: list[str] = field(default_factory=list)
    """Readable noise of the current batch."""
    _room: int = NOISE_TEXT_LIMIT

    def opened(self, now: float) -> None:
        self._seq, self._silent, self._answered, self.gone = None, False, False, ""
        self._received_at = self._pinged_at = now

    def receive(self, item: Frame | NoiseBytes, now: float, emitted: list[Event]) -> Message | None:
        """Return the message of a frame; None if there is none. Events go to `emitted`."""
        if isinstance(item, Frame):
            self._received_at, self._answered = now, True
            if self._silent:
                self._silent = False
                emitted.append(events.LinkResponding(now, self.source))
            if self._seq is not None:
                self.lost += (item.seq - self._seq - 1) & 0xFFFF
            self._seq = item.seq
            try:
                return messages.parse_message(item.type, item.payload)
            except MalformedPayload:
                item = NoiseBytes(item.payload)
        self._take_noise(item.data)
        return None

    def _take_noise(self, data: bytes) -> None:
        self.noise += len(data)
        if re.search(DUO_64M.boot_messages, data):
            self.gone = _("the board starts anew")
        if self._room > 0 and (text := readable_noise(data[: self._room])):
            self._readable.append(text)
            self._room -= len(text)

    def batch_noise(self, now: float) -> list[Event]:
        """Return the noise of a batch as one event of bounded size, if there was any."""
        count, self._reported = self.noise - self._reported, self.noise
        texts, self._readable, self._room = self._readable, [], NOISE_TEXT_LIMIT
        if not count:
            return []
        lines = "".join(text if text.endswith("\n") else f"{text}\n" for text in texts[:-1])
        return [events.LineNoise(now, self.source, count, lines + "".join(texts[-1:]))]

    def ping_due(self, now: float) -> bool:
        """True if a ping is due: after each PING_AFTER seconds without a frame."""
        if now < max(self._received_at, self._pinged_at) + PING_AFTER:
            return False
        self._pinged_at = now
        return True

    def silent_for(self, now: float) -> list[Event]:
        """Return LinkSilent, once, after SILENT_AFTER seconds without a frame."""
        if self._silent or now < self._received_at + SILENT_AFTER:
            return []
        self._silent = True
        return [events.LinkSilent(now, self.source, now - self._received_at)]

    def lost_reason(self, now: float) -> str:
        """Reason to give up the agent; "" if there is none."""
        if not self.gone and now >= self._received_at + (
            LOST_AFTER if self._answered else NO_HANDSHAKE_AFTER
        ):
            return _("the engine has stopped answering")
        return self.gone


def readable_noise(noise: bytes) -> str:
    """Readable text of noise; "" if less than 80 % of it is printable."""
    text = without_controls(noise.decode("utf-8", "replace"))
    plain = sum(character.isprintable() and character != "�" for character in text)
    return text if plain >= 0.8 * len(text) else ""
