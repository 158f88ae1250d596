"""The trace of a link: both directions of a real port, readable, and without the password."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from duotui.base.oscompat import open_pty
from duotui.link.serial_transport import SerialTransport
from duotui.link.trace import traced
from duotui.protocol.frames import Frame, encode
from duotui.protocol.messages import Ping

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINE = re.compile(
    r"(\S+) ([<>]) (\S+) (?:([0-9a-f]{4})  ((?:[0-9a-f]{2} ?)+) +\|(.*)\||frame (.*))"
)


@pytest.fixture
def board() -> Iterator[tuple[int, str]]:
    """The board's end of a line, and the path of the host's port."""
    master, slave, path = open_pty()
    yield master, path
    os.close(master)
    os.close(slave)


def dumped(path: Path, direction: str) -> bytes:
    """The bytes of a direction, read from the trace alone."""
    matches = [LINE.fullmatch(line) for line in path.read_text("ascii").splitlines()]
    assert all(matches)
    parts = [match[5] for match in matches if match and match[2] == direction and match[5]]
    return bytes.fromhex(" ".join(parts))


def received(transport: SerialTransport, count: int) -> bytes:
    data = b""
    while len(data) < count:
        data += transport.read()
    return data


def test_the_bytes_of_both_directions_can_be_read_back(
    tmp_path: Path, board: tuple[int, str]
) -> None:
    end, port = board
    path, answer = tmp_path / "trace", bytes(range(256)) + "狗".encode()
    ping = encode(Frame(Ping.type, 7, Ping(9).payload()))
    transport = SerialTransport(port)
    try:
        transport.write(b"before")
        with traced(path):
            transport.write(ping[:3])
            transport.write(ping[3:])
            os.write(end, answer)
            received(transport, len(answer))
        transport.write(b"after")
    finally:
        transport.close()
    assert dumped(path, ">") == ping
    assert dumped(path, "<") == answer
    frames = [line for line in path.read_text().splitlines() if " frame " in line]
    (line,) = frames
    assert line.endswith(f"> {port} frame Ping seq 7, {len(Ping(9).payload())} bytes")
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z ", line)


@pytest.mark.parametrize("password", ["", "s3cret"])
def test_a_password_is_stars(
    tmp_path: Path, board: tuple[int, str], monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    monkeypatch.setenv("DUOTUI_PASSWORD", password)
    end, port = board
    sent = (password or "milkv").encode()
    transport, path = SerialTransport(port), tmp_path / "trace"
    try:
        with traced(path):
            transport.write(b"root\n")
            transport.write(sent + b"\n")
            os.write(end, b"Password: s3cret\r\n")
            received(transport, 18)
    finally:
        transport.close()
    assert dumped(path, ">") == b"root\n" + b"*" * len(sent) + b"\n"
    assert (b"s3cret" in dumped(path, "<")) == (password == "")
