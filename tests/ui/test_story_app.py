"""Story screen: its display, a child's keys, and the limits of those keys."""

import asyncio
import random
import string
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from textual.widgets import Input, Static

from duotui.base.translation import use_language
from duotui.settings import config_file
from duotui.settings.config_file import Settings
from duotui.settings.parental_settings import PARENTAL_SCHEMA, ParentalSettings
from duotui.story.controller import StoryController
from duotui.story.view_state import Step
from duotui.targets.simulator import SimulatedDuo
from duotui.ui.glyphs import UNICODE_GLYPHS
from duotui.ui.screens.gate import GateScreen
from duotui.ui.screens.parental_settings import ParentalSettingsScreen
from duotui.ui.screens.story import StoryScreen
from duotui.ui.story_app import StoryApp
from duotui.ui.widgets.story_page import StoryPage, lines
from support.chinese import english, english_on, screen_text
from support.killable_duo import KillableDuo
from support.scripted_controller import SENTENCES, ScriptedController, mark, scripted_controllers
from support.story_services import AFTERNOON, FastTts, new_controller, new_services
from support.strings import technical

Compare = Callable[..., bool]
SIZES = [(80, 24), (120, 40), (200, 60)]
THEMES = ["bedtime", "cream", "forest", "sea", "space"]
STILL = ParentalSettings(name="Lily", motion=False)


@pytest.fixture(autouse=True)
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")


def story_app(
    controller: object,
    *,
    child: ParentalSettings = STILL,
    now: datetime = AFTERNOON,
    ascii: bool = False,  # noqa: A002
) -> StoryApp:
    app = StoryApp(controller, Settings(parental=child), lambda: now, random.Random(1), ascii=ascii)  # type: ignore[arg-type]
    app.animation_level = "none"
    return app


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", list(scripted_controllers(STILL)))
def test_view(snap_compare: Compare, name: str, size: tuple[int, int]) -> None:
    assert snap_compare(story_app(scripted_controllers(STILL)[name]), terminal_size=size)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["who", "telling"])
def test_theme(snap_compare: Compare, name: str, theme: str, size: tuple[int, int]) -> None:
    child = replace(STILL, theme=theme)
    assert snap_compare(
        story_app(scripted_controllers(child)[name], child=child), terminal_size=size
    )


@pytest.mark.parametrize("name", ["who", "telling", "end"])
def test_ascii(snap_compare: Compare, name: str) -> None:
    assert snap_compare(
        story_app(scripted_controllers(STILL)[name], ascii=True), terminal_size=(80, 24)
    )


@pytest.mark.parametrize("name", ["what", "fallback", "end", "night"])
def test_chinese(snap_compare: Compare, name: str) -> None:
    use_language("zh")
    child = replace(STILL, language="zh")
    assert snap_compare(
        story_app(scripted_controllers(child)[name], child=child), terminal_size=(80, 24)
    )


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", list(scripted_controllers(STILL)))
async def test_no_english_is_left(name: str, size: tuple[int, int]) -> None:
    use_language("zh")
    app = story_app(scripted_controllers(STILL)[name])
    told = " ".join((*SENTENCES, "Lily", "a dragon, the sea, a cake", "S F V A"))
    assert await english_on(app, size, told=told) == set()


CONFIG_VALUES = """off host board auto characters images on bedtime cream forest sea space girl boy
slow middle quick story stories minute minutes en zh true false"""
"""What the settings are, in each language."""


async def test_it_says_in_chinese_that_the_stories_are_english() -> None:
    use_language("zh")
    app = story_app(scripted_controllers(STILL)["thinking"])
    async with app.run_test(size=(80, 24)):
        assert "故事是用英语讲的哦。" in screen_text(app)


