"""`duotui judge` as a user runs it."""

import subprocess
import sys
from pathlib import Path

JUDGE = [sys.executable, "-m", "duotui", "judge"]


def judge(*arguments: str | int | float | Path) -> subprocess.CompletedProcess[str]:
    """Run a judge session to its end."""
    return subprocess.run(
        [*JUDGE, *map(str, arguments)], capture_output=True, text=True, timeout=300
    )


def begun(after: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """Begin a judge session without a screen, and return after its line that has `after`."""
    process = subprocess.Popen(
        [*JUDGE, *arguments, "--headless"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    while after not in process.stderr.readline():
        pass
    return process
