"""Parental settings, at every minute that matters, and with any input."""

import textwrap
import tomllib
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duotui.base.errors import UsageError
from duotui.settings.parental_settings import (
    MICROPHONE_CHOICES,
    PACE_WORDS_A_MINUTE,
    PARENTAL_SCHEMA,
    ParentalSettings,
    SleepTimer,
)
from duotui.story.parental_policy import (
    Allowed,
    QuietHours,
    SleepTimerOver,
    TimeOver,
    Usage,
    bedtime,
    pace,
    permission,
    theme,
    volume,
)
from support.paths import ROOT

DAY = date(2026, 11, 26)
QUIET = ParentalSettings(quiet_from=time(20, 30), quiet_to=time(6, 30))
MICROSECOND = timedelta(microseconds=1)


def at(clock: str, day: date = DAY) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock))


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


# Quiet hours


@pytest.mark.parametrize(
    ("clock", "until"),
    [
        ("20:29:59.999999", None),
        ("20:30", "2026-11-27 06:30"),
        ("23:59:59", "2026-11-27 06:30"),
        ("00:00", "2026-11-26 06:30"),
        ("06:29:59.999999", "2026-11-26 06:30"),
        ("06:30", None),
        ("12:00", None),
    ],
)
def test_quiet_hours_cross_midnight(clock: str, until: str | None) -> None:
    expected = QuietHours(datetime.fromisoformat(until)) if until else Allowed()
    assert permission(QUIET, at(clock), Usage()) == expected


@pytest.mark.parametrize(
    ("clock", "quiet"),
    [("12:59", False), ("13:00", True), ("14:59", True), ("15:00", False), ("00:00", False)],
)
def test_quiet_hours_of_an_afternoon(clock: str, quiet: bool) -> None:
    child = ParentalSettings(quiet_from=time(13), quiet_to=time(15))
    expected = QuietHours(at("15:00")) if quiet else Allowed()
    assert permission(child, at(clock), Usage()) == expected


@pytest.mark.parametrize("clock", ["00:00", "00:01", "12:00", "23:59:59.999999"])
def test_midnight_is_an_end_and_a_beginning(clock: str) -> None:
    until = ParentalSettings(quiet_from=time(12), quiet_to=time(0))
    since = ParentalSettings(quiet_from=time(0), quiet_to=time(12))
    quiet = QuietHours(at("00:00", DAY + timedelta(days=1)))
    assert permission(until, at(clock), Usage()) == (quiet if clock >= "12:00" else Allowed())
    assert isinstance(permission(since, at(clock), Usage()), QuietHours) == (clock < "12:00")


@pytest.mark.parametrize("clock", ["00:00", "20:29", "20:30", "20:31"])
@pytest.mark.parametrize(
    "child",
    [
        ParentalSettings(quiet_from=time(20, 30), quiet_to=time(20, 30)),
        ParentalSettings(quiet_from=None, quiet_to=time(20, 30)),
        ParentalSettings(quiet_from=time(20, 30), quiet_to=None),
    ],
    ids=["equal", "no beginning", "no end"],
)
def test_hours_without_two_ends_are_none(child: ParentalSettings, clock: str) -> None:
    assert permission(child, at(clock), Usage()) == Allowed()


@given(st.times(), st.times(), st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))
def test_quiet_hours_end_when_they_say(start: time, end: time, now: datetime) -> None:
    start, end = start.replace(microsecond=0, second=0), end.replace(microsecond=0, second=0)
    child = ParentalSettings(quiet_from=start, quiet_to=end)
    result = permission(child, now, Usage())
    if isinstance(result, QuietHours):
        assert now < result.until <= now + timedelta(days=1)
        assert result.until.time() == end
        assert permission(child, result.until, Usage()) == Allowed()
        assert isinstance(permission(child, result.until - MICROSECOND, Usage()), QuietHours)
    else:
        other = ParentalSettings(quiet_from=end, quiet_to=start)
        assert start == end or isinstance(permission(other, now, Usage()), QuietHours)


# The day's time and the sleep timer


@pytest.mark.parametrize(
    ("used", "over"),
    [(minutes(0), False), (minutes(60) - MICROSECOND, False), (minutes(60), True)],
)
def test_a_day_has_its_minutes(used: timedelta, over: bool) -> None:
    child = ParentalSettings(minutes_a_day=60)
    expected = TimeOver(one_more=False) if over else Allowed()
    assert permission(child, at("12:00"), Usage(used)) == expected


@pytest.mark.parametrize(
    ("sleep", "spent", "asleep"),
    [
        (SleepTimer(stories=2), Usage(told=1, awake=minutes(999)), False),
        (SleepTimer(stories=2), Usage(told=2), True),
        (SleepTimer(minutes=30), Usage(told=99, awake=minutes(30) - MICROSECOND), False),
        (SleepTimer(minutes=30), Usage(awake=minutes(30)), True),
        (SleepTimer(), Usage(told=99, awake=minutes(999)), False),
    ],
)
def test_the_sleep_timer(sleep: SleepTimer, spent: Usage, asleep: bool) -> None:
    expected = SleepTimerOver(one_more=False) if asleep else Allowed()
    assert permission(ParentalSettings(sleep_after=sleep), at("12:00"), spent) == expected


