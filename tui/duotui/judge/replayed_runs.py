"""Runs of a recording, at their own pace or another."""

from collections.abc import Callable, Sequence

from duotui.base.errors import DuotuiError, UsageError
from duotui.base.translation import gettext as _
from duotui.protocol.events import Batch, RunStarted, Source
from duotui.protocol.request import Request
from duotui.scoring.run import Run, RunCollector
from duotui.session.recorded_values import request_of
from duotui.session.recording import Recording
from duotui.session.replay import ReplaySession
from duotui.session.state import SessionState


class ReplayedRuns:
    """A RunSource. At most `warm` runs warm up, and at least one counts.

    Raises UsageError if `recording` holds no complete story, or stories of different requests. The
    original report shows whether the result was void: a recording has no machine conditions.
    """

    note = ""
    disturbed = 0
    speech = None

    def __init__(self, recording: Recording, warm: int, speed: float = 1.0) -> None:
        self._player = ReplaySession(recording, speed)
        self.replay: ReplaySession | None = self._player
        collector = RunCollector(0)
        requests: set[Request] = set()
        for event in recording.events():
            collector.receive((event,))
            if isinstance(event, RunStarted) and event.source is Source.BOARD:
                requests.add(request_of(event))
        if len(requests) != 1 or not collector.runs:
            contents = _("different stories") if len(requests) > 1 else _("no whole story")
            raise UsageError(
                _("{path} holds {contents}", path=recording.path, contents=contents),
                _("duotui judge --record makes one"),
            )
        (self.request,) = requests
        self.warm = min(warm, len(collector.runs) - 1)
        self.count = len(collector.runs) - self.warm
        """Runs that count."""
        self.started = recording.started
        self.ready = recording.last.board.ready
        self.trouble: DuotuiError | None = None
        self._over = False
        self._collector = RunCollector(self.warm)
        self._callback: Callable[[], None] = lambda: None
        self._player.subscribe(self._played)

    @property
    def state(self) -> SessionState:
        return self._player.state

    @property
    def runs(self) -> Sequence[Run]:
        return self._collector.runs

    @property
    def shown_runs(self) -> Sequence[Run]:
        return self._collector.runs

    def subscribe(self, callback: Callable[[], None]) -> None:
        self._callback = callback

    def conditions(self) -> None:
        """Return nothing: the original report has them."""

    def bandwidth(self) -> None:
        """Return nothing: the original report has it."""

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
