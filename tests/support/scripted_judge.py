"""A judge session whose runs come from a script."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from duotui.base.errors import Cancelled, DuotuiError
from duotui.judge.options import JudgeOptions
from duotui.judge.session import JudgeSession, Phase
from duotui.protocol.events import Event, Ready
from duotui.protocol.request import Mode, Request
from duotui.scoring.machine_conditions import MachineConditions
from duotui.scoring.roofline import BandwidthSweep, Roofline
from duotui.scoring.run import Run
from duotui.scoring.teacher_forcing import Agreement, ForcedStep, TokenCandidate
from duotui.scoring.verdict import Baseline, Verdict
from duotui.session.replay import ReplaySession
from duotui.session.state import SessionState, reduce
from support import scripted_session
from support.scripted_session import BOARD, STORY_TEXT, words

RATES = [24.9 + index % 4 / 20 for index in range(30)]
STEP_LIMIT = 128


class ScriptedRuns:
    """RunSource that follows a script, and records its calls."""

    started = ""
    disturbed = 0
    speech = None
    trouble = None

    def __init__(self, replay: ReplaySession | None = None) -> None:
        self.state = SessionState()
        self.note = ""
        self.rates: list[float] = []
        self.requests: list[str] = []
        self.closed = asyncio.Event()
        self.replay = replay
        self.callback: Callable[[], None] = lambda: None

    @property
    def ready(self) -> Ready | None:
        return self.state.board.ready

    @property
    def runs(self) -> list[Run]:
        warm, *rest = (run(rate) for rate in (25.0, *self.rates))
        return [replace(warm, counted=False, probabilities=()), *rest]

    @property
    def shown_runs(self) -> list[Run]:
        return self.runs

    def subscribe(self, callback: Callable[[], None]) -> None:
        self.callback = callback

    def conditions(self) -> MachineConditions | None:
        return None

    def bandwidth(self) -> BandwidthSweep | None:
        return None

    async def run(self) -> None:
        await self.closed.wait()

    async def refused(self, error: DuotuiError) -> None:
        pass

    def stop(self, why: DuotuiError) -> None:
        if not isinstance(why, Cancelled) or "left" not in str(why):
            self.requests.append(str(why))

    async def close(self) -> None:
        self.closed.set()


class ScriptedJudgeSession(JudgeSession):
    """Judge session during its runs, whose source is a script."""

    def __init__(self, runs: int = 0, *events: Event, target: str = "/dev/ttyACM0") -> None:
        request = Request(mode=Mode.EXACT, steps=STEP_LIMIT)
        self.script = ScriptedRuns()
        super().__init__(self.script, JudgeOptions(target, request, Path("m"), None))
        self.phase = Phase.RUNNING
        self.baseline = baseline(words(STORY_TEXT))
        self.script.rates = RATES[:runs]
        self._roofline = Roofline(BandwidthSweep(((2**23, 930e6),), 400e6, 1e9), 16.4e6)
        self.emit(*events)

    def emit(self, *events: Event) -> None:
        for event in events:
            self.script.state = reduce(self.script.state, event)
        self.script.callback()

    async def run(self) -> Verdict:
        if self.refused is not None:
            raise self.refused
        await self.source.run()
        assert self.verdict is not None
        return self.verdict


def ids(pieces: list[str]) -> tuple[int, ...]:
    return tuple(sum(map(ord, piece)) for piece in pieces)


def baseline(pieces: list[str]) -> Baseline:
    return Baseline("mode reference", "".join(pieces), ids(pieces))


def run(rate: float) -> Run:
    return Run(
        counted=True,
        ids=ids(words(STORY_TEXT)),
        text=STORY_TEXT,
        rate=rate,
        first=0.4,
        peak=31_000,
        faults=0,
        probabilities=(0.5,) * len(words(STORY_TEXT)),
    )


def agreement(*others: int) -> Agreement:
    """Agreement of STORY_TEXT with the reference, except at `others`."""
    steps = []
    for index, (id_, piece) in enumerate(
        zip(ids(words(STORY_TEXT)), words(STORY_TEXT), strict=True)
    ):
        predicted = 1 if index in others else id_
        likely = (
            TokenCandidate(id_, 0.41, 0.39, piece),
            TokenCandidate(1, 0.22, 0.24, " butterfly"),
            TokenCandidate(2, 0.11, 0.1, "\n"),
            TokenCandidate(3, 0.08, 0.09, " the"),
            *(TokenCandidate(n, 0.05 - n / 250, 0.05 - n / 240, f" word{n}") for n in range(4, 10)),
        )
        steps.append(ForcedStep(id_, predicted, 0.891598, likely))
    return Agreement(tuple(steps), 4)


def running(runs: int = 12, count: int = 60) -> ScriptedJudgeSession:
    pieces = words(STORY_TEXT)[:count]
    return ScriptedJudgeSession(
        runs, *scripted_session.ready(), *scripted_session.story(BOARD, pieces, steps=STEP_LIMIT)
    )


def judged(*others: int) -> ScriptedJudgeSession:
    session = ScriptedJudgeSession(
        30,
        *scripted_session.ready(),
        *scripted_session.story(BOARD, words(STORY_TEXT), steps=STEP_LIMIT),
        scripted_session.ended(BOARD, len(words(STORY_TEXT))),
    )
    session.script.rates[6] = 21.5
    session.phase = Phase.OVER
    verdict = session.so_far
    session.verdict = replace(verdict, agreement=agreement(*others), own=agreement())
    return session
