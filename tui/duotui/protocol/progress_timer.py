"""Timer of a wait for progress. It counts only time in which it was asked: a host that slept heard
nothing, and must not blame the agent."""

LONGEST_STEP = 1.0
"""Seconds that count between two checks, at most."""


class ProgressTimer:
    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._waited = 0.0
        self._checked: float | None = None

    def restart(self) -> None:
        """Note progress, or the begin of a wait."""
        self._waited, self._checked = 0.0, None

    def is_over(self, now: float) -> bool:
        """True if there was no progress for `limit` seconds. Call it again and again."""
        if self._checked is not None:
            self._waited += min(max(now - self._checked, 0.0), LONGEST_STEP)
        self._checked = now
        return self._waited >= self.limit
