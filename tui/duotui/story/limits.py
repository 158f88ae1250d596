"""Whether a story may begin: what parents have settled, held against the clock and the diary."""

from collections.abc import Callable
from datetime import datetime, timedelta

from duotui.base.clock import Clock
from duotui.settings.parental_settings import ParentalSettings
from duotui.story.diary import Diary
from duotui.story.parental_policy import Allowed, QuietHours, TimeOver, Usage, permission
from duotui.story.view_state import RestReason, Step, StoryViewState


class StoryLimits:
    """`told` counts the stories since the program was started. `bonus` is true from when one more
    was asked for until it begins."""

    def __init__(self, diary: Diary, clock: Clock, wall: Callable[[], datetime]) -> None:
        self.told, self.bonus = 0, False
        self._diary, self._clock, self._wall = diary, clock, wall
        self._began = clock.now()

    def rest(self, parental: ParentalSettings) -> StoryViewState | None:
        """What is on the stage where no story may begin now."""
        now = self._wall()
        today = now.date()
        awake = timedelta(seconds=self._clock.now() - self._began)
        spent = Usage(self._diary.used(today), self._diary.extra(today), self.told, awake)
        found = permission(parental, now, spent)
        if isinstance(found, Allowed) or (self.bonus and not isinstance(found, QuietHours)):
            return None
        self.bonus = False
        if isinstance(found, QuietHours):
            return StoryViewState(Step.RESTING, rest=RestReason.QUIET, until=found.until)
        rest = RestReason.TIME_OVER if isinstance(found, TimeOver) else RestReason.ASLEEP
        return StoryViewState(Step.RESTING, rest=rest, one_more=found.one_more)

    def story_started(self) -> bool:
        """A story begins; whether it is the one more."""
        bonus, self.bonus = self.bonus, False
        return bonus
