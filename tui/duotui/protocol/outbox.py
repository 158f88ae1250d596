"""Messages to an agent: sent once, or again and again until they are answered. No I/O, no clock."""

from duotui.protocol.message_base import Message
from duotui.protocol.timing import RETRANSMIT_INTERVAL


class Outbox:
    """One unanswered message of each type; a new one replaces it."""

    def __init__(self) -> None:
        self._once: list[Message] = []
        self._unanswered: dict[type[Message], tuple[Message, float]] = {}

    def __contains__(self, kind: type[Message]) -> bool:
        """True if a message of `kind` waits for its answer."""
        return kind in self._unanswered

    def unanswered(self, kind: type[Message]) -> Message | None:
        return self._unanswered[kind][0] if kind in self._unanswered else None

    def send(self, message: Message) -> None:
        """Send `message` once."""
        self._once.append(message)

    def repeat(self, message: Message, now: float) -> None:
        """Send `message` now, and again until `answered`."""
        self._unanswered[type(message)] = (message, now)

    def answered(self, *kinds: type[Message]) -> None:
        for kind in kinds:
            self._unanswered.pop(kind, None)

    def forget_but(self, *kinds: type[Message]) -> None:
        """Drop everything except the unanswered messages of `kinds`."""
        self._once.clear()
        self._unanswered = {k: sent for k, sent in self._unanswered.items() if k in kinds}

    def due(self, now: float, only: type[Message] | None = None) -> list[Message]:
        """Return the messages to send now; of the unanswered ones those of `only`, if given."""
        out, self._once = self._once, []
        for kind, (message, send_at) in self._unanswered.items():
            if now >= send_at and only in (None, kind):
                self._unanswered[kind] = (message, now + RETRANSMIT_INTERVAL)
                out.append(message)
        return out
