"""Shell scripts that are an agent's voice or ear, and what it says of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any


def script(path: Path, text: str, **names: Path) -> Path:
    """`text`, in which `names` stand in braces."""
    path.write_text("#!/bin/sh\n" + text.format(**names))
    path.chmod(0o755)
    return path


def field_is(name: str, wanted: object) -> Callable[[dict[str, Any]], bool]:
    return lambda values: bool(values[name] == wanted)


def is_(state: int) -> Callable[[dict[str, Any]], bool]:
    return field_is("state", state)