async def test_the_parents_screen_has_no_english() -> None:
    use_language("zh")
    child = replace(STILL, code="4711")
    app = story_app(scripted_controllers(child)["who"], child=child)
    told = f"Lily {CONFIG_VALUES}"
    async with app.run_test(size=(120, 60)) as pilot:
        await pilot.press("ctrl+q", *"4711", "enter")
        assert isinstance(app.screen, ParentalSettingsScreen)
        assert english(screen_text(app), told) == set()


def program_text(app: StoryApp) -> str:
    """Text of the program itself, without the story, which may contain a button's word."""
    return "\n".join(str(widget.render()) for widget in app.screen.query(Static) if widget.display)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", list(scripted_controllers(STILL)))
async def test_no_technical_word_and_no_blank_screen(name: str, language: str) -> None:
    use_language(language)
    child = replace(STILL, language=language)
    app = story_app(scripted_controllers(child)[name], child=child)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert len(screen_text(app).split()) > 3
        assert not technical(program_text(app))


async def test_keys_are_the_controllers() -> None:
    controller = scripted_controllers(STILL)["who"]
    async with story_app(controller).run_test(size=(120, 40)) as pilot:
        controller.requests.clear()
        await pilot.press("left", "right", "up", "down", "enter", "space", "backspace", "escape")
        await pilot.press("a", "n", "s", "k", "f", "1", "9", "0", "x")
        assert controller.requests == [
            ("move", -1),
            ("move", 1),
            ("move", -1),
            ("move", 1),
            ("select",),
            ("stop",),
            ("back",),
            ("back",),
            ("again",),
            ("what_next",),
            ("surprise",),
            ("keep",),
            ("favourites",),
            ("pick", 1),
            ("pick", 9),
        ]
        controller.requests.clear()
        await pilot.click(".story-card.-chosen")
        assert [name for name, *_ in controller.requests] == ["pick"]


async def test_the_word_that_is_heard_is_marked() -> None:
    controller = scripted_controllers(STILL)["telling"]
    app = story_app(controller)
    async with app.run_test(size=(80, 24)) as pilot:
        page = pilot.app.screen.query_one(StoryPage)
        assert page.marked == "castle"
        controller.word = mark(SENTENCES[4], "smiled.")
        while page.marked == "castle":
            await pilot.pause()
        assert page.marked == "smiled."
        content = page.render()
        spans = [
            content.plain[span.start : span.end]
            for span in content.spans
            if "underline" in str(span.style)
        ]
        assert spans == ["smiled."]
        bars = [line for line in content.plain.splitlines() if UNICODE_GLYPHS.margin in line]
        assert " ".join(" ".join(bars).replace(UNICODE_GLYPHS.margin, " ").split()) == SENTENCES[4]


@pytest.mark.parametrize("width", [8, 20, 56])
def test_lines_hold_each_character_where_it_was(width: int) -> None:
    for text in (
        *SENTENCES,
        "a" * 100,
        "小兔子在花园里找到了一把金色的钥匙。" * 3,
        "",
        "tab\there\x1b[31m",
    ):
        wrapped = lines(text, width)
        for start, line in wrapped:
            assert all(
                a == b or not b.isprintable() for a, b in zip(line, text[start:], strict=False)
            )
            assert "\x1b" not in line
        assert "".join(line for _, line in wrapped).replace(" ", "") != "" or not text


async def test_the_gate_opens_for_who_can_add() -> None:
    controller = scripted_controllers(STILL)["who"]
    app = story_app(controller)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+q")
        assert isinstance(app.screen, GateScreen)
        question = str(app.screen.query_one("#panel Static", Static).render())
        await pilot.press("1", "enter")
        assert isinstance(app.screen, StoryScreen)
        await pilot.press("ctrl+c")
        question = str(app.screen.query_one("#panel Static", Static).render())
        one, other = (int(part) for part in question.removesuffix("= ?").split("+"))
        await pilot.press(*str(one + other), "enter")
        assert isinstance(app.screen, ParentalSettingsScreen)
        assert ("close",) not in controller.requests
        await pilot.press("ctrl+q")
        assert ("close",) in controller.requests


