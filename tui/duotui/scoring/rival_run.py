"""Another story by the same clock: a recording beside what is told, token by token. Pure."""

import bisect
from collections.abc import Iterable
from dataclasses import replace

from duotui.scoring.run import is_complete
from duotui.session.state import SessionState, SourceState


class RivalRun:
    """`telling` is its whole story."""

    def __init__(self, name: str, source_state: SourceState) -> None:
        assert source_state.run is not None
        self.name, self.source_state = name, source_state
        self._clocks = [token.clock - source_state.run.clock for token in source_state.tokens]

    def at(self, elapsed: float) -> SourceState:
        """As far as it was `elapsed` seconds after its start, by the clock of what told it."""
        told = bisect.bisect_right(self._clocks, elapsed * 1e6)
        if told == len(self._clocks):
            return self.source_state
        return replace(self.source_state, tokens=self.source_state.tokens[:told], ended=None)


def rival(name: str, states: Iterable[SessionState]) -> RivalRun | None:
    """The last whole story in them: the first of a trial warms up."""
    found = [state.board for state in states if is_complete(state.board)]
    return RivalRun(name, found[-1]) if found else None


def elapsed(source_state: SourceState) -> float:
    """Seconds from the start of a story to its last token until now, by its narrator's clock."""
    if source_state.run is None or not source_state.tokens:
        return 0.0
    return (source_state.tokens[-1].clock - source_state.run.clock) / 1e6
