"""Header of llama2.c's checkpoint of version 0."""

from __future__ import annotations

import struct
from dataclasses import astuple, dataclass, replace
from pathlib import Path

HEADER = struct.Struct("<7i")


@dataclass(frozen=True)
class ModelShape:
    """Fields in the header's order."""

    dim: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    vocab: int
    context: int

    @property
    def head(self) -> int:
        return self.dim // self.heads

    @property
    def kv(self) -> int:
        return self.head * self.kv_heads

    def header(self) -> bytes:
        return HEADER.pack(*astuple(self))


STORIES_15M = ModelShape(288, 768, 6, 6, 6, 32000, 256)


def read_shape(path: Path) -> tuple[ModelShape, bool]:
    """Shape of the checkpoint, and True if its classifier is its embedding."""
    with path.open("rb") as file:
        shape = ModelShape(*HEADER.unpack(file.read(HEADER.size)))
    return replace(shape, vocab=abs(shape.vocab)), shape.vocab > 0
