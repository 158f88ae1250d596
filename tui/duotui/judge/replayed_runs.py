"""Runs of a recording: as they were, at their own pace or another."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path

from duotui.base.errors import DuotuiError, UsageError
from duotui.protocol.events import Batch, Ready, RunStarted, Source
from duotui.protocol.request import Request
from duotui.scoring.run import Run, RunCollector
from duotui.session.recording import started_at
from duotui.session.replay import ReplaySession
from duotui.session.state import SessionState


class ReplayedRuns:
    """A RunSource. At most `warm` runs warm up, and one at least does not.

    Raises UsageError where `recording` holds no whole story, or several that were not asked for
    alike. Whether the result was void stands in the report of then: a recording knows nothing of
    the machine."""

    note = ""
    disturbed = 0
    speech = None

    def __init__(self, recording: Path, warm: int, speed: float = 1.0) -> None:
        self._player = ReplaySession(recording, speed)
        self.replay: ReplaySession | None = self._player
        whole = RunCollector(0)
        whole.receive(self._player.events)
        requests = {
            _request_of(event)
            for event in self._player.events
            if isinstance(event, RunStarted) and event.source is Source.BOARD
        }
        if len(requests) != 1 or not whole.runs:
            what = "different stories" if len(requests) > 1 else "no whole story"
            raise UsageError(f"{recording} holds {what}", "duotui judge --record makes one")
        (self.request,) = requests
        self.warm = min(warm, len(whole.runs) - 1)
        self.count = len(whole.runs) - self.warm
        """Runs that count."""
        self.started = started_at(recording)
        self.trouble: DuotuiError | None = None
        self._over = False
        self._collector = RunCollector(self.warm)
        self._callback: Callable[[], None] = lambda: None
        self._player.subscribe(self._played)

    @property
    def state(self) -> SessionState:
        return self._player.state

    @property
    def ready(self) -> Ready | None:
        return self._player.last.board.ready

    @property
    def runs(self) -> Sequence[Run]:
        return self._collector.runs

    @property
    def shown_runs(self) -> Sequence[Run]:
        return self._collector.runs

    def subscribe(self, callback: Callable[[], None]) -> None:
        self._callback = callback

    def conditions(self) -> None:
        """Return nothing: the report of then has them."""

    def bandwidth(self) -> None:
        """Return nothing: the report of then has it."""

    async def run(self) -> None:
        self._player.open()
        await self._player.finished()
        self._over = True

    async def refused(self, error: DuotuiError) -> None:
        """Return at once: there is nothing more to show."""

    def stop(self, why: DuotuiError) -> None:
        if not self._over:
            self.trouble = self.trouble or why
        self._player.stop()

    async def close(self) -> None:
        await self._player.close()

    def _played(self, _state: SessionState, batch: Batch) -> None:
        self._collector.receive(batch)
        self._callback()


def _request_of(run: RunStarted) -> Request:
    return Request(**{field.name: getattr(run, field.name) for field in fields(Request)})
