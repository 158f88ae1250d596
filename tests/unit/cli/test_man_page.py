"""The man page: every option of every command, in roff without warnings."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib

import pytest

from duotui.base.errors import Exit
from duotui.cli.commands import COMMANDS, parser_of
from duotui.cli.man_page import man_page
from support.interpreter import without_coverage
from support.paths import ROOT

PAGE = man_page()


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_every_argument_is_in_it(name: str) -> None:
    title = f"\n.SS duotui {name}\n".replace("-", r"\-") if name else "\n.SH OPTIONS\n"
    section = PAGE.partition(title)[2].partition("\n.SS ")[0]
    assert section
    for action in parser_of(name)._actions:
        for option in action.option_strings:
            assert rf"\fB{option}\fP".replace("-", r"\-") in section


def test_every_status_is_in_it() -> None:
    section = PAGE.partition("\n.SH EXIT STATUS\n")[2].partition("\n.SH ")[0]
    assert [line for line in section.splitlines() if line.startswith(r"\fB")] == [
        rf"\fB{status.value}\fP" for status in Exit
    ]


def test_it_is_the_same_again_and_ascii() -> None:
    assert man_page() == PAGE
    assert PAGE.isascii()


def test_groff_takes_it_without_a_warning() -> None:
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed")
    command = ["groff", "-man", "-ww", "-Tascii", "-P-c"]
    result = subprocess.run(command, input=PAGE, capture_output=True, text=True, check=True)
    assert result.stderr == ""
    assert "duotui tell [-h]" in re.sub(".\b", "", result.stdout)  # bold is struck twice


def test_a_build_has_the_packages_that_the_page_needs() -> None:
    """An isolated build has those of [build-system] alone, and what they need themselves."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    named = [re.split(r"[<>=~!;\[]", text)[0] for text in table["build-system"]["requires"]]
    code = (
        "import runpy, sys\nbefore = set(sys.modules)\n"
        "runpy.run_module('duotui.cli.man_page', run_name='__main__')\n"
        "print(*set(sys.modules) - before, file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=without_coverage(),
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.partition(".")[0] for name in result.stderr.split()}
    installed = importlib.metadata.packages_distributions()
    foreign = {
        distribution.lower() for name in loaded & set(installed) for distribution in installed[name]
    }
    assert foreign - {"duotui"} <= set(named)
