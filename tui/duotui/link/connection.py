"""A reader and a dialogue, joined: one narrator, from its port to its events.

Lives in the asyncio loop; the reader's thread only hands its reports over. A narrator that was
here once and is lost is looked for until it is back: docs/link.md.
"""

import asyncio
from collections.abc import Callable

from duotui.base.clock import Clock
from duotui.base.errors import DuotuiError, LinkBroken, UsageError
from duotui.link.port_thread import Channel, Closed, Opened, Reader, Received, Report
from duotui.protocol import events
from duotui.protocol.agent_client import Dialogue
from duotui.protocol.events import Batch, Event, Narrator, Request
from duotui.protocol.frames import Frame, encode
from duotui.protocol.messages import Bye, Message

TICK = 0.05
"""Seconds between two looks at what is overdue."""

AGAIN = 1.0
"""Seconds from a loss, or from an attempt that failed, to the next."""

LOSSES = 5
"""In a row, without a new token, until a story is given up: it may be the story that kills it."""

ANSWER = 20.0
"""Seconds until an agent that does not answer is given up, where nobody watches: it answers pings
however slowly it tells."""

OPENING = 180.0
"""Seconds for a board to start, to let in, and to read its model."""

AWAY = 120.0
"""Seconds that a board that was lost is waited for there."""


class Line:
    def __init__(
        self, narrator: Narrator, channel: Channel, clock: Clock, emit: Callable[[Batch], None]
    ) -> None:
        self.narrator, self.channel = narrator, channel
        self.dialogue = Dialogue(narrator)
        self._clock, self._emit = clock, emit
        self._reader: Reader | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._again: asyncio.TimerHandle | None = None
        self._seen = False
        self._losses = 0
        self._trouble = ""
        self._seq = 0

    @property
    def alive(self) -> bool:
        return self._reader is not None

    def open(self) -> None:
        """Begin to open the port; anything that goes wrong becomes an event."""
        if self.alive:
            return
        self._losses, self._trouble = 0, ""
        self._emit((events.LinkOpening(self._clock.now(), self.narrator, self.channel.target),))
        self._start()

    def _start(self) -> None:
        self._wait_no_more()
        loop = asyncio.get_running_loop()

        def deliver(report: Report) -> None:
            # The loop may be gone when a slow open comes back after quit.
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._report, reader, report)

        reader = self._reader = Reader(self.channel, self._clock, deliver)
        reader.start()

    def tell(self, request: Request, story: int) -> None:
        self.hush()
        self.enough()
        self.dialogue.tell(request, story, self._clock.now())
        self._say()

    def stop(self) -> None:
        self._announce(self.dialogue.stop(self._clock.now()))

    def speak(self, text: str, number: int, volume: float = 1.0) -> None:
        self._announce(self.dialogue.speak(text, number, self._clock.now(), volume))

    def hush(self) -> None:
        self._announce(self.dialogue.hush(self._clock.now()))

    def hear(self, number: int) -> None:
        self._announce(self.dialogue.hear(number, self._clock.now()))

    def enough(self) -> None:
        self._announce(self.dialogue.enough(self._clock.now()))

    def pause(self, on: bool) -> None:
        self.dialogue.pause(on, self._clock.now())
        self._say()

    async def close(self) -> None:
        """Take leave of the agent, and end the thread."""
        reader, self._reader = self._reader, None
        self._wait_no_more()
        if self._ticking is not None:
            self._ticking.cancel()
        if reader is not None:
            reader.write(self._framed(Bye()))
            await asyncio.to_thread(reader.close)

    def _report(self, reader: Reader, report: Report) -> None:
        if reader is not self._reader:
            return
        now = self._clock.now()
        found: list[Event] = []
        match report:
            case Opened(path, described):
                self._trouble = ""
                self.dialogue.opened(now)
                self._ticking = asyncio.create_task(self._tick())
                found.append(events.LinkUp(now, self.narrator, path, described))
            case Received(items):
                found += self.dialogue.receive(items, now)
                if any(isinstance(event, events.Tokens) for event in found):
                    self._losses = 0
            case Closed(error):
                self._reader = None
                found += self.dialogue.closed(now)
                if self._ticking is None:
                    # a port that was there, and was lost before anybody could answer
                    self._seen |= isinstance(error, LinkBroken)
                else:
                    self._losses += 1
                    self._ticking.cancel()
                    self._ticking = None
                found += self._lost(error or LinkBroken("the port was closed"), now)
        self._say()
        if found:
            self._emit(tuple(found))

    def _lost(self, error: DuotuiError, now: float) -> list[Event]:
        """Look for it again, if it was here once and there is hope."""
        known = self._seen or self.dialogue.hello is not None
        hopeless = self.dialogue.telling and self._losses >= LOSSES
        if not known or isinstance(error, UsageError) or hopeless:
            hint = "it was lost again and again without a new word" if hopeless else error.hint
            self.dialogue.hush(now)
            return [events.LinkLost(now, self.narrator, error.message, hint, error.exit)]
        self._again = asyncio.get_running_loop().call_later(AGAIN, self._start)
        said, self._trouble = self._trouble, error.message
        if said == error.message:
            return []
        return [events.LinkAway(now, self.narrator, error.message, error.hint)]

    def _wait_no_more(self) -> None:
        if self._again is not None:
            self._again.cancel()
            self._again = None

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            now = self._clock.now()
            if overdue := self.dialogue.overdue(now):
                self._emit(tuple(overdue))
            if (why := self.dialogue.dead(now)) and self._reader is not None:
                self._reader.abandon(LinkBroken(why))
                return
            self._say()

    def _announce(self, found: list[Event]) -> None:
        if found:
            self._emit(tuple(found))
        self._say()

    def _say(self) -> None:
        if self._reader is not None:
            said = self.dialogue.due(self._clock.now())
            if said:
                self._reader.write(b"".join(self._framed(message) for message in said))

    def _framed(self, message: Message) -> bytes:
        self._seq = (self._seq + 1) & 0xFFFF
        return encode(Frame(message.type, self._seq, message.payload()))
