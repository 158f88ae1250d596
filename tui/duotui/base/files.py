"""Files that are replaced whole: another process reads the old one or the new one, never half."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def atomic_write(path: Path, data: bytes) -> None:
    """Write `data` to `path`, for this user alone to read. Folders that are missing are made.

    Raises OSError, and `path` is then as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        os.replace(name, path)
    except OSError:
        os.unlink(name)
        raise


@contextmanager
def atomic_replacement(path: Path) -> Iterator[Path]:
    """Yield a path in an empty folder beside `path`; the file that is written there becomes `path`.

    For a file that another program writes. Where the body raises, `path` is as it was and nothing
    is left beside it. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="new-") as folder:
        fresh = Path(folder) / path.name
        yield fresh
        fresh.replace(path)
