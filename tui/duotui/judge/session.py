"""A trial, from the first look at the machine to the verdict; whoever watches is told each step."""

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from duotui.base import resources
from duotui.base.errors import Cancelled, DuotuiError, NotReady, UsageError
from duotui.judge.baseline import BaselineSource, model_mismatch, single_session, with_grammar
from duotui.judge.runs import RunSeries
from duotui.protocol.events import Mode, Ready, Request
from duotui.scoring.machine_conditions import MachineConditions, changes
from duotui.scoring.mean_rate import RUNS, WARM_UP_RUNS
from duotui.scoring.rival_run import RivalRun
from duotui.scoring.roofline import BandwidthSweep, Roofline
from duotui.scoring.run import Run
from duotui.scoring.verdict import Baseline, Verdict
from duotui.session.state import SessionState
from duotui.targets import reference_scorer
from duotui.targets.judged_machine import JudgedMachine


class Phase(StrEnum):
    LOOKING = "looking at the machine"
    BASELINE = "the reference tells the baseline"
    RUNNING = "the runs"
    COMPARING = "the reference reads the story"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class JudgeOptions:
    """`baseline` is a recording of run.c. The model is the baseline's, and must be the board's."""

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
    """Runs beside it on a screen, by the same clock."""

    @property
    def source(self) -> BaselineSource:
        return BaselineSource(self.model, self.tokenizer, self.baseline)


