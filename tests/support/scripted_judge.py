"""A court for the stage: it holds what a script says, and writes down what is asked of it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from duotui.base.errors import DuotuiError
from duotui.judge.session import JudgeOptions, Phase
from duotui.protocol.events import Event, Mode, Request
from duotui.scoring.roofline import BandwidthSweep, Roofline
from duotui.scoring.run import Run
from duotui.scoring.teacher_forcing import Agreement, ForcedStep, TokenCandidate
from duotui.scoring.verdict import Baseline, Verdict
from duotui.session.replay import ReplaySession
from duotui.session.state import SessionState, reduce
from support import scripted_session
from support.scripted_session import BOARD, TALE, words

RATES = [24.9 + index % 4 / 20 for index in range(30)]
LIMIT = 128


class ScriptedJudgeSession:
    player: ReplaySession | None = None

    def __init__(self, runs: int = 0, *events: Event, target: str = "/dev/ttyACM0") -> None:
        self.request = Request(mode=Mode.EXACT, steps=LIMIT)
        self.options = JudgeOptions(target, self.request, Path("m"), None)
        self.stage = Phase.RUNNING
        self.state = SessionState()
        self.baseline: Baseline | None = baseline(words(TALE))
        self.verdict: Verdict | None = None
        self.asked: list[str] = []
        self.refused: DuotuiError | None = None
        self.rates = RATES[:runs]
        self.note = ""
        self.closed = asyncio.Event()
        self._watch: Callable[[Any], None] = lambda _: None
        self.say(*events)

    @property
    def so_far(self) -> Verdict:
        runs = tuple(run(rate) for rate in (25.0, *self.rates))
        first, *rest = runs
        warm = Run(False, first.ids, first.text, first.rate, first.first, 0, 0)
        return Verdict(
            self.options.target,
            self.request,
            (warm, *rest),
            self.baseline,
            self.state.board.ready,
            roof=Roofline(BandwidthSweep(((2**23, 930e6),), 400e6, 1e9), 16.4e6),
        )

    def say(self, *events: Event) -> None:
        for event in events:
            self.state = reduce(self.state, event)
        self._watch(self)

    def subscribe(self, watch: Callable[[Any], None]) -> None:
        self._watch = watch

    async def run(self) -> Verdict:
        if self.refused is not None:
            raise self.refused
        await self.closed.wait()
        assert self.verdict is not None
        return self.verdict

    def stop(self, why: DuotuiError) -> None:
        self.asked.append(str(why))

    async def close(self) -> None:
        self.closed.set()


def ids(pieces: list[str]) -> tuple[int, ...]:
    return tuple(sum(map(ord, piece)) for piece in pieces)


def baseline(pieces: list[str]) -> Baseline:
    return Baseline("mode reference", "".join(pieces), ids(pieces))


def run(rate: float) -> Run:
    return Run(True, ids(words(TALE)), TALE, rate, 0.4, 31_000, 0, (0.5,) * len(words(TALE)))


def agreement(*others: int) -> Agreement:
    """Of TALE, but at `others`."""
    steps = []
    for index, (id_, piece) in enumerate(zip(ids(words(TALE)), words(TALE), strict=True)):
        taken = 1 if index in others else id_
        likely = (
            TokenCandidate(id_, 0.41, 0.39, piece),
            TokenCandidate(1, 0.22, 0.24, " butterfly"),
            TokenCandidate(2, 0.11, 0.1, "\n"),
            TokenCandidate(3, 0.08, 0.09, " the"),
            *(TokenCandidate(n, 0.05 - n / 250, 0.05 - n / 240, f" word{n}") for n in range(4, 10)),
        )
        steps.append(ForcedStep(id_, taken, 0.891598, likely))
    return Agreement(tuple(steps), 4)


def telling(runs: int = 12, told: int = 60) -> ScriptedJudgeSession:
    pieces = words(TALE)[:told]
    return ScriptedJudgeSession(
        runs, *scripted_session.ready(), *scripted_session.story(BOARD, pieces, steps=LIMIT)
    )


def judged(*others: int) -> ScriptedJudgeSession:
    made = ScriptedJudgeSession(
        30,
        *scripted_session.ready(),
        *scripted_session.story(BOARD, words(TALE), steps=LIMIT),
        scripted_session.ended(BOARD, len(words(TALE))),
    )
    made.rates[6] = 21.5
    made.stage = Phase.OVER
    found = made.so_far
    made.verdict = Verdict(
        found.target,
        found.request,
        found.runs,
        made.baseline,
        found.ready,
        agreement=agreement(*others),
        own=agreement(),
        roof=found.roof,
    )
    return made
