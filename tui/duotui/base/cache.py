"""The user's cache: files that the program can make again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from duotui.base.errors import NotReady
from duotui.base.files import atomic_replacement


def cache_folder() -> Path:
    return platformdirs.user_cache_path("duotui")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield the path of a fresh file that becomes `path`, whole (`atomic_replacement`).

    Raises NotReady where the cache cannot be written; any OSError of the body counts as that.
    """
    try:
        with atomic_replacement(path) as fresh:
            yield fresh
    except OSError as error:
        raise NotReady(
            f"the cache folder {cache_folder()} cannot be written: {error.strerror or error}",
            "set XDG_CACHE_HOME to a folder that can",
        ) from error