async def test_the_gate_asks_for_the_code_and_hides_it() -> None:
    app = story_app(scripted_controllers(STILL)["who"], child=replace(STILL, code="4711"))
    app._controller.parental = replace(STILL, code="4711")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+q", *"4711")
        assert app.screen.query_one(Input).password
        await pilot.press("enter")
        assert isinstance(app.screen, ParentalSettingsScreen)
        await pilot.press("escape")
        assert isinstance(app.screen, StoryScreen)


async def test_arrows_go_to_every_field_on_a_low_screen() -> None:
    app = story_app(scripted_controllers(STILL)["who"])
    async with app.run_test(size=(80, 24)) as pilot:
        app._through(True)
        await pilot.pause()
        for key, names in (
            ("down", list(PARENTAL_SCHEMA.settings)),
            ("up", list(PARENTAL_SCHEMA.settings)[::-1]),
        ):
            for name in names:
                assert app.focused is not None
                assert app.focused.id == name
                if name != names[-1]:
                    await pilot.press(key)


async def test_what_parents_settle_is_checked_used_and_kept(home: Path) -> None:
    controller = scripted_controllers(STILL)["who"]
    controller.troubles = ("no sound card was found",)
    app = story_app(controller)
    async with app.run_test(size=(120, 40)) as pilot:
        app._through(True)
        await pilot.pause()
        assert "no sound card was found" in screen_text(app)
        name = app.screen.query_one("#name", Input)
        pace = app.screen.query_one("#pace", Input)
        name.value, pace.value = "Emma", "never"
        await pilot.press("enter")
        assert isinstance(app.screen, ParentalSettingsScreen)
        assert "pace: 'never' is not" in screen_text(app)
        pace.value = "slow"
        app.screen.query_one("#theme", Input).value = "forest"
        await pilot.press("enter")
        assert isinstance(app.screen, StoryScreen)
        assert (controller.parental.name, controller.parental.pace, app.theme) == (
            "Emma",
            60,
            "forest",
        )
    saved = config_file.load(home / "config.toml").parental
    assert (saved.name, saved.pace, saved.theme) == ("Emma", 60, "forest")


async def test_bedtime_has_its_own_theme() -> None:
    child = replace(STILL, theme="sea", bedtime_from=AFTERNOON.replace(hour=19).time())
    for now, theme in ((AFTERNOON, "sea"), (AFTERNOON.replace(hour=20), "bedtime")):
        app = story_app(
            ScriptedController(scripted_controllers(child)["who"].view, child), child=child, now=now
        )
        async with app.run_test():
            assert app.theme == theme


async def test_a_child_has_a_story_and_another(tmp_path: Path) -> None:
    """Enter, enter, two; at the end the sequel; then the child saves it and plays it again."""
    services, _ = new_services(SimulatedDuo(), tmp_path)
    shown = new_controller(services, STILL)
    app = story_app(shown)
    async with app.run_test(size=(80, 24)) as pilot:

        async def spoken_sentences(stories: int) -> int:
            while not (shown.view.step is Step.THE_END and ends(services.diary.path) == stories):
                await pilot.pause()
                assert not technical(program_text(app))
            return len(shown.view.sentences)

        await pilot.press("right", "enter", "enter", "2")
        first = await spoken_sentences(1)
        await pilot.press("2")
        assert await spoken_sentences(2) > first
        await pilot.press("k", "f", "1")
        assert await spoken_sentences(3) > first
        assert len(services.catalogue.favourites.all()) == 1


def ends(diary: Path) -> int:
    return diary.read_text().count("to its end") if diary.exists() else 0


