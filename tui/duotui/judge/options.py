"""Options of a judge session."""

import random
from dataclasses import dataclass, replace
from pathlib import Path

from duotui.judge.baseline import BaselineSource
from duotui.protocol.request import Request
from duotui.scoring.mean_rate import RUNS, WARM_UP_RUNS
from duotui.scoring.rival_run import RivalRun


@dataclass(frozen=True, slots=True)
class JudgeOptions:
    """`baseline` is a recording of run.c; `model` is the baseline's, and must be the board's."""

    target: str
    request: Request
    model: Path
    tokenizer: Path | None
    runs: int = RUNS
    warm: int = WARM_UP_RUNS
    speak: bool = False
    anyway: bool = False
    baseline: Path | None = None
    record: Path | None = None
    rival: RivalRun | None = None
    """Run beside the current one on a screen, by the same clock."""

    @property
    def source(self) -> BaselineSource:
        return BaselineSource(self.model, self.tokenizer, self.baseline)

    def seeded(self) -> "JudgeOptions":
        """Return the options with a seed, drawn here if the request leaves it to the agent."""
        if self.request.seed:
            return self
        return replace(self, request=replace(self.request, seed=random.randrange(1, 2**32)))
