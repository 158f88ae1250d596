"""Names in JSON that programs read: they do not change with the names in the code."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from support.paths import VECTORS

JSON_NAMES = (VECTORS / "json_names.txt").read_text("utf-8").splitlines()
COMMANDS = {
    "tell": "tell --port sim --json -n 20 --check hi",
    "judge": "judge sim --headless --runs 5 -n 20",
    "doctor": "doctor /dev/nothing --json",
    "devices": "devices --json",
}


def names(value: object, path: str = "") -> Iterator[str]:
    """Yield the path of each value; of a list, those of its first item."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from names(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value and isinstance(value[0], dict | list):
        yield from names(value[0], f"{path}[]")
    else:
        yield f"{path}[]" if isinstance(value, list) else path


@pytest.mark.parametrize("command", COMMANDS)
def test_names_do_not_change(command: str) -> None:
    arguments = COMMANDS[command].split()
    result = subprocess.run(
        [sys.executable, "-m", "duotui", *arguments], capture_output=True, text=True, timeout=100
    )
    printed = sorted(set(names(json.loads(result.stdout))))
    expected = [name for line in JSON_NAMES if (name := line.removeprefix(f"{command}: ")) != line]
    assert printed == expected
