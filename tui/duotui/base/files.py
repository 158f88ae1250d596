"""Files of a user: read within a limit and without blocking, written whole or not at all.

Readers take regular files only. A FIFO would block for ever, and a device has no end. Whatever is
wrong is an OSError whose `strerror` says so in one line.
"""

import errno
import hashlib
import io
import os
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from duotui.base.errors import DuotuiError, UsageError
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_

_KINDS = {
    stat.S_IFIFO: N_("it is a FIFO, not a file"),
    stat.S_IFSOCK: N_("it is a socket, not a file"),
}
_NEVER_BLOCK = sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_BINARY"))
_READ_BLOCK = 1 << 20
_OWN_MODE, _SHARED_MODE = 0o600, 0o666


@contextmanager
def reported(path: Path, failure: str = "", kind: type[DuotuiError] = UsageError) -> Iterator[None]:
    """Raise an OSError of the body as the one line `PATH cannot be read; the reason`. `failure`
    is in the user's language."""
    try:
        yield
    except OSError as error:
        what = f"{path} {failure}" if failure else _("{path} cannot be read", path=path)
        raise kind(what, reason(error)) from error


def reason(error: OSError) -> str:
    """Return what is wrong, without a number and a path."""
    return _(error.strerror or str(error))


SYSTEM_REASONS = (
    N_("it is closed"),
    N_("Address already in use"),
    N_("Broken pipe"),
    N_("Connection refused"),
    N_("Connection reset by peer"),
    N_("Connection timed out"),
    N_("Device or resource busy"),
    N_("Exec format error"),
    N_("File exists"),
    N_("File name too long"),
    N_("Input/output error"),
    N_("Invalid argument"),
    N_("Is a directory"),
    N_("Name or service not known"),
    N_("Network is unreachable"),
    N_("No route to host"),
    N_("No space left on device"),
    N_("No such device"),
    N_("No such device or address"),
    N_("No such file or directory"),
    N_("Not a directory"),
    N_("Operation not permitted"),
    N_("Permission denied"),
    N_("Read-only file system"),
    N_("Temporary failure in name resolution"),
    N_("Text file busy"),
    N_("Too many levels of symbolic links"),
    N_("Too many open files"),
    N_("timed out"),
)
"""Reasons that a user meets, as the system words them."""


# Reading


def check_regular(path: Path) -> None:
    """Raise OSError unless `path` is a regular file, or a link to one."""
    _check(os.stat(path), path)


def open_regular(path: Path, flags: int = os.O_RDONLY) -> io.FileIO:
    """Open a regular file without a buffer. `flags` are those of os.open. Raises OSError."""
    with suppress(FileNotFoundError):
        check_regular(path)  # the opening of a device may have an effect of its own
    handle = os.open(path, flags | _NEVER_BLOCK, _SHARED_MODE)
    try:
        _check(os.fstat(handle), path)
    except OSError:
        os.close(handle)
        raise
    return io.FileIO(handle, "r+" if flags & (os.O_WRONLY | os.O_RDWR) else "r")


def read_bytes(path: Path, limit: int) -> bytes:
    """Return the contents of a file of at most `limit` bytes. Raises OSError."""
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size > limit:
            raise _too_large(limit)
        data = _read(file, limit + 1)
    if len(data) > limit:
        raise _too_large(limit)
    return data


def sha256_of(path: Path, limit: int = sys.maxsize) -> str:
    """Return the SHA-256 of a regular file of at most `limit` bytes, as hex. Raises OSError."""
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size > limit:
            raise _too_large(limit)
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_text(path: Path, limit: int, errors: str = "strict") -> str:
    """Return the text of a file of at most `limit` bytes, UTF-8 with or without a byte order mark.

    Raises OSError, also for other encodings.
    """
    return _decoded(read_bytes(path, limit), errors)


