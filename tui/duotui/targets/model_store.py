"""Models that are known by name: fetched once, checked, and found again in the user's data folder.

data/models.json says which there are, where they are published, and their SHA-256. What does not
have it takes no name: nothing else ever reads it.
"""

import hashlib
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from duotui import __version__
from duotui.base import resources
from duotui.base.clock import Clock
from duotui.base.errors import LinkBroken, NotReady, UsageError
from duotui.base.progress import TransferProgress

DOWNLOAD_BLOCK_BYTES = 1 << 16
READ_TIMEOUT = 30.0
"""Seconds until a source that says nothing is given up."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    name: str
    url: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class KnownModel:
    """`files`: its weights, and its tokenizer."""

    name: str
    what: str
    licence: str
    files: tuple[ModelFile, ...]

    def path(self, store: Path) -> Path:
        """The path of its weights, which name the rest: the tokenizer lies beside them."""
        return store / self.name / self.files[0].name

    def complete(self, store: Path) -> bool:
        """Say whether all of it is there. A file takes its name only when its SHA-256 was right."""
        return all((store / self.name / file.name).exists() for file in self.files)

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(file.size for file in self.files)


def known() -> tuple[KnownModel, ...]:
    rows = json.loads((resources.PACKAGE / "data" / "models.json").read_text("utf-8"))
    return tuple(
        KnownModel(**{**row, "files": tuple(ModelFile(**file) for file in row["files"])})
        for row in rows
    )


def find(name: str) -> KnownModel:
    """Raises UsageError where there is none of that name."""
    names = {model.name: model for model in known()}
    if name not in names:
        raise UsageError(f"no model is known as {name}", f"there are {', '.join(names)}")
    return names[name]


def default_store() -> Path:
    return platformdirs.user_data_path("duotui") / "models"


def fetch(
    model: KnownModel,
    store: Path,
    clock: Clock,
    progress: Callable[[str, TransferProgress], None] = lambda _name, _now: None,
    source: str = "",
) -> Path:
    """Make `model` complete in `store`; its weights. What is there is not fetched again, and what
    a break left is gone on with. `source`: a URL that holds the files, in place of their own.

    Raises NotReady where the source has not what was promised, or there is no room; LinkBroken
    where it broke off.
    """
    folder = store / model.name
    for file in model.files:
        target = folder / file.name
        if target.exists():
            continue
        url = f"{source.rstrip('/')}/{file.url.rsplit('/', 1)[1]}" if source else file.url
        part = target.with_name(target.name + ".part")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _fetch(file=file, url=url, part=part, clock=clock, progress=progress)
            found = hashlib.sha256(part.read_bytes()).hexdigest()
            if found != file.sha256:
                part.unlink()
                raise NotReady(
                    f"what {url} sent is not {file.name}: its SHA-256 is {found[:12]}...",
                    "try again, or name another source with --from",
                )
            part.replace(target)
        except OSError as error:
            raise NotReady(f"{part} cannot be written", error.strerror or "") from error
    return model.path(store)


def _fetch(
    file: ModelFile,
    url: str,
    part: Path,
    clock: Clock,
    progress: Callable[[str, TransferProgress], None],
) -> None:
    """Go on with `part` until it has all bytes of `file`."""
    begun = part.stat().st_size if part.exists() else 0
    if begun >= file.size:
        begun = 0
    headers = {"User-Agent": f"duotui/{__version__}", "Range": f"bytes={begun}-"}
    start = clock.now()
    with _opened(url, headers) as answer, part.open("ab") as out:
        if getattr(answer, "status", None) != http.client.PARTIAL_CONTENT:
            begun = 0
        out.truncate(begun)
        done = begun
        while done < file.size:
            block = _read(answer, min(DOWNLOAD_BLOCK_BYTES, file.size - done))
            if not block:
                raise LinkBroken(
                    f"the download of {file.name} broke off at {done / 1e6:.1f} MB",
                    "the same command goes on from there",
                )
            out.write(block)
            done += len(block)
            now = TransferProgress(done, file.size, done - begun, clock.now() - start)
            progress(file.name, now)


def _opened(url: str, headers: dict[str, str]) -> http.client.HTTPResponse:
    try:
        request = urllib.request.Request(url, headers=headers)
        answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=READ_TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        raise NotReady(
            f"{url} answers {error.code} {error.reason}",
            "name another source with --from",
        ) from error
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise NotReady(
            f"{url} cannot be reached: {getattr(reason, 'strerror', None) or reason}",
            "check the network, or name another source with --from",
        ) from error
    return answer


def _read(answer: http.client.HTTPResponse, count: int) -> bytes:
    """b"" where it broke off."""
    try:
        return answer.read(count)
    except (http.client.HTTPException, OSError):
        return b""
