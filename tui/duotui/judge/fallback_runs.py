"""A recording that stands in for a board that is lost, so that a demonstration goes on: marked as
what it is, and gone when the board is back.

It is a court like the one that it stands in for (court.py). Runs that were told by the board stay
the board's; where there were none, those of the recording are shown as they are played.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from duotui.base.errors import DuotuiError, UsageError
from duotui.judge.session import JudgeOptions, JudgeSession, Phase
from duotui.protocol.events import Batch, Request
from duotui.scoring.run import RunCollector
from duotui.scoring.verdict import Baseline, Verdict
from duotui.session.recording import started_at
from duotui.session.replay import ReplaySession
from duotui.session.state import LinkState, SessionState

LINK_GONE = (LinkState.AWAY, LinkState.LOST)


class FallbackJudgeSession:
    """Raises UsageError where `recording` holds no whole story."""

    def __init__(self, court: JudgeSession, recording: Path, speed: float = 1.0) -> None:
        self._court = court
        self._player = ReplaySession(recording, speed)
        self._started = started_at(recording)
        self._tally = RunCollector()
        self._watch: Callable[[Any], None] = lambda _: None
        self._playing = False
        whole = RunCollector()
        whole.receive(self._player.events)
        if not whole.runs:
            raise UsageError(f"{recording} holds no whole story", "judge --record makes one")
        self._all = tuple(whole.runs)
        self.verdict: Verdict | None = None
        self._player.subscribe(self._played)
        court.subscribe(self._heard)

    @property
    def options(self) -> JudgeOptions:
        return self._court.options

    @property
    def request(self) -> Request:
        return self._court.request

    @property
    def baseline(self) -> Baseline | None:
        return self._court.baseline

    @property
    def stage(self) -> Phase:
        return (
            Phase.RUNNING if self.showing_recording and self.verdict is None else self._court.stage
        )

    @property
    def showing_recording(self) -> bool:
        """Whether what is shown is the recording."""
        return self._court.refused is not None or self._court.state.board.link in LINK_GONE

    player = None

    @property
    def note(self) -> str:
        if not self.showing_recording:
            return ""
        why = self._court.refused or self._court.state.board.trouble
        when = self._started.replace("T", " ")[:16] or "an earlier day"
        return f"RECORDING of {when}: the board is not here ({why})"

    @property
    def state(self) -> SessionState:
        return self._player.state if self.showing_recording else self._court.state

    @property
    def so_far(self) -> Verdict:
        real = self._court.so_far
        if real.runs or not self.showing_recording:
            return real
        return replace(real, runs=tuple(self._tally.runs))

    def subscribe(self, watch: Callable[[Any], None]) -> None:
        self._watch = watch

    async def run(self) -> Verdict:
        """To the end of the court's; where that was refused, to the end of the recording."""
        try:
            self.verdict = await self._court.run()
        except DuotuiError as error:
            self._heard(self._court)
            await self._player.finished()
            self.verdict = replace(
                self._court.so_far,
                runs=self._court.so_far.runs or self._all,
                trouble=f"a recording: {error}",
            )
        self._watch(self)
        return self.verdict

    def stop(self, why: DuotuiError) -> None:
        self._court.stop(why)

    async def close(self) -> None:
        await self._player.close()
        await self._court.close()

    def _heard(self, _court: object) -> None:
        if self.showing_recording and not self._playing:
            self._playing = True
            self._tally = RunCollector()
            self._player.open()
        elif not self.showing_recording and self._playing:
            self._playing = False
            self._player.stop()
        self._watch(self)

    def _played(self, _state: SessionState, batch: Batch) -> None:
        self._tally.receive(batch)
        self._watch(self)
