"""A run: one story, generated and timed, as the session's state holds it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from duotui.base.translation import gettext as _
from duotui.protocol import events
from duotui.protocol.events import Event
from duotui.scoring.mean_rate import WARM_UP_RUNS
from duotui.session.source_state import SourceState
from duotui.session.state import SessionState, reduce


@dataclass(frozen=True, slots=True)
class Run:
    """One run. rate in tok/s by the board's clock, first in seconds from the start to the first
    token, peak in KiB, faults since the previous run. `counted` is False for warm-up runs."""

    counted: bool
    ids: tuple[int, ...]
    text: str
    rate: float
    first: float
    peak: int
    faults: int
    probabilities: tuple[float, ...] = ()
    """The board's own probability of each token."""
    doubt: str = ""
    """Reason not to believe the rate; "" if there is none."""

    @classmethod
    def of(cls, board: SourceState, faults: int, counted: bool) -> "Run":
        """The complete run of `board`; `faults` is its count of page faults before the run."""
        assert board.stats is not None
        return cls(
            counted=counted,
            ids=tuple(token.id for token in board.tokens),
            text=board.text,
            rate=board.rate,
            first=board.first_token or 0.0,
            peak=board.stats.peak,
            faults=max(board.stats.faults - faults, 0),
            probabilities=tuple(token.probability for token in board.tokens),
            doubt=board.rate_doubt,
        )


def rate_doubts(runs: Sequence[Run]) -> tuple[str, ...]:
    """Return the reason not to believe the rates of `runs`, as one line; () if there is none."""
    doubtful = [(number, run.doubt) for number, run in enumerate(runs, 1) if run.doubt]
    if not doubtful:
        return ()
    number, doubt = doubtful[0]
    others = (
        _(", and {doubtful} other runs,", doubtful=len(doubtful) - 1) if len(doubtful) > 1 else ""
    )
    return (
        _(
            "the rate of run {number}{others} cannot be believed: {doubt}",
            number=number,
            others=others,
            doubt=doubt,
        ),
    )


class RunCollector:
    """Collector of the runs in a recording's events. The first `warm` do not count."""

    def __init__(self, warm: int = WARM_UP_RUNS) -> None:
        self.runs: list[Run] = []
        self._warm, self._faults = warm, 0
        self._state = SessionState()
        self._seen: events.RunStarted | None = None

    def receive(self, batch: Iterable[Event]) -> None:
        """Take the next events; a batch may hold the end of one run and the start of the next."""
        for event in batch:
            self._state = reduce(self._state, event)
            self._take(self._state.board)

    def _take(self, board: SourceState) -> None:
        if board.run is None or board.run is self._seen or not (board.complete and board.idle):
            return
        if board.stats is None:  # the gauges were lost with the board
            return
        self._seen = board.run
        self.runs.append(Run.of(board, self._faults, len(self.runs) >= self._warm))
        self._faults = board.stats.faults


@dataclass(frozen=True, slots=True)
class SpeechTiming:
    """Timing of the story's speech, once, after the runs. Seconds."""

    sentences: int
    prepared: float
    heard: float
