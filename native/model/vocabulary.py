"""The vocabulary of the default model: a SentencePiece BPE, and llama2.c's tokenizer.bin.

`train` needs the corpus; `export` needs only the `.model` file.
tokenizer.bin is llama2.c's layout (its tokenizer.py): int32 longest piece in bytes,
then for each piece float32 score, int32 length, bytes. All little endian.
"""

import struct
from collections.abc import Iterable
from pathlib import Path

import sentencepiece

END_OF_TEXT = "<|endoftext|>"


def read_stories(path: Path) -> list[str]:
    """Stories of a corpus file: text, then a line `<|endoftext|>`."""
    parts = path.read_text(encoding="utf-8").split(END_OF_TEXT)
    return [story for part in parts if (story := part.strip())]


def train(corpus: Iterable[Path], prefix: Path, size: int) -> Path:
    """Train `size` BPE pieces on the files of `corpus`, leaving `prefix`.model; returns that path.

    Byte fallback and the dummy space are on, as llama2.c's encoder expects.
    """
    lines = (line for path in corpus for story in read_stories(path) for line in story.split("\n"))
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=lines,
        model_prefix=str(prefix),
        model_type="bpe",
        vocab_size=size,
        character_coverage=1.0,
        split_digits=True,
        allow_whitespace_only_pieces=True,
        byte_fallback=True,
        normalization_rule_name="identity",
        unk_surface=r" \342\201\207 ",
        num_threads=1,
        minloglevel=2,
    )
    return prefix.with_suffix(".model")


def export(model: Path, target: Path) -> None:
    """Write `model` in llama2.c's tokenizer.bin layout."""
    processor = sentencepiece.SentencePieceProcessor(model_file=str(model))
    pieces = []
    for index in range(processor.vocab_size()):
        text = processor.id_to_piece(index)
        if index == processor.bos_id():
            text = "\n<s>\n"
        elif index == processor.eos_id():
            text = "\n</s>\n"
        pieces.append((text.replace("▁", " ").encode(), processor.get_score(index)))
    longest = max(len(text) for text, _ in pieces)
    with target.open("wb") as out:
        out.write(struct.pack("<i", longest))
        for text, score in pieces:
            out.write(struct.pack("<fi", score, len(text)) + text)
