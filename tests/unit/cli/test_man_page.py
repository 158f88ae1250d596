"""The man page: every option of every command, in roff without warnings."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from duotui.base.errors import Exit
from duotui.cli.commands import COMMANDS, parser_of
from duotui.cli.man_page import man_page

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
