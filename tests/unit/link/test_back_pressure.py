"""A flood waits in the tty: the port's thread reads no faster than the loop consumes."""

import asyncio
import queue
import threading

from duotui.base.clock import MonotonicClock
from duotui.link.connection import Connection
from duotui.link.port_thread import (
    ITEMS_PER_REPORT,
    REPORTS_AHEAD,
    PortClosed,
    PortReceived,
    PortReport,
    PortThread,
)
from duotui.protocol import events
from duotui.protocol.events import Batch, Source
from duotui.protocol.frames import Frame, encode
from duotui.protocol.link_monitor import NOISE_TEXT_LIMIT
from duotui.protocol.messages import Pong
from support.protocol_agent import HELLO
from support.scripted_transport import LeapingClock, ScriptedChannel, ScriptedTransport

PONG = encode(Frame(Pong.type, 0, Pong(1, 2).payload()))
PIECES = 200


class SlowLoop:
    """Receiver of reports that counts those that are not consumed."""

    def __init__(self, transport: ScriptedTransport) -> None:
        self.reports: queue.Queue[PortReport] = queue.Queue()
        self.most_ahead = 0
        self._ahead, self._lock = 0, threading.Lock()
        self.thread = PortThread(ScriptedChannel(transport), LeapingClock(), self._deliver)
        self.thread.start()

    def _deliver(self, report: PortReport) -> None:
        if isinstance(report, PortReceived):
            with self._lock:
                self._ahead += 1
                self.most_ahead = max(self.most_ahead, self._ahead)
        self.reports.put(report)

    def next(self) -> PortReceived:
        while not isinstance(report := self.reports.get(timeout=60), PortReceived):
            assert not isinstance(report, PortClosed)
        return report

    def consume(self) -> None:
        with self._lock:
            self._ahead -= 1
        self.thread.consumed()


def test_the_thread_never_gets_ahead_of_the_loop() -> None:
    transport = ScriptedTransport([PONG] * PIECES)
    loop = SlowLoop(transport)
    received = 0
    while received < PIECES:
        received += len(loop.next().items)
        assert transport.reads <= received + REPORTS_AHEAD + 1
        loop.consume()
    assert loop.most_ahead <= REPORTS_AHEAD
    assert loop.thread.close(60)


def test_one_read_of_many_frames_is_several_reports() -> None:
    count = 5 * ITEMS_PER_REPORT // 2
    loop = SlowLoop(ScriptedTransport([PONG * count]))
    sizes: list[int] = []
    while sum(sizes) < count:
        sizes.append(len(loop.next().items))
        loop.consume()
    assert sizes == [ITEMS_PER_REPORT, ITEMS_PER_REPORT, ITEMS_PER_REPORT // 2]
    assert loop.thread.close(60)


def test_a_thread_that_waits_for_the_loop_still_writes_and_stops() -> None:
    transport = ScriptedTransport([PONG] * PIECES)
    loop = SlowLoop(transport)
    for _ in range(REPORTS_AHEAD):
        loop.next()  # and nothing is consumed
    loop.thread.write(b"a question")
    assert loop.thread.close(60)
    assert transport.written == b"a question"
    assert transport.reads <= REPORTS_AHEAD + 2


async def _batches(pieces: list[bytes], until: type[events.Event]) -> list[Batch]:
    """Batches of a connection to an agent that sends `pieces`, until one has an event `until`."""
    batches: list[Batch] = []
    seen = asyncio.Event()

    def emit(batch: Batch) -> None:
        batches.append(batch)
        if any(isinstance(event, until) for event in batch):
            seen.set()

    channel = ScriptedChannel(ScriptedTransport(pieces))
    connection = Connection(Source.BOARD, channel, MonotonicClock(), emit)
    connection.open()
    await asyncio.wait_for(seen.wait(), 60)
    await connection.close()
    return batches


async def test_a_connection_consumes_what_it_is_given() -> None:
    hello = encode(Frame(HELLO.type, 0, HELLO.payload()))
    batches = await _batches([b"\0a\0" * 2500, PONG * 2500, hello], events.Ready)
    assert len(batches) >= 5000 // ITEMS_PER_REPORT


async def test_the_noise_of_a_batch_is_one_bounded_event() -> None:
    hello = encode(Frame(HELLO.type, 0, HELLO.payload()))
    flood = b"\0" + b"[    1.000000] usb 1-1: reset\r\n\0" * 900
    batches = await _batches([flood + hello], events.Ready)
    noise = [event for batch in batches for event in batch if isinstance(event, events.LineNoise)]
    assert len(noise) <= len(batches)
    assert sum(event.count for event in noise) == 900 * 31
    assert max(len(event.text) for event in noise) <= 2 * NOISE_TEXT_LIMIT
    assert "usb 1-1: reset" in noise[0].text
