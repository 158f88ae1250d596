"""A request for a story, and the engine's modes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from duotui.base.errors import UsageError

PROMPT_LIMIT_BYTES = 4000
"""Length limit of a prompt, which travels in one frame (frames.py)."""


class Mode(StrEnum):
    """Mode of the engine: its promise (docs/engine.md). The order is the wire's."""

    REFERENCE = "reference"
    EXACT = "exact"
    FAST = "fast"


def available_mode(wanted: Mode, available: Sequence[Mode], order: Sequence[Mode] = ()) -> Mode:
    """Return `wanted` if the engine has it, else the first of `order` that it has.

    The usual order is exact, reference, fast: the baseline's story first, then speed. Returns
    `wanted` if `available` is empty: the engine itself then reports the error.
    """
    if wanted in available:
        return wanted
    return next((mode for mode in order or _MODES_BEST_FIRST if mode in available), wanted)


_MODES_BEST_FIRST = (Mode.EXACT, Mode.REFERENCE, Mode.FAST)


@dataclass(frozen=True, slots=True)
class Request:
    """Settings of a story: the same request gives the same story.

    steps: number of tokens, at most; 0 is the whole context. seed: 0 lets the agent choose one.
    """

    prompt: str = "Once upon a time"
    mode: Mode = Mode.EXACT
    steps: int = 256
    temperature: float = 1.0
    top_p: float = 0.9
    seed: int = 123

    def checked(self) -> Self:
        """Return the request itself. Raises UsageError if no agent would accept it."""
        try:
            size = len(self.prompt.encode())
        except UnicodeEncodeError as error:
            raise UsageError("the prompt is not UTF-8", "type it anew") from error
        if size > PROMPT_LIMIT_BYTES:
            raise UsageError(
                f"the prompt has {size} bytes, at most {PROMPT_LIMIT_BYTES} fit", "cut it"
            )
        if "\0" in self.prompt:
            raise UsageError("the prompt has a NUL in it", "leave it out")
        if not (math.isfinite(self.temperature) and self.temperature >= 0):
            raise UsageError(
                f"temperature {self.temperature} is not 0 or more", "0 is always the likeliest word"
            )
        if not 0 <= self.top_p <= 1:
            raise UsageError(f"top-p {self.top_p} is not from 0 to 1", "0.9 is usual")
        if not 0 <= self.steps < 2**32:
            raise UsageError(f"steps {self.steps} is not 0 or more", "0 is the whole context")
        if not 0 <= self.seed < 2**64:
            raise UsageError(f"seed {self.seed} is not from 0 to 2^64 - 1", "0 chooses one")
        return self
