"""Settings: the program starts with any file, and reads back the file that it writes."""

import re
import tomllib
from dataclasses import replace
from datetime import time
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duotui.base.errors import UsageError
from duotui.protocol import limits
from duotui.protocol.request import Mode, Request
from duotui.settings import config_file
from duotui.settings.config_file import STORY_SCHEMA, Settings, load, save
from duotui.settings.parental_settings import MICROPHONE_CHOICES, ParentalSettings, SleepTimer
from duotui.ui.app import ConsoleApp
from duotui.ui.screens.console import ConsoleScreen
from support.scripted_session import ScriptedSession


def test_no_file_is_the_defaults(home: Path) -> None:
    assert load() == Settings(path=home / "config.toml")


def test_everything_can_be_set(home: Path) -> None:
    (home / "config.toml").write_text(
        'theme = "duo-light"\nascii = "on"\n[keys]\nstop = "x"\n'
        '[story]\nprompt = "A cat"\nmode = "exact"\nsteps = 9\ntemperature = 0\ntop_p = 0.5\n'
        "seed = 18446744073709551615\n"
        '[child]\nname = "Lily"\npace = "slow"\nquiet_from = "20:30"\nmotion = false\n'
    )
    settings = load()
    assert settings.warnings == ()
    assert (settings.theme, settings.ascii, settings.keys) == ("duo-light", "on", {"stop": "x"})
    assert settings.story == Request("A cat", Mode.EXACT, 9, 0.0, 0.5, 2**64 - 1)
    assert settings.parental == ParentalSettings(
        "Lily", pace=60, quiet_from=time(20, 30), motion=False
    )


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        ("theme = 3", "theme"),
        ('ascii = "perhaps"', "ascii"),
        ("colour = true", "colour"),
        ("[keys]\nstop = 3", "keys.stop"),
        ("[story]\ntop_p = 1.5", "story.top_p"),
        ("[story]\ntemperature = nan", "story.temperature"),
        ("[story]\ntemperature = true", "story.temperature"),
        ("[story]\nsteps = 1.5", "story.steps"),
        ("[story]\nseed = -1", "story.seed"),
        ('[story]\nmode = "slow"', "story.mode"),
        ("[story]\nprompt = 3", "story.prompt"),
        ("[story]\nvoice = 3", "story.voice"),
        ("story = 3", "story"),
        ('[child]\npace = "fast"', "child.pace"),
        ("[child]\ncode = 1234", "child.code"),
        ("child = 3", "child"),
        ("[[child]]", "child"),
        ("[story]\nseed = 0x" + "f" * 5000, "config.toml"),
        ("keys = " + "[" * 5000, "config.toml"),
        ("theme = ", "config.toml"),
    ],
)
def test_what_is_wrong_is_a_warning_and_the_default_stands(
    home: Path, text: str, warned: str
) -> None:
    (home / "config.toml").write_text(text)
    settings = load()
    assert len(settings.warnings) == 1
    assert settings.warnings[0].startswith(f"{warned}:")
    assert replace(settings, warnings=()) == Settings()


def test_bytes_that_are_no_text_are_a_warning(home: Path) -> None:
    (home / "config.toml").write_bytes(b"theme = \xff")
    assert len(load().warnings) == 1


def test_saving_keeps_what_else_is_in_the_file(home: Path) -> None:
    old = '# mine\ntheme = "duo-dark" # dark\n\n[keys]\nstop = "x"\n\n[story]\n# calm\nseed = 1\n'
    (home / "config.toml").write_text(old)
    save(replace(load(), theme="duo-light", story=Request(seed=7)))
    text = (home / "config.toml").read_text()
    assert "# mine" in text
    assert "# calm" in text
    assert 'stop = "x"' in text
    again = load()
    assert (again.theme, again.story, again.keys) == ("duo-light", Request(seed=7), {"stop": "x"})


