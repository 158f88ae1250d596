"""llama2.c's checkpoint of version 0 and its tokenizer.bin as GGUF, which llama.cpp reads.

    python tests/bench/gguf_export.py MODEL.bin TOKENIZER.bin OUT.gguf F32|Q8_0|Q4_0

llama2.c turns neighbouring pairs, as llama.cpp does for this architecture, so wq and wk need no
permutation. A quantised file has all its matrices in that type, the tied classifier too.
llama.cpp's own tool leaves the classifier at 8 bits. So this file is the smallest, and the fastest
to compare with. llama2.c ends a story at BOS, so BOS is written as the token that ends a text.
"""

from __future__ import annotations

import re
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import gguf
from checkpoint import Floats, Fp32Checkpoint, read_checkpoint
from gguf import GGMLQuantizationType, TokenType
from shape import ModelShape

UNKNOWN, BOS, EOS = 0, 1, 2
GGUF_NAMES = {
    "wq": "attn_q",
    "wk": "attn_k",
    "wv": "attn_v",
    "wo": "attn_output",
    "w1": "ffn_gate",
    "w2": "ffn_down",
    "w3": "ffn_up",
    "attention_norm": "attn_norm",
    "ffn_norm": "ffn_norm",
}


def fits(shape: ModelShape, quantisation: GGMLQuantizationType) -> bool:
    """True if the rows are made of whole blocks."""
    block, _ = gguf.GGML_QUANT_SIZES[quantisation]
    return bool(shape.dim % block == 0 and shape.hidden % block == 0)


def export(
    model: Fp32Checkpoint, tokenizer: bytes, target: Path, quantisation: GGMLQuantizationType
) -> None:
    writer = gguf.GGUFWriter(str(target), "llama")
    _write_shape(writer, model.shape)
    _write_tokenizer(writer, list(_pieces(tokenizer)))
    for name, weights in _named(model):
        kind = GGMLQuantizationType.F32 if weights.ndim == 1 else quantisation
        writer.add_tensor(name, gguf.quants.quantize(weights, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _named(model: Fp32Checkpoint) -> Iterator[tuple[str, Floats]]:
    """Yield the tensors under llama.cpp's names."""
    tensors = model.tensors
    yield "token_embd.weight", tensors["embedding"]
    for name, gguf_name in GGUF_NAMES.items():
        for layer, weights in enumerate(tensors[name]):
            yield f"blk.{layer}.{gguf_name}.weight", weights
    yield "output_norm.weight", tensors["final_norm"]
    if not model.tied:
        yield "output.weight", tensors["classifier"]


def _write_shape(writer: gguf.GGUFWriter, shape: ModelShape) -> None:
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.dim)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_dimension_count(shape.head)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(shape.vocab)


def _write_tokenizer(writer: gguf.GGUFWriter, pieces: list[tuple[bytes, float]]) -> None:
    texts, scores, kinds = [], [], []
    for number, (text, score) in enumerate(pieces):
        kind = TokenType.NORMAL
        if number == UNKNOWN:
            kind = TokenType.UNKNOWN
        elif number in (BOS, EOS):
            kind, text = TokenType.CONTROL, text.strip()
        elif re.fullmatch(rb"<0x[0-9A-F]{2}>", text):
            kind = TokenType.BYTE
        texts.append(text.replace(b" ", "▁".encode()))
        scores.append(score)
        kinds.append(kind)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(texts)
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    writer.add_bos_token_id(BOS)
    writer.add_eos_token_id(BOS)
    writer.add_unk_token_id(UNKNOWN)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(True)


def _pieces(data: bytes) -> Iterator[tuple[bytes, float]]:
    """Yield the pieces of a tokenizer.bin and their scores."""
    at = 4  # the length of the longest piece comes first
    while at < len(data):
        score, length = struct.unpack_from("<fi", data, at)
        at += 8
        yield data[at : at + length], score
        at += length


def main() -> None:
    model, tokenizer, target, quantisation = sys.argv[1:]
    export(
        read_checkpoint(Path(model)),
        Path(tokenizer).read_bytes(),
        Path(target),
        GGMLQuantizationType[quantisation],
    )


if __name__ == "__main__":
    main()
