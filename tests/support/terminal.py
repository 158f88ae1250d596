"""duotui as a process on a real terminal."""

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence

ALTERNATE_ON, ALTERNATE_OFF = b"\x1b[?1049h", b"\x1b[?1049l"
CURSOR_SHOWN = b"\x1b[?25h"


class Terminal:
    """duotui on a pty, as on a user's terminal; or another `program` of Python."""

    def __init__(self, *arguments: str, program: Sequence[str] = ("-m", "duotui")) -> None:
        self.master, slave = pty.openpty()
        self.last = b""
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.process = subprocess.Popen(
            [sys.executable, *program, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm-256color"},
            start_new_session=True,
        )

    def wait_for(self, expected: bytes, seconds: float = 20) -> bytes:
        """Output up to `expected`."""
        output, end = b"", time.monotonic() + seconds
        while expected not in output:
            remaining = end - time.monotonic()
            assert select.select([self.master], [], [], max(0, remaining))[0], output[-500:]
            output += os.read(self.master, 65536)
        return output

    def leave(self, key: bytes) -> float:
        """Press `key`; return the seconds until the process has ended. Its output meanwhile is
        `last`."""
        return self._gone_by(lambda: os.write(self.master, key))

    def end(self, number: signal.Signals) -> float:
        """End the process by a signal, and return the seconds as `leave` does."""
        return self._gone_by(lambda: self.process.send_signal(number))

    def _gone_by(self, what: Callable[[], object]) -> float:
        pressed = time.monotonic()
        what()
        process_fd = os.pidfd_open(self.process.pid)
        while not select.select([process_fd], [], [], 0)[0]:
            assert time.monotonic() - pressed < 10
            if select.select([self.master, process_fd], [], [])[0] == [self.master]:
                self.last += os.read(self.master, 65536)
        os.close(process_fd)
        while select.select([self.master], [], [], 0)[0]:
            self.last += os.read(self.master, 65536)
        took = time.monotonic() - pressed
        self.process.wait()
        return took

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)
