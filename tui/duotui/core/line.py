"""A reader and a dialogue, joined: one narrator, from its port to its events.

Lives in the asyncio loop; the reader's thread only hands its reports over.
"""

import asyncio
from collections.abc import Callable

from duotui.core import events
from duotui.core.clock import Clock
from duotui.core.dialogue import Dialogue
from duotui.core.events import Batch, Event, Narrator, Request
from duotui.errors import LinkBroken
from duotui.link.frames import Frame, encode
from duotui.link.messages import Bye, Message
from duotui.link.reader import Channel, Closed, Opened, Reader, Received, Report

TICK = 0.05
"""Seconds between two looks at what is overdue."""


class Line:
    def __init__(
        self, narrator: Narrator, channel: Channel, clock: Clock, emit: Callable[[Batch], None]
    ) -> None:
        self.narrator, self.channel = narrator, channel
        self.dialogue = Dialogue(narrator)
        self._clock, self._emit = clock, emit
        self._reader: Reader | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._seq = 0

    @property
    def alive(self) -> bool:
        return self._reader is not None

    def open(self) -> None:
        """Begin to open the port; anything that goes wrong becomes an event."""
        if self.alive:
            return
        loop = asyncio.get_running_loop()

        def deliver(report: Report) -> None:
            # The loop may be gone when a slow open comes back after quit.
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._report, reader, report)

        reader = self._reader = Reader(self.channel, self._clock, deliver)
        self._emit((events.LinkOpening(self._clock.now(), self.narrator, self.channel.target),))
        reader.start()

    def tell(self, request: Request, story: int) -> None:
        self.dialogue.tell(request, story, self._clock.now())
        self._say()

    def stop(self) -> None:
        self.dialogue.stop(self._clock.now())
        self._say()

    def pause(self, on: bool) -> None:
        self.dialogue.pause(on, self._clock.now())
        self._say()

    async def close(self) -> None:
        """Take leave of the agent, and end the thread."""
        reader, self._reader = self._reader, None
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
                self.dialogue.opened(now)
                self._ticking = asyncio.create_task(self._tick())
                found.append(events.LinkUp(now, self.narrator, path, described))
            case Received(items):
                found += self.dialogue.receive(items, now)
            case Closed(error):
                self._reader = None
                self.dialogue.closed()
                if self._ticking is not None:
                    self._ticking.cancel()
                error = error or LinkBroken("the port was closed")
                found.append(
                    events.LinkLost(now, self.narrator, error.message, error.hint, error.exit)
                )
        self._say()
        if found:
            self._emit(tuple(found))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            if silent := self.dialogue.silence(self._clock.now()):
                self._emit(tuple(silent))
            self._say()

    def _say(self) -> None:
        if self._reader is not None:
            said = self.dialogue.due(self._clock.now())
            if said:
                self._reader.write(b"".join(self._framed(message) for message in said))

    def _framed(self, message: Message) -> bytes:
        self._seq = (self._seq + 1) & 0xFFFF
        return encode(Frame(message.type, self._seq, message.payload()))
