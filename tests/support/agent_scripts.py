"""Shell scripts that act as an agent's voice or recorder, and the fields they cause."""

from collections.abc import Callable
from pathlib import Path
from typing import Any


def script(path: Path, text: str, **names: Path) -> Path:
    """Write `text`, with `names` filled in for braces, as an executable script."""
    path.write_text("#!/bin/sh\n" + text.format(**names))
    path.chmod(0o755)
    return path


def field_is(name: str, expected: object) -> Callable[[dict[str, Any]], bool]:
    return lambda values: bool(values[name] == expected)


def is_(state: int) -> Callable[[dict[str, Any]], bool]:
    return field_is("state", state)
