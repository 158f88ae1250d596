"""Rules of the parental settings at a time of day: permission for a story, theme, pace, volume.

Pure. Times are local wall-clock times, without time zone or daylight saving.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from duotui.settings.parental_settings import ParentalSettings

BEDTIME_PACE = 0.8
"""Factor of pace and volume at bedtime."""

BEDTIME_THEME = "bedtime"


@dataclass(frozen=True, slots=True)
class Usage:
    """`used` and `extra` are today's story time and today's requests for one more story. `told` and
    `awake` are the stories and the time since the program started."""

    used: timedelta = timedelta()
    extra: int = 0
    told: int = 0
    awake: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Allowed:
    pass


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Quiet hours until `until`: no story may start, not even one more."""

    until: datetime


@dataclass(frozen=True, slots=True)
class TimeOver:
    """The day's time is used up."""

    one_more: bool


@dataclass(frozen=True, slots=True)
class SleepTimerOver:
    """The sleep timer has run out."""

    one_more: bool


Permission = Allowed | QuietHours | TimeOver | SleepTimerOver


def permission(
    parental: ParentalSettings, now: datetime, spent: Usage, *, running: bool = False
) -> Permission:
    """Decide if a story may start. A story that is `running` always goes on to its end."""
    if running:
        return Allowed()
    one_more = spent.extra < parental.one_more
    if parental.quiet_to is not None and _between(now, parental.quiet_from, parental.quiet_to):
        return QuietHours(_next(now, parental.quiet_to))
    if 0 < parental.minutes_a_day <= spent.used / _MINUTE:
        return TimeOver(one_more)
    timer = parental.sleep_after
    if 0 < timer.stories <= spent.told or 0 < timer.minutes <= spent.awake / _MINUTE:
        return SleepTimerOver(one_more)
    return Allowed()


def bedtime(parental: ParentalSettings, now: datetime) -> bool:
    return _between(now, parental.bedtime_from, parental.morning)


def theme(parental: ParentalSettings, now: datetime) -> str:
    """Name of the theme; "": the one of the program's settings."""
    return BEDTIME_THEME if bedtime(parental, now) else parental.theme


def pace(parental: ParentalSettings, now: datetime) -> float:
    """Words per minute."""
    return parental.pace * (BEDTIME_PACE if bedtime(parental, now) else 1.0)


def volume(parental: ParentalSettings, now: datetime) -> float:
    """Volume from 0 to 1."""
    night = _between(now, parental.evening, parental.morning)
    loud = (parental.volume_night if night else parental.volume) / 100
    return loud * (BEDTIME_PACE if bedtime(parental, now) else 1.0)


_MINUTE = timedelta(minutes=1)


def _between(now: datetime, start: time | None, end: time | None) -> bool:
    """True if the time of `now` is in [`start`, `end`), which may cross midnight. An interval with
    `start` == `end` is empty."""
    if start is None or end is None:
        return False
    at = now.time()
    return start <= at < end if start <= end else at >= start or at < end


def _next(now: datetime, at: time) -> datetime:
    """The next moment after `now` at which the time is `at`."""
    today = now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)
