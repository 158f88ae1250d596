"""The one thread that owns a port: it opens, reads, writes and closes it.

Every report goes to `deliver`, in this thread, at most DELIVERIES_PER_SECOND times a second: items
that arrive in between are delivered together. Whoever takes a PortReceived calls `consumed` after
it: the thread does not get ahead by more than REPORTS_AHEAD of them, so a flood waits in the tty.
Nothing else touches the transport, so nothing else can block on it.
"""

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from duotui.base.clock import Clock
from duotui.base.errors import DuotuiError, LinkBroken
from duotui.base.translation import gettext as _
from duotui.protocol.frames import Frame, FrameDecoder, NoiseBytes

if sys.platform == "win32":
    _LOSSES: tuple[type[Exception], ...] = (OSError,)
else:
    import termios

    # pyserial raises termios.error, which is no OSError, when a tty hangs up
    _LOSSES = (OSError, termios.error)

DELIVERIES_PER_SECOND = 30
"""Batches a second. Enough for the eye; a tty's buffer holds the bytes in between."""

ITEMS_PER_REPORT = 256
"""Items in one report, at most: a few milliseconds of work between two keys."""

REPORTS_AHEAD = 1
"""Reports that were delivered and not yet consumed, at most."""


@dataclass(frozen=True, slots=True)
class PortOpened:
    path: str
    described: str


@dataclass(frozen=True, slots=True)
class PortReceived:
    items: tuple[Frame | NoiseBytes, ...]


@dataclass(frozen=True, slots=True)
class PortClosed:
    """The port is gone for good; `error` is None after `PortThread.close`."""

    error: DuotuiError | None


PortReport = PortOpened | PortReceived | PortClosed


class Transport(Protocol):
    def read(self, wait: bool = True) -> bytes:
        """Received bytes. With `wait`, wait a fraction of a second for the first byte; return b""
        if none arrived. Raises LinkBroken."""
        ...

    def write(self, data: bytes) -> None:
        """Write `data`. Raises LinkBroken."""
        ...

    def wake(self) -> None:
        """Make a `read` in another thread return at once."""
        ...

    def close(self) -> None: ...


class Channel(Protocol):
    """A target that opens as a port, and is then read and written."""

    target: str

    def open(self) -> tuple[Transport, str]:
        """Return the open transport and its description. May block; raises DuotuiError."""
        ...

    def cause(self, error: DuotuiError) -> DuotuiError:
        """A better explanation of a loss, if the channel has one."""
        ...

    def close(self) -> None: ...


class PortThread:
    def __init__(
        self, channel: Channel, clock: Clock, deliver: Callable[[PortReport], None]
    ) -> None:
        self._channel, self._clock, self._deliver = channel, clock, deliver
        self._transport: Transport | None = None
        self._outgoing: list[bytes] = []
        self._changed = threading.Condition()
        self._ahead = 0
        self._stop = threading.Event()
        self._why: DuotuiError | None = None
        self._thread = threading.Thread(
            target=self._run, name=f"reader of {channel.target}", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Queue bytes; never blocks."""
        with self._changed:
            self._outgoing.append(data)
            self._wake()

    def consumed(self) -> None:
        """Note that a PortReceived was handled; the thread may deliver another one."""
        with self._changed:
            self._ahead -= 1
            self._changed.notify()

    def close(self, seconds: float = 0.7) -> bool:
        """Stop the thread; return False if it outlives `seconds` (a daemon ends with the
        program)."""
        self._stop.set()
        with self._changed:
            self._wake()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def abandon(self, why: DuotuiError) -> None:
        """Give up the port, as lost for the reason `why`; never blocks."""
        self._why = why
        self.close(0)

    def _wake(self) -> None:
        """Wake the thread, whatever it waits for. The lock is held."""
        self._changed.notify()
        if self._transport is not None:
            self._transport.wake()

    def _run(self) -> None:
        error: DuotuiError | None = None
        try:
            transport, described = self._channel.open()
            with self._changed:
                self._transport = transport
            if not self._stop.is_set():
                self._deliver(PortOpened(self._channel.target, described))
                self._pump(transport)
        except DuotuiError as problem:
            error = self._channel.cause(problem)
        except _LOSSES as problem:
            error = self._channel.cause(
                LinkBroken(_("{target} was lost", target=self._channel.target), repr(problem))
            )
        except Exception as problem:
            # a defect, not a loss: a reconnect would not help
            error = DuotuiError(
                _("{target}: unexpected {problem!r}", target=self._channel.target, problem=problem)
            )
        finally:
            with self._changed:
                transport_left, self._transport = self._transport, None
            if transport_left is not None:
                transport_left.close()
            self._channel.close()
            self._deliver(PortClosed(self._why if self._stop.is_set() else error))

    def _pump(self, transport: Transport) -> None:
        decoder = FrameDecoder()
        received: list[Frame | NoiseBytes] = []
        sent = self._clock.now()
        try:
            while not self._stop.is_set():
                self._write_outgoing(transport)
                if not received:
                    received += decoder.feed(transport.read())
                early = sent + 1 / DELIVERIES_PER_SECOND - self._clock.now()
                if early > 0 and received:
                    if self._stop.wait(early):
                        break
                    if len(received) < ITEMS_PER_REPORT:
                        received += decoder.feed(transport.read(wait=False))
                if received and self._wait_for_room():
                    self._deliver_items(received[:ITEMS_PER_REPORT])
                    received, sent = received[ITEMS_PER_REPORT:], self._clock.now()
            self._write_outgoing(transport)
        finally:
            if received:
                self._deliver_items(received)

    def _write_outgoing(self, transport: Transport) -> None:
        with self._changed:
            outgoing, self._outgoing = b"".join(self._outgoing), []
        if outgoing:
            transport.write(outgoing)

    def _wait_for_room(self) -> bool:
        """Wait until another report may be delivered. Return False if the thread has to write or to
        stop first."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._ahead < REPORTS_AHEAD or self._outgoing or self._stop.is_set()
            )
            return self._ahead < REPORTS_AHEAD and not self._stop.is_set()

    def _deliver_items(self, items: list[Frame | NoiseBytes]) -> None:
        with self._changed:
            self._ahead += 1
        self._deliver(PortReceived(tuple(items)))