RANDOM_KEYS = [
    *"abcdefghijklmnopqrstuvwxyzABCXYZ0123456789",
    "enter",
    "space",
    "escape",
    "backspace",
    "tab",
    "shift+tab",
    "left",
    "right",
    "up",
    "down",
    "home",
    "end",
    "pageup",
    "pagedown",
    "delete",
    "insert",
    *(f"f{n}" for n in range(1, 13)),
    *(f"ctrl+{c}" for c in string.ascii_lowercase),
    "question_mark",
    "slash",
    "full_stop",
    "ctrl+backslash",
    "alt+x",
    "shift+f10",
    "ctrl+space",
]
LIKELY = ["enter", "space", "left", "right", "1", "2", "a", "n", "s", "k", "f", "escape"]
RESIZED = {f"to {columns}x{rows}": (columns, rows) for columns, rows in [*SIZES, (40, 15)]}
RANDOM_EVENTS = [
    "the engine dies",
    "the engine lives",
    "it is night",
    "it is day",
    "it is day",
    "a while goes by",
    *RESIZED,
]
WHILE = 1.5
"""Seconds until most stories have ended."""

HANDFUL = st.lists(st.sampled_from([*RANDOM_KEYS * 2, *LIKELY * 24, *RANDOM_EVENTS]), max_size=10)
"""Keys pressed as fast as possible before the screen is checked."""


@dataclass
class RandomChild:
    """Child with random keys and events. `acts` and `was_away` cover all its sessions."""

    acts: set[Step] = field(default_factory=set)
    was_away: bool = False

    async def play(self, handfuls: list[list[str]], folder: Path) -> None:
        now, board = AFTERNOON, KillableDuo()
        services, _ = new_services(board, folder, tts=FastTts(pace=12_000), wall=lambda: now)
        child = replace(STILL, code="4711", quiet_from=time(20, 30), quiet_to=time(6, 30))
        shown = new_controller(services, child)
        app = StoryApp(shown, Settings(parental=child), lambda: now, random.Random(1))
        app.animation_level = "none"
        async with app.run_test(size=SIZES[0]) as pilot:
            for handful in handfuls:
                for step in handful:
                    match step:
                        case "the engine dies":
                            if board.process is not None and not board.dead:
                                board.kill()
                        case "the engine lives":
                            board.dead = False
                        case "it is night" | "it is day":
                            now = AFTERNOON.replace(hour=22) if step == "it is night" else AFTERNOON
                        case "a while goes by":
                            await pilot.pause(WHILE)
                        case _ if step in RESIZED:
                            await pilot.resize_terminal(*RESIZED[step])
                        case key:
                            app.simulate_key(key)
                await pilot.pause(0)
                self.look(app, shown)
            await pilot.pause()
            self.look(app, shown)
            assert shown.alive
            assert not shown._failures

    def look(self, app: StoryApp, shown: StoryController) -> None:
        self.acts.add(shown.view.step)
        self.was_away |= shown.view.board_away
        assert app.is_running
        assert app._exception is None
        if not isinstance(app.screen, GateScreen | ParentalSettingsScreen):
            assert len(screen_text(app).split()) > 2, screen_text(app)
            assert not technical(program_text(app)), program_text(app)


@pytest.mark.slow
@pytest.mark.timeout(900)  # 85 s; shrinking a failure takes minutes
def test_a_clumsy_child_breaks_nothing(tmp_path: Path) -> None:
    """Some 10,000 keys, a board that fails now and then, night and day, and other terminals."""
    child = RandomChild()

    @settings(max_examples=50, deadline=None)
    @given(st.lists(HANDFUL, min_size=20))
    @example([["s"], *[["a while goes by"]] * 3, ["f"], ["it is night", "s"]])
    @example([["s"], ["the engine dies"], ["a while goes by"]])
    def plays(handfuls: list[list[str]]) -> None:
        with TemporaryDirectory(dir=tmp_path) as folder:
            asyncio.run(child.play(handfuls, Path(folder)))

    plays()
    assert child.acts >= {Step.CARDS, Step.TELLING, Step.SHELF, Step.THE_END, Step.RESTING}
    assert child.was_away
