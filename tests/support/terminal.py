"""duotui as a process on a real terminal."""

import fcntl
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


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """duotui on a pty, as on a user's terminal; or another `program` of Python, or `stderr`."""

    def __init__(
        self,
        *arguments: str,
        program: Sequence[str] = ("-m", "duotui"),
        stderr: int | None = None,
    ) -> None:
        self.master, slave = pty.openpty()
        self.last = b""
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.process = subprocess.Popen(
            [sys.executable, *program, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave if stderr is None else stderr,
            env={**os.environ, "TERM": "xterm-256color"},
            start_new_session=True,
            preexec_fn=_take_terminal,  # as a terminal program does: it sends SIGHUP and SIGCONT
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

    def hang_up(self) -> bool:
        """Close the window: both ends of the pty. Return whether the process then ends."""
        os.close(self.master)
        os.close(self.slave)
        self.master = self.slave = -1
        return self.gone(20)

    def gone(self, seconds: float) -> bool:
        """True as soon as the process has ended; False after `seconds`. Output is discarded."""
        gone = os.pidfd_open(self.process.pid)
        end = time.monotonic() + seconds
        watched = [gone, *([self.master] if self.master >= 0 else [])]
        while (left := end - time.monotonic()) > 0:
            ready, _, _ = select.select(watched, [], [], left)
            if gone in ready:
                os.close(gone)
                self.process.wait()
                return True
            if ready:
                self.last += os.read(self.master, 65536)
        os.close(gone)
        return False

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
        if self.master >= 0:
            os.close(self.master)
            os.close(self.slave)
