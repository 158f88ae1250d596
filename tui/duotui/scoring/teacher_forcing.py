"""How far the reference agrees with a story, step by step, given the same words. Pure.

`duollama --follow` says it (native/src/infer/teacher_forcing.h); here it is read.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from duotui.base.errors import NotReady


@dataclass(frozen=True, slots=True)
class TokenCandidate:
    """What the reference gives an id, and what the mode that told gives it (NaN: the same)."""

    id: int
    probability: float
    own: float
    text: str


@dataclass(frozen=True, slots=True)
class ForcedStep:
    """`id` was told where the reference, with the same past and the same random number, would have
    taken `taken`. nats: -ln of id's probability under the reference. likely: the likeliest ids,
    the first one first."""

    id: int
    taken: int
    nats: float
    likely: tuple["TokenCandidate", ...] = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of the steps behind the prompt."""

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
        """By step behind the prompt: how far -ln of what a narrator itself thought of its token is
        from the reference's nats. Tokens that it did not judge are left out."""
        return {
            index: abs(math.log(p) + step.nats)
            for index, (p, step) in enumerate(zip(probabilities, self.steps, strict=False))
            if index >= self.forced and p > 0
        }

    @property
    def nats(self) -> float:
        """A token, in the mean."""
        return sum(step.nats for step in self.chosen) / len(self.chosen) if self.chosen else 0.0


def parse_steps(said: str, forced: int) -> Agreement:
    """What `--follow` printed of a story whose first `forced` ids are the prompt's."""
    try:
        return Agreement(tuple(_step(line.split()) for line in said.splitlines()), forced)
    except ValueError as error:
        raise NotReady("the reference cannot follow that story", "make engine builds it") from error


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
