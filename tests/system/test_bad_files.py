"""Every file of a user, with everything in its place that may be there: one line, nothing lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from duotui.base.errors import UsageError
from duotui.settings import config_file
from duotui.story.diary import Diary
from duotui.story.favourites import Favourites, FavouriteStory
from duotui.ui import themes
from duotui.ui.widgets.prompt_line import PromptHistory
from support.bad_files import BAD_FILES, NO_FILES, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = datetime(2026, 11, 28, 19, 2)
STORY = FavouriteStory(
    title="A dog",
    choice={"who": "dog"},
    sentences=("Once there was a dog.",),
    seed=1,
    mode="exact",
    model_hash="aa",
    when=NOW,
)


def use_settings(path: Path) -> list[str]:
    settings = config_file.load(path)
    troubles = list(settings.warnings)
    try:
        config_file.save(replace(settings, theme="nord"))
    except UsageError as error:
        troubles.append(str(error))
    return troubles


def use_theme(path: Path) -> list[str]:
    (path.parent / "bad.toml").symlink_to(path.name)
    return themes.load([path.parent])[1]


def use_history(path: Path) -> list[str]:
    history = PromptHistory(path)
    history.add("Once upon a time")
    assert history.older("") == "Once upon a time"
    return [history.trouble] if history.trouble else []


def use_favourites(path: Path) -> list[str]:
    favourites = Favourites(path)
    favourites.add(STORY)
    assert favourites.all()[0] == STORY
    return [favourites.trouble] if favourites.trouble else []


def use_diary(path: Path) -> list[str]:
    diary = Diary(path, lambda: NOW)
    diary.begin("Lily", "a dog")
    diary.end(timedelta(minutes=2), whole=True)
    assert diary.used(NOW.date()) == timedelta(minutes=2)
    return [diary.trouble] if diary.trouble else []


OWN_FILES: dict[str, Callable[[Path], list[str]]] = {
    "settings": use_settings,
    "theme": use_theme,
    "history": use_history,
    "favourites": use_favourites,
    "diary": use_diary,
}
"""Uses of a user's own files: each returns its troubles, a line each."""


@pytest.mark.parametrize("badness", BAD_FILES)
@pytest.mark.parametrize("name", OWN_FILES)
@pytest.mark.timeout(20)
def test_an_own_file_that_is_bad_loses_nothing(tmp_path: Path, name: str, badness: str) -> None:
    path = tmp_path / "own"
    BAD_FILES[badness](path)
    before = fingerprint(path)
    troubles = OWN_FILES[name](path)
    for trouble in troubles:
        assert trouble.isprintable(), trouble
    if troubles:
        assert fingerprint(path) == before
    else:
        assert badness not in NO_FILES or (name, badness) == ("diary", "a hole of 3 GB")
        assert path.stat().st_size >= before[2] or name == "history"
