"""Every file of a user, with everything in its place that may be there: one line, nothing lost."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from duotui.base.errors import UsageError
from duotui.cli.main import main
from duotui.settings import config_file
from duotui.story.diary import Diary
from duotui.story.favourites import Favourites, FavouriteStory
from duotui.ui import themes
from duotui.ui.widgets.prompt_line import PromptHistory
from support.bad_files import BAD_FILES, NO_FILES, fingerprint
from support.full_disk import full_disk

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


# Files that the command line names

READING: dict[str, tuple[str, ...]] = {
    "a recording": ("replay", "FILE"),
    "a recording to judge": ("judge", "FILE", "--headless"),
    "what run.c printed": ("judge", "--outputs", "FILE", "--headless"),
    "a baseline": ("judge", "--outputs", "LOG", "--baseline", "FILE", "--headless"),
    "a packed model": ("inspect", "FILE"),
    "a model": ("tell", "--port", "sim", "--model", "FILE", "-n", "4", "Once"),
    "a model for a board": ("setup", "--model", "FILE"),
}
WRITING: dict[str, tuple[str, ...]] = {
    "a new recording": ("tell", "--port", "sim", "-n", "4", "--record", "FILE", "Once"),
    "ids": ("tell", "--port", "sim", "-n", "4", "--ids", "FILE", "Once"),
}


def command(tmp_path: Path, words: tuple[str, ...]) -> list[str]:
    log = tmp_path / "log"
    log.write_text("Once upon a time\nachieved tok/s: 9.5\n")
    names = {"FILE": str(tmp_path / "named"), "LOG": str(log)}
    return [names.get(word, word) for word in words]


@pytest.mark.parametrize("badness", BAD_FILES)
@pytest.mark.parametrize("use", READING)
@pytest.mark.timeout(60)
def test_a_named_file_that_is_bad_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], use: str, badness: str
) -> None:
    BAD_FILES[badness](tmp_path / "named")
    assert main(command(tmp_path, READING[use])) in (2, 3)  # 3: no file, and no port either
    out, err = capsys.readouterr()
    assert out == "" or list(json.loads(out)) == ["error"]
    assert (err.count("\n"), err[:8]) == (1, "duotui: ")
    assert err[:-1].isprintable()
    assert "--help" not in err


@pytest.mark.parametrize("badness", [name for name in NO_FILES if name != "a hole of 3 GB"])
@pytest.mark.parametrize("use", WRITING)
@pytest.mark.timeout(60)
def test_what_is_no_file_is_not_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], use: str, badness: str
) -> None:
    path = tmp_path / "named"
    BAD_FILES[badness](path)
    before = fingerprint(path)
    assert main(command(tmp_path, WRITING[use])) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "cannot be written; " in err
    assert fingerprint(path) == before


def test_a_report_does_not_follow_the_links_of_its_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    victim, folder = tmp_path / "victim", tmp_path / "report"
    victim.write_text("precious")
    folder.mkdir()
    for name in ("story.txt", "report.md", "report.html", "verdict.json"):
        (folder / name).symlink_to(victim)
    log = command(tmp_path, ("LOG",))
    assert main(["judge", "--outputs", *log, "--report", str(folder)]) == 0
    assert "tok/s" in capsys.readouterr().out
    assert victim.read_text() == "precious"
    assert not (folder / "story.txt").is_symlink()
    assert (folder / "story.txt").read_text() == "Once upon a time"


def test_a_full_disk_takes_the_report_and_not_the_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = command(tmp_path, ("LOG",))
    with full_disk(100):
        assert main(["judge", "--outputs", *log, "--report", str(tmp_path / "report")]) == 2
    out, err = capsys.readouterr()
    assert "9.500000" in out
    assert (err.count("\n"), "cannot be written; File too large" in err) == (1, True)
    assert list((tmp_path / "report").iterdir()) == []
