"""A judge session: from the first look at a machine to the verdict on its runs.

The session probes the machine, has the reference generate the baseline, and lets its source produce
the runs. The reference then scores the story by teacher forcing.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from duotui.base import resources
from duotui.base.child_process import kill_programs
from duotui.base.errors import Cancelled, DuotuiError, NotReady, UsageError
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.judge.baseline import model_mismatch, with_grammar
from duotui.judge.options import JudgeOptions
from duotui.judge.run_source import RunSource
from duotui.protocol.events import Ready
from duotui.protocol.request import Mode, Request
from duotui.scoring.machine_conditions import MachineConditions, changes
from duotui.scoring.roofline import BandwidthSweep, Roofline
from duotui.scoring.run import rate_doubts
from duotui.scoring.verdict import Baseline, Verdict
from duotui.session.replay import ReplaySession
from duotui.session.state import SessionState
from duotui.targets import reference_scorer

Outcome = tuple[Verdict, DuotuiError | None]
"""A verdict, and the error that kept it from all runs."""


class Phase(StrEnum):
    LOOKING = N_("looking at the machine")
    BASELINE = N_("the reference tells the baseline")
    RUNNING = N_("the runs")
    COMPARING = N_("the reference reads the story")
    OVER = "over"


class JudgeSession:
    """A judge session on the runs of `source`. Call `run` once. `command` repeats it."""

    def __init__(
        self, source: RunSource, options: JudgeOptions, command: tuple[str, ...] = ()
    ) -> None:
        self.source, self.options, self._command = source, options, command
        self.phase = Phase.LOOKING
        self.before: MachineConditions | None = None
        self.baseline: Baseline | None = None
        self.verdict: Verdict | None = None
        self.refused: DuotuiError | None = None
        """Error before the first run."""
        self._reference: Ready | None = None
        """The engine that generated the baseline."""
        self.on_save: Callable[[Verdict], None] = lambda _: None
        """Called with the verdict so far, after each run."""
        self.save_report: Callable[[Verdict], Path] | None = None
        """Writes a report now, and returns its folder."""
        self._saved_runs = len(options.earlier.runs)
        self._void = options.earlier.void
        self._roofline: Roofline | None = None
        self._built = ""
        self._task: asyncio.Task[Verdict] | None = None
        self._stopped_for: DuotuiError | None = None
        """Reason of a stop before the first run."""
        self._callback: Callable[[JudgeSession], None] = lambda _: None
        source.subscribe(self._source_changed)

    @property
    def request(self) -> Request:
        return self.options.request

    @property
    def state(self) -> SessionState:
        """The state of the current run."""
        return self.source.state

    @property
    def note(self) -> str:
        return self.source.note

    @property
    def replay(self) -> ReplaySession | None:
        """The recording that is played, if it can be paused."""
        return self.source.replay

    @property
    def so_far(self) -> Verdict:
        """The verdict on the runs until now."""
        source = self.source
        return Verdict(
            target=self.options.target,
            request=self.request,
            runs=tuple(source.runs),
            baseline=self.baseline,
            ready=source.state.board.ready,
            before=self.before,
            void=self._void + rate_doubts(source.runs),
            trouble=str(source.trouble or ""),
            disturbed=source.disturbed,
            speech=source.speech,
            roof=self._roofline,
            built=self._built,
            started=source.started,
            command=self._command,
            sittings=self.options.earlier.sittings + 1,
        )

    @property
    def shown(self) -> Verdict:
        """The verdict that a screen shows: during a fallback, on the recording's runs."""
        return self.verdict or replace(self.so_far, runs=tuple(self.source.shown_runs))

    def subscribe(self, callback: Callable[["JudgeSession"], None]) -> None:
        """Call `callback` in the loop after each change."""
        self._callback = callback

    async def run(self) -> Verdict:
        """Judge. Raises the DuotuiError of a failure before the first run. A later one, which ends
        the runs early, becomes the verdict's trouble."""
        self._task = asyncio.current_task()
        try:
            return await self._judge()
        except asyncio.CancelledError:
            if self._stopped_for is None:
                raise
            self.refused = self._stopped_for
            raise self.refused from None
        except DuotuiError as error:
            self.refused = error
            await self.source.refused(error)
            self._callback(self)
            raise
        finally:
            self._task = None

    def stop(self, why: DuotuiError) -> None:
        """End the runs; those until now are judged. Before the first one, end at once."""
        self.source.stop(why)
        if self.phase in (Phase.LOOKING, Phase.BASELINE) and self._task is not None:
            self._stopped_for = why
            self._task.cancel()
            kill_programs()

    async def close(self) -> None:
        """Release the machine within a second."""
        self.stop(Cancelled(_("left before the verdict")))
        await self.source.close()

    def outcome(self) -> Outcome:
        """The outcome of `run`, even before its end. Raises the DuotuiError that `run` raised."""
        if self.refused is not None:
            raise self.refused
        if self.verdict is not None:
            return self.verdict, self.source.trouble
        left = self.source.trouble or Cancelled(_("left before the verdict"))
        if not self.source.runs:
            raise left
        return replace(self.so_far, trouble=str(left)), left

    async def _judge(self) -> Verdict:
        self._enter(Phase.LOOKING)
        self.before = await asyncio.to_thread(self.source.conditions)
        if self.before is not None:
            reasons, self._built = self._voiding(self.before), _built(self.before)
            self._void += tuple(reason for reason in reasons if reason not in self._void)
        sweep = await asyncio.to_thread(self.source.bandwidth)
        self._enter(Phase.BASELINE)
        self.baseline, self._reference = await self.options.source.baseline(self.request)
        if (mismatch := self._mismatch()) is not None:
            raise mismatch
        if sweep is not None:
            self._roofline = await asyncio.to_thread(self._roofline_of, sweep)
        self._enter(Phase.RUNNING)
        await self.source.run()
        if not self.source.runs:
            raise self.source.trouble or Cancelled(_("left before the first run was over"))
        self._enter(Phase.COMPARING)
        self.verdict = await self._compared()
        self._enter(Phase.OVER)
        return self.verdict

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self._callback(self)

    def _source_changed(self) -> None:
        mismatch = self._mismatch()
        if mismatch is not None and self.phase is Phase.RUNNING:
            self.source.stop(mismatch)
        if len(self.source.runs) > self._saved_runs:
            self._saved_runs = len(self.source.runs)
            self.on_save(self.so_far)
        self._callback(self)

    def _mismatch(self) -> UsageError | None:
        ready = self.source.ready
        if ready is None or self._reference is None:
            return None
        earlier = self.options.earlier.ready
        if earlier is not None and earlier.model_hash != ready.model_hash:
            return UsageError(
                _(
                    "the runs until now were of {model} ({hash}), the board has another model",
                    model=earlier.model,
                    hash=earlier.model_hash[:8],
                ),
                _("begin a new session"),
            )
        return model_mismatch(ready, self._reference)

    def _voiding(self, conditions: MachineConditions) -> tuple[str, ...]:
        """Reasons that make the result void. Raises NotReady, unless `anyway` is set."""
        troubles = conditions.troubles() if conditions.is_duo else ()
        if troubles and not self.options.anyway:
            raise NotReady(
                _("the result would be void: {troubles}", troubles=_(", ").join(troubles)),
                _("duotui doctor says what mends it; --anyway judges all the same"),
            )
        return troubles

    async def _compared(self) -> Verdict:
        verdict, run = self.so_far, self.source.state.board.run
        if isinstance(self.source.trouble, Cancelled):
            return verdict  # whoever stops it waits for no more measurements
        after = await asyncio.to_thread(self._conditions_after)
        if after is not None and after.is_duo:
            reasons = after.troubles() + (changes(self.before, after) if self.before else ())
            added = tuple(line for line in reasons if line not in verdict.void)
            verdict = replace(verdict, void=verdict.void + added)
        verdict = replace(verdict, after=after)
        if run is not None:
            verdict = await asyncio.to_thread(
                self.options.source.with_teacher_forcing, verdict, run.ids
            )
        return await asyncio.to_thread(with_grammar, verdict)

    def _roofline_of(self, sweep: BandwidthSweep) -> Roofline | None:
        options = self.options
        if self.request.mode is Mode.REFERENCE:  # all weights, in fp32
            reference = self._reference
            return Roofline(sweep, 4.0 * reference.parameters) if reference is not None else None
        try:
            count = reference_scorer.weight_bytes(options.model, options.tokenizer, self.request)
        except (NotReady, UsageError):
            return None
        return Roofline(sweep, count) if count > 0 else None  # 0: no step after the prompt

    def _conditions_after(self) -> MachineConditions | None:
        """Return the conditions; None if the machine can no longer be probed."""
        try:
            return self.source.conditions()
        except DuotuiError:
            return None


def _built(before: MachineConditions) -> str:
    """Build recipe of the board's program, if it is the package's own."""
    record = json.loads(resources.BOARD.with_suffix(".json").read_text("utf-8"))
    if before.engine != record["sha256"]:
        return ""
    return f"{record['compiler']}, {record['architecture']}, {record['recipe']}"
