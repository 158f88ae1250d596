"""`duotui completion`: what bash proposes, and that the other shells know each command."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from duotui.cli.commands import COMMANDS
from duotui.cli.completion import SHELLS, completion
from duotui.cli.main import main

ASK = """
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*"
_shtab_duotui 2>/dev/null
printf '%s\\n' "${COMPREPLY[@]}"
"""


def proposed(*words: str) -> set[str]:
    """The words that bash proposes for the last of `words`."""
    bash = shutil.which("bash")
    assert bash is not None
    script = f"{completion('bash')}\n{ASK}"
    result = subprocess.run(
        [bash, "--norc", "-c", script, "bash", *words], capture_output=True, text=True, check=True
    )
    return {word.strip() for word in result.stdout.splitlines()} - {""}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["duotui", "st"], {"story"}),
        (["duotui", "mod"], {"model"}),
        (["duotui", "si"], {"sim"}),
        (["duotui", "sim", "--them"], {"--theme"}),
        (["duotui", "config", ""], {"path", "show", "check"}),
        (["duotui", "tell", "--mode", ""], {"reference", "exact", "fast"}),
        (["duotui", "story", "v"], {"virtual"}),
        (["duotui", "help", "dev"], {"devices"}),
        (["duotui", "model", "get", "stories1"], {"stories15M"}),
        (["duotui", "--log-l"], {"--log-level"}),
    ],
)
def test_bash_proposes(words: list[str], expected: set[str]) -> None:
    assert proposed(*words) == expected


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_knows_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(name in script for name in (*COMMANDS, "--trace", "virtual"))
