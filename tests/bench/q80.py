"""llama2.c's checkpoint of version 0 (fp32) as version 2 (int8 in groups), which runq.c reads.

python tests/bench/q80.py MODEL.bin OUT.bin
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import numpy as np
from checkpoint import MATRICES, Floats, Fp32Checkpoint, read_checkpoint
from fp32 import MAGIC
from shape import ModelShape

HEADER_BYTES = 256
INT8_MAX = 127


def group_size(shape: ModelShape) -> int:
    """Largest of 64, 32, ... that divides both lengths of a row."""
    return next(size for size in (64, 32, 16, 8, 4) if shape.dim % size + shape.hidden % size == 0)


def quantised(weights: Floats, group: int) -> bytes:
    """int8 values of a tensor, then the scale of each group."""
    groups = weights.reshape(-1, group)
    scales = np.abs(groups).max(axis=1, keepdims=True) / np.float32(INT8_MAX)
    values = np.rint(groups / np.where(scales > 0, scales, 1)).astype(np.int8)
    return b"".join([values.tobytes(), scales.astype("<f4").tobytes()])


def quantise(model: Fp32Checkpoint) -> bytes:
    """Convert `model` to a version 2 file."""
    shape, tensors = model.shape, model.tensors
    group = group_size(shape)
    sizes = (shape.dim, shape.hidden, shape.layers, shape.heads, shape.kv_heads, shape.vocab)
    header = struct.pack("<Ii7iBi", MAGIC, 2, *sizes, shape.context, model.tied, group)
    parts = [header.ljust(HEADER_BYTES, b"\0")]
    parts += [tensors[name].tobytes() for name in ("attention_norm", "ffn_norm", "final_norm")]
    parts.append(quantised(tensors["embedding"], group))
    parts += [quantised(layer, group) for name in MATRICES for layer in tensors[name]]
    if not model.tied:
        parts.append(quantised(tensors["classifier"], group))
    return b"".join(parts)


def main() -> None:
    source, target = map(Path, sys.argv[1:])
    target.write_bytes(quantise(read_checkpoint(source)))


if __name__ == "__main__":
    main()
