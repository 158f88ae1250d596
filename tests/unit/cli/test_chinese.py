"""The command line in Chinese: its help, and what it says of a wrong command."""

import re

import pytest

from duotui.base.translation import use_language
from duotui.cli.commands import COMMANDS, parser_of
from duotui.cli.main import main
from support.chinese import english

NAMES = """Once upon a time info console json config story voice off on bedtime cream forest sea
bash zsh tcsh space wav get list debug warning error exact run.c ssh id target prompt name action
file command shell"""
"""Values of options, names of arguments, and the prompt by default."""

TECHNICAL = re.compile(r"--?[a-z][\w-]*|\b[A-Z_]{3,}\b|\{[^}]*\}|\[[^]]*\]|/\S+|\.\w+|'[^']*'")
"""Options, variables, choices, paths and suffixes."""


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_the_help_has_no_english(name: str) -> None:
    use_language("zh")
    text = parser_of(name).format_help()
    assert english(TECHNICAL.sub("", text), f"{NAMES} {' '.join(COMMANDS)}") == set()


@pytest.mark.parametrize(
    "words",
    [
        "tell --nothing",
        "tell --temperature",
        "tell --temperature x",
        "tell --mode no",
        "judge --runs 0",
        "pack",
        "stroy",
        "model get nothing",
        "replay /nowhere",
        "tell --language",
        "config nothing",
    ],
)
def test_a_wrong_command_has_no_english(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words.split(), "--language", "zh"]) == 2
    said = capsys.readouterr().err
    assert re.search(r"[\u4e00-\u9fff]", said)
    told = f"{NAMES} {words} stories15M stories42M stories260K stories110M {' '.join(COMMANDS)}"
    assert english(TECHNICAL.sub("", said), told) == set()


def test_the_option_chooses_in_either_form(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tell", "--language=zh", "--nothing"]) == 2
    assert "无法识别的参数：--nothing" in capsys.readouterr().err
    assert main(["tell", "--language", "en", "--nothing"]) == 2
    assert "unrecognized arguments: --nothing" in capsys.readouterr().err


def test_an_option_that_was_meant_is_named_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tell", "--language", "zh", "--sede", "1"]) == 2
    assert "--seed" in capsys.readouterr().err
