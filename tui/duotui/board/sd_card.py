"""Installation on a board's card that is mounted on this computer."""

import os
import shutil
from pathlib import Path

from duotui.base.errors import NotReady, UsageError
from duotui.board.installer import InstallFile

STOCK_FILES = ("etc/inittab", "etc/run_usb.sh", "mnt/system")
"""Paths that every image for a Duo has in its root."""


def install_on_card(root: Path, parts: tuple[InstallFile, ...]) -> list[Path]:
    """Copy `parts` to the root of a mounted card, each atomically; return the written paths.

    Raises UsageError if `root` is no Duo's, NotReady if it cannot be written.
    """
    missing = [name for name in STOCK_FILES if not (root / name).exists()]
    if missing:
        raise UsageError(
            f"{root} is not the root of a Duo's card: it has no {missing[0]}",
            "mount its second partition, and name that folder",
        )
    targets = [_target(root, part) for part in parts]
    written = []
    for part, target in zip(parts, targets, strict=True):
        try:
            _write(part.source, target, part.mode)
        except OSError as error:
            raise NotReady(f"{target} cannot be written", error.strerror or "") from error
        written.append(target)
    return written


def _target(root: Path, part: InstallFile) -> Path:
    """The path of `part` on the card. Raises UsageError if a link there leads off the card."""
    target = root / part.target.lstrip("/")
    if not target.parent.resolve().is_relative_to(root.resolve()) or target.is_symlink():
        raise UsageError(
            f"{target} leads off the card, by a symbolic link",
            "remove the link on the card; nothing was written",
        )
    return target


def _write(source: Path, target: Path, mode: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)  # a link there would be followed
    shutil.copyfile(source, part)
    part.chmod(mode)
    with part.open("r+b") as file:  # Windows syncs no file that is open for reading only
        os.fsync(file.fileno())
    part.replace(target)
