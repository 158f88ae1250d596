"""llama2.c's checkpoint of version 0 (fp32) as shape and named tensors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from shape import HEADER, ModelShape, read_shape

Floats = NDArray[np.float32]
MATRICES = ("wq", "wk", "wv", "wo", "w1", "w2", "w3")


@dataclass(frozen=True)
class Fp32Checkpoint:
    """Checkpoint with the `tensors` of order(), except `angles`."""

    shape: ModelShape
    tensors: dict[str, Floats]

    @property
    def tied(self) -> bool:
        return "classifier" not in self.tensors


def order(shape: ModelShape, tied: bool) -> dict[str, tuple[int, ...]]:
    """Sizes of the tensors, in the file's order."""
    dim, hidden, layers = shape.dim, shape.hidden, shape.layers
    sizes: dict[str, tuple[int, ...]] = {
        "embedding": (shape.vocab, dim),
        "attention_norm": (layers, dim),
        "wq": (layers, dim, dim),
        "wk": (layers, shape.kv, dim),
        "wv": (layers, shape.kv, dim),
        "wo": (layers, dim, dim),
        "ffn_norm": (layers, dim),
        "w1": (layers, hidden, dim),
        "w2": (layers, dim, hidden),
        "w3": (layers, hidden, dim),
        "final_norm": (dim,),
        "angles": (shape.context, shape.head),  # RoPE's tables, unused
    }
    return sizes if tied else {**sizes, "classifier": (shape.vocab, dim)}


def read_checkpoint(path: Path) -> Fp32Checkpoint:
    shape, tied = read_shape(path)
    floats = np.fromfile(path, dtype="<f4", offset=HEADER.size)
    tensors, at = {}, 0
    for name, size in order(shape, tied).items():
        count = int(np.prod(size))
        tensors[name] = floats[at : at + count].reshape(size)
        at += count
    if at != len(floats):
        raise ValueError(f"{path} has {len(floats)} floats where its header promises {at}")
    del tensors["angles"]
    return Fp32Checkpoint(shape, tensors)
