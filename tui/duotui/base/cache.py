"""The user's cache: files that the program can make again.

Programs of the cache are run. Its folders therefore belong to this user, and no other one may write
to them.
"""

import os
import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import platformdirs

from duotui.base.errors import NotReady
from duotui.base.files import (
    BUILD_PREFIX,
    atomic_replacement,
    atomic_write,
    read_text,
    reason,
    sha256_of,
)
from duotui.base.oscompat import folder_lock
from duotui.base.translation import gettext as _

_DIGEST_CHARACTERS = 64


def cache_folder() -> Path:
    return platformdirs.user_cache_path("duotui")


def cached(target: Path, make: Callable[[Path], None], *, changes: bool = False) -> Path:
    """Return `target`, a file of the cache. Unless it is there, `make` writes it to another path.

    A digest beside it tells a damaged file, which is made anew; a file that `changes` has none. Two
    commands at once make it once. Raises NotReady where the cache cannot be written, or where
    another user can; any OSError of `make` counts as the former.
    """
    try:
        for folder in (cache_folder(), target.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _check_private(folder)
        if not _is_intact(target, changes):
            with folder_lock(target.parent) as is_alone:
                if is_alone:
                    _remove_leftovers(target.parent)
                if not _is_intact(target, changes):
                    _make(target, make, changes)
    except OSError as error:
        raise NotReady(
            _(
                "the cache folder {cache_folder} cannot be written: {error}",
                cache_folder=cache_folder(),
                error=reason(error),
            ),
            _("set XDG_CACHE_HOME to a folder that can"),
        ) from error
    return target


def _make(target: Path, make: Callable[[Path], None], changes: bool) -> None:
    with atomic_replacement(target) as fresh:
        make(fresh)
        digest = "" if changes else sha256_of(fresh)
    if digest:
        atomic_write(_digest_file(target), digest.encode())


def _is_intact(target: Path, changes: bool) -> bool:
    if changes:
        return target.exists()
    try:
        return read_text(_digest_file(target), _DIGEST_CHARACTERS) == sha256_of(target)
    except OSError:
        return False


def _digest_file(target: Path) -> Path:
    return target.with_name(f"{target.name}.sha256")


def _check_private(folder: Path) -> None:
    """Raise NotReady if another user can write to `folder`. Root may own it."""
    if sys.platform == "win32":
        return
    else:  # mypy looks at no other branch
        status = folder.stat()
        if status.st_uid not in (os.geteuid(), 0):
            raise NotReady(
                _("the cache folder {folder} belongs to another user", folder=folder),
                _("set XDG_CACHE_HOME to a folder of yours"),
            )
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise NotReady(
                _("the cache folder {folder} can be written by other users", folder=folder),
                _(
                    "remove it, or chmod go-w {folder} if nobody else uses this computer",
                    folder=folder,
                ),
            )


def _remove_leftovers(folder: Path) -> None:
    """Remove the folders of builds that were killed: under the lock of `folder`, no build runs."""
    for leftover in folder.glob(f"{BUILD_PREFIX}*"):
        shutil.rmtree(leftover, ignore_errors=True)
