"""A rival run: a recording beside the current run, token by token, by the same clock. Pure."""

import bisect
from collections.abc import Iterable
from dataclasses import replace

from duotui.session.source_state import SourceState
from duotui.session.state import SessionState


class RivalRun:
    """Rival run. `source_state` is its state after the complete story."""

    def __init__(self, name: str, source_state: SourceState) -> None:
        assert source_state.run is not None
        self.name, self.source_state = name, source_state
        self._clocks = [token.clock - source_state.run.clock for token in source_state.tokens]

    def at(self, elapsed: float) -> SourceState:
        """The state `elapsed` seconds after the start of the story, by its source's clock."""
        count = bisect.bisect_right(self._clocks, elapsed * 1e6)
        if count == len(self._clocks):
            return self.source_state
        return replace(self.source_state, tokens=self.source_state.tokens[:count], ended=None)


def rival(name: str, states: Iterable[SessionState]) -> RivalRun | None:
    """The last complete run in `states`: the first of a judge session warms up."""
    last = None
    for state in states:
        if state.board.complete and state.board.idle:
            last = state.board
    return RivalRun(name, last) if last is not None else None


def elapsed(source_state: SourceState) -> float:
    """Seconds from the start of a story to its last token until now, by its source's clock."""
    if source_state.run is None or not source_state.tokens:
        return 0.0
    return (source_state.tokens[-1].clock - source_state.run.clock) / 1e6
