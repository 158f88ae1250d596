"""Decides if a story may start, from the parental settings, the clock and the diary."""

from collections.abc import Callable
from datetime import datetime, timedelta

from duotui.base.clock import Clock
from duotui.settings.parental_settings import ParentalSettings
from duotui.story.diary import Diary
from duotui.story.parental_policy import Allowed, QuietHours, TimeOver, Usage, permission
from duotui.story.view_state import RestReason, Step, StoryViewState


class StoryLimits:
    """`told` counts the stories since the program started. `bonus` is true from the request for
    one more story until that story starts."""

    def __init__(self, diary: Diary, clock: Clock, wall: Callable[[], datetime]) -> None:
        self.told, self.bonus = 0, False
        self._diary, self._clock, self._wall = diary, clock, wall
        self._started = clock.now()

    def rest(self, parental: ParentalSettings) -> StoryViewState | None:
        """The view that refuses a story, or None if one may start now."""
        now = self._wall()
        today = now.date()
        uptime = timedelta(seconds=self._clock.now() - self._started)
        usage = Usage(self._diary.used(today), self._diary.extra(today), self.told, uptime)
        result = permission(parental, now, usage)
        if isinstance(result, Allowed) or (self.bonus and not isinstance(result, QuietHours)):
            return None
        self.bonus = False
        if isinstance(result, QuietHours):
            return StoryViewState(Step.RESTING, rest=RestReason.QUIET, until=result.until)
        rest = RestReason.TIME_OVER if isinstance(result, TimeOver) else RestReason.ASLEEP
        return StoryViewState(Step.RESTING, rest=rest, one_more=result.one_more)

    def story_started(self) -> bool:
        """Reset `bonus`; True if this story is the extra one."""
        bonus, self.bonus = self.bonus, False
        return bonus
