"""File formats of llama2.c: its tokenizer.bin's encoding, and its checkpoint version 0.

All numbers are little endian.
"""

import re
import struct
from itertools import pairwise
from pathlib import Path

import numpy
from train import BOS, Llama

FIRST_BYTE = 3  # ids 3 to 258 stand for the bytes 0 to 255
# No piece reaches across these: a piece has spaces only at its start, or only spaces, and a line's
# end is always a byte token.
WORD = re.compile(r"\n| +[^ \n]*|[^ \n]+")


class Tokenizer:
    """Encoder with llama2.c's encode(): merge the neighbours with the best score, again and again.

    Words repeat, so each is encoded once and cached.
    """

    def __init__(self, path: Path) -> None:
        data, at = path.read_bytes(), 4
        self.pieces: list[bytes] = []
        self.scores: list[float] = []
        while at < len(data):
            score, length = struct.unpack_from("<fi", data, at)
            self.pieces.append(data[at + 8 : at + 8 + length])
            self.scores.append(score)
            at += 8 + length
        self.ids = {piece: i for i, piece in reversed(list(enumerate(self.pieces)))}
        for piece in self.pieces[FIRST_BYTE + 256 :]:
            if b" " in piece.lstrip(b" ") or b"\n" in piece:
                raise ValueError(f"{path} cannot be used word by word: it has {piece!r}")
        self.words: dict[str, list[int]] = {}

    def encode(self, text: str) -> list[int]:
        """BOS and the ids of `text`, which gets a space before it."""
        ids = [BOS]
        for word in WORD.findall(" " + text):
            known = self.words.get(word)
            if known is None:
                known = self.words[word] = self._merged(word)
            ids += known
        return ids

    def _merged(self, word: str) -> list[int]:
        ids: list[int] = []
        for character in word:
            piece = character.encode()
            known = self.ids.get(piece)
            ids += [FIRST_BYTE + byte for byte in piece] if known is None else [known]
        while True:
            joined = [
                self.ids.get(self.pieces[left] + self.pieces[right])
                for left, right in pairwise(ids)
            ]
            candidates = [(-self.scores[i], at, i) for at, i in enumerate(joined) if i is not None]
            if not candidates:
                return ids
            _, at, best = min(candidates)
            ids[at : at + 2] = [best]


def export(model: Llama, embedding: numpy.ndarray, target: Path) -> None:
    """Write `model` as version 0, float32, with the classifier tied to `embedding`.

    embedding (vocabulary, dim) replaces the model's own. `target` changes in one step.
    """
    shape, blocks = model.shape, list(model.blocks)
    parts = [b.attention_norm for b in blocks]
    for name in ("wq", "wk", "wv", "wo"):
        parts += [getattr(b.attention, name).weight for b in blocks]
    parts += [b.ffn_norm for b in blocks]
    for name in ("w1", "w2", "w3"):
        parts += [getattr(b, name).weight for b in blocks]
    parts += [model.norm, model.cos, model.sin]
    header = struct.pack(
        "<7i",
        shape.dim,
        shape.hidden,
        shape.layers,
        shape.heads,
        shape.kv_heads,
        len(embedding),
        shape.length,
    )
    new = target.with_suffix(".new")
    with new.open("wb") as out:
        out.write(header + embedding.astype("<f4").tobytes())
        for part in parts:
            out.write(part.detach().numpy().astype("<f4").tobytes())
    new.replace(target)
