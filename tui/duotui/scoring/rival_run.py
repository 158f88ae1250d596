"""Another story by the same clock: a recording beside what is told, token by token. Pure."""

import bisect
from collections.abc import Iterable
from dataclasses import replace

from duotui.scoring.run import is_complete
from duotui.session.state import SessionState, SourceState


class RivalRun:
    """`telling` is its whole story."""

    def __init__(self, name: str, telling: SourceState) -> None:
        assert telling.run is not None
        self.name, self.telling = name, telling
        self._clocks = [token.clock - telling.run.clock for token in telling.tokens]

    def at(self, elapsed: float) -> SourceState:
        """As far as it was `elapsed` seconds after its start, by the clock of what told it."""
        told = bisect.bisect_right(self._clocks, elapsed * 1e6)
        if told == len(self._clocks):
            return self.telling
        return replace(self.telling, tokens=self.telling.tokens[:told], ended=None)


def rival(name: str, states: Iterable[SessionState]) -> RivalRun | None:
    """The last whole story in them: the first of a trial warms up."""
    found = [state.board for state in states if is_complete(state.board)]
    return RivalRun(name, found[-1]) if found else None


def elapsed(telling: SourceState) -> float:
    """Seconds from the start of a story to its last token until now, by its narrator's clock."""
    if telling.run is None or not telling.tokens:
        return 0.0
    return (telling.tokens[-1].clock - telling.run.clock) / 1e6
