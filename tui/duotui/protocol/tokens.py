"""Tokens of a story, and places in its text."""

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
    """A part of a story's text, in characters; `end` is not in it."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class WordMark:
    """A word of a sentence that is said aloud: when it begins, in seconds after the sentence does,
    and where it is in the story's text, in characters."""

    begins: float
    start: int
    end: int
