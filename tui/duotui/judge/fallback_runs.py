"""Runs of a machine with a recording as the fallback: it is shown while the board is lost.

Runs that the board has completed stay the board's. Without any, a screen shows the recording's as
they are played; these are never judged.
"""

from collections.abc import Callable, Sequence

from duotui.base.errors import DuotuiError, UsageError
from duotui.base.translation import gettext as _
from duotui.judge.live_runs import LiveRuns
from duotui.protocol.events import Batch, Ready
from duotui.scoring.machine_conditions import MachineConditions
from duotui.scoring.roofline import BandwidthSweep
from duotui.scoring.run import Run, RunCollector, SpeechTiming
from duotui.session.recording import Recording
from duotui.session.replay import ReplaySession
from duotui.session.state import SessionState


class FallbackRuns:
    """A RunSource. Raises UsageError if `recording` holds no complete story."""

    replay: ReplaySession | None = None

    def __init__(self, live: LiveRuns, recording: Recording, speed: float = 1.0) -> None:
        self._live = live
        self._player = ReplaySession(recording, speed)
        self._recorded_at = recording.started
        self._collector = RunCollector()
        self._refused: DuotuiError | None = None
        self._playing = False
        self._callback: Callable[[], None] = lambda: None
        collector = RunCollector()
        collector.receive(recording.events())
        if not collector.runs:
            raise UsageError(
                _("{path} holds no whole story", path=recording.path), _("judge --record makes one")
            )
        self.started = live.started
        self._player.subscribe(self._played)
        live.subscribe(self._changed)

    @property
    def showing_recording(self) -> bool:
        return self._refused is not None or self._live.state.board.link.gone

    @property
    def note(self) -> str:
        if not self.showing_recording:
            return self._live.note
        why = self._refused or self._live.state.board.trouble
        when = self._recorded_at.replace("T", " ")[:16] or _("an earlier day")
        return _("RECORDING of {when}: the board is not here ({why})", when=when, why=why)

    @property
    def state(self) -> SessionState:
        return self._player.state if self.showing_recording else self._live.state

    @property
    def ready(self) -> Ready | None:
        return self._live.ready

    @property
    def runs(self) -> Sequence[Run]:
        return self._live.runs

    @property
    def shown_runs(self) -> Sequence[Run]:
        if self.runs or not self.showing_recording:
            return self.runs
        return self._collector.runs

    @property
    def disturbed(self) -> int:
        return self._live.disturbed

    @property
    def speech(self) -> SpeechTiming | None:
        return self._live.speech

    @property
    def trouble(self) -> DuotuiError | None:
        return self._live.trouble

    def subscribe(self, callback: Callable[[], None]) -> None:
        self._callback = callback

    def conditions(self) -> MachineConditions:
        return self._live.conditions()

    def bandwidth(self) -> BandwidthSweep | None:
        return self._live.bandwidth()

    async def run(self) -> None:
        await self._live.run()

    async def refused(self, error: DuotuiError) -> None:
        """Play the recording to its end."""
        self._refused = error
        self._changed()
        await self._player.finished()

    def stop(self, why: DuotuiError) -> None:
        self._live.stop(why)

    async def close(self) -> None:
        await self._player.close()
        await self._live.close()

    def _changed(self) -> None:
        if self.showing_recording and not self._playing:
            self._playing = True
            self._collector = RunCollector()
            self._player.open()
        elif not self.showing_recording and self._playing:
            self._playing = False
            self._player.stop()
        self._callback()

    def _played(self, _state: SessionState, batch: Batch) -> None:
        self._collector.receive(batch)
        self._callback()
