"""The parental settings: the table `[child]` of config.toml.

Pure. An invalid value becomes a warning, and the default stands.
"""

from dataclasses import dataclass, fields, replace
from datetime import time

from duotui.base.numbers import parse_whole_number
from duotui.base.translation import AUTOMATIC, LANGUAGES, lazy_gettext
from duotui.settings.setting import (
    Schema,
    Setting,
    any_text,
    matched,
    one_of,
    switch,
    whole_number,
)

VOICE_CHOICES = ("auto", "off", "host", "board")
PICTURE_CHOICES = ("auto", "characters", "images")
MICROPHONE_CHOICES = ("host", "board", "off")
PACE_WORDS_A_MINUTE = {"slow": 60, "middle": 100, "quick": 130}
"""Words a minute that children of the first, second and fourth school year read aloud."""


@dataclass(frozen=True, slots=True)
class SleepTimer:
    """Stories or minutes until the story machine stops; 0 is no limit."""

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
    """Name of the child, as the parents wrote it."""

    is_a: str = ""
    """`girl` or `boy`: the child can be the hero of stories about one. Empty: the child is the
    hero's friend."""

    language: str = AUTOMATIC
    """Language of the story screen; `auto` is that of the other screens."""

    theme: str = ""
    """Name of the theme; empty for the program's own."""

    pace: int = PACE_WORDS_A_MINUTE["middle"]
    """Words a minute."""

    voice: str = VOICE_CHOICES[0]
    voice_name: str = ""
    volume: int = 80
    volume_night: int = 50
    """Volume from `evening` to `morning`. Both volumes are from 0 to 100."""

    evening: time | None = time(19)
    morning: time | None = time(6, 30)
    bedtime_from: time | None = None
    """Start of the bedtime theme, slower and quieter; it ends at `morning`."""

    quiet_from: time | None = None
    quiet_to: time | None = time(6, 30)
    """No story begins between `quiet_from` and `quiet_to`."""

    minutes_a_day: int = 0
    """Minutes of stories a day; 0 is no limit."""

    sleep_after: SleepTimer = SleepTimer()
    one_more: int = 0
    """Stories a day that a child may ask for after a limit."""

    pictures: str = PICTURE_CHOICES[0]
    """Images or characters; auto: images if the terminal is known to show them."""

    motion: bool = True
    microphone: str = MICROPHONE_CHOICES[0]
    code: str = ""
    """Four digits that open the parts for grown-ups; empty: no lock. They are no secret."""


# The table


def _time(text: str) -> time | None:
    if not text:
        return None
    hour, minute = matched(r"(\d\d?):(\d\d)", text).groups()
    return time(int(hour), int(minute))


def _sleep_timer(text: str) -> SleepTimer:
    if not text:
        return SleepTimer()
    match = matched(r"(\d{1,3}) (?:(story|stories)|minutes?)", text)
    count = parse_whole_number(match[1], 1, 999)
    return SleepTimer(stories=count) if match[2] else SleepTimer(minutes=count)


def _pace(text: str) -> int:
    return PACE_WORDS_A_MINUTE.get(text) or parse_whole_number(text, 40, 200)


def _pace_to_toml(pace: int) -> str | int:
    names = (name for name, words in PACE_WORDS_A_MINUTE.items() if words == pace)
    return next(names, pace)


def _microphone(text: str) -> str:
    # files of versions without the board's microphone have true or false
    return {"true": "host", "false": "off"}.get(text) or one_of(*MICROPHONE_CHOICES).parse(text)


_TIME = Setting(
    lazy_gettext('a time like "19:30"'),
    _time,
    lambda value: "" if value is None else f"{value:%H:%M}",
)
_PERCENT = whole_number(0, 100)

PARENTAL_SCHEMA = Schema(
    "child",
    ParentalSettings(),
    {
        "name": any_text(),
        "is_a": one_of("", "girl", "boy", expected=lazy_gettext("girl, boy or nothing")),
        "language": one_of(AUTOMATIC, *LANGUAGES),
        "theme": any_text(),
        "pace": Setting(
            lazy_gettext(
                "{names} or words a minute from 40 to 200", names=", ".join(PACE_WORDS_A_MINUTE)
            ),
            _pace,
            _pace_to_toml,
            toml_types=(str, int),
        ),
        "voice": one_of(*VOICE_CHOICES),
        "voice_name": any_text(),
        "volume": _PERCENT,
        "volume_night": _PERCENT,
        "evening": _TIME,
        "morning": _TIME,
        "bedtime_from": _TIME,
        "quiet_from": _TIME,
        "quiet_to": _TIME,
        "minutes_a_day": whole_number(0, 24 * 60),
        "sleep_after": Setting(lazy_gettext('like "2 stories" or "30 minutes"'), _sleep_timer, str),
        "one_more": whole_number(0, 1),
        "pictures": one_of(*PICTURE_CHOICES),
        "motion": switch(),
        "microphone": replace(
            one_of(*MICROPHONE_CHOICES), parse=_microphone, toml_types=(str, bool)
        ),
        "code": Setting(lazy_gettext("four digits"), lambda text: matched(r"(\d{4})?", text)[0]),
    },
)
assert PARENTAL_SCHEMA.settings.keys() == {field.name for field in fields(ParentalSettings)}
