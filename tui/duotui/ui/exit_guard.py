"""A last resort that ends the process within a time, whatever hangs.

A terminal that takes no output blocks Textual's event loop, and with it every handler that asyncio
runs. Python's own signal handlers still run, and so does a timer's thread.
"""

import contextlib
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from duotui.base.errors import Exit

SIGNAL_TIMEOUT = 0.9
"""Seconds from a signal to the end of the process: it is gone within a second."""

QUIT_TIMEOUT = 5.0
"""Seconds from a quit key to the end of the app: a report may still have to be written."""

if sys.platform == "win32":
    FATAL_SIGNALS = (signal.SIGTERM, signal.SIGBREAK)
    _IGNORABLE: tuple[signal.Signals, ...] = ()
else:
    import termios

    FATAL_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
    _IGNORABLE = (signal.SIGHUP,)
"""Signals that end a screen."""

_STDIN = 0
_LEAVE_SCREEN = b"\x1b[<u\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1049l\x1b[?25h"
"""Keyboard protocol, mouse, bracketed paste and alternate screen off; the cursor shown."""


class ExitGuard:
    """Guard of the terminal's settings, as they are when it is made."""

    def __init__(self) -> None:
        self._timer: threading.Timer | None = None
        self._end_time = math.inf
        self._is_active = False
        self._settings: list[Any] | None = None
        if sys.platform != "win32":
            with contextlib.suppress(termios.error, ValueError, OSError):
                self._settings = termios.tcgetattr(_STDIN)

    def arm(self, status: int, seconds: float) -> None:
        """End the process with `status` after `seconds`, if nothing ends it earlier.

        Do nothing outside `on_signals`: there the process is somebody else's."""
        end_time = time.monotonic() + seconds
        if not self._is_active or end_time >= self._end_time:
            return
        self.disarm()
        self._end_time = end_time
        self._timer = threading.Timer(seconds, self._exit, (status,))
        self._timer.daemon = True
        self._timer.start()

    def disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._end_time = math.inf

    @contextlib.contextmanager
    def on_signals(self, call: Callable[[], object]) -> Iterator[None]:
        """Call `call` in the main thread at each fatal signal, and arm the guard. Disarm it at the
        end."""

        def handle(_number: int, _frame: object) -> None:
            self.arm(Exit.CANCELLED, SIGNAL_TIMEOUT)
            call()

        # nohup has SIGHUP ignored; a shell's background job has SIGINT and SIGQUIT, but a screen is
        # in the foreground
        ignored = {n for n in _IGNORABLE if signal.getsignal(n) is signal.SIG_IGN}
        previous = {n: signal.signal(n, handle) for n in FATAL_SIGNALS if n not in ignored}
        self._is_active = True
        try:
            yield
        finally:
            self._is_active = False
            self.disarm()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _exit(self, status: int) -> None:
        if sys.platform != "win32":
            with contextlib.suppress(Exception):
                if self._settings is not None:
                    termios.tcsetattr(_STDIN, termios.TCSANOW, self._settings)
                os.set_blocking(_STDIN, False)
                os.write(_STDIN, _LEAVE_SCREEN)
                os.set_blocking(_STDIN, True)
        os._exit(status)
