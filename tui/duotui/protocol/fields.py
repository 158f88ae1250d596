"""Fields of payloads: the encoding of values on the wire, little-endian (docs/protocol.md).

A code is a struct code, or `str`, `bytes` (u16 length first), `32` (a hash), `ids` (u16 count, u32
each) or `words` (u16 count, then u32, u16, u16 each).
"""

import struct

from duotui.base.untrusted_text import one_line


class MalformedPayload(ValueError):
    """A payload that does not match its message type."""


def pack(code: str, value: object) -> bytes:
    """Encode `value` by `code`. Raises TypeError if the types differ."""
    match code, value:
        case (("str" | "line"), str(text)):
            return pack("bytes", text.encode())
        case "bytes", bytes(data):
            return struct.pack("<H", len(data)) + data
        case "32", bytes(digest) if len(digest) == 32:
            return digest
        case "ids", tuple(ids):
            return struct.pack(f"<H{len(ids)}I", len(ids), *ids)
        case "words", tuple(words):
            return struct.pack("<H", len(words)) + b"".join(
                _WORD_MARK.pack(*word) for word in words
            )
        case (("str" | "line" | "bytes" | "32" | "ids" | "words"), _):
            raise TypeError(f"{code} cannot hold {value!r}")
    return struct.pack("<" + code, value)


_WORD_MARK = struct.Struct("<IHH")


class FieldReader:
    """Reader of the fields of a payload, one after another."""

    def __init__(self, payload: bytes) -> None:
        self.payload, self.at = payload, 0

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.payload):
            raise MalformedPayload(f"{len(self.payload)} bytes, {end} promised")
        data, self.at = self.payload[self.at : end], end
        return data

    def read(self, code: str) -> object:
        """Read the next field. Raises MalformedPayload if the payload is too short."""
        match code:
            case "str":
                return self.take(_u16(self.take(2))).decode("utf-8", "replace")
            case "line":
                return one_line(self.take(_u16(self.take(2))).decode("utf-8", "replace"))
            case "bytes":
                return self.take(_u16(self.take(2)))
            case "32":
                return self.take(32)
            case "ids":
                count = _u16(self.take(2))
                return struct.unpack(f"<{count}I", self.take(4 * count))
            case "words":
                size = _u16(self.take(2)) * _WORD_MARK.size
                return tuple(_WORD_MARK.iter_unpack(self.take(size)))
        return struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]


def _u16(data: bytes) -> int:
    return data[0] | data[1] << 8
