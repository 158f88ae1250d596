"""A request for a story, and the engine's modes."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from duotui.base.errors import UsageError
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.protocol import limits


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
            raise UsageError(_("the prompt is not UTF-8"), _("type it anew")) from error
        if size > limits.MAX_PROMPT_BYTES:
            raise UsageError(
                _(
                    "the prompt has {size} bytes, at most {limit} fit",
                    size=size,
                    limit=limits.MAX_PROMPT_BYTES,
                ),
                _("cut it"),
            )
        if "\0" in self.prompt:
            raise UsageError(_("the prompt has a NUL in it"), _("leave it out"))
        for name, most, hint in _RANGES:
            if not 0 <= getattr(self, name) <= most:
                raise UsageError(
                    _(
                        "{name} is not from 0 to {most:g}",
                        name=name.replace("_", "-"),
                        most=most,
                    ),
                    _(hint),
                )
        return self


_RANGES = (
    ("temperature", limits.MAX_TEMPERATURE, N_("0 is always the likeliest word")),
    ("top_p", limits.MAX_TOP_P, N_("0.9 is usual")),
    ("steps", limits.MAX_STEPS, N_("0 is the whole context")),
    ("seed", limits.MAX_SEED, N_("0 chooses one")),
)
"""Numbers of a request: name, largest value, hint. The smallest value is 0."""
