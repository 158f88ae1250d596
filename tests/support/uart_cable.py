"""Cable between two ptys with the pace of a UART, in both directions at once."""

from __future__ import annotations

import os
import select
import subprocess
import threading
from contextlib import suppress

from duotui.base.oscompat import open_pty

BITS_PER_BYTE = 10
PIECE = 16
"""Bytes that arrive together, as from the FIFO of a UART."""


class UartCable:
    """Cable with the ends of a PtyCable, at `baud` bits a second."""

    def __init__(self, baud: int) -> None:
        self._board, self.board_end, self.board_path = open_pty()
        self._host, self._host_end, self.host_path = open_pty()
        subprocess.run(["stty", "raw", "-echo"], stdin=self._host_end, check=True)
        self._seconds = PIECE * BITS_PER_BYTE / baud
        self._cut = threading.Event()
        ways = ((self._board, self._host), (self._host, self._board))
        self._threads = [threading.Thread(target=self._carry, args=way) for way in ways]

    def start(self) -> None:
        os.close(self.board_end)
        for thread in self._threads:
            thread.start()

    def cut(self) -> None:
        self._cut.set()
        for thread in self._threads:
            thread.join()
        for end in (self._board, self._host, self._host_end):
            os.close(end)

    def _carry(self, source: int, target: int) -> None:
        with suppress(OSError):
            while not self._cut.is_set():
                if select.select([source], [], [], 0.05)[0]:
                    os.write(target, os.read(source, PIECE))
                    self._cut.wait(self._seconds)
