"""Settings: whatever the file says, the program starts; what it writes, it reads again."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duotui import config
from duotui.config import Settings, load, save
from duotui.core.events import Mode, Request
from duotui.errors import UsageError


def test_no_file_is_the_defaults(home: Path) -> None:
    assert load() == Settings(path=home / "config.toml")


def test_everything_can_be_set(home: Path) -> None:
    (home / "config.toml").write_text(
        'theme = "duo-light"\nascii = "on"\n[keys]\nstop = "x"\n'
        '[story]\nprompt = "A cat"\nmode = "exact"\nsteps = 9\ntemperature = 0\ntop_p = 0.5\n'
        "seed = 18446744073709551615\n"
    )
    settings = load()
    assert settings.warnings == ()
    assert (settings.theme, settings.ascii, settings.keys) == ("duo-light", "on", {"stop": "x"})
    assert settings.story == Request("A cat", Mode.EXACT, 9, 0.0, 0.5, 2**64 - 1)


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
    assert save(replace(load(), theme="duo-light", story=Request(seed=7)))
    text = (home / "config.toml").read_text()
    assert "# mine" in text
    assert "# calm" in text
    assert 'stop = "x"' in text
    again = load()
    assert (again.theme, again.story, again.keys) == ("duo-light", Request(seed=7), {"stop": "x"})


def test_a_file_that_cannot_be_edited_by_line_is_left_alone(home: Path) -> None:
    old = 'theme = """\nduo-dark"""\n'
    (home / "config.toml").write_text(old)
    assert not save(replace(Settings(), theme="nord"))
    assert (home / "config.toml").read_text() == old


def test_a_folder_that_cannot_be_made_is_harmless(home: Path) -> None:
    (home / "file").write_text("")
    assert not save(Settings(path=home / "file" / "config.toml"))


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40))
def test_any_prompt_comes_back(tmp_path_factory: pytest.TempPathFactory, prompt: str) -> None:
    path = tmp_path_factory.mktemp("config") / "config.toml"
    assert save(Settings(path=path, story=Request(prompt=prompt)))
    assert load(path).story.prompt == prompt


@pytest.mark.parametrize(
    ("name", "text"),
    [("seed", "18446744073709551616"), ("steps", "-1"), ("temperature", "inf"), ("top_p", ""),
     ("mode", "quick"), ("seed", "9" * 5000)],
)  # fmt: skip
def test_a_bad_value_is_named(name: str, text: str) -> None:
    with pytest.raises(UsageError):
        config.check(name, text)


def test_the_linux_console_is_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not config.plain_terminal()
    monkeypatch.setenv("TERM", "linux")
    assert config.plain_terminal()
