"""Options of a judge session."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from duotui.judge.baseline import BaselineSource
from duotui.judge.earlier_runs import NO_RUNS, EarlierRuns
from duotui.protocol.request import Request
from duotui.scoring.mean_rate import RUNS, WARM_UP_RUNS
from duotui.scoring.rival_run import RivalRun


@dataclass(frozen=True, slots=True)
class JudgeOptions:
    """`baseline` is a recording of run.c; `model` is the baseline's, and must be the board's.
    `model_arguments` name it on a command line. `earlier` are the runs of a session that goes on.
    """

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
    model_arguments: tuple[str, ...] = ()
    named: str = ""
    """The target on a command line, where `target` is the name of one of several."""
    earlier: EarlierRuns = NO_RUNS

    @property
    def source(self) -> BaselineSource:
        return BaselineSource(self.model, self.tokenizer, self.baseline)

    def command(self) -> tuple[str, ...]:
        """Return the command line that repeats the session with all that its verdict depends on."""
        return ("duotui", "judge", self.named or self.target, *self._files(), *self._request())

    def replay_command(self, recording: Path) -> tuple[str, ...]:
        """Return the command line that judges `recording` again."""
        return ("duotui", "judge", str(recording), *self._files(), "--warm", str(self.warm))

    def _files(self) -> Iterator[str]:
        yield from self.model_arguments
        if self.baseline is not None:
            yield from ("--baseline", str(self.baseline))

    def _request(self) -> Iterator[str]:
        r = self.request
        yield from ("--mode", str(r.mode), "-n", str(r.steps), "-t", repr(r.temperature))
        yield from ("-p", repr(r.top_p), "-s", str(r.seed))
        yield from ("--warm", str(self.warm), "--runs", str(self.runs))
        yield from ("--speak",) if self.speak else ()
        yield from ("--anyway",) if self.anyway else ()
        yield from ("-i", r.prompt)

    def seeded(self) -> "JudgeOptions":
        """Return the options with a seed, drawn here if the request leaves it to the agent."""
        if self.request.seed:
            return self
        return replace(self, request=replace(self.request, seed=random.randrange(1, 2**32)))
