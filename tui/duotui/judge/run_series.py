"""Series of runs of one board: each is generated, timed and compared as it ends."""

import asyncio
from collections.abc import Callable

from duotui.base.errors import DuotuiError, LinkBroken, NotReady, of_status
from duotui.base.translation import gettext as _
from duotui.link.connection import ANSWER_TIMEOUT, OPEN_TIMEOUT, RECONNECT_TIMEOUT
from duotui.protocol import events
from duotui.protocol.events import Batch, Source
from duotui.protocol.request import Request
from duotui.scoring.mean_rate import RUNS, WARM_UP_RUNS
from duotui.scoring.run import Run, SpeechTiming
from duotui.session.session import Session
from duotui.session.state import SessionState

LOST_RUNS_LIMIT = 3
"""Runs in a row in which the board was lost, until the series is given up."""


class RunSeries:
    """Series of runs. `on_run` is called with each run, as it ends. `stop` ends it early."""

    def __init__(
        self,
        session: Session,
        request: Request,
        on_run: Callable[[Run], None] = lambda _: None,
        runs: int = RUNS,
        warm: int = WARM_UP_RUNS,
    ) -> None:
        self.session, self.request = session, request
        self.runs: list[Run] = []
        self.disturbed = 0
        self.trouble: DuotuiError | None = None
        """Reason for an end before the last run."""
        self.speech: SpeechTiming | None = None
        self._on_run, self._wanted, self._warm = on_run, runs, warm
        self._lost = False
        self._faults = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._started = False
        self._stopped: DuotuiError | None = None
        session.subscribe(self._on_batch)

    @property
    def counted(self) -> list[Run]:
        return [run for run in self.runs if run.counted]

    @property
    def complete(self) -> bool:
        """True after all runs. A series of no counted runs still has its runs that warm up."""
        return len(self.counted) == self._wanted and len(self.runs) >= self._warm

    async def run(self, speak: bool = False) -> None:
        """Do all runs. An early end leaves its error in `trouble`; the runs until then are kept."""
        try:
            in_a_row = 0
            while not self.complete and in_a_row < LOST_RUNS_LIMIT:
                if await self._run_once():
                    in_a_row = 0
                else:
                    in_a_row += 1
                    self.disturbed += 1
            if not self.complete:
                raise LinkBroken(
                    _(
                        "the board was lost in {count} runs in a row",
                        count=LOST_RUNS_LIMIT,
                    ),
                    _("mend its cable first"),
                )
            if speak:
                await self._speak()
        except DuotuiError as error:
            self.trouble = error
        finally:
            self._set_deadline(None)

    def stop(self, why: DuotuiError) -> None:
        """End the series now; the runs until then are kept."""
        self._stopped = self._stopped or why
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(why)

    async def _run_once(self) -> bool:
        """Generate the story once; return False if the board was lost meanwhile."""
        if self._stopped is not None:
            raise self._stopped
        self._lost = self._started = False
        self._set_deadline(
            OPEN_TIMEOUT if self.session.state.board.ready is None else ANSWER_TIMEOUT
        )
        self.session.generate(self.request)
        await self._wait()
        board = self.session.state.board
        if self._lost:
            return False
        assert board.stats is not None
        if not board.complete:
            raise LinkBroken(
                _("the engine failed in the middle of a story"), _("tell it once by itself")
            )
        run = Run.of(board, self._faults, len(self.runs) >= self._warm)
        self._faults = board.stats.faults
        self.runs.append(run)
        self._on_run(run)
        return True

    async def _speak(self) -> None:
        self._set_deadline(None)
        self._started = False
        self.session.speak()
        await self._wait()
        speech = self.session.state.board.speech_ended
        if speech is None or speech.silence is not events.SpeechEndReason.DONE:
            why = speech.trouble if speech is not None else ""
            raise NotReady(
                _("the story was not said aloud: {why}", why=why or _("the board is silent"))
            )
        self.speech = SpeechTiming(speech.sentences, speech.prepared, speech.heard)

    async def _wait(self) -> None:
        self._waiting = asyncio.get_running_loop().create_future()
        await self._waiting

    def _on_batch(self, state: SessionState, batch: Batch) -> None:
        for event in batch:
            if event.source is Source.BOARD:
                self._on_board_event(event)
        waiting = self._waiting
        if waiting is None or waiting.done():
            return
        board = state.board
        if self._started and board.over and board.idle and not board.speaking:
            waiting.set_result(None)

    def _on_board_event(self, event: events.Event) -> None:
        match event:
            case events.RunStarted() | events.SpeechStarted():
                self._started = True
                self._set_deadline(None)
            case events.LinkSilent():
                self._set_deadline(ANSWER_TIMEOUT)
            case events.LinkResponding() | events.Ready():
                self._set_deadline(None)
            case events.LinkReconnecting():
                self._lost = True
                self._set_deadline(RECONNECT_TIMEOUT)
            case events.LinkLost(reason=reason, hint=hint, status=status):
                self.stop(of_status(status)(reason, hint))
            case events.Fault(text=text, hint=hint, status=status):
                self.stop(of_status(status)(text, hint))

    def _set_deadline(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if seconds is not None:
            loop = asyncio.get_running_loop()
            self._deadline = loop.call_later(seconds, self._on_deadline)

    def _on_deadline(self) -> None:
        board = self.session.state.board
        if board.ready is None:
            self.stop(
                NotReady(
                    _("no engine answers on {target}", target=board.target),
                    _("duotui doctor says why"),
                )
            )
        else:
            self.stop(
                LinkBroken(_("the engine on {target} has stopped answering", target=board.target))
            )
