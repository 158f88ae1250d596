"""Second implementation of docs/protocol.md, for tests.

It was written independently of the C and of duotui.protocol, so an error must be made twice to
pass.
"""

import math
import struct
import zlib
from collections.abc import Mapping
from typing import Any

Received = tuple[str, int, dict[str, Any]]
"""Name, sequence number and fields of a message."""

PAYLOAD_MAX = 4096
FIELD_NAMES = {
    0x01: "HELLO?",
    0x02: "GENERATE",
    0x03: "CANCEL",
    0x04: "PAUSE",
    0x05: "ACK",
    0x06: "RESUME",
    0x07: "PING",
    0x08: "STATS?",
    0x09: "BYE",
    0x0A: "SPEAK",
    0x0B: "HUSH",
    0x0C: "LISTEN",
    0x0D: "ENOUGH",
    0x81: "HELLO",
    0x82: "EVENT",
    0x83: "STATS",
    0x84: "PONG",
    0x85: "REFUSED",
    0x86: "GONE",
    0x87: "SPEECH",
    0x88: "SOUND",
    0x89: "HEARING",
}
TYPES = {name: number for number, name in FIELD_NAMES.items()}
# B H I Q f d as in struct; s: str; x: bytes given as hex in a str; h: 32 bytes, hex; *: ids;
# w: words; i: i16.
FIELDS = {
    "HELLO?": "protocol:B",
    "GENERATE": "story:I mode:B flags:B steps:I temperature:f top_p:f seed:Q prompt:s",
    "CANCEL": "story:I",
    "PAUSE": "story:I on:B",
    "ACK": "story:I next:I",
    "RESUME": "story:I next:I",
    "PING": "nonce:I",
    "STATS?": "",
    "BYE": "",
    "SPEAK": "sentence:I volume:B text:s",
    "HUSH": "sentence:I",
    "LISTEN": "listen:I",
    "ENOUGH": "listen:I",
    "HELLO": "protocol:B state:B boot:Q story:I events:I modes:B vocabulary:I context:I "
    "parameters:Q model_hash:h tokenizer_hash:h version:s model:s machine:s",
    "EVENT": "story:I index:I kind:B",
    "STATS": "story:I state:B tokens:I clock:Q first:Q rss:I peak:I faults:Q repeats:I noise:I",
    "PONG": "nonce:I clock:Q",
    "REFUSED": "story:I code:B text:s",
    "GONE": "",
    "SPEECH": "sentence:I state:B clock:Q asked:Q begun:Q ended:Q length:I trouble:s words:w",
    "SOUND": "listen:I index:I predictor:i step:B data_hex:x",
    "HEARING": "listen:I state:B trouble:s",
}
BODIES = {
    0: " mode:B steps:I temperature:f top_p:f seed:Q clock:Q ids:*",
    1: " id:I clock:Q probability:f text_hex:x",
    2: " reason:B tokens:I clock:Q rate:d",
}


def _fields(text: str) -> list[list[str]]:
    return [field.split(":") for field in text.split()]


def pack(name: str, values: Mapping[str, Any]) -> bytes:
    fields = FIELDS[name] + (BODIES[values["kind"]] if name == "EVENT" else "")
    out = b""
    for field, kind in _fields(fields):
        value = values[field]
        if kind == "h":
            out += bytes.fromhex(value)
        elif kind in "sx":
            data = value.encode() if kind == "s" else bytes.fromhex(value)
            out += struct.pack("<H", len(data)) + data
        elif kind == "i":
            out += struct.pack("<h", value)
        elif kind == "w":
            out += struct.pack("<H", len(value)) + b"".join(struct.pack("<IHH", *w) for w in value)
        elif kind == "*":
            out += struct.pack(f"<H{len(value)}I", len(value), *value)
        else:
            out += struct.pack("<" + kind, math.nan if value is None else value)
    return out


def unpack(name: str, payload: bytes) -> dict[str, Any]:
    """Fields by name. NaN becomes None. ValueError: the payload is malformed."""
    at = 0

    def take(count: int) -> bytes:
        nonlocal at
        if at + count > len(payload):
            raise ValueError("short")
        at += count
        return payload[at - count : at]

    values: dict[str, Any] = {}

    def read(fields: str) -> None:
        for field, kind in _fields(fields):
            if kind == "h":
                values[field] = take(32).hex()
            elif kind in "sx":
                data = take(*struct.unpack("<H", take(2)))
                values[field] = data.decode() if kind == "s" else data.hex()
            elif kind == "i":
                (values[field],) = struct.unpack("<h", take(2))
            elif kind == "w":
                (count,) = struct.unpack("<H", take(2))
                values[field] = [list(struct.unpack("<IHH", take(8))) for _ in range(count)]
            elif kind == "*":
                (count,) = struct.unpack("<H", take(2))
                values[field] = list(struct.unpack(f"<{count}I", take(4 * count)))
            else:
                (value,) = struct.unpack("<" + kind, take(struct.calcsize(kind)))
                values[field] = None if value != value else value

    read(FIELDS[name])
    if name == "EVENT":
        if values["kind"] not in BODIES:
            raise ValueError("kind")
        read(BODIES[values["kind"]])
    if at != len(payload):
        raise ValueError("long")
    return values


def stuff(data: bytes) -> bytes:
    out, data = b"", data + b"\0"
    while data:
        run = data.index(0)
        if run >= 254:
            out += b"\xff" + data[:254]
            data = data[254:]
            if data == b"\0":  # nothing follows a full block: no empty block for the phantom zero
                break
        else:
            out += bytes([run + 1]) + data[:run]
            data = data[run + 1 :]
    return out


def unstuff(piece: bytes) -> bytes:
    out, at = b"", 0
    while at < len(piece):
        code = piece[at]
        block = piece[at + 1 : at + code]
        if code == 0 or len(block) != code - 1:
            raise ValueError("cobs")
        at += code
        out += block
        if code != 255 and at < len(piece):
            out += b"\0"
    return out


def frame(type_: int, seq: int, payload: bytes) -> bytes:
    head = struct.pack("<BH", type_, seq) + payload
    return b"\0" + stuff(head + struct.pack("<I", zlib.crc32(head))) + b"\0"


def message(name: str, seq: int = 0, **values: Any) -> bytes:
    return frame(TYPES[name], seq, pack(name, values))


class Splitter:
    """Decoder of bytes to (name, seq, values); `noise` counts the bytes outside messages."""

    def __init__(self) -> None:
        self.pending = b""
        self.noise = 0

    def feed(self, data: bytes) -> list[Received]:
        pieces = (self.pending + data).split(b"\0")
        self.pending = pieces.pop()
        messages = []
        for piece in pieces:
            if not piece:
                continue
            try:
                messages.append(self.read(piece))
            except (ValueError, KeyError, struct.error):
                self.noise += len(piece)
        return messages

    @staticmethod
    def read(piece: bytes) -> Received:
        data = unstuff(piece)
        if not 7 <= len(data) <= PAYLOAD_MAX + 7:
            raise ValueError("size")
        if zlib.crc32(data[:-4]) != struct.unpack("<I", data[-4:])[0]:
            raise ValueError("crc")
        type_, seq = struct.unpack_from("<BH", data)
        return FIELD_NAMES[type_], seq, unpack(FIELD_NAMES[type_], data[3:-4])
