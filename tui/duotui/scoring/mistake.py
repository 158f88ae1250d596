"""A grammar mistake in a text. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GrammarMistake:
    """A mistake in the characters `start` to `end` of the text."""

    start: int
    end: int
    rule: str
    message: str