def test_one_more_may_be_asked_for_once() -> None:
    child = ParentalSettings(minutes_a_day=10, sleep_after=SleepTimer(stories=1), one_more=1)
    assert permission(child, at("12:00"), Usage(minutes(10))) == TimeOver(one_more=True)
    assert permission(child, at("12:00"), Usage(minutes(10), extra=1)) == TimeOver(one_more=False)
    assert permission(child, at("12:00"), Usage(told=1)) == SleepTimerOver(one_more=True)
    assert permission(child, at("12:00"), Usage(told=2, extra=1)) == SleepTimerOver(one_more=False)


def test_nobody_asks_for_one_more_in_quiet_hours() -> None:
    child = replace(QUIET, minutes_a_day=10, sleep_after=SleepTimer(stories=1), one_more=1)
    assert isinstance(permission(child, at("21:00"), Usage(minutes(10), told=1)), QuietHours)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),
    st.builds(
        Usage, st.timedeltas(timedelta()), st.integers(0, 9), st.integers(0, 99), st.timedeltas()
    ),
)
def test_a_story_is_never_broken_off(now: datetime, spent: Usage) -> None:
    child = replace(QUIET, minutes_a_day=1, sleep_after=SleepTimer(stories=1))
    assert permission(child, now, spent, running=True) == Allowed()


# The evening


@pytest.mark.parametrize(
    ("clock", "asleep"),
    [("19:29:59", False), ("19:30", True), ("00:00", True), ("06:59", True), ("07:00", False)],
)
def test_bedtime_is_calmer(clock: str, asleep: bool) -> None:
    child = ParentalSettings(
        theme="sea", pace=100, volume=100, bedtime_from=time(19, 30), morning=time(7), evening=None
    )
    assert bedtime(child, at(clock)) == asleep
    assert theme(child, at(clock)) == ("bedtime" if asleep else "sea")
    assert pace(child, at(clock)) == (80 if asleep else 100)
    assert volume(child, at(clock)) == pytest.approx(0.8 if asleep else 1.0)


@pytest.mark.parametrize(
    ("clock", "loud"),
    [("18:59:59", 0.9), ("19:00", 0.3), ("20:00", 0.24), ("05:59", 0.24), ("06:00", 0.9)],
)
def test_the_evening_is_quieter_and_bedtime_more_so(clock: str, loud: float) -> None:
    child = ParentalSettings(
        volume=90, volume_night=30, evening=time(19), morning=time(6), bedtime_from=time(20)
    )
    assert volume(child, at(clock)) == pytest.approx(loud)


@given(st.integers(0, 100), st.integers(0, 100), st.times())
def test_a_volume_is_from_0_to_1(day: int, night: int, clock: time) -> None:
    child = ParentalSettings(volume=day, volume_night=night, bedtime_from=time(21))
    assert 0 <= volume(child, datetime.combine(DAY, clock)) <= 1


# The table


def test_everything_can_be_settled() -> None:
    table = {
        "name": "Lily",
        "is_a": "girl",
        "language": "zh",
        "theme": "sea",
        "pace": "slow",
        "voice": "host",
        "voice_name": "en-gb",
        "volume": 70,
        "volume_night": 0,
        "evening": "18:00",
        "morning": "7:15",
        "bedtime_from": "19:30",
        "quiet_from": "20:30",
        "quiet_to": "06:30",
        "minutes_a_day": 45,
        "sleep_after": "2 stories",
        "one_more": 1,
        "pictures": "images",
        "motion": False,
        "microphone": "board",
        "code": "0042",
    }
    assert table.keys() == PARENTAL_SCHEMA.settings.keys()
    assert PARENTAL_SCHEMA.from_toml(table) == (
        ParentalSettings(
            name="Lily",
            is_a="girl",
            language="zh",
            theme="sea",
            pace=60,
            voice="host",
            voice_name="en-gb",
            volume=70,
            volume_night=0,
            evening=time(18),
            morning=time(7, 15),
            bedtime_from=time(19, 30),
            quiet_from=time(20, 30),
            quiet_to=time(6, 30),
            minutes_a_day=45,
            sleep_after=SleepTimer(stories=2),
            one_more=1,
            pictures="images",
            motion=False,
            microphone="board",
            code="0042",
        ),
        [],
    )


