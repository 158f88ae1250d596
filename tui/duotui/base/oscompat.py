"""What differs between the systems of the host: Linux, macOS and Windows (docs/hosts.md)."""

import asyncio
import contextlib
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TextIO

from duotui.base.errors import NotReady

if sys.platform == "win32":
    INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGBREAK)
    HANGUPS = (signal.SIGTERM, signal.SIGBREAK)
else:
    import tty

    INTERRUPTS = (signal.SIGINT, signal.SIGTERM)
    HANGUPS = (signal.SIGTERM, signal.SIGHUP)
"""What ends a command without a screen, and what ends a screen from outside: there Ctrl+C is a key.
On Windows a console that is closed sends SIGBREAK."""

HAS_PTYS = sys.platform != "win32"


@contextlib.contextmanager
def on_signals(numbers: Sequence[signal.Signals], call: Callable[[], object]) -> Iterator[None]:
    """Meanwhile `call` is called in the running loop for each of these signals. Of the main thread
    alone."""
    loop = asyncio.get_running_loop()
    before: dict[signal.Signals, Any] = {}
    for number in numbers:
        try:
            loop.add_signal_handler(number, call)
        except NotImplementedError:  # Windows's loops; they wake up for Python's own handlers
            before[number] = signal.signal(number, lambda *_: loop.call_soon_threadsafe(call))
    try:
        yield
    finally:
        for number in numbers:
            if number in before:
                signal.signal(number, before[number])
            else:
                loop.remove_signal_handler(number)


def open_pty() -> tuple[int, int, str]:
    """A pseudo-terminal in raw mode: its master, which does not block, its slave, and the slave's
    path. Raises NotReady where the system has none."""
    if sys.platform == "win32":
        raise NotReady("Windows has no pseudo-terminals", "connect a board and name its port")
    else:  # mypy looks at no other branch
        master, slave = os.openpty()
        os.set_blocking(master, False)
        tty.setraw(slave)
        return master, slave, os.ttyname(slave)


def kill_group(pid: int) -> None:
    """Kill the process `pid` and its process group, whose leader it is. Windows has no groups."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS's for one that ended
        if sys.platform == "win32":
            os.kill(pid, signal.SIGTERM)  # TerminateProcess
        else:  # mypy looks at no other branch
            os.killpg(pid, signal.SIGKILL)


def by_system(*, linux: str, macos: str, windows: str) -> str:
    """The hint for this system."""
    return {"darwin": macos, "win32": windows}.get(sys.platform, linux)


def make_writable(stream: TextIO) -> None:
    """A character that the stream's encoding lacks must not end a story: "?" is written for it.
    A file or a pipe on Windows gets UTF-8, as every file of ours: its code page lacks too many."""
    if isinstance(stream, io.TextIOWrapper):
        if sys.platform == "win32" and not stream.isatty():
            stream.reconfigure(encoding="utf-8")
        stream.reconfigure(errors="replace")
