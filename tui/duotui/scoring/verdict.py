"""Verdict of a judge session: all that a report contains, immutable. Pure."""

import difflib
import math
from collections.abc import Iterator
from dataclasses import dataclass

from duotui.protocol.events import Ready
from duotui.protocol.request import Mode, Request
from duotui.scoring.machine_conditions import MachineConditions
from duotui.scoring.mean_rate import Score, score
from duotui.scoring.mistake import GrammarMistake
from duotui.scoring.roofline import Roofline
from duotui.scoring.run import Run, SpeechTiming
from duotui.scoring.teacher_forcing import Agreement

PROBABILITY_BOUNDS = {Mode.REFERENCE: 5e-5, Mode.EXACT: 0.05}
"""Nats by which a mode's own probabilities may differ from the reference's (measured: 6e-6 and
0.01). The causes are another C library's expf, and the part of a sum that exact leaves open. A
defective engine may generate the same words by luck; its probabilities reveal it."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Expected story. `ids` are () if only its text is known. `source` names its origin; `rate` is
    the mean tok/s of a recording, else 0."""

    source: str
    text: str
    ids: tuple[int, ...] = ()
    rate: float = 0.0

    def same(self, run: Run) -> bool:
        if self.ids and run.ids:
            return run.ids == self.ids
        return run.text.rstrip("\n") == self.text.rstrip("\n")

    def difference(self, run: Run) -> int | None:
        """Index of the first token that differs, or without ids of the first word; None if none."""
        actual: tuple[object, ...] = run.ids
        expected: tuple[object, ...] = self.ids
        if not (actual and expected):
            actual, expected = tuple(run.text.split()), tuple(self.text.split())
        for index, (a, b) in enumerate(zip(actual, expected, strict=False)):
            if a != b:
                return index
        return None if len(actual) == len(expected) else min(len(actual), len(expected))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Verdict on runs. `void` has the reasons against its validity, `trouble` that of an early end.

    A good verdict has neither. agreement: the reference's with the board's story; own: the
    reference's with the baseline's. mistakes, baseline_mistakes: those of the two texts, None if
    not searched for.
    """

    target: str
    request: Request
    runs: tuple[Run, ...]
    baseline: Baseline | None = None
    ready: Ready | None = None
    before: MachineConditions | None = None
    after: MachineConditions | None = None
    void: tuple[str, ...] = ()
    trouble: str = ""
    disturbed: int = 0
    agreement: Agreement | None = None
    own: Agreement | None = None
    mistakes: tuple[GrammarMistake, ...] | None = None
    baseline_mistakes: tuple[GrammarMistake, ...] | None = None
    speech: SpeechTiming | None = None
    roof: Roofline | None = None
    built: str = ""
    """Build recipe of the board's program, if known."""
    started: str = ""
    command: tuple[str, ...] = ()
    """Command line that repeats the session."""
    sittings: int = 1
    """Number of times that the session was begun or continued."""

    @property
    def counted(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.counted)

    @property
    def score(self) -> Score | None:
        return score([run.rate for run in self.counted]) if self.counted else None

    @property
    def story(self) -> str:
        return self.runs[0].text if self.runs else ""

    @property
    def repeatable(self) -> bool:
        """True if every run generated the same story."""
        return len({(run.ids, run.text) for run in self.runs}) <= 1

    @property
    def deviation(self) -> float | None:
        """Largest deviation of the board's own probabilities from the reference's, in nats."""
        return max(self._deviations().values(), default=None)

    @property
    def doubt(self) -> int | None:
        """Index of the first token whose probability deviates more than its mode may."""
        bound = PROBABILITY_BOUNDS.get(self.request.mode, math.inf)
        far = (index for index, nats in self._deviations().items() if nats > bound)
        return next(far, None)

    def _deviations(self) -> dict[int, float]:
        if self.agreement is None or not self.runs:
            return {}
        return self.agreement.deviations(self.runs[0].probabilities)

    @property
    def same(self) -> int:
        """Number of counted runs that are the baseline's story."""
        return sum(self.baseline.same(run) for run in self.counted) if self.baseline else 0

    @property
    def identical(self) -> bool | None:
        """True if all counted runs are the baseline's story; None without runs or baseline."""
        if self.baseline is None or not self.counted:
            return None
        return self.same == len(self.counted)

    @property
    def difference(self) -> int | None:
        """Index where the first run that is another story leaves the baseline."""
        if self.baseline is None:
            return None
        indices = (self.baseline.difference(run) for run in self.counted)
        return next((index for index in indices if index is not None), None)


def word_diff(board: str, baseline: str) -> Iterator[tuple[str, str]]:
    """The two texts as one, by word: ("=", text), ("+", the board's) and ("-", the baseline's)."""
    board_words, baseline_words = board.split(), baseline.split()
    matcher = difflib.SequenceMatcher(None, baseline_words, board_words, autojunk=False)
    for kind, low, high, board_low, board_high in matcher.get_opcodes():
        if kind == "equal":
            yield "=", " ".join(board_words[board_low:board_high])
            continue
        if high > low:
            yield "-", " ".join(baseline_words[low:high])
        if board_high > board_low:
            yield "+", " ".join(board_words[board_low:board_high])