CHILD = """\
theme = "duo-dark"
# ours
[child]   # of Lily's
name = "Li#\\"ly"  # with "y"
pace = 'slow'# she likes it "slow"
code = '0042'   # hers # and ours
  volume=70 # not after 8
voice = "loud"  # not possible

[story]
seed = 1  # calm
"""


def test_what_parents_change_is_changed_alone(home: Path) -> None:
    (home / "config.toml").write_text(CHILD)
    settings = load()
    child = replace(
        settings.parental,
        name='L "#" y',
        pace=77,
        code="",
        volume=0,
        sleep_after=SleepTimer(stories=2),
    )
    save(replace(settings, parental=child))
    text = (home / "config.toml").read_text()
    assert text[text.index("# ours") : text.index("\n[story]")] == (
        "# ours\n"
        "[child]   # of Lily's\n"
        'name = "L \\"#\\" y"  # with "y"\n'
        'pace = 77# she likes it "slow"\n'
        'code = ""   # hers # and ours\n'
        "  volume=0 # not after 8\n"
        'voice = "loud"  # not possible\n'
        'sleep_after = "2 stories"\n'
    )
    assert "seed = 1  # calm\n" in text
    again = load()
    assert (again.parental, again.warnings) == (child, settings.warnings)


def test_a_child_of_whom_nothing_was_changed_is_not_written(home: Path) -> None:
    save(replace(load(), theme="nord"))
    assert "child" not in (home / "config.toml").read_text()
    save(replace(load(), parental=ParentalSettings(motion=False, evening=None, minutes_a_day=45)))
    assert (
        (home / "config.toml")
        .read_text()
        .endswith('\n[child]\nevening = ""\nminutes_a_day = 45\nmotion = false\n')
    )
    assert load().parental == ParentalSettings(motion=False, evening=None, minutes_a_day=45)


@pytest.mark.parametrize(
    "old",
    [
        "child = 3\n",
        "[[child]]\npace = 60\n",
        "[child.pace]\nslow = 1\n",
        "child.pace = [60]\n",
        "x = " + "[" * 5000,
        "child = { pace = 60\n",
        "pace = \xff\n",
    ],
)
def test_a_file_that_a_change_would_spoil_is_left_alone(home: Path, old: str) -> None:
    (home / "config.toml").write_text(old, "latin-1")
    settings = load()
    with pytest.raises(UsageError, match="not saved"):
        save(replace(settings, parental=replace(settings.parental, pace=130)))
    assert (home / "config.toml").read_text("latin-1") == old


def test_a_table_in_the_place_of_the_theme_is_left_alone(home: Path) -> None:
    old = '[theme]\nprimary = "red"\n'
    (home / "config.toml").write_text(old)
    with pytest.raises(UsageError, match="not saved"):
        save(replace(load(), theme="nord"))
    assert (home / "config.toml").read_text() == old


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("child.pace = 60 # hers\n", 'child.pace = "quick" # hers\n'),
        ("child = { pace = 60 } # hers\n", 'child = { pace = "quick" } # hers\n'),
        ('[child]\n"pace" = 60\n', '[child]\n"pace" = "quick"\n'),
        ('[child]\npace = """\nslow"""# hers\n', '[child]\npace = "quick"# hers\n'),
        (
            '[child]\nname = """\npace = 60\n"""\n',
            '[child]\nname = """\npace = 60\n"""\npace = "quick"\n',
        ),
        ("[child]\r\npace = 60 # hers\r\n", '[child]\r\npace = "quick" # hers\r\n'),
        ("[child]\npace = 60", '[child]\npace = "quick"\n'),
        ("other.x.y = 1", 'other.x.y = 1\n\n[child]\npace = "quick"\n'),
        (
            "[child]\nvolume = 1\n\n[other]\n# the rest\nx = nan\n",
            '[child]\nvolume = 1\npace = "quick"\n\n[other]\n# the rest\nx = nan\n',
        ),
    ],
)
def test_a_change_keeps_the_way_in_which_the_file_is_written(
    home: Path, old: str, new: str
) -> None:
    (home / "config.toml").write_bytes(old.encode())
    settings = load()
    child = replace(settings.parental, pace=130)
    save(replace(settings, parental=child))
    assert (home / "config.toml").read_bytes().decode() == new
    assert load().parental == child


