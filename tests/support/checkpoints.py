"""Model and tokenizer files in llama2.c's formats, and its arithmetic, in plain Python.

The files are written byte by byte with struct. The forward pass is in double precision and
independent of the engine, for models small enough for plain Python.
"""

from __future__ import annotations

import math
import random
import struct
from array import array
from dataclasses import astuple, dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MAGIC = 0x616B3432
BOS = 1
NORMS = ("attention_norm", "ffn_norm", "final_norm")


@dataclass(frozen=True)
class Shape:
    dim: int = 16
    hidden: int = 24
    layers: int = 2
    heads: int = 4
    kv_heads: int = 2
    vocab: int = 300
    context: int = 64

    @property
    def head(self) -> int:
        return self.dim // self.heads

    @property
    def kv(self) -> int:
        return self.head * self.kv_heads

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Kinds of weights: tensors, and floats in each."""
        n = self.layers
        return {
            "embedding": (1, self.vocab * self.dim),
            "attention_norm": (n, self.dim),
            "wq": (n, self.dim * self.dim),
            "wk": (n, self.kv * self.dim),
            "wv": (n, self.kv * self.dim),
            "wo": (n, self.dim * self.dim),
            "ffn_norm": (n, self.dim),
            "w1": (n, self.hidden * self.dim),
            "w2": (n, self.dim * self.hidden),
            "w3": (n, self.hidden * self.dim),
            "final_norm": (1, self.dim),
        }


def zeros(count: int) -> array[float]:
    return array("f", bytes(4 * count))


@dataclass
class Checkpoint:
    shape: Shape
    tied: bool = True
    weights: dict[str, array[float]] = field(default_factory=dict)

    @classmethod
    def of_zeros(cls, shape: Shape) -> Checkpoint:
        """Checkpoint with the least work for the engine: its logits are all equal."""
        sizes = shape.sizes().items()
        return cls(shape, True, {name: zeros(n * size) for name, (n, size) in sizes})

    @classmethod
    def of_noise(cls, shape: Shape, seed: int, *, tied: bool = True) -> Checkpoint:
        noise = random.Random(seed)

        def draw(count: int, mean: float, deviation: float) -> array[float]:
            return array("f", (noise.gauss(mean, deviation) for _ in range(count)))

        weights = {
            name: draw(n * size, 1, 0.2) if name in NORMS else draw(n * size, 0, 0.4)
            for name, (n, size) in shape.sizes().items()
        }
        if not tied:
            weights["classifier"] = draw(shape.vocab * shape.dim, 0, 0.4)
        return cls(shape, tied, weights)

    def version_0(self) -> bytes:
        s = self.shape
        *start, vocab, context = astuple(s)
        header = struct.pack("<7i", *start, vocab if self.tied else -vocab, context)
        angles = bytes(4 * s.context * (s.head // 2) * 2)
        body = b"".join(self.weights[name].tobytes() for name in s.sizes())
        classifier = b"" if self.tied else self.weights["classifier"].tobytes()
        return header + body + angles + classifier

    def version_2(self, group: int) -> tuple[bytes, Checkpoint]:
        """Encode the int8 file; return it with the checkpoint of the weights that it stands for."""
        s = self.shape
        header = struct.pack("<Ii7iBi", MAGIC, 2, *astuple(s), self.tied, group).ljust(256, b"\0")
        parts = [header, *(self.weights[name].tobytes() for name in NORMS)]
        expanded = {name: self.weights[name] for name in NORMS}
        sizes = {name: count for name, count in s.sizes().items() if name not in NORMS}
        if not self.tied:
            sizes["classifier"] = sizes["embedding"]
        for name, (tensors, size) in sizes.items():
            expanded[name] = array("f")
            for tensor in range(tensors):
                floats = self.weights[name][tensor * size : (tensor + 1) * size]
                values, scales = quantise(floats, group)
                parts += [values.tobytes(), scales.tobytes()]
                expanded[name].extend(v * scales[i // group] for i, v in enumerate(values))
        return b"".join(parts), Checkpoint(s, self.tied, expanded)


def quantise(floats: array[float], group: int) -> tuple[array[int], array[float]]:
    values, scales = array("b"), array("f")
    for start in range(0, len(floats), group):
        part = floats[start : start + group]
        scales.append(max(map(abs, part)) / 127 or 1.0)
        values.extend(round(x / scales[-1]) for x in part)
    return values, scales


# --- tokenizer

Piece = tuple[bytes, float]

SPECIAL_PIECES: list[Piece] = [(b"<unk>", 0.0), (b"\n<s>\n", 0.0), (b"\n</s>\n", 0.0)]
BYTE_PIECES: list[Piece] = [(b"<0x%02X>" % byte, 0.0) for byte in range(256)]


def pieces_of(*own: Piece | bytes) -> list[Piece]:
    """Special pieces, bytes, the space, then `own`; score 0 if none is given."""
    scored = [piece if isinstance(piece, tuple) else (piece, 0.0) for piece in own]
    return [*SPECIAL_PIECES, *BYTE_PIECES, (b" ", 0.0), *scored]


def tokenizer_file(pieces: Sequence[Piece], vocab: int | None = None) -> bytes:
    """Encode tokenizer.bin, padded to `vocab` with pieces that no text has."""
    filled = [*pieces, *((b"\xff%d" % i, 0.0) for i in range((vocab or 0) - len(pieces)))]
    longest = max(len(text) for text, _ in filled)
    records = (struct.pack("<fi", score, len(text)) + text for text, score in filled)
    return struct.pack("<i", longest) + b"".join(records)


def read_tokenizer(path: Path, vocab: int) -> list[Piece]:
    data, at, pieces = path.read_bytes(), 4, []
    for _ in range(vocab):
        score, length = struct.unpack_from("<fi", data, at)
        pieces.append((data[at + 8 : at + 8 + length], score))
        at += 8 + length
    return pieces


def encode(pieces: Sequence[Piece], text: str) -> list[int]:
    """Reference implementation of llama2.c's encode(): scan every pair again after each merge."""
    ids = {piece: i for i, (piece, _) in reversed(list(enumerate(pieces)))}
    tokens = [BOS, *([ids[b" "]] if text else [])]
    for character in text:
        raw = character.encode()
        tokens += [ids[raw]] if raw in ids else [byte + 3 for byte in raw]
    while True:
        best, best_score = None, -1e10
        for i, (left, right) in enumerate(pairwise(tokens)):
            joined = ids.get(pieces[left][0] + pieces[right][0])
            if joined is not None and pieces[joined][1] > best_score:
                best, best_score = (i, joined), pieces[joined][1]
        if best is None:
            return tokens
        tokens[best[0] : best[0] + 2] = [best[1]]


