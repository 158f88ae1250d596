"""Start of a .duo file (docs/packed.md): a header, then an entry for each section."""

from __future__ import annotations

import struct
import zlib

# bytes of the header, and of an entry: offset (u64), size (u64), CRC-32 of the section, 4 more
HEADER, ENTRY = 96, 24
SECTION_NAMES = (
    *("norms", "high", "multiplier", "scale", "plain"),
    *("turns", "ids", "coarse", "fine", "factors", "anchors", "centre", "embedding"),
    *("classifier", "tokenizer", "provenance"),
)
START = HEADER + ENTRY * len(SECTION_NAMES)


def seal_start(data: bytearray) -> None:
    """Update the CRC-32 of header and entries: the header's last field, itself 0."""
    struct.pack_into("<I", data, HEADER - 4, 0)
    struct.pack_into("<I", data, HEADER - 4, zlib.crc32(bytes(data[:START])))
