"""llama2.c's checkpoint version 2 (int8 in groups) as version 0 (fp32), which run.c reads."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator

MAGIC = 0x616B3432


def is_version_2(data: bytes) -> bool:
    return data[:8] == struct.pack("<Ii", MAGIC, 2)


def expand(data: bytes) -> bytes:
    """Convert `data`, a version 2 file, to the version 0 file with the same weights."""
    dim, hidden, layers, heads, kv_heads, vocab, context, shared, group = struct.unpack_from(
        "<7iBi", data, 8
    )
    head = dim // heads
    kv = head * kv_heads
    norms = (2 * layers + 1) * dim
    at = 256 + 4 * norms

    def tensor(count: int) -> bytes:
        nonlocal at
        values = array("b", data[at : at + count])
        scales = array("f", data[at + count : at + count + 4 * (count // group)])
        at += count + 4 * (count // group)
        return array("f", _scaled(values, scales, group)).tobytes()

    embedding = tensor(vocab * dim)
    sizes = {
        "wq": dim * dim,
        "wk": kv * dim,
        "wv": kv * dim,
        "wo": dim * dim,
        "w1": hidden * dim,
        "w2": dim * hidden,
        "w3": hidden * dim,
    }
    matrices = {name: b"".join(tensor(size) for _ in range(layers)) for name, size in sizes.items()}
    attention, ffn = 256 + 4 * layers * dim, 256 + 8 * layers * dim
    out = struct.pack(
        "<7i", dim, hidden, layers, heads, kv_heads, vocab if shared else -vocab, context
    )
    out += embedding + data[256:attention]
    out += b"".join(matrices[name] for name in ("wq", "wk", "wv", "wo"))
    out += data[attention:ffn] + b"".join(matrices[name] for name in ("w1", "w2", "w3"))
    out += data[ffn : ffn + 4 * dim]
    out += bytes(4 * context * head)  # RoPE's tables; run.c skips them
    return out if shared else out + tensor(vocab * dim)


def _scaled(values: array[int], scales: array[float], group: int) -> Iterator[float]:
    for index, value in enumerate(values):
        yield value * scales[index // group]
