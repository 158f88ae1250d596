"""Standard output and error whose failures have one form.

A failed stdout raises StdoutFailed, and a failed stderr loses the message. A program may also be
started without them: Python's stream is then None, and the next file that is opened would get the
descriptor, and with it what others print.
"""

import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterator
from typing import TextIO

from duotui.base.errors import DuotuiError
from duotui.base.oscompat import make_writable
from duotui.base.translation import gettext as _

_MODES = (os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)
"""How stdin, stdout and stderr are opened if they are closed. A write to stdout then fails."""


class StdoutFailed(DuotuiError):
    """Stdout was closed, or takes no more."""


class Stdout(io.TextIOBase):
    """Stdout. `is_written` is true after the first character."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.is_written = False

    def write(self, text: str) -> int:
        self.is_written = self.is_written or text != ""
        with _failures():
            return self._stream.write(text)

    def flush(self) -> None:
        with _failures():
            self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def discard(self) -> None:
        """Drop what was not written, so that the interpreter does not fail for it at its end."""
        try:
            self._stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


class Stderr(Stdout):
    """Stderr, which loses what it cannot write: no command fails for a message."""

    def write(self, text: str) -> int:
        with contextlib.suppress(StdoutFailed):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(StdoutFailed):
            super().flush()


@contextlib.contextmanager
def standard_streams() -> Iterator[Stdout]:
    """Replace sys.stdout and sys.stderr meanwhile; yield the new stdout."""
    _open_closed_streams()
    before = sys.stdout, sys.stderr
    for stream in before:
        make_writable(stream)
    stdout, stderr = Stdout(sys.stdout), Stderr(sys.stderr)
    sys.stdout, sys.stderr = stdout, stderr
    try:
        yield stdout
    finally:
        sys.stdout, sys.stderr = before
        for guarded in (stdout, stderr):
            guarded.discard()


def _open_closed_streams() -> None:
    """Give stdin, stdout and stderr a descriptor and a stream each."""
    for number, mode in enumerate(_MODES):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)  # the lowest free number, which is this one
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - it lasts as long as the program
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    """Raise StdoutFailed for a failure of the system."""
    try:
        yield
    except BrokenPipeError as error:
        raise StdoutFailed(_("stdout was closed"), _("nothing more can be written")) from error
    except OSError as error:
        reason = "it is closed" if error.errno == errno.EBADF else str(error.strerror)
        raise StdoutFailed(_("stdout cannot be written"), _(reason)) from error