def test_what_parents_are_told_is_so() -> None:
    page = (ROOT / "docs" / "parents.md").read_text("utf-8")
    _, _, after = page.partition("    [child]\n")
    block, _, _ = after.partition("\n\n")
    table = tomllib.loads(textwrap.dedent(block))
    assert table.keys() == PARENTAL_SCHEMA.settings.keys()
    assert PARENTAL_SCHEMA.from_toml(table)[1] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", 3),
        ("name", ["Lily"]),
        ("language", "fr"),
        ("pace", "fast"),
        ("pace", 39),
        ("pace", 201),
        ("pace", 99.5),
        ("pace", True),
        ("voice", True),
        ("voice", "loud"),
        ("volume", -1),
        ("volume", 101),
        ("volume", "50"),
        ("volume_night", float("nan")),
        ("evening", "24:00"),
        ("morning", "7"),
        ("quiet_from", "20:60"),
        ("quiet_to", "２０:30"),
        ("quiet_to", "20:30:00"),
        ("bedtime_from", time(19)),
        ("minutes_a_day", -1),
        ("minutes_a_day", 1441),
        ("sleep_after", "0 stories"),
        ("sleep_after", "2"),
        ("sleep_after", "2 hours"),
        ("one_more", 2),
        ("one_more", True),
        ("pictures", "sixel"),
        ("motion", "on"),
        ("motion", 1),
        ("microphone", None),
        ("microphone", "loud"),
        ("microphone", 1),
        ("microphone", ""),
        ("code", 1234),
        ("code", "123"),
        ("code", "１２３４"),
        ("code", "12345"),
        ("colour", "red"),
    ],
)
def test_what_is_wrong_is_a_warning_and_the_default_stands(name: str, value: object) -> None:
    child, warnings = PARENTAL_SCHEMA.from_toml(
        {"volume_night": 7, name: value, "minutes_a_day": 9} | {name: value}
    )
    assert len(warnings) == 1
    assert warnings[0].startswith(f"child.{name}: ")
    assert getattr(child, name, None) == getattr(ParentalSettings(), name, None)


def test_a_number_that_python_will_not_print_is_a_warning() -> None:
    child, warnings = PARENTAL_SCHEMA.from_toml({"volume": 10**5000, "pace": 60})
    assert child == ParentalSettings(pace=60)
    assert len(warnings) == 1


@pytest.mark.parametrize("name", ["evening", "morning", "bedtime_from", "quiet_from", "quiet_to"])
def test_an_hour_can_be_none(name: str) -> None:
    child, warnings = PARENTAL_SCHEMA.from_toml({name: ""})
    assert (getattr(child, name), warnings) == (None, [])


@pytest.mark.parametrize(
    ("value", "microphone"),
    [
        (True, "host"),
        (False, "off"),
        ("true", "host"),
        ("host", "host"),
        ("board", "board"),
        ("off", "off"),
    ],
)
def test_a_microphone_was_once_there_or_not(value: object, microphone: str) -> None:
    child, warnings = PARENTAL_SCHEMA.from_toml({"microphone": value})
    assert (child.microphone, warnings) == (microphone, [])
    assert PARENTAL_SCHEMA.to_toml(child)["microphone"] == microphone


@pytest.mark.parametrize(
    ("text", "sleep"),
    [
        ("", SleepTimer()),
        ("1 story", SleepTimer(stories=1)),
        ("1 minute", SleepTimer(minutes=1)),
        ("999 minutes", SleepTimer(minutes=999)),
    ],
)
def test_a_sleep_timer_comes_back_as_it_was_written(text: str, sleep: SleepTimer) -> None:
    assert PARENTAL_SCHEMA.settings["sleep_after"].check(text) == sleep
    assert str(sleep) == text


def test_what_is_typed_is_checked_as_the_file_is() -> None:
    assert PARENTAL_SCHEMA.settings["pace"].check(" quick ") == PACE_WORDS_A_MINUTE["quick"]
    assert PARENTAL_SCHEMA.settings["pace"].check("90") == 90
    assert PARENTAL_SCHEMA.settings["motion"].check("false") is False
    with pytest.raises(UsageError, match="'loud' is not a whole number from 0 to 100"):
        PARENTAL_SCHEMA.settings["volume"].check("loud")


TOML: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes() | st.times(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(PARENTAL_SCHEMA.settings)) | st.text(), TOML))
def test_no_table_is_a_reason_to_fail(table: dict[str, Any]) -> None:
    child, warnings = PARENTAL_SCHEMA.from_toml(table)
    assert PARENTAL_SCHEMA.from_toml(PARENTAL_SCHEMA.to_toml(child)) == (child, [])
    assert len(warnings) <= len(table)


minute = st.none() | st.times().map(lambda t: t.replace(second=0, microsecond=0))
households = st.builds(
    ParentalSettings,
    name=st.text().map(str.strip),
    pace=st.integers(40, 200),
    volume=st.integers(0, 100),
    evening=minute,
    morning=minute,
    quiet_from=minute,
    sleep_after=st.builds(SleepTimer, stories=st.integers(0, 999))
    | st.builds(SleepTimer, minutes=st.integers(0, 999)),
    motion=st.booleans(),
    microphone=st.sampled_from(MICROPHONE_CHOICES),
    code=st.from_regex(r"([0-9]{4})?", fullmatch=True),
)


@given(households)
def test_what_is_written_is_read_again(child: ParentalSettings) -> None:
    assert PARENTAL_SCHEMA.from_toml(PARENTAL_SCHEMA.to_toml(child)) == (child, [])
