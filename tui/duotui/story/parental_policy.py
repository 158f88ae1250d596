"""What follows at an hour from what parents settled: whether a story may begin, in which theme, and
how fast and loud it is said.

Pure. Times are of the clock on the wall: no zone, no summer time.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from duotui.settings.parental_settings import ParentalSettings

BEDTIME_PACE = 0.8
"""Of pace and volume, at bedtime."""

BEDTIME_THEME = "bedtime"


@dataclass(frozen=True, slots=True)
class Usage:
    """`used`: what was told today, `extra`: how often one more was asked for today; `told` stories
    and `awake`: since the machine was started."""

    used: timedelta = timedelta()
    extra: int = 0
    told: int = 0
    awake: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Allowed:
    pass


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Quiet hours. Nobody may ask for one more."""

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
    """Whether a story may begin. One that is being told always goes on to its end."""
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
    """The name of one; empty: the program's own."""
    return BEDTIME_THEME if bedtime(parental, now) else parental.theme


def pace(parental: ParentalSettings, now: datetime) -> float:
    """Words a minute."""
    return parental.pace * (BEDTIME_PACE if bedtime(parental, now) else 1.0)


def volume(parental: ParentalSettings, now: datetime) -> float:
    """From 0 to 1."""
    night = _between(now, parental.evening, parental.morning)
    loud = (parental.volume_night if night else parental.volume) / 100
    return loud * (BEDTIME_PACE if bedtime(parental, now) else 1.0)


_MINUTE = timedelta(minutes=1)


def _between(now: datetime, start: time | None, end: time | None) -> bool:
    """Whether it is `start` or later, and not yet `end`; perhaps across midnight. Where both are
    the same there is nothing between them."""
    if start is None or end is None:
        return False
    at = now.time()
    return start <= at < end if start <= end else at >= start or at < end


def _next(now: datetime, at: time) -> datetime:
    """When it is `at` for the next time."""
    today = now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)
