"""The language: of the command line, the settings or the environment."""

import locale
from pathlib import Path

import pytest

from duotui.settings.config_file import Settings, language, load


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(locale, "getencoding", lambda: "UTF-8")


def test_the_environment_chooses_where_nothing_else_does() -> None:
    assert language(Settings()) == "zh"
    assert language(Settings(), "auto") == "zh"


def test_the_settings_come_before_the_environment() -> None:
    assert language(Settings(language="en")) == "en"
    assert language(Settings(language="en"), "auto") == "en"


def test_the_command_line_comes_first() -> None:
    assert language(Settings(language="zh"), "en") == "en"


def test_a_terminal_of_ascii_has_chinese_only_if_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "linux")
    assert language(Settings()) == "en"
    assert language(Settings(), "zh") == "zh"
    assert language(Settings(language="zh")) == "zh"


@pytest.mark.parametrize(("text", "code"), [("zh", "zh"), ("en", "en"), ("auto", "auto")])
def test_the_file_has_it(tmp_path: Path, text: str, code: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'language = "{text}"\n')
    assert load(path).language == code


def test_another_language_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('language = "fr"\n')
    assert load(path).warnings == ("language: 'fr' is not one of auto, en, zh",)
