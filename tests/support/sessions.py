"""Real session: the real engine, behind the real protocol, in this test's loop."""

import asyncio
import itertools
import random
from collections.abc import Callable

from duotui.base.clock import MonotonicClock
from duotui.link.port_thread import Channel
from duotui.protocol import events
from duotui.protocol.events import Batch, Source
from duotui.protocol.request import Request
from duotui.session.session import Session
from duotui.session.state import SessionState

KERNEL = [
    b"[   12.345678] usb 1-1: new high-speed USB device number 2 using dwc2\r\n",
    b"[ 4711.000001] mmc0: Timeout waiting for hardware interrupt.\r\n",
    b"\r\nmilkv-duo login: ",
]


def new_session(board: Channel, baseline: Channel | None = None) -> Session:
    return Session(board, baseline, MonotonicClock(), itertools.count(1).__next__)


class Watch:
    """Awaits changes of a session, without polling."""

    def __init__(self, watched: Session) -> None:
        self.session = watched
        self._waiting: list[tuple[Callable[[SessionState], bool], asyncio.Future[None]]] = []
        self.events_seen: list[events.Event] = []
        watched.subscribe(self._on_change)

    def _on_change(self, state: SessionState, batch: Batch) -> None:
        self.events_seen += batch
        for condition, future in self._waiting:
            if not future.done() and condition(state):
                future.set_result(None)

    async def until(
        self, condition: Callable[[SessionState], bool], seconds: float = 60
    ) -> SessionState:
        if not condition(self.session.state):
            future = asyncio.get_running_loop().create_future()
            self._waiting.append((condition, future))
            await asyncio.wait_for(future, seconds)
        return self.session.state


async def run_to_end(watched: Session, request: Request, seconds: float = 60) -> SessionState:
    """State after the board has generated `request` to its end."""
    watch = Watch(watched)
    watched.generate(request)
    return await watch.until(lambda state: over(state, Source.BOARD), seconds)


def over(state: SessionState, source: Source) -> bool:
    return state.of(source).ended is not None


class BadCable:
    """Bad cable: one bit flipped in `bits`, a kernel line after some `bytes_` bytes."""

    def __init__(self, seed: int, bits: int = 0, bytes_: int = 0) -> None:
        self._random = random.Random(seed)
        self._bits, self._bytes = bits, bytes_
        self.flipped = self.injected = 0

    def __call__(self, data: bytes) -> bytes:
        out = bytearray(data)
        if self._bits:
            for bit in range(8 * len(out)):
                if self._random.random() < 1 / self._bits:
                    out[bit // 8] ^= 1 << bit % 8
                    self.flipped += 1
        if self._bytes:
            for at in range(len(out), 0, -1):
                if self._random.random() < 1 / self._bytes:
                    out[at:at] = self._random.choice(KERNEL)
                    self.injected += 1
        return bytes(out)
