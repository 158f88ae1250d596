"""A port without a device: it hands out pieces of bytes, and counts how often it is read."""

import threading
from collections.abc import Iterable, Iterator

from duotui.base.errors import DuotuiError
from duotui.link.port_thread import Transport


class ScriptedTransport:
    """Transport that returns a piece for each read. After the last one nothing arrives."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces: Iterator[bytes] = iter(pieces)
        self._woken = threading.Event()
        self.reads = 0
        self.written = bytearray()

    def read(self, wait: bool = True) -> bytes:
        piece = next(self._pieces, None)
        if piece is None:
            if wait:
                self._woken.wait(60)
                self._woken.clear()
            return b""
        self.reads += 1
        return piece

    def write(self, data: bytes) -> None:
        self.written += data

    def wake(self) -> None:
        self._woken.set()

    def close(self) -> None: ...


class ScriptedChannel:
    """Channel that opens one transport."""

    target = "scripted"

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def open(self) -> tuple[Transport, str]:
        return self._transport, "a script"

    def cause(self, error: DuotuiError) -> DuotuiError:
        return error

    def close(self) -> None: ...


class LeapingClock:
    """Clock that passes a second at each look, so that nobody waits for it."""

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        self._now += 1.0
        return self._now
