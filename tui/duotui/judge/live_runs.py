"""Runs of a machine: a live session with it, and probes of its conditions."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from duotui.base.errors import DuotuiError
from duotui.base.translation import gettext as _
from duotui.judge.baseline import single_session
from duotui.judge.earlier_runs import NO_RUNS, EarlierRuns
from duotui.judge.run_series import RunSeries
from duotui.protocol.events import Batch, Ready, RecordingFailed
from duotui.protocol.request import Request
from duotui.scoring.machine_conditions import MachineConditions
from duotui.scoring.roofline import BandwidthSweep
from duotui.scoring.run import Run, SpeechTiming
from duotui.session.replay import ReplaySession
from duotui.session.state import SessionState
from duotui.targets.judged_machine import JudgedMachine


class LiveRuns:
    """A RunSource. `runs` are counted in all, those of `earlier` among them. The session is
    recorded to `record`: UsageError if it cannot be written."""

    replay: ReplaySession | None = None

    def __init__(
        self,
        machine: JudgedMachine,
        request: Request,
        *,
        runs: int,
        warm: int,
        speak: bool = False,
        record: Path | None = None,
        earlier: EarlierRuns = NO_RUNS,
    ) -> None:
        self.session = single_session(machine.channel)
        self.note = ""
        self.started = earlier.started or datetime.now(UTC).isoformat(timespec="seconds")
        self._earlier = earlier.runs
        if record is not None:
            self.session.record(record)
        self._machine, self._speak = machine, speak
        self._callback: Callable[[], None] = lambda: None
        self._series = RunSeries(
            self.session,
            request,
            lambda _: self._callback(),
            runs=max(runs - earlier.counted, 0),
            warm=warm,
        )
        self.session.subscribe(self._on_batch)

    @property
    def state(self) -> SessionState:
        return self.session.state

    @property
    def ready(self) -> Ready | None:
        return self.session.state.board.ready

    @property
    def runs(self) -> Sequence[Run]:
        return (*self._earlier, *self._series.runs) if self._earlier else self._series.runs

    @property
    def shown_runs(self) -> Sequence[Run]:
        return self.runs

    @property
    def disturbed(self) -> int:
        return self._series.disturbed

    @property
    def speech(self) -> SpeechTiming | None:
        return self._series.speech

    @property
    def trouble(self) -> DuotuiError | None:
        return self._series.trouble

    def _on_batch(self, _state: SessionState, batch: Batch) -> None:
        for event in batch:
            if isinstance(event, RecordingFailed):
                self.note = _(
                    "the recording has ended: {text}; {hint}", text=event.text, hint=event.hint
                )
        self._callback()

    def subscribe(self, callback: Callable[[], None]) -> None:
        self._callback = callback

    def conditions(self) -> MachineConditions:
        """Return the machine's conditions. Blocks. Raises the DuotuiError of an absent machine."""
        return self._machine.conditions()

    def bandwidth(self) -> BandwidthSweep | None:
        """Measure the memory bandwidth; None if the engine is too old for that. Blocks."""
        try:
            return self._machine.bandwidth()
        except DuotuiError:
            return None

    async def run(self) -> None:
        try:
            await self._series.run(self._speak)
        finally:
            await self.session.close()

    async def refused(self, error: DuotuiError) -> None:
        """Return at once: there is nothing more to show."""

    def stop(self, why: DuotuiError) -> None:
        self._series.stop(why)

    async def close(self) -> None:
        await self.session.close()