def read_tail(path: Path, limit: int) -> str:
    """Return the last lines of a text file, at most `limit` bytes; bytes that are not UTF-8 are
    replaced. Raises OSError."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(max(size - limit, 0))
        data = _read(file, limit)
    return _decoded(data if size <= limit else data.partition(b"\n")[2], "replace")


def read_lines(path: Path, limit: int, line_limit: int) -> Iterator[bytes]:
    """Yield the complete lines of a file of at most `limit` bytes, without their newlines and
    without a byte order mark.

    Holds at most one line in memory. Raises OSError, also for a line of more than `line_limit`
    bytes.
    """
    with open_regular(path) as raw, io.BufferedReader(raw, _READ_BLOCK) as file:
        if os.fstat(raw.fileno()).st_size > limit:
            raise _too_large(limit)
        done = 0
        while (line := file.readline(line_limit + 1)).endswith(b"\n"):
            yield line[:-1] if done else line[:-1].removeprefix(_BYTE_ORDER_MARK)
            done += len(line)
            if done > limit:
                raise _too_large(limit)
        if len(line) > line_limit:
            raise OSError(
                errno.EFBIG, _("one of its lines has more than {limit} bytes", limit=line_limit)
            )


_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def _read(file: io.FileIO, count: int) -> bytes:
    """Return up to `count` bytes. Not in one read: a file of /proc may say that it has no size."""
    parts, left = [], count
    while left and (part := os.read(file.fileno(), min(left, _READ_BLOCK))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _decoded(data: bytes, errors: str) -> str:
    try:
        return data.removeprefix(_BYTE_ORDER_MARK).decode("utf-8", errors)
    except UnicodeDecodeError as error:
        raise OSError(
            errno.EILSEQ, _("it is not UTF-8 at byte {position}", position=error.start)
        ) from error


def _check(status: os.stat_result, path: Path) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        what = _KINDS.get(stat.S_IFMT(status.st_mode), N_("it is a device, not a file"))
        raise OSError(errno.EINVAL, _(what), str(path))


def _too_large(limit: int) -> OSError:
    size = f"{limit >> 20} MiB" if limit >> 20 else f"{limit >> 10} KiB"
    return OSError(errno.EFBIG, _("it is larger than {size}", size=size))


# Writing


def atomic_write(
    path: Path, data: bytes, *, for_all: bool = False, follow_links: bool = True
) -> None:
    """Write `data` to `path`, whole.

    A file that is there keeps its mode. A new one is for this user alone, and folders that are
    missing are made. With `for_all` it is for whom the umask admits, in a folder that is there:
    somebody named it. A symbolic link stays one, and its target is replaced; without
    `follow_links` the link itself is. Raises OSError, and `path` is then as it was.
    """
    with _replacing(path, for_all, follow_links) as handle, io.FileIO(handle, "w") as file:
        write_all(file, data)
        os.fsync(handle)


def write_into(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write each of `files` into a folder that somebody named. A link there is not followed.

    Raises UsageError."""
    for name, data in files.items():
        with reported(folder / name, _("cannot be written")):
            atomic_write(folder / name, data, for_all=True, follow_links=False)


def check_writable(path: Path) -> None:
    """Raise the OSError that `atomic_write` would, but for a full disk. Changes nothing else."""
    with suppress(_Unwanted), _replacing(path, for_all=True, follow_links=True) as handle:
        os.close(handle)
        raise _Unwanted


class _Unwanted(Exception):
    """The end of a replacement that was only tried."""


@contextmanager
def _replacing(path: Path, for_all: bool, follow_links: bool) -> Iterator[int]:
    """Yield the descriptor of a fresh file; the body closes it, and it then becomes `path`."""
    if not for_all:
        path.parent.mkdir(parents=True, exist_ok=True)
    old: os.stat_result | None = None
    with suppress(FileNotFoundError):
        old = os.stat(path) if follow_links else os.lstat(path)
        if not stat.S_ISLNK(old.st_mode):
            _check(old, path)
    target = Path(os.path.realpath(path)) if follow_links else path
    fresh = target.with_name(f".duotui-{os.urandom(8).hex()}.new")
    mode = _SHARED_MODE if for_all else _OWN_MODE
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NEVER_BLOCK, mode)
    try:
        if old is not None and stat.S_ISREG(old.st_mode):
            fresh.chmod(stat.S_IMODE(old.st_mode))
        yield handle
        os.replace(fresh, target)
    except BaseException:
        fresh.unlink()
        raise


def write_all(file: io.FileIO, data: bytes) -> None:
    """Write all of `data` to a file without a buffer. Raises OSError: a full disk takes a part."""
    left = memoryview(data)
    while left:
        count = file.write(left)
        if not count:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left = left[count:]


def create(path: Path, data: bytes) -> None:
    """Write `data` to a file that does not exist yet. Raises OSError, and then there is none."""
    with path.open("xb", buffering=0) as file:
        try:
            write_all(file, data)
        except OSError:
            path.unlink()
            raise


@contextmanager
def atomic_replacement(path: Path) -> Iterator[Path]:
    """Yield a path in an empty folder beside `path`; the file that is written there becomes `path`.

    For a file that another program writes. Where the body raises, `path` is as it was and nothing
    is left beside it. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=BUILD_PREFIX) as folder:
        fresh = Path(folder) / path.name
        yield fresh
        with fresh.open("r+b") as file:  # Windows syncs no file that is open for reading only
            os.fsync(file.fileno())
        fresh.replace(path)


BUILD_PREFIX = "building-"
"""Beginning of the names of folders in which `atomic_replacement` lets a file be written."""
