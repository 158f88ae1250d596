"""Agreement of the reference with a story, step by step, by teacher forcing. Pure.

`duollama --follow` computes it (native/src/infer/teacher_forcing.h); this module parses its output.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from duotui.base.errors import NotReady
from duotui.base.translation import gettext as _


@dataclass(frozen=True, slots=True)
class TokenCandidate:
    """Candidate: its probability under the reference and under the story's mode (NaN: the same)."""

    id: int
    probability: float
    own: float
    text: str


@dataclass(frozen=True, slots=True)
class ForcedStep:
    """A step of a story: `id` is the story's token, `taken` is the reference's.

    The reference samples `taken` with the same past and the same random number. nats: -ln of id's
    probability under the reference. likely: the likeliest ids, the first one first.
    """

    id: int
    taken: int
    nats: float
    likely: tuple["TokenCandidate", ...] = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    """Steps of a story. The first `forced` are the prompt's; figures are of the steps after it."""

    steps: tuple[ForcedStep, ...]
    forced: int

    @property
    def chosen(self) -> tuple[ForcedStep, ...]:
        return self.steps[self.forced :]

    @property
    def agreed(self) -> int:
        return sum(step.id == step.taken for step in self.chosen)

    @property
    def fraction(self) -> float:
        return self.agreed / len(self.chosen) if self.chosen else 1.0

    def deviations(self, probabilities: Sequence[float]) -> dict[int, float]:
        """Map steps after the prompt to the deviation of the source's nats from the reference's.

        A source's nats are -ln of its own probability of a token. Tokens without one are left out.
        """
        return {
            index: abs(math.log(p) + step.nats)
            for index, (p, step) in enumerate(zip(probabilities, self.steps, strict=False))
            if index >= self.forced and p > 0
        }

    @property
    def nats(self) -> float:
        """Mean nats a token."""
        return sum(step.nats for step in self.chosen) / len(self.chosen) if self.chosen else 0.0


def parse_steps(output: str, forced: int) -> Agreement:
    """Parse the output of `--follow` for a story whose first `forced` ids are the prompt's.

    Raises NotReady if the output is malformed.
    """
    try:
        return Agreement(tuple(_step(line.split()) for line in output.splitlines()), forced)
    except ValueError as error:
        raise NotReady(
            _("the reference cannot follow that story"), _("make engine builds it")
        ) from error


def _step(words: list[str]) -> ForcedStep:
    pairs = (word.split(":") for word in words[3:])
    return ForcedStep(
        int(words[0]),
        int(words[1]),
        float(words[2]),
        tuple(
            TokenCandidate(
                int(id_),
                float(p),
                float(own or "nan"),
                bytes.fromhex(text).decode("utf-8", "replace"),
            )
            for id_, p, own, text in pairs
        ),
    )