minute = st.none() | st.times().map(lambda t: t.replace(second=0, microsecond=0))
letters = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
words = st.text(letters, max_size=40)
children = st.builds(
    ParentalSettings,
    name=words.map(str.strip),
    pace=st.integers(40, 200),
    volume=st.integers(0, 100),
    morning=minute,
    sleep_after=st.builds(SleepTimer, minutes=st.integers(0, 999)),
    motion=st.booleans(),
    microphone=st.sampled_from(MICROPHONE_CHOICES),
)
requests = st.builds(
    Request,
    prompt=words,
    mode=st.sampled_from(Mode),
    steps=st.integers(0, 2**32 - 1),
    temperature=st.floats(0, limits.MAX_TEMPERATURE),
    top_p=st.floats(0, 1),
    seed=st.integers(0, 2**64 - 1),
)


@given(children)
def test_any_child_comes_back(
    tmp_path_factory: pytest.TempPathFactory, child: ParentalSettings
) -> None:
    path = tmp_path_factory.mktemp("config") / "config.toml"
    path.write_text(CHILD)
    save(replace(load(path), parental=child))
    again = load(path)
    assert (again.parental, again.story.seed) == (child, 1)


NAME_SPELLINGS = ('"Li"', "'Li'", '"""\\\n  Li"""', "'''Li'''", '"""\nLi\n[story]\nseed = 9\n"""')
OTHER_TEXTS = (
    'other = """\ntheme = "none"\n\n[child]\npace = 9 # no comment\n"""',
    "other = '''\n[keys]\nstop = 'none'\n'''",
    'other = { pace = 1, "theme" = [{ x = 1 }, { y = "}" }] }',
    "other.theme = 1\nother.child.pace = 2",
    "other = [ # NOTE\n  1, # NOTE\n  2,\n]",
)
UNKNOWN_TABLES: tuple[list[str], ...] = (
    ["[unknown] # NOTE", "theme = 1 # NOTE", "# NOTE", "pace.slow = nan"],
    ["[[unknown]] # NOTE", "x = 1", "[[unknown]]", "x = 2 # NOTE"],
    ["[unknown.child] # NOTE", "pace = 3", "", "[unknown.story]", "seed = '# none'"],
    [],
)


@st.composite
def config_files(draw: st.DrawFn) -> str:
    """Draw a file as a person may write it: tables, dotted keys and inline tables, in any order.
    Strings of several lines look like settings, and each comment differs."""
    top = [draw(st.sampled_from(OTHER_TEXTS)), "# NOTE"]
    if draw(st.booleans()):
        top.append("theme = 'nord' # NOTE")
    tables = [draw(st.sampled_from(UNKNOWN_TABLES))]
    written = {
        "keys": ['stop = "x"', 'record = """f5,\\\n  f6"""'],
        "story": ["seed = 0x7B", "prompt = " + draw(st.sampled_from(NAME_SPELLINGS))],
        "child": ["pace = 60", "name = " + draw(st.sampled_from(NAME_SPELLINGS))],
    }
    for name, lines in written.items():
        match draw(st.sampled_from(["table", "dotted", "inline", "absent"])):
            case "table":
                tables.append(
                    [f"[{name}]# NOTE", "# NOTE", *(f"  {line} # NOTE" for line in lines), ""]
                )
            case "dotted":
                top += [f"{name}.{line} # NOTE" for line in lines]
            case "inline":
                top.append(f"{name} = {{ {', '.join(lines)} }} # NOTE")
    blocks = [*draw(st.permutations(top)), *chain(*draw(st.permutations(tables)))]
    text = "\n".join(blocks) + draw(st.sampled_from(["", "\n", "\n\n# NOTE"]))
    first, *rest = text.split("NOTE")
    noted = first + "".join(f"note-{number}-{part}" for number, part in enumerate(rest))
    return noted.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


