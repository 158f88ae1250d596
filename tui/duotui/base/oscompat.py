"""Differences between the host's systems: Linux, macOS and Windows (docs/hosts.md)."""

import asyncio
import contextlib
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from duotui.base.errors import NotReady
from duotui.base.translation import gettext as _

if sys.platform == "win32":
    INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGBREAK)
else:
    import fcntl
    import tty

    INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""Signals that end a command without a screen. Windows sends SIGBREAK when a console is closed."""

HAS_PTYS = sys.platform != "win32"


@contextlib.contextmanager
def on_signals(numbers: Sequence[signal.Signals], call: Callable[[], object]) -> Iterator[None]:
    """Call `call` in the running loop for each of these signals that is not ignored, as by nohup.
    Works in the main thread only."""
    loop = asyncio.get_running_loop()
    previous = {number: signal.getsignal(number) for number in numbers if _is_heeded(number)}
    for number in previous:
        try:
            loop.add_signal_handler(number, call)
        except NotImplementedError:  # Windows: loops wake up for Python's handlers
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(call))
    try:
        yield
    finally:
        for number, handler in previous.items():
            with contextlib.suppress(NotImplementedError):
                loop.remove_signal_handler(number)
            signal.signal(number, handler)


@contextlib.contextmanager
def interrupts_raise() -> Iterator[None]:
    """Raise KeyboardInterrupt at each signal of INTERRUPTS that is not ignored. Does nothing
    outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = {number: signal.getsignal(number) for number in INTERRUPTS if _is_heeded(number)}
    for number in previous:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _is_heeded(number: signal.Signals) -> bool:
    return signal.getsignal(number) not in (signal.SIG_IGN, None)


def open_pty() -> tuple[int, int, str]:
    """Open a pseudo-terminal in raw mode. Return its master, which does not block, its slave, and
    the slave's path. Raises NotReady if the system has none."""
    if sys.platform == "win32":
        raise NotReady(_("Windows has no pseudo-terminals"), _("connect a board and name its port"))
    else:  # mypy checks this branch only
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


@contextlib.contextmanager
def folder_lock(folder: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[bool]:
    """Hold `folder` for this process alone; `waiting` is called if another one holds it.

    A process that ends, however it does, lets it go. Yields False where the file system has no
    locks, and on Windows. Raises OSError where the folder cannot be opened.
    """
    if sys.platform == "win32":
        yield False
    else:  # mypy looks at no other branch
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield _lock(handle, waiting)
        finally:
            os.close(handle)


def _lock(handle: int, waiting: Callable[[], None]) -> bool:
    if sys.platform == "win32":
        return False
    else:  # mypy looks at no other branch
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:
            return False
        return True


def by_system(*, linux: str, macos: str, windows: str) -> str:
    """The hint for this system."""
    return {"darwin": macos, "win32": windows}.get(sys.platform, linux)


def make_writable(stream: TextIO) -> None:
    """Make `stream` print "?" for a character that its encoding lacks, instead of ending a story. A
    file or a pipe on Windows gets UTF-8, as all our files: its code page lacks too many
    characters."""
    if isinstance(stream, io.TextIOWrapper):
        if sys.platform == "win32" and not stream.isatty():
            stream.reconfigure(encoding="utf-8")
        stream.reconfigure(errors="replace")
