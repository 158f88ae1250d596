"""Each command is a module of one shape, and its help loads nothing else."""

import argparse
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import duotui.cli
from duotui.cli.commands import COMMANDS, CONSOLE, Command
from duotui.cli.main import _command_first, main
from duotui.cli.resolve import files
from support.paths import ROOT

MODULES = [CONSOLE, *COMMANDS.values()]

HEAVY = ("shtab", "textual", "serial", "tomlkit", "pexpect", "sentencepiece", "numpy")
"""Packages that no help needs."""


def signature(function: object) -> list[str]:
    assert callable(function)
    return [name for name in inspect.signature(function).parameters if name != "self"]


@pytest.mark.parametrize("name", MODULES)
def test_a_command_is_one_module(name: str) -> None:
    module = importlib.import_module(name)
    assert isinstance(module.HELP, str)
    assert module.HELP.endswith(".")
    for part in ("add_arguments", "run"):
        assert signature(getattr(module, part)) == signature(getattr(Command, part))


def test_every_command_is_in_the_table() -> None:
    folder = Path(duotui.cli.__file__).parent
    modules = {
        f"duotui.cli.{path.stem}"
        for path in folder.glob("*.py")
        if "\ndef add_arguments(" in path.read_text("utf-8")
    }
    assert modules == set(MODULES)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_loads_nothing_heavy(command: str) -> None:
    code = (
        "import sys\nfrom duotui.cli.main import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit: pass\n"
        "print('loaded', *sys.modules)"
    )
    arguments = [*command.split(), "--help"]
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    text, _, loaded = result.stdout.rpartition("loaded ")
    assert text.startswith(f"usage: duotui {command}".rstrip())
    assert importlib.import_module(COMMANDS.get(command, CONSOLE)).HELP[:40] in text
    assert {name.partition(".")[0] for name in loaded.split()}.isdisjoint(HEAVY)


def test_a_model_is_found_without_changing_what_was_asked() -> None:
    model = ROOT / "tui" / "duotui" / "data" / "stories.bin"
    options = argparse.Namespace(model=model, tokenizer=None)
    assert files(options) == (model, model.parent / "tokenizer.bin")
    packed = argparse.Namespace(model=Path("x.duo"), tokenizer=None)
    assert files(packed) == (Path("x.duo"), None)
    assert (options.model, options.tokenizer) == (model, None)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (["--language", "zh", "judge", "sim"], ["judge", "--language", "zh", "sim"]),
        (["--language=zh", "--log", "x", "devices"], ["devices", "--language=zh", "--log", "x"]),
        (["judge", "--language", "zh"], ["judge", "--language", "zh"]),
        (["--language", "zh"], ["--language", "zh"]),
        (["--language"], ["--language"]),
        (["--language", "zh", "--help"], ["--language", "zh", "--help"]),
        ([], []),
    ],
)
def test_common_options_may_stand_before_the_command(words: list[str], first: list[str]) -> None:
    assert _command_first(words) == first


def test_a_command_behind_a_common_option_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--language", "zh", "devices", "--json"]) == 0
    assert capsys.readouterr().out.startswith("[")
