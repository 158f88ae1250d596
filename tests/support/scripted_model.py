"""Model small enough to write by hand, which generates a given text for ever.

Attention and feed-forward weights are zero, so a token's embedding reaches the classifier
unchanged. Embeddings are one-hot, and the classifier's row of a token is the embedding of the token
before it. Every token outside the text (BOS, bytes of a prompt) leads to the first piece.
"""

import itertools
import struct
from collections.abc import Iterable
from pathlib import Path

BOS = 1
FIRST_BYTE = 3
SPACE = 259
FIRST_PIECE = 260
CERTAIN = 40.0  # the logit of the token that follows; every other logit is 0


def _ids(pieces: list[bytes]) -> tuple[list[int], int]:
    """Ids of the pieces, and the number of axes. A piece <0xNN> is the byte's own token; any other
    gets a new token."""
    ids: list[int] = []
    free = FIRST_PIECE
    for piece in pieces:
        if len(piece) == 6 and piece.startswith(b"<0x") and piece.endswith(b">"):
            ids.append(FIRST_BYTE + int(piece[3:5], 16))
        else:
            ids.append(free)
            free += 1
    assert len(set(ids)) == len(ids), "a byte token may stand once"
    return ids, free


def _vocabulary(pieces: list[bytes], ids: list[int], size: int) -> list[bytes]:
    vocabulary = [b"<unk>", b"\n<s>\n", b"\n</s>\n"]
    vocabulary += [b"<0x%02X>" % byte for byte in range(256)]
    vocabulary += [b" "] + [b""] * (size - FIRST_PIECE)
    for piece, id_ in zip(pieces, ids, strict=False):
        if id_ >= FIRST_PIECE:
            vocabulary[id_] = piece
    return vocabulary


STORY_PIECES = [b" once", b" upon", b"\xf0\x9f", b"\x99\x82", b" time"]


def write_scripted_model(
    folder: Path, pieces: Iterable[bytes], context: int, ends: bool = False, layers: int = 1
) -> tuple[Path, Path]:
    """Write scripted.bin and tokenizer.bin into `folder`; return both paths.

    The story repeats `pieces`, or, with `ends`, has them once and then BOS. More `layers` only make
    a step slower.
    """
    pieces = list(pieces)
    ids, vocab = _ids(pieces)
    dim = max(8, (len(pieces) + 2) // 2 * 2)  # an axis for each piece and one for the rest; even
    hidden, heads = 8, 1
    axis = {id_: 1 + place for place, id_ in enumerate(ids)}

    embedding = bytearray(4 * vocab * dim)
    for id_ in range(vocab):
        struct.pack_into("<f", embedding, 4 * (id_ * dim + axis.get(id_, 0)), 1.0)
    classifier = bytearray(4 * vocab * dim)
    follows = [(0, ids[0])] + [(axis[a], b) for a, b in itertools.pairwise(ids)]
    follows.append((axis[ids[-1]], BOS if ends else ids[0]))
    for source, target in follows:
        struct.pack_into("<f", classifier, 4 * (target * dim + source), CERTAIN / dim**0.5)

    ones = struct.pack("<f", 1.0) * dim

    def zeros(count: int) -> bytes:
        return bytes(4 * count)

    folder.mkdir(parents=True, exist_ok=True)
    model = folder / "scripted.bin"
    with open(model, "wb") as out:
        out.write(struct.pack("<7i", dim, hidden, layers, heads, heads, -vocab, context))
        out.write(embedding)
        out.write(ones * layers)
        out.write(zeros(4 * layers * dim * dim))  # wq wk wv wo
        out.write(ones * layers)
        out.write(zeros(3 * layers * dim * hidden))  # w1 w2 w3
        out.write(ones)
        out.write(zeros(context * dim))  # freq_cis, real and imaginary, unused
        out.write(classifier)
    vocabulary = _vocabulary(pieces, ids, vocab)
    tokenizer = folder / "tokenizer.bin"
    with open(tokenizer, "wb") as out:
        out.write(struct.pack("<i", max(map(len, vocabulary))))
        for piece in vocabulary:
            out.write(struct.pack("<fi", 0.0, len(piece)) + piece)
    return model, tokenizer
