"""Source of runs: a machine or a recording, which a judge session judges."""

from collections.abc import Callable, Sequence
from typing import Protocol

from duotui.base.errors import DuotuiError
from duotui.protocol.events import Ready
from duotui.scoring.machine_conditions import MachineConditions
from duotui.scoring.roofline import BandwidthSweep
from duotui.scoring.run import Run, SpeechTiming
from duotui.session.replay import ReplaySession
from duotui.session.state import SessionState


class RunSource(Protocol):
    """Runs of one board, one after another."""

    started: str
    """Start of the runs, in ISO 8601."""

    @property
    def state(self) -> SessionState:
        """The session's state, as a screen shows it."""
        ...

    @property
    def ready(self) -> Ready | None:
        """The engine of the runs; None until it is known."""
        ...

    @property
    def runs(self) -> Sequence[Run]:
        """The runs that are judged."""
        ...

    @property
    def shown_runs(self) -> Sequence[Run]:
        """The runs that a screen shows."""
        ...

    @property
    def disturbed(self) -> int:
        """Number of runs that were repeated because the board was lost."""
        ...

    @property
    def speech(self) -> SpeechTiming | None: ...

    @property
    def trouble(self) -> DuotuiError | None:
        """Reason for an early end of the runs."""
        ...

    @property
    def note(self) -> str:
        """Note for a screen that shows something other than the board, or on a recording that
        ended; else ""."""
        ...

    @property
    def replay(self) -> ReplaySession | None:
        """The recording that is played, if it can be paused."""
        ...

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Call `callback` in the loop after each change."""
        ...

    def conditions(self) -> MachineConditions | None:
        """Return the machine's conditions; None for a recording. Blocks. Raises DuotuiError."""
        ...

    def bandwidth(self) -> BandwidthSweep | None:
        """Return the machine's memory bandwidth; None if unknown. Blocks."""
        ...

    async def run(self) -> None:
        """Produce all runs, or those until `stop`, and release the machine."""
        ...

    async def refused(self, error: DuotuiError) -> None:
        """Handle `error`, an end before the first run. Return when a screen may end."""
        ...

    def stop(self, why: DuotuiError) -> None:
        """End now; the runs until then are judged."""
        ...

    async def close(self) -> None:
        """Release ports, threads and child processes within a second."""
        ...
