"""A source of runs: what a judge session judges, be it a machine or a recording."""

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
    """When it began, in ISO 8601."""

    @property
    def state(self) -> SessionState:
        """The session's state, as a screen shows it."""
        ...

    @property
    def ready(self) -> Ready | None:
        """The engine that the runs are of; None until it is known."""
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
        """Runs that were told again because the board was lost."""
        ...

    @property
    def speech(self) -> SpeechTiming | None: ...

    @property
    def trouble(self) -> DuotuiError | None:
        """Why the runs ended early."""
        ...

    @property
    def note(self) -> str:
        """What a screen must say of what it shows, where that is not the board."""
        ...

    @property
    def replay(self) -> ReplaySession | None:
        """The recording that is played, where it can be paused."""
        ...

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Call `callback` in the loop after each change."""
        ...

    def conditions(self) -> MachineConditions | None:
        """The state that the machine is in; None of a recording. Blocks. Raises DuotuiError."""
        ...

    def bandwidth(self) -> BandwidthSweep | None:
        """How fast the machine reads its memory; None where that is not known. Blocks."""
        ...

    async def run(self) -> None:
        """Give all runs, or those until `stop`, and let go of the machine."""
        ...

    async def refused(self, error: DuotuiError) -> None:
        """The session ended with `error` before the first run. Return when a screen may end."""
        ...

    def stop(self, why: DuotuiError) -> None:
        """End now; the runs until then are judged."""
        ...

    async def close(self) -> None:
        """Let go of ports, threads and child processes, within a second."""
        ...