# --- arithmetic


def multiply(matrix: Sequence[float], x: Sequence[float]) -> list[float]:
    n = len(x)
    return [
        sum(w * v for w, v in zip(matrix[row : row + n], x, strict=True))
        for row in range(0, len(matrix), n)
    ]


def normalise(x: Sequence[float], weight: Sequence[float]) -> list[float]:
    scale = 1 / math.sqrt(sum(v * v for v in x) / len(x) + 1e-5)
    return [w * v * scale for w, v in zip(weight, x, strict=True)]


def softmax(x: Sequence[float]) -> list[float]:
    powers = [math.exp(v - max(x)) for v in x]
    total = sum(powers)
    return [power / total for power in powers]


def rotate(x: list[float], head: int, position: int) -> list[float]:
    turned = []
    for i in range(0, len(x), 2):
        angle = position * 10000 ** -(i % head / head)
        cosine, sine = math.cos(angle), math.sin(angle)
        turned += [x[i] * cosine - x[i + 1] * sine, x[i] * sine + x[i + 1] * cosine]
    return turned


def forward(checkpoint: Checkpoint, tokens: Sequence[int]) -> Iterator[list[float]]:
    """Yield the logits after each of `tokens`."""
    s, sizes = checkpoint.shape, checkpoint.shape.sizes()

    def weight(name: str, layer: int = 0) -> array[float]:
        size = sizes[name][1]
        return checkpoint.weights[name][layer * size : (layer + 1) * size]

    classifier = checkpoint.weights["embedding" if checkpoint.tied else "classifier"]
    keys: list[list[list[float]]] = [[] for _ in range(s.layers)]
    values: list[list[list[float]]] = [[] for _ in range(s.layers)]
    for position, token in enumerate(tokens):
        x = list(weight("embedding")[token * s.dim : (token + 1) * s.dim])
        for layer in range(s.layers):
            normed = normalise(x, weight("attention_norm", layer))
            query = rotate(multiply(weight("wq", layer), normed), s.head, position)
            keys[layer].append(rotate(multiply(weight("wk", layer), normed), s.head, position))
            values[layer].append(multiply(weight("wv", layer), normed))
            mixed: list[float] = []
            for head in range(s.heads):
                shared = head // (s.heads // s.kv_heads) * s.head
                mine = query[head * s.head : (head + 1) * s.head]
                scores = [
                    sum(a * b for a, b in zip(mine, key[shared : shared + s.head], strict=True))
                    / math.sqrt(s.head)
                    for key in keys[layer]
                ]
                shares = list(zip(softmax(scores), values[layer], strict=True))
                mixed += [sum(p * v[shared + i] for p, v in shares) for i in range(s.head)]
            x = [a + b for a, b in zip(x, multiply(weight("wo", layer), mixed), strict=True)]
            normed = normalise(x, weight("ffn_norm", layer))
            gate, up = multiply(weight("w1", layer), normed), multiply(weight("w3", layer), normed)
            gated = [g / (1 + math.exp(-g)) * u for g, u in zip(gate, up, strict=True)]
            x = [a + b for a, b in zip(x, multiply(weight("w2", layer), gated), strict=True)]
        yield multiply(classifier, normalise(x, weight("final_norm")))


def coins(seed: int) -> Iterator[float]:
    """Yield llama2.c's random numbers, 0 to 1."""
    state = seed
    while True:
        state ^= state >> 12
        state ^= state << 25 & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 27
        yield (state * 0x2545F4914F6CDD1D >> 32 & 0xFFFFFFFF) // 256 / 2**24
