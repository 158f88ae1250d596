"""Splitting of a text into the sentences that are read aloud."""

import re
from collections.abc import Iterator

from duotui.protocol.tokens import TextSpan

SENTENCE_CHARACTERS = 600
"""Length limit of a sentence; longer ones are cut at a word's end: a board's memory is small."""


_SENTENCE_PATTERN = re.compile(
    r"""\S.*?(?:(?<!\bMr)(?<!\bMrs)(?<!\bDr)[.!?]+["')\]\u2019\u201d]*(?=\s|$)(?!\s+[a-z])|(?=\n)|$)"""
)


def sentences(text: str) -> Iterator[TextSpan]:
    """Yield the spans of the sentences in `text`; text without a letter or a digit is skipped."""
    for line in re.finditer(r"[^\n]+", text):
        for match in _SENTENCE_PATTERN.finditer(text, line.start(), line.end()):
            start, end = match.span()
            while end - start > SENTENCE_CHARACTERS:
                cut = text.rfind(" ", start, start + SENTENCE_CHARACTERS)
                cut = start + SENTENCE_CHARACTERS if cut <= start else cut
                yield TextSpan(start, cut)
                start = cut
            if any(character.isalnum() for character in text[start:end]):
                yield TextSpan(start, end)
