"""Runs of a judge session that was cut off, which the same session takes up when it goes on."""

from collections.abc import Sequence
from dataclasses import dataclass

from duotui.base.errors import UsageError
from duotui.base.translation import gettext as _
from duotui.protocol.events import Ready, RunStarted, Source
from duotui.protocol.request import Request
from duotui.scoring.run import Run, RunCollector
from duotui.session.recorded_values import request_of
from duotui.session.recording import Recording


@dataclass(frozen=True, slots=True)
class EarlierRuns:
    """Runs of one engine. `void` has the reasons against their validity, `started` is the start of
    the first in ISO 8601, `sittings` the number of times that the session was begun before."""

    runs: tuple[Run, ...] = ()
    ready: Ready | None = None
    started: str = ""
    void: tuple[str, ...] = ()
    sittings: int = 0

    @property
    def counted(self) -> int:
        return sum(run.counted for run in self.runs)


NO_RUNS = EarlierRuns()


def warm_up_runs(warm: int, sitting: int) -> int:
    """Return the number of runs that warm up in a sitting, counted from 0. After the first there
    is one at least, because the board was away."""
    return max(warm, 1) if sitting else warm


def earlier_runs(
    recordings: Sequence[Recording], request: Request, warm: int, void: tuple[str, ...] = ()
) -> EarlierRuns:
    """Return the complete runs of `recordings`, a sitting each. `warm` is the session's number of
    runs that warm up.

    Raises UsageError if one is of another story or another engine's.
    """
    runs: list[Run] = []
    ready: Ready | None = None
    for sitting, recording in enumerate(recordings):
        collector = RunCollector(warm_up_runs(warm, sitting))
        for event in recording.events():
            collector.receive((event,))
            if event.source is not Source.BOARD:
                continue
            if isinstance(event, RunStarted) and request_of(event) != request:
                raise UsageError(
                    _("{path} is of another story", path=recording.path), _("begin a new session")
                )
            if isinstance(event, Ready):
                ready = _same_model(recording, ready, event)
        runs += collector.runs
    return EarlierRuns(
        runs=tuple(runs),
        ready=ready,
        started=recordings[0].started if recordings else "",
        void=void,
        sittings=len(recordings),
    )


def _same_model(recording: Recording, ready: Ready | None, event: Ready) -> Ready:
    if ready is not None and ready.model_hash != event.model_hash:
        raise UsageError(
            _("{path} is of another model", path=recording.path), _("begin a new session")
        )
    return event
