"""Sentences of a text that is read aloud."""

import re
from collections.abc import Iterator

from duotui.protocol.tokens import TextSpan

SENTENCE_CHARACTERS = 600
"""Longer ones are cut where a word ends: a board's memory is small."""


_SENTENCE_PATTERN = re.compile(
    r"""\S.*?(?:(?<!\bMr)(?<!\bMrs)(?<!\bDr)[.!?]+["')\]\u2019\u201d]*(?=\s|$)(?!\s+[a-z])|(?=\n)|$)"""
)


def sentences(text: str) -> Iterator[TextSpan]:
    """Where the sentences of `text` are, in characters; what has no letter or digit is none."""
    for line in re.finditer(r"[^\n]+", text):
        for found in _SENTENCE_PATTERN.finditer(text, line.start(), line.end()):
            start, end = found.span()
            while end - start > SENTENCE_CHARACTERS:
                cut = text.rfind(" ", start, start + SENTENCE_CHARACTERS)
                cut = start + SENTENCE_CHARACTERS if cut <= start else cut
                yield TextSpan(start, cut)
                start = cut
            if any(character.isalnum() for character in text[start:end]):
                yield TextSpan(start, end)
