"""Paths of exported files: a dated name in a writable folder; no file is overwritten."""

import os
from datetime import datetime
from pathlib import Path

from platformdirs import user_documents_path

from duotui.base.errors import UsageError
from duotui.base.files import create, reported
from duotui.base.translation import gettext as _


def new_path(kind: str, suffix: str, *, folders: tuple[Path, ...] | None = None) -> Path:
    """A path that does not exist yet, in the current folder or in the user's documents.

    Raises UsageError if neither can be written."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    for folder in folders or (Path.cwd(), user_documents_path()):
        if os.access(folder, os.W_OK | os.X_OK):
            for number_suffix in ("", *(f"-{number}" for number in range(2, 100))):
                path = folder / f"duotui-{kind}-{stamp}{number_suffix}{suffix}"
                if not path.exists():
                    return path
    raise UsageError(_("no folder to write to"), _("start duotui in a folder that is yours"))


def save_text(text: str, kind: str, suffix: str) -> Path:
    """Write `text` to a new file, and return its path. Raises UsageError if that fails."""
    path = new_path(kind, suffix)
    with reported(path, _("cannot be written")):
        create(path, text.encode("utf-8", "replace"))
    return path
