"""An open serial port: pyserial's, with its errors converted to ours.

Every target goes through `serial_for_url`, so a device path, `socket://` and `rfc2217://` are the
same to the rest of the program.
"""

import errno
import os
import sys

import serial

from duotui.base.board_profile import DUO_64M
from duotui.base.errors import Busy, DuotuiError, LinkBroken, NoDevice, NoPermission, UsageError
from duotui.base.translation import gettext as _
from duotui.link.port_access import holders, permission_hint
from duotui.link.trace import LinkTrace

READ_SECONDS = 0.2
READ_BYTES = 1 << 16
WRITE_SECONDS = 1.0


PORT_HELD, PORT_GONE = "PermissionError(13", "FileNotFoundError(2"
"""Parts of pyserial's messages on Windows, whose errors have no number; the rest is in the user's
language. Every user may open a port there, so a port that may not be opened is open elsewhere."""


class SerialTransport:
    """A serial port. A write that takes longer than `patience` seconds is a lost link.

    Raises UsageError, NoDevice, NoPermission or Busy if `target` cannot be opened.
    """

    def __init__(self, target: str, patience: float = WRITE_SECONDS) -> None:
        self.target = target
        self._trace = LinkTrace(target)
        try:
            self._port = serial.serial_for_url(target, do_not_open=True, timeout=READ_SECONDS)
            if "://" not in target:
                self._port.baudrate = DUO_64M.baud_rate
                self._port.exclusive = True
            if not target.startswith("rfc2217:"):  # pyserial's client of RFC 2217 has no timeout
                self._port.write_timeout = patience
            self._port.open()
        except (OSError, ValueError) as error:
            raise explain_open_error(target, error) from error
        # a program that has set no lock, as minicom and screen, would read a part of the bytes
        if "://" not in target and (holder := next(iter(holders(target)), "")):
            self._port.close()
            raise _busy(target, holder)

    def read(self, wait: bool = True) -> bytes:
        try:
            data: bytes = self._port.read(1) if wait else b""
            while waiting := self._port.in_waiting:
                data += self._port.read(waiting)
                if len(data) >= READ_BYTES:
                    break
            self._trace.received(data)
            return data
        except (OSError, TypeError) as error:  # TypeError: closed while a thread reads
            raise LinkBroken(_("{target} was lost", target=self.target), _reason(error)) from error

    def write(self, data: bytes) -> None:
        try:
            self._trace.sent(data)
            self._port.write(data)
        except (OSError, TypeError) as error:
            raise LinkBroken(
                _("{target} takes no bytes", target=self.target), _reason(error)
            ) from error

    def wake(self) -> None:
        if hasattr(self._port, "cancel_read"):
            self._port.cancel_read()

    def close(self) -> None:
        self._port.close()


def explain_open_error(target: str, error: Exception) -> DuotuiError:
    """The error that explains a failed open to a user."""
    number = getattr(error, "errno", None)
    text = str(error)
    if isinstance(error, ValueError):
        return UsageError(
            _("{target} is not a port", target=target), _("duotui devices lists them")
        )
    if number == errno.EACCES or "Permission denied" in text:
        return NoPermission(
            _("no permission to open {target}", target=target), permission_hint(target)
        )
    if number in (errno.EBUSY, errno.EAGAIN) or "exclusively lock" in text or PORT_HELD in text:
        return _busy(target, next(iter(holders(target, other_ends=True)), _("another program")))
    if "://" in target:
        return NoDevice(_("{target} does not answer", target=target), _reason(error))
    absent = sys.platform != "win32" and not os.path.exists(target)
    if number == errno.ENOENT or PORT_GONE in text or absent:
        return NoDevice(
            _("there is no port {target}", target=target), _("duotui devices lists those there are")
        )
    return UsageError(
        _("{target} is not a serial port", target=target), _("duotui devices lists them")
    )


def _busy(target: str, holder: str) -> Busy:
    return Busy(
        _("{target} is in use by {holder}", target=target, holder=holder),
        _("close that program first"),
    )


def _reason(error: Exception) -> str:
    """The innermost text of a pyserial message, which nests them."""
    return str(error).rsplit("] ", 1)[-1].strip("'\") ") or type(error).__name__
