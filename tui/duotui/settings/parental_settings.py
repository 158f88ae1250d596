"""What parents settle: the table `[child]` of config.toml.

Pure. Whatever is wrong in the table is a warning and the default stands.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import time
from typing import Any

from duotui.base.errors import UsageError

LANGUAGE_CHOICES = ("en", "zh")
VOICE_CHOICES = ("off", "host", "board")
PICTURE_CHOICES = ("auto", "characters", "images")
MICROPHONE_CHOICES = ("host", "board", "off")
PACE_WORDS_A_MINUTE = {"slow": 60, "middle": 100, "quick": 130}
"""Words a minute; what children of the first, second and fourth school year read aloud."""


@dataclass(frozen=True, slots=True)
class SleepTimer:
    """How much is told until the machine falls asleep: in stories or in minutes; 0 is no end."""

    stories: int = 0
    minutes: int = 0

    def __str__(self) -> str:
        if self.stories:
            return "1 story" if self.stories == 1 else f"{self.stories} stories"
        if self.minutes:
            return "1 minute" if self.minutes == 1 else f"{self.minutes} minutes"
        return ""


@dataclass(frozen=True, slots=True)
class ParentalSettings:
    name: str = ""
    """The child's, as the parents wrote it."""

    is_a: str = ""
    """A girl or a boy: so it can be the hero of stories about one. Else it is the hero's friend."""

    language: str = LANGUAGE_CHOICES[0]
    theme: str = ""
    """Empty: the program's own."""

    pace: int = PACE_WORDS_A_MINUTE["middle"]
    """Words a minute."""

    voice: str = VOICE_CHOICES[0]
    voice_name: str = ""
    volume: int = 80
    volume_night: int = 50
    """From `evening` to `morning`. Both from 0 to 100."""

    evening: time | None = time(19)
    morning: time | None = time(6, 30)
    bedtime_from: time | None = None
    """Until `morning`: the bedtime theme, slower and quieter."""

    quiet_from: time | None = None
    quiet_to: time | None = time(6, 30)
    """No story begins between the two."""

    minutes_a_day: int = 0
    """0 is no limit."""

    sleep_after: SleepTimer = SleepTimer()
    one_more: int = 0
    """Stories that a child may ask for after a limit, on a day."""

    pictures: str = PICTURE_CHOICES[0]
    """As images or in characters; auto: as images where the terminal is known to show them."""

    motion: bool = True
    microphone: str = MICROPHONE_CHOICES[0]
    code: str = ""
    """Four digits that open what is for grown-ups; empty: no lock. It is no secret."""


# The table


@dataclass(frozen=True, slots=True)
class SettingKind:
    """Of a setting: what it is `called`, how it is read from text (ValueError where it cannot be),
    how it is written, and the `types` that the table may have for it."""

    called: str
    read: Callable[[str], Any]
    write: Callable[[Any], str | int | bool] = lambda value: value
    types: tuple[type, ...] = (str,)


def _one_of(*values: str) -> SettingKind:
    return SettingKind("one of " + ", ".join(values), lambda text: values[values.index(text)])


def _whole(low: int, high: int) -> SettingKind:
    return SettingKind(f"a whole number from {low} to {high}", _within(low, high), types=(int,))


def _within(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    return read


def _matched(pattern: str, text: str) -> re.Match[str]:
    found = re.fullmatch(pattern, text, re.ASCII)
    if found is None:
        raise ValueError(text)
    return found


def _hour(text: str) -> time | None:
    if not text:
        return None
    hour, minute = _matched(r"(\d\d?):(\d\d)", text).groups()
    return time(int(hour), int(minute))


def _sleep(text: str) -> SleepTimer:
    if not text:
        return SleepTimer()
    found = _matched(r"(\d{1,3}) (?:(story|stories)|minutes?)", text)
    count = _within(1, 999)(found[1])
    return SleepTimer(stories=count) if found[2] else SleepTimer(minutes=count)


_GROWING = ("", "girl", "boy")
_TEXT_KIND = SettingKind("a text", str)
_PERCENT = _whole(0, 100)
_SWITCH = SettingKind(
    "true or false", lambda text: bool(("false", "true").index(text)), types=(bool,)
)
_SWITCHED = {"true": "host", "false": "off"}
"""What a microphone was when it could only be the host's."""
_HOUR = SettingKind('a time like "19:30"', _hour, lambda at: "" if at is None else f"{at:%H:%M}")

PARENTAL_KINDS: Mapping[str, SettingKind] = {
    "name": _TEXT_KIND,
    "is_a": SettingKind("girl, boy or nothing", lambda text: _GROWING[_GROWING.index(text)]),
    "language": _one_of(*LANGUAGE_CHOICES),
    "theme": _TEXT_KIND,
    "pace": SettingKind(
        ", ".join(PACE_WORDS_A_MINUTE) + " or words a minute from 40 to 200",
        lambda text: PACE_WORDS_A_MINUTE.get(text) or _within(40, 200)(text),
        lambda pace: next(
            (name for name, words in PACE_WORDS_A_MINUTE.items() if words == pace), pace
        ),
        (str, int),
    ),
    "voice": _one_of(*VOICE_CHOICES),
    "voice_name": _TEXT_KIND,
    "volume": _PERCENT,
    "volume_night": _PERCENT,
    "evening": _HOUR,
    "morning": _HOUR,
    "bedtime_from": _HOUR,
    "quiet_from": _HOUR,
    "quiet_to": _HOUR,
    "minutes_a_day": _whole(0, 24 * 60),
    "sleep_after": SettingKind('like "2 stories" or "30 minutes"', _sleep, str),
    "one_more": _whole(0, 1),
    "pictures": _one_of(*PICTURE_CHOICES),
    "motion": _SWITCH,
    "microphone": SettingKind(
        "one of " + ", ".join(MICROPHONE_CHOICES),
        lambda text: _SWITCHED.get(text) or MICROPHONE_CHOICES[MICROPHONE_CHOICES.index(text)],
        types=(str, bool),
    ),
    "code": SettingKind("four digits", lambda text: _matched(r"(\d{4})?", text)[0]),
}
assert PARENTAL_KINDS.keys() == {field.name for field in fields(ParentalSettings)}


def check(name: str, text: str) -> Any:  # noqa: ANN401 - as many types as a Household has fields
    """The value of a setting. Raises UsageError, whose message says what is wrong."""
    kind = PARENTAL_KINDS[name]
    try:
        return kind.read(text.strip())
    except ValueError:
        raise UsageError(f"{text.strip()!r} is not {kind.called}") from None


def from_table(table: Mapping[str, Any]) -> tuple[ParentalSettings, list[str]]:
    """The household that `table` says, and what of it could not be used, a line each."""
    child, warnings = ParentalSettings(), []
    for name, value in table.items():
        try:
            if name not in PARENTAL_KINDS:
                raise UsageError("no such setting")
            if type(value) not in PARENTAL_KINDS[name].types:
                raise UsageError(f"{value!r} is not {PARENTAL_KINDS[name].called}")
            text = f"{value}".lower() if isinstance(value, bool) else f"{value}"
            child = replace(child, **{name: check(name, text)})
        except UsageError as error:
            warnings.append(f"child.{name}: {error.message}")
        except (ValueError, RecursionError):  # a number or a list that Python will not print
            warnings.append(f"child.{name}: what is there is not possible")
    return child, warnings


def to_table(child: ParentalSettings) -> dict[str, str | int | bool]:
    """The table that `parse` reads as `child`."""
    return {name: kind.write(getattr(child, name)) for name, kind in PARENTAL_KINDS.items()}