def other_settings(text: str) -> dict[str, Any]:
    """Contents of a file that no screen changes."""
    table = tomllib.loads(text.replace("nan", "7.0"))
    return {name: table[name] for name in table.keys() - {"theme", "story", "child"}}


@given(config_files(), words, requests, children)
def test_what_is_saved_comes_back_and_all_else_stays(
    tmp_path_factory: pytest.TempPathFactory,
    old: str,
    theme: str,
    story: Request,
    child: ParentalSettings,
) -> None:
    path = tmp_path_factory.mktemp("config") / "config.toml"
    path.write_bytes(old.encode())
    before = load(path)
    save(replace(before, theme=theme, story=story, parental=child))
    assert load(path) == replace(before, theme=theme, story=story, parental=child)
    new = path.read_bytes().decode()
    assert other_settings(new) == other_settings(old)
    notes = re.compile(r"# note-\d+-")
    assert notes.findall(new) == notes.findall(old)


def test_the_data_folder_can_be_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DUOTUI_DATA", raising=False)
    assert config_file.data_dir().name == "duotui"
    monkeypatch.setenv("DUOTUI_DATA", str(home / "ours"))
    assert config_file.data_dir() == home / "ours"


def test_a_folder_that_cannot_be_made_is_harmless(home: Path) -> None:
    (home / "file").write_text("")
    with pytest.raises(UsageError, match="not saved"):
        save(Settings(theme="nord", path=home / "file" / "config.toml"))


def test_a_folder_without_permission_loses_nothing(home: Path) -> None:
    folder = home / "config.toml"
    (folder / "inside").mkdir(parents=True)
    with pytest.raises(UsageError, match="not saved"):
        save(replace(Settings(path=folder), theme="nord"))
    assert [path.name for path in home.iterdir()] == ["config.toml"]


def test_what_is_as_the_file_says_is_not_written(home: Path) -> None:
    old = "[story]\nseed = 0x7b\ntemperature = 1\n"
    (home / "config.toml").write_text(old)
    save(load())
    assert (home / "config.toml").read_text() == old


@given(words)
def test_any_prompt_comes_back(tmp_path_factory: pytest.TempPathFactory, prompt: str) -> None:
    path = tmp_path_factory.mktemp("config") / "config.toml"
    save(Settings(path=path, story=Request(prompt=prompt)))
    assert load(path).story.prompt == prompt


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("seed", "18446744073709551616"),
        ("steps", "-1"),
        ("temperature", "inf"),
        ("top_p", ""),
        ("mode", "quick"),
        ("seed", "9" * 5000),
    ],
)
def test_a_bad_value_is_named(name: str, text: str) -> None:
    with pytest.raises(UsageError):
        STORY_SCHEMA.settings[name].check(text)


def test_the_linux_console_is_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not config_file.ascii_only_terminal()
    monkeypatch.setenv("TERM", "linux")
    assert config_file.ascii_only_terminal()


async def test_options_of_a_run_are_not_saved(home: Path) -> None:
    """`duotui --seed 5 --theme duo-light`, then the theme key and the settings screen."""
    of_run = Request(seed=5, temperature=0.25)
    app = ConsoleApp(ScriptedSession(), load(), request=of_run, theme="duo-light")
    async with app.run_test() as pilot:
        assert app.theme == "duo-light"
        await pilot.press("t")
        chosen = app.theme
        app.on_console_screen_settled(ConsoleScreen.Settled(of_run, replace(of_run, top_p=0.5)))
    saved = load()
    assert saved.theme == chosen != "duo-light"
    assert saved.story == replace(Request(), top_p=0.5)
