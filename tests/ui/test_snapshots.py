"""Snapshots of the console. `make snapshots` takes them anew; look at each before you commit it."""

from collections.abc import Callable
from typing import Any

import pytest

from duotui.base.translation import use_language
from duotui.protocol.events import (
    Event,
    LinkLost,
    LinkOpening,
    LinkReconnecting,
    Regenerating,
    SpeechEnded,
    SpeechEndReason,
)
from duotui.settings.config_file import Settings
from support import scripted_session
from support.chinese import english_on
from support.fixture_types import MakeConsole
from support.scripted_session import BASELINE, BOARD, ScriptedSession

Compare = Callable[..., bool]

SIZES = [(80, 24), (120, 40), (200, 60)]
THEMES = ["duo-dark", "duo-light", "high-contrast", "colour-safe"]


def lost() -> list[Event]:
    killed = LinkLost(2.0, BOARD, "the engine was killed (signal 9)", "tell it again")
    return [*scripted_session.identical_so_far(), killed]


def away() -> list[Event]:
    return [
        *scripted_session.identical_so_far(),
        LinkReconnecting(2.0, BOARD, "/dev/ttyACM0 was lost"),
    ]


def again() -> list[Event]:
    return [*scripted_session.identical_so_far(), Regenerating(2.0, BOARD, 7, 12)]


def alone() -> list[Event]:
    missing = LinkLost(1.0, BASELINE, "the engine was not found", "make engine builds it")
    return [*(e for e in scripted_session.identical_so_far() if e.source is BOARD), missing]


def speaking() -> list[Event]:
    return [*scripted_session.identical_end(), *scripted_session.speech(3)]


def speech_ended() -> list[Event]:
    end = SpeechEnded(60.0, BOARD, SpeechEndReason.DONE, 12, 1.3, 41.2)
    return [*speaking(), end]


SCRIPTS: dict[str, Callable[[], Any]] = {
    "connecting": lambda: [LinkOpening(0.0, BOARD, "/dev/ttyACM0")],
    "ready": scripted_session.ready,
    "telling": scripted_session.identical_so_far,
    "identical": scripted_session.identical_end,
    "differing": scripted_session.differing,
    "speaking": speaking,
    "spoken": speech_ended,
    "lost": lost,
    "away": away,
    "telling-again": again,
    "no-baseline": alone,
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("script", SCRIPTS)
def test_console(
    snap_compare: Compare, make: MakeConsole, script: str, size: tuple[int, int]
) -> None:
    assert snap_compare(make(ScriptedSession(*SCRIPTS[script]())), terminal_size=size)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_ascii(snap_compare: Compare, make: MakeConsole, size: tuple[int, int]) -> None:
    assert snap_compare(
        make(ScriptedSession(*scripted_session.differing()), ascii=True), terminal_size=size
    )


@pytest.mark.parametrize("theme", THEMES[1:])
def test_theme(snap_compare: Compare, make: MakeConsole, theme: str) -> None:
    app = make(ScriptedSession(*scripted_session.differing()), Settings(theme=theme))
    assert snap_compare(app, terminal_size=(120, 40))


def test_no_color(
    snap_compare: Compare, make: MakeConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(
        make(ScriptedSession(*scripted_session.differing())), terminal_size=(80, 24)
    )


CHINESE = ("differing", "lost", "spoken")
SAID = """the engine was killed (signal 9); tell it again; /dev/ttyACM0 was lost; the engine was not
found; make engine builds it; the simulated Duo; Lucy; soft; word"""
"""What the scripts say in place of the program."""


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("script", CHINESE)
def test_chinese(
    snap_compare: Compare, make: MakeConsole, script: str, size: tuple[int, int]
) -> None:
    use_language("zh")
    assert snap_compare(make(ScriptedSession(*SCRIPTS[script]())), terminal_size=size)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("script", SCRIPTS)
async def test_no_english_is_left(make: MakeConsole, script: str, size: tuple[int, int]) -> None:
    use_language("zh")
    app = make(ScriptedSession(*SCRIPTS[script]()))
    assert await english_on(app, size, told=f"{SAID} {scripted_session.STORY_TEXT}") == set()


@pytest.mark.parametrize("key", ["question_mark", "o", "ctrl+p", "i", "y", "w", "R", "t", "p"])
async def test_no_english_is_left_after(make: MakeConsole, key: str) -> None:
    use_language("zh")
    app = make(ScriptedSession(*scripted_session.identical_so_far()))
    told = f"{SAID} {scripted_session.STORY_TEXT} {app.available_themes}"
    assert await english_on(app, (120, 40), key, told=told) == set()


@pytest.mark.parametrize("key", ["question_mark", "o", "ctrl+p", "i", "d"])
def test_after(snap_compare: Compare, make: MakeConsole, key: str) -> None:
    app = make(ScriptedSession(*scripted_session.identical_so_far()))
    assert snap_compare(app, terminal_size=(80, 24), press=[key])
