"""A trial that was recorded, held again: its runs as they were, compared with the baseline anew.

It is a court like the one that it was recorded in (court.py), but knows nothing of the machine:
whether its result was void stands in the report of then.
"""

import asyncio
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from duotui.base.errors import Cancelled, DuotuiError, UsageError
from duotui.judge.baseline import model_mismatch, with_grammar
from duotui.judge.session import JudgeOptions, Phase
from duotui.protocol.events import Batch, Ready, Request, RunStarted, Source
from duotui.scoring.run import RunCollector
from duotui.scoring.verdict import Baseline, Verdict
from duotui.session.recording import started_at
from duotui.session.replay import ReplaySession
from duotui.session.state import SessionState


class ReplayedJudgeSession:
    """`hold` it once. Raises UsageError where `recording` holds no whole story, or several that
    were not asked for alike."""

    def __init__(self, recording: Path, options: JudgeOptions, speed: float = 1.0) -> None:
        self.player = ReplaySession(recording, speed)
        whole = RunCollector(0)
        whole.receive(self.player.events)
        asked = {
            _asked(event)
            for event in self.player.events
            if isinstance(event, RunStarted) and event.source is Source.BOARD
        }
        if len(asked) != 1 or not whole.runs:
            what = "different stories" if len(asked) > 1 else "no whole story"
            raise UsageError(f"{recording} holds {what}", "duotui judge --record makes one")
        (self.request,) = asked
        warm = min(options.warm, len(whole.runs) - 1)
        self.options = replace(
            options,
            target=f"RECORDING {recording.name}",
            request=self.request,
            runs=len(whole.runs) - warm,
            warm=warm,
        )
        self.stage = Phase.LOOKING
        self.baseline: Baseline | None = None
        self.verdict: Verdict | None = None
        self.trouble: DuotuiError | None = None
        self._tally = RunCollector(warm)
        self._started = started_at(recording)
        self._watch: Callable[[Any], None] = lambda _: None
        self.player.subscribe(self._played)

    note = ""

    @property
    def state(self) -> SessionState:
        return self.player.state

    @property
    def so_far(self) -> Verdict:
        return Verdict(
            self.options.target,
            self.request,
            tuple(self._tally.runs),
            self.baseline,
            self.state.board.ready,
            trouble=str(self.trouble or ""),
            started=self._started,
        )

    def subscribe(self, watch: Callable[[Any], None]) -> None:
        self._watch = watch

    async def run(self) -> Verdict:
        """To the end of the recording, or to where it was stopped. Raises the DuotuiError of a
        baseline that cannot be had."""
        self._enter(Phase.BASELINE)
        try:
            self.baseline, reference = await self.options.source.baseline(self.request)
            told = self.player.last.board.ready
            if reference is not None and told is not None:
                self._same_model(told, reference)
        except DuotuiError as error:
            self.trouble = error
            raise
        self._enter(Phase.RUNNING)
        self.player.open()
        await self.player.finished()
        if not self._tally.runs:
            raise self.trouble or Cancelled("left before the first run was over")
        self._enter(Phase.COMPARING)
        verdict, run = self.so_far, self.state.board.run
        if run is not None:
            verdict = await asyncio.to_thread(self.options.source.followed, verdict, run.ids)
        self.verdict = await asyncio.to_thread(with_grammar, verdict)
        self._enter(Phase.OVER)
        return self.verdict

    def outcome(self) -> tuple[Verdict, DuotuiError | None]:
        """After `hold`, or where it was left before. Raises the DuotuiError that `hold` did."""
        if self.verdict is not None:
            return self.verdict, self.trouble
        left = self.trouble or Cancelled("left before the verdict")
        if not self._tally.runs:
            raise left
        return replace(self.so_far, trouble=str(left)), left

    def stop(self, why: DuotuiError) -> None:
        """The runs until now are judged."""
        if self.verdict is None:
            self.trouble = self.trouble or why
        self.player.stop()

    async def close(self) -> None:
        self.stop(Cancelled("left before the verdict"))

    def _same_model(self, told: Ready, reference: Ready) -> None:
        another = model_mismatch(told, reference)
        if another is not None:
            raise another

    def _enter(self, stage: Phase) -> None:
        self.stage = stage
        self._watch(self)

    def _played(self, _state: SessionState, batch: Batch) -> None:
        self._tally.receive(batch)
        self._watch(self)


def _asked(run: RunStarted) -> Request:
    """What this run was asked for."""
    return Request(**{field.name: getattr(run, field.name) for field in fields(Request)})
