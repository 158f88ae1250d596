"""Each key has the effect that the help states, and the program can always be left."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input, Static

from duotui.protocol.events import Event, LinkLost, LinkOpening, LinkUp
from duotui.protocol.request import Mode, Request
from duotui.settings import config_file
from duotui.settings.config_file import Settings
from duotui.ui.app import ConsoleApp
from duotui.ui.screens.console import ConsoleScreen
from duotui.ui.screens.help import HelpScreen
from duotui.ui.screens.settings import ChoiceInput, SettingsScreen
from duotui.ui.widgets.prompt_line import PromptHistory, PromptLine
from duotui.ui.widgets.story_view import StoryView
from support import scripted_session
from support.fixture_types import MakeConsole
from support.scripted_session import BOARD, ScriptedSession

STARTED_REQUEST = Request("Once upon a time,", Mode.EXACT, 256, 1.0, 0.9, 123)
"""Request of scripted_session.started."""


def toasts(app: ConsoleApp) -> str:
    return "\n".join(note.message for note in app._notifications)


def saved_files(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.glob(pattern))


async def emit(pilot: Pilot[None], at: ScriptedSession, *events: Event) -> None:
    at.emit(*events)
    await pilot.pause()


async def test_enter_tells_the_prompt(make: MakeConsole) -> None:
    at = ScriptedSession(*scripted_session.ready())
    async with make(at).run_test() as pilot:
        await pilot.press("enter")
        assert at.requests == ["open", Request()]


@pytest.mark.parametrize("key", ["i", "slash"])
async def test_the_prompt_is_typed_and_told(make: MakeConsole, key: str) -> None:
    at = ScriptedSession(*scripted_session.ready())
    async with make(at).run_test() as pilot:
        await pilot.press(key, *" and s?", "enter")
        assert at.requests[1:] == [Request("Once upon a time and s?")]
        assert isinstance(pilot.app.focused, StoryView)
        await pilot.press("i", "escape", "q")
        assert isinstance(pilot.app.focused, StoryView)


async def test_who_types_fast_loses_nothing(make: MakeConsole) -> None:
    at = ScriptedSession(*scripted_session.ready())
    async with make(at).run_test() as pilot:
        for key in ("i", *"st i/"):
            pilot.app.post_message(Key(key, key if len(key) == 1 else None))
        await pilot.pause()
        assert pilot.app.screen.query_one(PromptLine).value == "Once upon a timest i/"


async def test_a_prompt_is_remembered_up_and_down(make: MakeConsole, home: Path) -> None:
    async with make(ScriptedSession(*scripted_session.ready())).run_test() as pilot:
        field = pilot.app.screen.query_one(PromptLine)
        for prompt in ("a cat", "a dog"):
            field.value = prompt
            await pilot.press("i", "enter")
        field.value = "half"
        await pilot.press("i", "up", "up", "up")
        assert field.value == "a cat"
        await pilot.press("down", "down", "down")
        assert field.value == "half"
    again = PromptHistory()
    assert (again.older(""), again.older("")) == ("a dog", "a cat")


def test_a_history_that_cannot_be_kept_is_harmless(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    history = PromptHistory(tmp_path / "file" / "history")
    history.add("a cat")
    assert history.older("") == "a cat"


def test_a_history_is_capped(tmp_path: Path) -> None:
    history = PromptHistory(tmp_path / "history")
    for number in range(300):
        history.add(f"prompt {number}")
    history.add("x" * 100_000)
    lines = (tmp_path / "history").read_text().splitlines()
    assert len(lines) == 200
    assert lines[-1] == "prompt 299"


async def test_stop_and_pause_and_go_on(make: MakeConsole) -> None:
    at = ScriptedSession(*scripted_session.identical_so_far())
    async with make(at).run_test() as pilot:
        await pilot.press("space")
        await emit(pilot, at, *scripted_session.gauges(BOARD, 60, paused=True))
        await pilot.press("space", "s")
        assert at.requests == ["open", "pause", "go on", "stop"]


async def test_stop_and_pause_ask_nothing_where_nothing_is_told(make: MakeConsole) -> None:
    at = ScriptedSession(*scripted_session.ready())
    async with make(at).run_test() as pilot:
        await pilot.press("space", "s")
        assert at.requests == ["open"]


async def test_speak_and_be_quiet(make: MakeConsole) -> None:
    at = ScriptedSession(*scripted_session.identical_end())
    async with make(at).run_test() as pilot:
        await pilot.press("v")
        await emit(pilot, at, *scripted_session.speech(0))
        await pilot.press("v", "s")
        assert at.requests == ["open", "speak", "hush", "hush"]


async def test_what_is_still_told_is_not_spoken(make: MakeConsole) -> None:
    for events in (scripted_session.identical_so_far(), scripted_session.ready()):
        at = ScriptedSession(*events)
        async with make(at).run_test() as pilot:
            await pilot.press("v")
            assert at.requests == ["open"]


async def test_again_tells_the_same_story(make: MakeConsole) -> None:
    at = ScriptedSession(*scripted_session.identical_end())
    async with make(at).run_test() as pilot:
        await pilot.press("r")
        assert at.requests == ["open", replace(STARTED_REQUEST, steps=at.state.board.run.steps)]  # type: ignore[union-attr]


async def test_after_a_loss_again_connects_and_tells(make: MakeConsole) -> None:
    at = ScriptedSession(*scripted_session.identical_so_far())
    async with make(at).run_test() as pilot:
        await emit(pilot, at, LinkLost(2, BOARD, "The engine was killed (signal 9)"))
        banner = pilot.app.screen.query_one("#banner", Static)
        assert banner.display
        assert "killed (signal 9). r connects and tells the story again" in str(banner.render())
        assert "Lily" in "".join(pilot.app.screen.query_one("#board", StoryView).lines)
        await pilot.press("r")
        assert at.requests == ["open", "open"]
        await emit(pilot, at, LinkOpening(3, BOARD, "sim"), LinkUp(3, BOARD, "sim", "sim"))
        assert at.requests == ["open", "open"], "the old hello does not count"
        await emit(pilot, at, *scripted_session.ready(boot=2))
        assert at.requests == ["open", "open", STARTED_REQUEST]
        assert not banner.display


async def test_a_first_story_waits_for_the_engine(make: MakeConsole) -> None:
    at = ScriptedSession()
    first = Request("A cat", seed=7)
    async with make(at, first=first).run_test() as pilot:
        assert at.requests == ["open"]
        await emit(pilot, at, *scripted_session.ready())
        assert at.requests == ["open", first]
        await emit(pilot, at, *scripted_session.ready())
        assert at.requests == ["open", first], "and is told once"


async def test_a_story_that_waits_can_be_called_off(make: MakeConsole) -> None:
    at = ScriptedSession(LinkOpening(0, BOARD, "sim"))
    async with make(at).run_test() as pilot:
        await pilot.press("enter")
        assert "waits for the engine" in str(pilot.app.screen.query_one("#status").render())
        await pilot.press("s")
        await emit(pilot, at, *scripted_session.ready())
        assert at.requests == ["open"]


async def test_new_is_another_seed(make: MakeConsole) -> None:
    at = ScriptedSession(*scripted_session.ready())
    async with make(at).run_test() as pilot:
        await pilot.press("n", "n")
        one, two = at.requests[1:]
        assert isinstance(one, Request)
        assert isinstance(two, Request)
        assert len({one.seed, two.seed, 123, 0}) == 4
        assert replace(one, seed=123) == Request()


async def test_a_mode_that_is_not_there_is_said_and_replaced(make: MakeConsole) -> None:
    at = ScriptedSession(*scripted_session.ready(modes=(Mode.FAST,)))
    async with make(at).run_test() as pilot:
        await pilot.press("enter")
        assert at.requests[1:] == [Request(mode=Mode.FAST)]
        assert "no exact mode: fast" in toasts(pilot.app)  # type: ignore[arg-type]


async def test_the_story_is_copied_and_saved(make: MakeConsole, home: Path) -> None:
    at = ScriptedSession(*scripted_session.identical_so_far())
    app = make(at)
    async with app.run_test() as pilot:
        await pilot.press("y", "w", "w")
        assert app.clipboard == at.state.board.text
        saved = saved_files(home, "duotui-story-*.txt")
        assert [path.read_text() for path in saved] == [at.state.board.text + "\n"] * 2
        assert str(saved[0]) in toasts(app)


async def test_without_a_story_there_is_nothing_to_copy_or_save(
    make: MakeConsole, home: Path
) -> None:
    app = make(ScriptedSession(*scripted_session.ready()))
    async with app.run_test() as pilot:
        await pilot.press("y", "w")
        assert "no story to copy" in toasts(app)
        assert "no story to save" in toasts(app)
        assert saved_files(home, "*.txt") == []


@pytest.mark.parametrize("key", ["R", "ctrl+r"])
async def test_recording_goes_on_and_off(make: MakeConsole, key: str) -> None:
    at = ScriptedSession(*scripted_session.ready())
    async with make(at).run_test() as pilot:
        await pilot.press(key)
        assert "REC" in str(pilot.app.screen.query_one("#status").render())
        await pilot.press(key)
        assert "REC" not in str(pilot.app.screen.query_one("#status").render())
        assert at.requests == ["open", "record", "end of recording"]


async def test_a_recording_that_cannot_be_written_is_said(make: MakeConsole) -> None:
    at = ScriptedSession(*scripted_session.ready())
    at.unwritable = True
    app = make(at)
    async with app.run_test() as pilot:
        await pilot.press("R")
        assert "the disk is full\nmake room" in toasts(app)


async def test_the_theme_turns_and_is_kept(make: MakeConsole, home: Path) -> None:
    app = make(ScriptedSession())
    async with app.run_test() as pilot:
        before = app.theme
        await pilot.press("t")
        assert app.theme != before
        assert config_file.load().theme == app.theme
        for _ in range(8):
            await pilot.press("t")
        assert app.theme == before


async def test_the_baseline_can_be_put_away(make: MakeConsole) -> None:
    async with make(ScriptedSession(*scripted_session.identical_so_far())).run_test() as pilot:
        baseline = pilot.app.screen.query_one("#baseline")
        await pilot.press("d")
        await pilot.pause()
        assert baseline.size.area == 0
        await pilot.press("d")
        await pilot.pause()
        assert baseline.size.area > 0


async def test_settings_are_checked_as_they_are_typed(make: MakeConsole, home: Path) -> None:
    at = ScriptedSession(*scripted_session.ready(modes=(Mode.EXACT, Mode.FAST)))
    app = make(at, Settings(story=Request(mode=Mode.EXACT)))
    async with app.run_test() as pilot:
        await pilot.press("o")
        panel = app.screen
        assert isinstance(panel, SettingsScreen)
        field = panel.query_one("#top_p", Input)
        field.value = "1.5"
        await pilot.pause()
        assert "'1.5' is not a number from 0 to 1" in str(panel.query_one("#wrong").render())
        await pilot.press("enter")
        assert app.screen is panel, "what is wrong is not used"
        field.value = "0.5"
        panel.query_one(ChoiceInput).focus()
        await pilot.press("right", "enter")
        assert isinstance(app.screen, ConsoleScreen)
        assert config_file.load().story == Request(mode=Mode.FAST, top_p=0.5)
        await pilot.press("enter")
        assert at.requests[1:] == [Request(mode=Mode.FAST, top_p=0.5)]


async def test_settings_can_be_left_as_they_were(make: MakeConsole) -> None:
    at = ScriptedSession(*scripted_session.ready())
    app = make(at)
    async with app.run_test() as pilot:
        await pilot.press("o", "5", "escape", "enter")
        assert at.requests[1:] == [Request()]


@pytest.mark.parametrize("key", ["question_mark", "f1"])
async def test_help_shows_the_keys_that_are_in_force(make: MakeConsole, key: str) -> None:
    app = make(ScriptedSession(), Settings(keys={"stop": "x", "record": "f5,f6"}))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(key)
        assert isinstance(app.screen, HelpScreen)
        shown = str(app.screen.query_one("#keys", Static).render())
        rows = {
            meaning.strip(): keys.strip()
            for keys, _, meaning in (row.lstrip().partition("  ") for row in shown.splitlines())
        }
        assert rows["Stop the story"] == "x"
        assert rows["Record everything that happens, or end the recording"] == "f5 or f6"
        assert rows["Type how the story begins"] == "i or /"
        await pilot.press("escape")
        assert isinstance(app.screen, ConsoleScreen)


async def test_keys_can_be_remapped(make: MakeConsole) -> None:
    at = ScriptedSession(*scripted_session.identical_so_far())
    async with make(at, Settings(keys={"stop": "x"})).run_test() as pilot:
        await pilot.press("s")
        assert at.requests == ["open"]
        await pilot.press("x")
        assert at.requests == ["open", "stop"]


async def test_a_bad_key_map_is_a_warning(make: MakeConsole) -> None:
    app = make(ScriptedSession(), Settings(keys={"fly": "x", "stop": "r", "save": "t"}))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "keys.fly: no such command" in toasts(app)
        assert "Again has lost r" in toasts(app)
        assert "Theme has lost t" in toasts(app)


async def test_a_bad_theme_is_a_warning(make: MakeConsole, home: Path) -> None:
    app = make(
        ScriptedSession(), Settings(theme="plaid [b", warnings=("story.x: no [such] setting",))
    )
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.theme == config_file.DEFAULT_THEME
        assert "no theme 'plaid [b'" in toasts(app)
        assert "story.x: no [such] setting" in toasts(app)


async def test_the_palette_finds_commands_and_themes(make: MakeConsole, home: Path) -> None:
    app = make(ScriptedSession())
    async with app.run_test() as pilot:
        await pilot.press("ctrl+p", *"duo-light")
        await pilot.app.workers.wait_for_complete()
        await pilot.press("down", "enter")
        await pilot.pause()
        assert app.theme == "duo-light"


async def test_a_picture_of_the_screen_is_saved(make: MakeConsole, home: Path) -> None:
    async with make(ScriptedSession()).run_test() as pilot:
        await pilot.press("p")
    (path,) = saved_files(home, "duotui-picture-*.svg")
    assert path.read_text().startswith("<svg")


async def test_a_recording_cannot_be_asked(make: MakeConsole) -> None:
    at = ScriptedSession(*scripted_session.identical_so_far(), live=False)
    app = make(at)
    async with app.run_test() as pilot:
        assert "replay" in str(app.screen.query_one("#status").render())
        await pilot.press("enter", "s", "R", "n")
        assert at.requests == ["open"]
        assert "This is a recording" in toasts(app)
        await emit(pilot, at, LinkLost(2, BOARD, "the recording ends here"))
        assert "r plays it again" in str(app.screen.query_one("#banner").render())
        await pilot.press("space", "space", "r")
        assert at.requests == ["open", "pause", "go on", "open"]


# Leaving the program

WHEREVER: dict[str, list[Event]] = {
    "while nothing is known": [],
    "while connecting": [LinkOpening(0, BOARD, "/dev/ttyACM0")],
    "while a story is told": scripted_session.identical_so_far(),
    "after a loss": [LinkLost(1, BOARD, "gone")],
}


@pytest.mark.parametrize("key", ["ctrl+q", "ctrl+c"])
@pytest.mark.parametrize("before", [(), ("i",), ("o",), ("question_mark",), ("ctrl+p",)])
async def test_the_program_can_be_left_from_everywhere(
    make: MakeConsole, key: str, before: tuple[str, ...]
) -> None:
    at = ScriptedSession()
    app = make(at)
    async with app.run_test() as pilot:
        for each in before:
            await pilot.press(each)
        await pilot.press(key)
        assert app._exit
    assert at.requests.count("close") == 1


@pytest.mark.parametrize("moment", WHEREVER)
async def test_the_program_can_be_left_at_any_moment(make: MakeConsole, moment: str) -> None:
    at = ScriptedSession(*WHEREVER[moment])
    app = make(at)
    async with app.run_test() as pilot:
        await pilot.press("ctrl+q")
        assert app._exit
    assert at.closed.is_set()


async def test_a_session_that_does_not_close_is_not_waited_for(make: MakeConsole) -> None:
    at = ScriptedSession()
    at.slow_to_close = 60.0
    app = make(at)
    async with app.run_test() as pilot:
        began = time.monotonic()
        await pilot.press("ctrl+c")
        assert app._exit
        assert time.monotonic() - began < 1.0
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


async def test_a_recording_that_is_held_can_be_stepped_through(make: MakeConsole) -> None:
    at = ScriptedSession(*scripted_session.identical_so_far(), live=False)
    async with make(at).run_test() as pilot:
        await pilot.press(".", "space", ".", ".", "space", ".")
        assert at.requests == ["open", "pause", "step", "step", "go on"]
