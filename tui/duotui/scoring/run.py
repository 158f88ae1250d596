"""A run: one story told and timed, as the session's state says it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from duotui.protocol import events
from duotui.protocol.events import Activity, EndReason, Event
from duotui.scoring.mean_rate import WARM_UP_RUNS
from duotui.session.state import SessionState, SourceState, reduce


@dataclass(frozen=True, slots=True)
class Run:
    """rate in tok/s by the board's clock, first in seconds from the start to the first token, peak
    in KiB, faults since the run before. `counted` is False for those that warm up."""

    counted: bool
    ids: tuple[int, ...]
    text: str
    rate: float
    first: float
    peak: int
    faults: int
    probabilities: tuple[float, ...] = ()
    """What the board itself thought of each token."""

    @classmethod
    def of(cls, board: SourceState, faults: int, counted: bool) -> "Run":
        """What `board` has told; `faults` it had before."""
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
        )


def is_complete(board: SourceState) -> bool:
    """Whether it has told its story to its end; the gauges of the whole story come after that."""
    ended = board.ended is not None and board.ended.reason in (EndReason.STEPS, EndReason.ENDED)
    return ended and board.stats is not None and board.stats.activity is Activity.IDLE


class RunCollector:
    """The runs in a series of events, as a recording has them. The first `warm` do not count."""

    def __init__(self, warm: int = WARM_UP_RUNS) -> None:
        self.runs: list[Run] = []
        self._warm, self._faults = warm, 0
        self._state = SessionState()
        self._seen: events.RunStarted | None = None

    def receive(self, batch: Iterable[Event]) -> None:
        """What comes next; a batch may hold the end of one run and the next one's beginning."""
        for event in batch:
            self._state = reduce(self._state, event)
            self._take(self._state.board)

    def _take(self, board: SourceState) -> None:
        if board.run is None or board.run is self._seen or not is_complete(board):
            return
        self._seen = board.run
        self.runs.append(Run.of(board, self._faults, len(self.runs) >= self._warm))
        assert board.stats is not None
        self._faults = board.stats.faults


@dataclass(frozen=True, slots=True)
class SpeechTiming:
    """Of the story, once, after the runs. Seconds."""

    sentences: int
    prepared: float
    heard: float
