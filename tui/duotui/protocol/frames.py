"""Frames on the wire, without any I/O: 0x00 | COBS(type, seq, payload, crc32) | 0x00.

docs/protocol.md is the specification. A decoder never fails: it returns bytes outside frames as
noise.
"""

import struct
import zlib
from dataclasses import dataclass

from duotui.protocol.limits import MAX_PAYLOAD

_OVERHEAD = 1 + 2 + 4
_MAX_ENCODED = MAX_PAYLOAD + _OVERHEAD + (MAX_PAYLOAD + _OVERHEAD) // 254 + 1


@dataclass(frozen=True, slots=True)
class Frame:
    type: int
    seq: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class NoiseBytes:
    """Bytes outside frames."""

    data: bytes


def encode(frame: Frame) -> bytes:
    """Encode `frame`, with both delimiters. Raises ValueError if its payload is too long."""
    if len(frame.payload) > MAX_PAYLOAD:
        raise ValueError(f"payload of {len(frame.payload)} bytes, at most {MAX_PAYLOAD}")
    body = struct.pack("<BH", frame.type, frame.seq) + frame.payload
    body += struct.pack("<I", zlib.crc32(body))
    return b"\0" + cobs_encode(body) + b"\0"


def cobs_encode(body: bytes) -> bytes:
    """Encode `body` by COBS (Cheshire and Baker 1999): no zeros, one byte more in each 254.

    A full block that ends the data is not followed by an empty one.
    """
    out = bytearray()
    runs = body.split(b"\0")
    for number, run in enumerate(runs, 1):
        full, rest = divmod(len(run), 254)
        for block in range(full):
            out += b"\xff" + run[254 * block : 254 * (block + 1)]
        if rest or not full or number < len(runs):
            out.append(rest + 1)
            out += run[254 * full :]
    return bytes(out)


def cobs_decode(piece: bytes) -> bytes | None:
    """Reverse `cobs_encode`; return None if `piece` is not COBS."""
    out = bytearray()
    at = 0
    while at < len(piece):
        code = piece[at]
        end = at + code
        if code == 0 or end > len(piece):
            return None
        out += piece[at + 1 : end]
        at = end
        if code != 255 and at < len(piece):
            out.append(0)
    return bytes(out)


class FrameDecoder:
    """Decoder of a byte stream: takes pieces of any size, returns frames and noise in order."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame | NoiseBytes]:
        decoded: list[Frame | NoiseBytes] = []
        head, *rest = data.split(b"\0")
        self._buffer += head
        for piece in rest:
            if self._buffer:
                decoded.append(_decode_frame(bytes(self._buffer)))
                self._buffer.clear()
            self._buffer += piece
        if len(self._buffer) > _MAX_ENCODED:
            decoded.append(NoiseBytes(bytes(self._buffer)))
            self._buffer.clear()
        return decoded

    @property
    def pending(self) -> int:
        """Number of bytes received since the last delimiter."""
        return len(self._buffer)


def _decode_frame(piece: bytes) -> Frame | NoiseBytes:
    body = cobs_decode(piece) if len(piece) <= _MAX_ENCODED else None
    if body is None or len(body) < _OVERHEAD:
        return NoiseBytes(piece)
    (crc,) = struct.unpack_from("<I", body, len(body) - 4)
    if zlib.crc32(body[:-4]) != crc:
        return NoiseBytes(piece)
    kind, seq = struct.unpack_from("<BH", body)
    return Frame(kind, seq, body[3:-4])
