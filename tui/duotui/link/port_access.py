"""Access to a port: who may open it, and which programs have it open."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from duotui.base.child_process import child_environment
from duotui.base.oscompat import by_system
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_

OTHER_SYSTEMS_HINT = by_system(
    linux="",
    macos=N_("ls -l says who may open it"),
    windows=N_("run it as a user who may open the port"),
)

_GROUP_MAY = 0o060
"""Bits of a mode by which a group may read and write."""


def permission_hint(path: str) -> str:
    """What a user does who may not open `path`. Its group is dialout on Debian, uucp on Arch."""
    if sys.platform in ("win32", "darwin"):
        return _(OTHER_SYSTEMS_HINT)
    import grp

    try:
        status = os.stat(path)
        group = grp.getgrgid(status.st_gid).gr_name
    except (OSError, KeyError):
        group = ""
    if not group or group == "root" or status.st_mode & _GROUP_MAY != _GROUP_MAY:
        command = f"sudo chmod a+rw {path}"
        return _("until it is plugged in again: {command}", command=command)
    command = f'sudo usermod -aG {group} "$USER"'
    return _("join its group, then log out and in: {command}", command=command)


def holders(path: str, proc: Path = Path("/proc"), *, other_ends: bool = False) -> Iterable[str]:
    """Yield programs that have `path` open, as `name (pid N)`, as far as this user may see them.

    Not this one, nor the program at the other end of a pseudo-terminal, but for `other_ends`.
    Windows reports none.
    """
    real = os.path.realpath(path)
    if not proc.is_dir():
        yield from _holders_by_lsof(real)
    for folder in proc.glob("[0-9]*"):
        try:
            files = {entry.name: os.readlink(entry) for entry in (folder / "fd").iterdir()}
            if real not in files.values() or _is_ours(folder):
                continue
            if not other_ends and _has_master(folder, files, real):
                continue
            name = (folder / "comm").read_text("utf-8", "replace").strip()
            yield f"{name} (pid {folder.name})"
        except OSError:
            continue


def _is_ours(folder: Path) -> bool:
    """True for this process, and for a child that is not yet the program that it will be."""
    if int(folder.name) == os.getpid():
        return True
    try:
        parent = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[1]
        program = os.readlink(folder / "exe")
        return parent == str(os.getpid()) and program == os.readlink("/proc/self/exe")
    except (OSError, IndexError):
        return False


def _has_master(folder: Path, files: Mapping[str, str], path: str) -> bool:
    """True if a process has the other end of the pseudo-terminal `path`."""
    number = path.removeprefix("/dev/pts/")
    masters = [name for name, file in files.items() if file.endswith("/ptmx")]
    return any(
        re.search(rf"^tty-index:\s*{number}$", (folder / "fdinfo" / name).read_text(), re.MULTILINE)
        for name in masters
        if number.isdecimal()
    )


def _holders_by_lsof(path: str) -> Iterable[str]:
    """Ask lsof without /proc, as on macOS, which has each port twice: /dev/cu.* and /dev/tty.*."""
    if shutil.which("lsof") is None:
        return
    twin = path.replace("/dev/cu.", "/dev/tty.")
    done = subprocess.run(
        ["lsof", "-w", "-F", "pc", "--", *{path, twin}],
        capture_output=True,
        encoding="utf-8",
        env=child_environment(),
    )
    # lines of lsof: p and the process's number, c and its name, f and a file's number
    for number, name in re.findall(r"^p(\d+)\nc(.*)$", done.stdout, re.MULTILINE):
        if int(number) != os.getpid():
            yield f"{name} (pid {number})"
