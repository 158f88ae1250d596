"""Files that a user asks for: a name that says when, a folder that can be written, nothing lost."""

import os
from datetime import datetime
from pathlib import Path

from platformdirs import user_documents_path

from duotui.base.errors import UsageError


def new_path(kind: str, suffix: str, *, folders: tuple[Path, ...] | None = None) -> Path:
    """A path that is not there yet, in the current folder or in the user's documents.

    Raises UsageError where neither can be written."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    for folder in folders or (Path.cwd(), user_documents_path()):
        if os.access(folder, os.W_OK | os.X_OK):
            for again in ("", *(f"-{number}" for number in range(2, 100))):
                path = folder / f"duotui-{kind}-{stamp}{again}{suffix}"
                if not path.exists():
                    return path
    raise UsageError("no folder to write to", "start duotui in a folder that is yours")


def save_text(text: str, kind: str, suffix: str) -> Path:
    """Write `text` to a new file; its path. Raises UsageError where that fails."""
    path = new_path(kind, suffix)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    return path
