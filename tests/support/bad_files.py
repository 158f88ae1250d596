"""Files and other things that a path may name in place of the file that a program expects."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HUGE = 3 << 30
"""Bytes of a file with a hole, which takes no room."""


def _hole(path: Path) -> None:
    path.write_bytes(b"")
    os.truncate(path, HUGE)


def _contents(data: bytes) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_bytes(data)

    return make


NO_FILES: Mapping[str, Callable[[Path], None]] = {
    "a folder": lambda path: path.mkdir(),
    "a FIFO": lambda path: os.mkfifo(path),
    "an endless device": lambda path: path.symlink_to("/dev/zero"),
    "a full device": lambda path: path.symlink_to("/dev/full"),
    "a loop of links": lambda path: path.symlink_to(path.name),
    "a hole of 3 GB": _hole,
}
"""What cannot be read as a file, by name."""

BAD_CONTENTS: Mapping[str, Callable[[Path], None]] = {
    "empty": _contents(b""),
    "zeros": _contents(bytes(100_000)),
    "not UTF-8": _contents(b"theme = \xff\xfe\n\xe9\n" * 9),
    "UTF-16": _contents('theme = "nord"\n'.encode("utf-16")),
    "deep lists": _contents(b"x = " + b"[" * 200_000 + b"]" * 200_000),
    "deep tables": _contents(b'{"a":' * 200_000),
    "a long number": _contents(b"x = " + b"9" * 100_000 + b"\n"),
    "one long line": _contents(b"x" * 3_000_000),
    "escapes": _contents(b"\x1b]52;c;UFdO\x07\xc2\x9b31m\n\x1bc = 1\n"),
}
"""Contents that no reader expects, by name."""

BAD_FILES = {**NO_FILES, **BAD_CONTENTS}


def fingerprint(path: Path) -> tuple[int, int, int, bytes]:
    """What must not change: which file it is, its kind, its size, its contents if they are few."""
    status = path.lstat()
    small = path.is_file() and status.st_size < 1 << 23
    return status.st_ino, status.st_mode, status.st_size, path.read_bytes() if small else b""
