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
from duotui.judge.session import Court, Options, Stage
from duotui.protocol.events import Batch, Request
from duotui.scoring.run import Tally
from duotui.scoring.verdict import Baseline, Verdict
from duotui.session.recording import started
from duotui.session.replay import Player
from duotui.session.state import Link, State

GONE = (Link.AWAY, Link.LOST)


class Understudy:
    """Raises UsageError where `recording` holds no whole story."""

    def __init__(self, court: Court, recording: Path, speed: float = 1.0) -> None:
        self._court = court
        self._player = Player(recording, speed)
        self._started = started(recording)
        self._tally = Tally()
        self._watch: Callable[[Any], None] = lambda _: None
        self._playing = False
        whole = Tally()
        whole.hear(self._player.events)
        if not whole.runs:
            raise UsageError(f"{recording} holds no whole story", "judge --record makes one")
        self._all = tuple(whole.runs)
        self.verdict: Verdict | None = None
        self._player.listen(self._played)
        court.listen(self._heard)

    @property
    def options(self) -> Options:
        return self._court.options

    @property
    def request(self) -> Request:
        return self._court.request

    @property
    def baseline(self) -> Baseline | None:
        return self._court.baseline

    @property
    def stage(self) -> Stage:
        return Stage.RUNNING if self.on_stage and self.verdict is None else self._court.stage

    @property
    def on_stage(self) -> bool:
        """Whether what is shown is the recording."""
        return self._court.refused is not None or self._court.state.board.link in GONE

    player = None

    @property
    def note(self) -> str:
        if not self.on_stage:
            return ""
        why = self._court.refused or self._court.state.board.trouble
        when = self._started.replace("T", " ")[:16] or "an earlier day"
        return f"RECORDING of {when}: the board is not here ({why})"

    @property
    def state(self) -> State:
        return self._player.state if self.on_stage else self._court.state

    @property
    def so_far(self) -> Verdict:
        real = self._court.so_far
        if real.runs or not self.on_stage:
            return real
        return replace(real, runs=tuple(self._tally.runs))

    def listen(self, watch: Callable[[Any], None]) -> None:
        self._watch = watch

    async def hold(self) -> Verdict:
        """To the end of the court's; where that was refused, to the end of the recording."""
        try:
            self.verdict = await self._court.hold()
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
        if self.on_stage and not self._playing:
            self._playing = True
            self._tally = Tally()
            self._player.open()
        elif not self.on_stage and self._playing:
            self._playing = False
            self._player.stop()
        self._watch(self)

    def _played(self, _state: State, batch: Batch) -> None:
        self._tally.hear(batch)
        self._watch(self)
