"""The trace of serial links: the bytes of both directions, as text (docs/link.md).

The bytes stand sixteen in a line, as hexdump writes them. A line without bytes follows each
complete frame and names its message. The password of a login is stars.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from duotui.base.child_process import PASSWORD_VARIABLE
from duotui.base.log import kept, utc
from duotui.link.credentials import board_password
from duotui.protocol.fields import MalformedPayload
from duotui.protocol.frames import Frame, FrameDecoder
from duotui.protocol.messages import parse_message

SENT, RECEIVED = ">", "<"
BYTES_PER_LINE = 16

_logger = logging.getLogger("duotui.trace")
_logger.propagate = False
_logger.addHandler(logging.NullHandler())
_logger.setLevel(logging.CRITICAL)


class TraceLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return f"{utc(record.created, 'microseconds')} {record.getMessage()}"


def traced(path: Path) -> AbstractContextManager[None]:
    """Write the trace of all links to `path` meanwhile. Raises UsageError."""
    return kept(_logger, path, TraceLine(), logging.INFO)


class LinkTrace:
    """The trace of one port. Does nothing while no file is open."""

    def __init__(self, port: str) -> None:
        self._port = port
        self._decoders = {SENT: FrameDecoder(), RECEIVED: FrameDecoder()}

    def sent(self, data: bytes) -> None:
        self._write(SENT, data, board_password())

    def received(self, data: bytes) -> None:
        self._write(RECEIVED, data, os.environ.get(PASSWORD_VARIABLE, ""))

    def _write(self, direction: str, data: bytes, password: str) -> None:
        if not data or not _logger.isEnabledFor(logging.INFO):
            return
        secret = password.encode()
        shown = data.replace(secret, b"*" * len(secret)) if secret else data
        for line in (*_hexdump(shown), *self._frames(direction, data)):
            _logger.info("%s %s %s", direction, self._port, line)

    def _frames(self, direction: str, data: bytes) -> Iterator[str]:
        for item in self._decoders[direction].feed(data):
            if isinstance(item, Frame):
                yield f"frame {_name(item)} seq {item.seq}, {len(item.payload)} bytes"


def _hexdump(data: bytes) -> Iterator[str]:
    for start in range(0, len(data), BYTES_PER_LINE):
        part = data[start : start + BYTES_PER_LINE]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        yield f"{start:04x}  {part.hex(' '):<{3 * BYTES_PER_LINE - 1}}  |{text}|"


def _name(frame: Frame) -> str:
    try:
        return type(parse_message(frame.type, frame.payload)).__name__
    except MalformedPayload:
        return f"0x{frame.type:02x}"