class JudgeSession:
    """`hold` it once. `watch` is called in the loop, after each change."""

    def __init__(
        self,
        machine: JudgedMachine,
        options: JudgeOptions,
        watch: Callable[["JudgeSession"], None] = lambda _: None,
    ) -> None:
        request = options.request
        if request.seed == 0:
            request = replace(request, seed=random.randrange(1, 2**32))
        self.request, self.options = request, options
        self.stage = Phase.LOOKING
        self.before: MachineConditions | None = None
        self.baseline: Baseline | None = None
        self.verdict: Verdict | None = None
        self._machine, self._watch = machine, watch
        self._reference: Ready | None = None
        """The engine that told the baseline."""
        self.session = single_session(machine.channel)
        self.trial = RunSeries(self.session, request, self._told, options.runs, options.warm)
        self.session.subscribe(lambda _state, _batch: self._watch(self))
        self._started = datetime.now(UTC).isoformat(timespec="seconds")
        self._void: tuple[str, ...] = ()
        self._roof: Roofline | None = None
        self._built = ""
        self.refused: DuotuiError | None = None
        """What was wrong before the first run."""

    async def run(self) -> Verdict:
        """Raises the DuotuiError of what was wrong before the first run; what ends it later is the
        verdict's trouble."""
        try:
            return await self._run()
        except DuotuiError as error:
            self.refused = error
            raise

    async def _run(self) -> Verdict:
        if self.options.record is not None:
            self.session.record(self.options.record)
        self._enter(Phase.LOOKING)
        self.before = await asyncio.to_thread(self._machine.conditions)
        self._void, self._built = self._troubles(self.before), _built(self.before)
        sweep = await asyncio.to_thread(self._measure_bandwidth)
        self._enter(Phase.BASELINE)
        self.baseline = await self._baseline()
        if sweep is not None:
            self._roof = await asyncio.to_thread(self._roof_under, sweep)
        self._enter(Phase.RUNNING)
        try:
            await self.trial.run(self.options.speak)
        finally:
            await self.session.close()
        if not self.trial.runs and self.trial.trouble is not None:
            raise self.trial.trouble
        self._enter(Phase.COMPARING)
        self.verdict = await self._judged()
        self._enter(Phase.OVER)
        return self.verdict

    def subscribe(self, watch: Callable[["JudgeSession"], None]) -> None:
        self._watch = watch

    player = None

    @property
    def note(self) -> str:
        """What a screen must say of what it shows, if that is not this machine."""
        return ""

    @property
    def state(self) -> SessionState:
        """Of the run that is being told."""
        return self.session.state

    def stop(self, why: DuotuiError) -> None:
        """The runs until now are judged."""
        self.trial.stop(why)

    async def close(self) -> None:
        """Let go of the machine; within a second."""
        self.trial.stop(Cancelled("stopped"))
        await self.session.close()

    def outcome(self) -> tuple[Verdict, DuotuiError | None]:
        """After `hold`, or where it was left before: the verdict, and why it is not whole.

        Raises the DuotuiError that `hold` did."""
        if self.refused is not None:
            raise self.refused
        if self.verdict is None:
            left = Cancelled("left before the verdict")
            if not self.trial.runs:
                raise left
            return replace(self.so_far, trouble=str(left)), left
        return self.verdict, self.trial.trouble

    @property
    def so_far(self) -> Verdict:
        """Of the runs until now."""
        state = self.session.state.board
        return Verdict(
            self.options.target,
            self.request,
            tuple(self.trial.runs),
            self.baseline,
            state.ready,
            self.before,
            None,
            self._void,
            str(self.trial.trouble or ""),
            self.trial.disturbed,
            speech=self.trial.speech,
            roof=self._roof,
            built=self._built,
            started=self._started,
        )

    def _enter(self, stage: Phase) -> None:
        self.stage = stage
        self._watch(self)

    def _told(self, run: Run) -> None:
        ready = self.session.state.board.ready
        if ready is not None and self._reference is not None:
            another = model_mismatch(ready, self._reference)
            if another is not None:
                self.trial.stop(another)
        self._watch(self)

    def _troubles(self, found: MachineConditions) -> tuple[str, ...]:
        """Why it will not count. Raises NotReady, unless it is to be judged all the same."""
        troubles = found.troubles() if found.is_duo else ()
        if troubles and not self.options.anyway:
            raise NotReady(
                f"the result would be void: {', '.join(troubles)}",
                "duotui doctor says what mends it; --anyway judges all the same",
            )
        return troubles

    async def _baseline(self) -> Baseline:
        baseline, self._reference = await self.options.source.baseline(self.request)
        return baseline

    async def _judged(self) -> Verdict:
        verdict, run = self.so_far, self.session.state.board.run
        after = await asyncio.to_thread(self._check_conditions_again)
        if after is not None and after.is_duo:
            found = after.troubles() + (changes(self.before, after) if self.before else ())
            fresh = tuple(line for line in found if line not in verdict.void)
            verdict = replace(verdict, void=verdict.void + fresh)
        verdict = replace(verdict, after=after)
        if run is not None:
            verdict = await asyncio.to_thread(self.options.source.followed, verdict, run.ids)
        return await asyncio.to_thread(with_grammar, verdict)

    def _measure_bandwidth(self) -> BandwidthSweep | None:
        """None of an engine that is too old to say it."""
        try:
            return self._machine.bandwidth()
        except DuotuiError:
            return None

    def _roof_under(self, sweep: BandwidthSweep) -> Roofline | None:
        options = self.options
        if self.request.mode is Mode.REFERENCE:  # all of them, in fp32
            told = self._reference
            return Roofline(sweep, 4.0 * told.parameters) if told is not None else None
        try:
            count = reference_scorer.weight_bytes(options.model, options.tokenizer, self.request)
        except (NotReady, UsageError):
            return None
        return Roofline(sweep, count)

    def _check_conditions_again(self) -> MachineConditions | None:
        """None where it cannot be had any more."""
        try:
            return self._machine.conditions()
        except DuotuiError:
            return None


def _built(before: MachineConditions) -> str:
    """Of the program that the package has, where the board's is that one."""
    record = json.loads(resources.BOARD.with_suffix(".json").read_text("utf-8"))
    if before.engine != record["sha256"]:
        return ""
    return f"{record['compiler']}, {record['architecture']}, {record['recipe']}"
