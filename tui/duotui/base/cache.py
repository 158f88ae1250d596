"""The user's cache: what this program has made once, and can make again."""

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
    """A path in an empty folder beside `path`; what is written there becomes `path`.

    Another process sees the whole file or none, and nothing is left where an exception is raised.
    Raises NotReady where the cache cannot be written; any OSError of the body counts as that.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix="new-") as fresh:
            yield Path(fresh) / path.name
            (Path(fresh) / path.name).replace(path)
    except OSError as error:
        raise NotReady(
            f"the cache folder {cache_folder()} cannot be written: {error.strerror or error}",
            "set XDG_CACHE_HOME to a folder that can",
        ) from error
