"""Tokens of a story, and positions in its text."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Token:
    """One step of the story. `text` has the characters that this token completed."""

    index: int
    id: int
    text: str
    clock: int
    probability: float = math.nan


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A part of a story's text, in characters; `end` is exclusive."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class WordMark:
    """A word of a sentence that is read aloud.

    begins: seconds after the start of the sentence. start, end: characters of the story's text.
    """

    begins: float
    start: int
    end: int
