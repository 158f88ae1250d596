"""pexpect over a transport, so that it reads any port that pyserial opens."""

import time
from typing import TYPE_CHECKING

from pexpect import TIMEOUT, spawnbase

from duotui.base.errors import NotReady
from duotui.base.translation import gettext as _
from duotui.link.port_thread import Transport

UNEXPECTED_LIMIT = 1 << 17
"""Bytes in which nothing expected was found, at most. A board's whole start is less."""

TAIL_BYTES = 1 << 12
"""Bytes that were received last, which are kept to be shown."""

if TYPE_CHECKING:
    _Base = spawnbase.SpawnBase[bytes]
else:
    _Base = spawnbase.SpawnBase


class TransportSpawn(_Base):
    """pexpect's spawn on a transport. `received` counts its bytes; `heard` are the first ones, at
    most UNEXPECTED_LIMIT, and `tail` the last ones. Raises LinkBroken if the port is lost, NotReady
    if it floods."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(maxread=1 << 16)
        self.transport = transport
        self.heard = bytearray()
        self.tail = b""
        self.received = self._unexpected = 0

    def read_nonblocking(self, size: int = 1, timeout: float | None = -1) -> bytes:
        seconds = self.timeout if timeout == -1 else timeout
        until = time.monotonic() + (seconds or 0)
        while not (data := self.transport.read()):
            if time.monotonic() >= until:
                raise TIMEOUT("nothing came")
        self.heard += data[: UNEXPECTED_LIMIT - len(self.heard)]
        self.tail = (self.tail + data)[-TAIL_BYTES:]
        self.received += len(data)
        self._unexpected += len(data)
        if self._unexpected > UNEXPECTED_LIMIT:
            raise NotReady(
                _("the line floods with bytes that nobody asked for"), _("end what writes there")
            )
        return data

    def write_bytes(self, data: bytes) -> None:
        self.transport.write(data)

    def wait_for(self, *patterns: bytes, seconds: float) -> int:
        """Return the index of the pattern that matches first; -1 if none does in time."""
        index: int = self.expect_list(
            [*(self.compile_pattern_list(list(patterns))), TIMEOUT], timeout=seconds
        )
        if index == len(patterns):
            return -1
        self._unexpected = len(self.buffer)
        return index

    def drain(self, most: float = 1.0) -> bytes:
        """Read and return the pending bytes, until a pause or for `most` seconds."""
        until, left = time.monotonic() + most, b""
        while self.wait_for(rb"(?s).+", seconds=0) == 0:
            left += self.matched
            if time.monotonic() >= until:
                break
        return left

    @property
    def matched(self) -> bytes:
        """The bytes that matched last."""
        return self.after if isinstance(self.after, bytes) else b""
