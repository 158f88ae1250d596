"""Installation on a board's card that is mounted on this computer."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from duotui.base.errors import NotReady, UsageError
from duotui.base.files import read_bytes, reason, reported
from duotui.base.translation import gettext as _
from duotui.board.agent_launcher import BOARD_FOLDER
from duotui.board.installer import InstallFile
from duotui.board.owner_script import AUTO_SCRIPT, KEPT_SCRIPT, OUR_LINE

STOCK_FILES = ("etc/inittab", "etc/run_usb.sh", "mnt/system")
"""Paths that every image for a Duo has in its root."""


SCRIPT_LIMIT_BYTES = 1 << 20


class CardNotWritable(NotReady):
    """A card that this user may not write."""


def check_card(root: Path) -> None:
    """Check that `root` is the root of a Duo's card. Raises UsageError."""
    missing = [name for name in STOCK_FILES if not (root / name).exists()]
    if missing:
        raise UsageError(
            _(
                "{root} is not the root of a Duo's card: it has no {missing}",
                root=root,
                missing=missing[0],
            ),
            _("mount its second partition, and name that folder"),
        )


def install_on_card(root: Path, parts: tuple[InstallFile, ...]) -> list[Path]:
    """Copy `parts` to the root of a mounted card, each atomically; return the written paths.

    Raises UsageError if `root` is no Duo's or a link there leads off it, CardNotWritable if this
    user may not write there, NotReady if it cannot be written.
    """
    check_card(root)
    targets = [_on_card(root, part.target) for part in parts]
    written = []
    for part, target in zip(parts, targets, strict=True):
        with _written(target):
            _write(part.source, target, part.mode)
        written.append(target)
    return written


def has_owner_script(root: Path) -> bool:
    """True if the card has a script of its owner's in the place of ours. Raises UsageError."""
    script = _on_card(root, AUTO_SCRIPT)
    if not script.is_file():
        return False
    with reported(script):
        return OUR_LINE.encode() not in read_bytes(script, SCRIPT_LIMIT_BYTES)


def keep_owner_script(root: Path) -> None:
    """Keep the owner's script, if there is one, before it is replaced. Raises CardNotWritable."""
    if has_owner_script(root):
        kept = _on_card(root, KEPT_SCRIPT)
        with _written(kept):
            _write(_on_card(root, AUTO_SCRIPT), kept, 0o755)


def undo_install(root: Path) -> None:
    """Put the owner's script back, and remove what was installed. Raises UsageError,
    CardNotWritable or NotReady."""
    check_card(root)
    script, kept, folder = (
        _on_card(root, path) for path in (AUTO_SCRIPT, KEPT_SCRIPT, BOARD_FOLDER)
    )
    with _written(folder):
        if script.is_file() and not has_owner_script(root):
            if kept.is_file():
                kept.replace(script)
            else:
                script.unlink()
        if folder.is_dir():
            shutil.rmtree(folder)


@contextmanager
def _written(path: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise CardNotWritable(_("{path} cannot be written", path=path), reason(error)) from error
    except OSError as error:
        raise NotReady(_("{path} cannot be written", path=path), reason(error)) from error


def _on_card(root: Path, path: str) -> Path:
    """The board's `path` on the card. Raises UsageError if a link there leads off the card."""
    target = root / path.lstrip("/")
    if not target.parent.resolve().is_relative_to(root.resolve()) or target.is_symlink():
        raise UsageError(
            _("{target} leads off the card, by a symbolic link", target=target),
            _("remove the link on the card; nothing was written"),
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
