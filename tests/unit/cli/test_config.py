"""`duotui config`: where each value comes from, and what is wrong with the file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from duotui.base.errors import Exit
from duotui.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """File of settings that DUOTUI_CONFIG names, not there yet."""
    for name in ("DUOTUI_DATA", "XDG_CONFIG_HOME", "LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DUOTUI_CONFIG", str(tmp_path / "my.toml"))
    monkeypatch.setenv("LANG", "C")
    return tmp_path / "my.toml"


def test_the_path_is_printed_also_of_a_file_that_is_not_there(
    capsys: pytest.CaptureFixture[str], config: Path
) -> None:
    assert main(["config", "path"]) == Exit.OK
    assert capsys.readouterr().out == f"{config}\n"


def test_each_value_says_where_it_comes_from(
    capsys: pytest.CaptureFixture[str], config: Path
) -> None:
    config.write_text(
        'theme = "sea"\n[keys]\nstop = "x"\n'
        '[story]\nsteps = 256\nseed = -1\n[child]\ncode = "1234"\n'
    )
    arguments = ["config", "show", "--json", "-t", "0.5", "--theme", "cream", "-i", "A cat"]
    assert main(arguments) == Exit.OK
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert {
        name: (rows[name]["value"], rows[name]["origin"], rows[name]["detail"])
        for name in (
            *("config.toml", "language", "theme", "keys.stop", "story.steps", "story.seed"),
            *("story.temperature", "story.prompt", "child.code", "child.pace"),
        )
    } == {
        "config.toml": (str(config), "environment", "DUOTUI_CONFIG"),
        "language": ("auto: en", "environment", "LANG"),
        "theme": ("cream", "command line", ""),
        "keys.stop": ("x", "file", ""),
        "story.steps": ("256", "file", ""),  # the default's value, and yet the file's
        "story.seed": ("123", "default", ""),  # the file's is not usable
        "story.temperature": ("0.5", "command line", ""),
        "story.prompt": ("A cat", "command line", ""),
        "child.code": ("****", "file", ""),
        "child.pace": ("middle", "default", ""),
    }


def test_variables_are_shown_without_their_passwords(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "https://hf.example")
    monkeypatch.setenv("https_proxy", "http://me:s3cret@proxy:80")
    monkeypatch.setenv("DUOTUI_PASSWORD", "t0psecret")
    assert main(["config", "show"]) == Exit.OK
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    for line in (
        "HF_ENDPOINT https://hf.example (environment)",
        "https_proxy http://***@proxy:80 (environment)",
        "DUOTUI_PASSWORD *** (environment)",
    ):
        assert line in lines


def test_without_json_a_value_is_a_line(capsys: pytest.CaptureFixture[str], config: Path) -> None:
    config.write_text('theme = "sea"\n')
    assert main(["config", "show"]) == Exit.OK
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(None, 1)[1] for line in lines if line.startswith("theme ")] == [
        "sea  (file)"
    ]


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("[story]\nstpes = 9", "story.stpes: no such setting; did you mean steps?"),
        ("[stroy]\nsteps = 9", "stroy: no such setting; did you mean story?"),
        ("[child]\nnmae = 'Lily'", "child.nmae: no such setting; did you mean name?"),
        ("colour = true", "colour: no such setting"),
        ("[keys]\nstpo = 'x'", "keys.stpo: no such command; did you mean stop?"),
        ("theme = 'duo-drak'", "theme: no such theme; did you mean duo-dark?"),
        ("[story]\ntop_p = 3", "story.top_p: '3' is not a number from 0 to 1"),
        ("theme = ", "my.toml: "),
    ],
)
def test_what_is_not_usable_is_a_line_and_status_2(
    capsys: pytest.CaptureFixture[str], config: Path, text: str, warning: str
) -> None:
    config.write_text(text)
    assert main(["config", "check"]) == Exit.USAGE
    captured = capsys.readouterr()
    assert captured.out.startswith(warning)
    assert captured.out.count("\n") == 1
    expected = f"duotui: 1 line of {config} is not usable; the defaults stand in their place\n"
    assert captured.err == expected


def test_a_file_without_a_fault(capsys: pytest.CaptureFixture[str], config: Path) -> None:
    assert main(["config", "check"]) == Exit.OK
    assert "not there" in capsys.readouterr().out
    config.write_text('theme = "sea"\n[keys]\nstop = "x"\nquit = "f10"\n')
    assert main(["config", "check"]) == Exit.OK
    assert "every line is usable" in capsys.readouterr().out


def test_show_goes_on_with_a_bad_file(capsys: pytest.CaptureFixture[str], config: Path) -> None:
    config.mkdir()
    assert main(["config", "show"]) == Exit.OK
    assert "duo-dark  (default)" in capsys.readouterr().out
