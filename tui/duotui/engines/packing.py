"""Packed models (.duo): made, and looked at, by the engine's own program. docs/packed.md."""

import subprocess
from pathlib import Path

from duotui.engines.program import program
from duotui.errors import DuotuiError, UsageError


def pack(model: Path, tokenizer: Path, modes: str, out: Path | None) -> Path:
    """Pack `model` for `modes` ("exact,fast") into `out`, beside it by default; its path.

    The same files give the same bytes. Raises UsageError where one of them is bad.
    """
    target = out or model.with_suffix(".duo")
    _run("pack", str(model), "-z", str(tokenizer), "--modes", modes, "-o", str(target))
    return target


def inspect(path: Path) -> str:
    """What `path` holds and costs, as lines. Raises UsageError where it is damaged."""
    return _run("inspect", str(path))


def _run(*arguments: str) -> str:
    done = subprocess.run([str(program()), *arguments], capture_output=True, text=True)
    if done.returncode == 0:
        return done.stdout
    line = (done.stderr.strip().splitlines() or ["the engine said nothing"])[-1]
    message = line.removeprefix("duollama: ")
    if done.returncode == 2:
        raise UsageError(message)
    raise DuotuiError(message)
