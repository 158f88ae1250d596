"""Connection of one source: a port thread and an agent's client, from the port to the events.

Connections live in the asyncio loop; the port's thread only hands its reports over. A lost source
that was there before is reconnected: docs/link.md.
"""

import asyncio
from collections.abc import Callable

from duotui.base.clock import Clock
from duotui.base.errors import DuotuiError, LinkBroken, UsageError
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.link.event_log import log_events
from duotui.link.port_thread import (
    Channel,
    PortClosed,
    PortOpened,
    PortReceived,
    PortReport,
    PortThread,
)
from duotui.protocol import events
from duotui.protocol.agent_client import AgentClient
from duotui.protocol.commands import Command, StopSpeech
from duotui.protocol.events import Batch, Event, Source
from duotui.protocol.frames import Frame, encode
from duotui.protocol.message_base import Message
from duotui.protocol.messages import Bye
from duotui.protocol.timing import STORY_TIMEOUT

TICK_INTERVAL = 0.05
"""Seconds between two checks for overdue messages."""

RECONNECT_INTERVAL = 1.0
"""Seconds from a loss, or from a failed attempt, to the next attempt."""

LOSSES_WITHOUT_TOKEN = 5
"""Losses in a row without a new token until a story is given up: the story may be their cause."""

HOPELESS_HINT = N_("it was lost again and again without a new word: duotui doctor tries its engine")

ANSWER_TIMEOUT = 20.0
"""Seconds until an agent that does not answer is given up, if nobody watches: it answers pings
however slowly it generates."""

OPEN_TIMEOUT = 180.0
"""Seconds for a board to boot, to accept the login, and to read its model."""

RECONNECT_TIMEOUT = 120.0
"""Seconds to wait for a lost board, if nobody watches."""


class Connection:
    def __init__(
        self,
        source: Source,
        channel: Channel,
        clock: Clock,
        emit: Callable[[Batch], None],
        *,
        patience: float = STORY_TIMEOUT,
    ) -> None:
        self.source, self.channel = source, channel
        self.client = AgentClient(source, patience)
        self._clock, self._tell = clock, emit
        self._thread: PortThread | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._seen = False
        self._losses = 0
        self._trouble = ""
        self._seq = 0

    @property
    def alive(self) -> bool:
        return self._thread is not None

    def open(self) -> None:
        """Begin to open the port; any error becomes an event."""
        if self.alive:
            return
        self._losses, self._trouble = 0, ""
        self._emit((events.LinkOpening(self._clock.now(), self.source, self.channel.target),))
        self._start()

    def _start(self) -> None:
        self._cancel_retry()
        loop = asyncio.get_running_loop()

        def deliver(report: PortReport) -> None:
            # The loop may be gone when a slow open returns after quit.
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._on_port_report, thread, report)

        thread = self._thread = PortThread(self.channel, self._clock, deliver)
        thread.start()

    def command(self, command: Command) -> None:
        self._emit_all(self.client.command(command, self._clock.now()))

    async def close(self) -> None:
        """Send BYE to the agent, and end the thread."""
        thread, self._thread = self._thread, None
        self._cancel_retry()
        if self._ticking is not None:
            self._ticking.cancel()
        if thread is not None:
            thread.write(self._framed(Bye()))
            await asyncio.to_thread(thread.close)

    def _on_port_report(self, thread: PortThread, report: PortReport) -> None:
        try:
            if thread is self._thread:
                self._handle(report)
        finally:
            if isinstance(report, PortReceived):
                thread.consumed()

    def _handle(self, report: PortReport) -> None:
        now = self._clock.now()
        emitted: list[Event] = []
        match report:
            case PortOpened(path, described):
                self._trouble = ""
                self.client.opened(now)
                self._ticking = asyncio.create_task(self._tick())
                emitted.append(events.LinkUp(now, self.source, path, described))
            case PortReceived(items):
                emitted += self.client.receive(items, now)
                if any(isinstance(event, events.Tokens) for event in emitted):
                    self._losses = 0
            case PortClosed(error):
                self._thread = None
                emitted += self.client.closed(now)
                if self._ticking is None:
                    # a port that existed, but was lost before an agent could answer
                    self._seen |= isinstance(error, LinkBroken)
                else:
                    self._losses += 1
                    self._ticking.cancel()
                    self._ticking = None
                emitted += self._on_link_lost(error or LinkBroken(_("the port was closed")), now)
        self._send_due()
        if emitted:
            self._emit(tuple(emitted))

    def _on_link_lost(self, error: DuotuiError, now: float) -> list[Event]:
        """Schedule a reconnect if the source was there before and there is hope."""
        known = self._seen or self.client.hello is not None
        hopeless = self.client.running and self._losses >= LOSSES_WITHOUT_TOKEN
        if not known or isinstance(error, UsageError) or hopeless:
            hint = _(HOPELESS_HINT) if hopeless else error.hint
            self.client.command(StopSpeech(), now)
            return [
                events.LinkLost(
                    now, self.source, reason=error.message, hint=hint, status=error.exit
                )
            ]
        self._retry = asyncio.get_running_loop().call_later(RECONNECT_INTERVAL, self._start)
        previous, self._trouble = self._trouble, error.message
        if previous == error.message:
            return []
        return [events.LinkReconnecting(now, self.source, error.message, error.hint)]

    def _cancel_retry(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_INTERVAL)
            now = self._clock.now()
            if overdue := self.client.overdue(now):
                self._emit(tuple(overdue))
            if (why := self.client.lost_reason(now)) and self._thread is not None:
                self._thread.abandon(LinkBroken(why))
                return
            self._send_due()

    def _emit(self, batch: Batch) -> None:
        log_events(batch)
        self._tell(batch)

    def _emit_all(self, emitted: list[Event]) -> None:
        if emitted:
            self._emit(tuple(emitted))
        self._send_due()

    def _send_due(self) -> None:
        if self._thread is not None:
            due = self.client.due(self._clock.now())
            if due:
                self._thread.write(b"".join(self._framed(message) for message in due))

    def _framed(self, message: Message) -> bytes:
        self._seq = (self._seq + 1) & 0xFFFF
        return encode(Frame(message.type, self._seq, message.payload()))
