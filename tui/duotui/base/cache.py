"""The user's cache: files that the program can make again."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from duotui.base.errors import NotReady


def cache_folder() -> Path:
    return platformdirs.user_cache_path("duotui")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path in an empty folder beside `path`; the file written there replaces `path`.

    Another process sees the whole file or none. An exception leaves nothing behind. Raises NotReady
    if the cache cannot be written, and for any OSError of the body.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix="new-") as folder:
            yield Path(folder) / path.name
            (Path(folder) / path.name).replace(path)
    except OSError as error:
        raise NotReady(
            f"the cache folder {cache_folder()} cannot be written: {error.strerror or error}",
            "set XDG_CACHE_HOME to a folder that can",
        ) from error
