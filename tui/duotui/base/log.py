"""The program's log: the standard library's logging, in one file that the user names.

Without a file nothing is kept. A line is bounded and has no control character, whatever it quotes,
and no password. A file that takes no more ends the log, never the program.
"""

import logging
import os
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from duotui.base.child_process import PASSWORD_VARIABLE
from duotui.base.errors import DuotuiError
from duotui.base.files import open_regular, reported, write_all
from duotui.base.translation import gettext as _
from duotui.base.untrusted_text import bounded_line

ROOT = "duotui"
LEVELS = ("debug", "info", "warning", "error")
LOG_VARIABLE = "DUOTUI_LOG"
"""Environment variable that names the log's file where the command line does not."""

LOG_LINE_LIMIT = 4000
"""Characters of a line, at most."""

_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT
_USER_INFO = re.compile(r"(?<=://)[^/@\s]+@")
"""User and password in a URL."""

_root = logging.getLogger(ROOT)
_root.addHandler(logging.NullHandler())
_root.propagate = False


def logger(module: str) -> logging.Logger:
    """Return the logger of a module, by its `__name__`."""
    return logging.getLogger(module)


def without_secrets(text: str) -> str:
    """Return `text` with stars for the board's password, and for what a URL has before its host."""
    password = os.environ.get(PASSWORD_VARIABLE)
    if password:
        text = text.replace(password, "***")
    return _USER_INFO.sub("***@", text)


class LogLine(logging.Formatter):
    """A line of the log: time, level, module and text."""

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            text += " | " + "".join(traceback.format_exception(record.exc_info[1]))
        module = record.name.removeprefix(f"{ROOT}.")
        line = bounded_line(without_secrets(text), LOG_LINE_LIMIT)
        return f"{utc(record.created, 'milliseconds')} {record.levelname} {module}: {line}"


def utc(seconds: float, precision: str) -> str:
    """Return a time since the epoch as ISO 8601 writes it, in UTC."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec=precision)
    return text.replace("+00:00", "Z")


class LineFile(logging.Handler):
    """Writes each record as a line, at once. Raises OSError where the file cannot be opened."""

    def __init__(self, path: Path, line: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(line)
        self._path, self._file = path, open_regular(path, _APPEND)

    def emit(self, record: logging.LogRecord) -> None:
        if self._file.closed:
            return
        try:
            write_all(self._file, f"{self.format(record)}\n".encode("utf-8", "replace"))
        except OSError as error:
            with suppress(OSError):
                self._file.close()
            print(
                _(
                    "duotui: {path} takes no more; it ends here ({reason})",
                    path=self._path,
                    reason=_(str(error.strerror)),
                ),
                file=sys.stderr,
            )

    def close(self) -> None:
        with suppress(OSError):
            self._file.close()
        super().close()


@contextmanager
def kept(source: logging.Logger, path: Path, line: logging.Formatter, level: int) -> Iterator[None]:
    """Keep what `source` says in `path` meanwhile. Raises UsageError where it cannot be written."""
    with reported(path, _("cannot be written")):
        handler = LineFile(path, line)
    before = source.level
    source.addHandler(handler)
    source.setLevel(level)
    try:
        yield
    finally:
        source.setLevel(before)
        source.removeHandler(handler)
        handler.close()


@contextmanager
def logged(path: Path, level: str, start: str) -> Iterator[None]:
    """Keep the log in `path` meanwhile: `start` first, at the end the error, if there is one.

    `level` is one of LEVELS. Raises UsageError."""
    with kept(_root, path, LogLine(), logging.getLevelNamesMapping()[level.upper()]):
        _root.info("%s", start)
        try:
            yield
        except DuotuiError as error:
            _root.error("%s: %s", type(error).__name__, error, exc_info=error.__cause__)
            raise
        except KeyboardInterrupt:
            _root.info("interrupted")
            raise
        except Exception as error:
            _root.error("unexpected", exc_info=error)
            raise
        _root.info("end")
