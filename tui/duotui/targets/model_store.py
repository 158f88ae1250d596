"""Models known by name: downloaded once, checked, and kept in the user's data folder.

data/models.json lists their URLs and SHA-256. A file gets its name only if its SHA-256 matches;
until then nothing else reads it.
"""

import http.client
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import platformdirs

from duotui import __version__
from duotui.base import resources
from duotui.base.clock import Clock
from duotui.base.errors import LinkBroken, NotReady, UsageError
from duotui.base.files import open_regular, reported, sha256_of, write_all
from duotui.base.oscompat import folder_lock
from duotui.base.progress import TransferProgress
from duotui.base.translation import gettext as _

DOWNLOAD_BLOCK_BYTES = 1 << 16
APPENDING = os.O_RDWR | os.O_APPEND | os.O_CREAT

REASON_LIMIT = 200
"""Characters of a server's reason that are shown."""

READ_TIMEOUT = 30.0
"""Seconds without data until a download fails."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    name: str
    url: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class KnownModel:
    """`files` are its weights and its tokenizer."""

    name: str
    what: str
    licence: str
    files: tuple[ModelFile, ...]

    def path(self, store: Path) -> Path:
        """Return the path of its weights; the tokenizer lies beside them."""
        return store / self.name / self.files[0].name

    def complete(self, store: Path) -> bool:
        """Return True if all files are there. A file gets its name only if its SHA-256 matches."""
        return all((store / self.name / file.name).exists() for file in self.files)

    @property
    def size(self) -> int:
        """Size of all files in bytes."""
        return sum(file.size for file in self.files)


def known() -> tuple[KnownModel, ...]:
    rows = json.loads((resources.PACKAGE / "data" / "models.json").read_text("utf-8"))
    return tuple(
        KnownModel(**{**row, "files": tuple(ModelFile(**file) for file in row["files"])})
        for row in rows
    )


def find(name: str) -> KnownModel:
    """Return the model of that name. Raises UsageError if there is none."""
    names = {model.name: model for model in known()}
    if name not in names:
        raise UsageError(
            _("no model is known as {name}", name=name),
            _("there are {names}", names=", ".join(names)),
        )
    return names[name]


def default_store() -> Path:
    return platformdirs.user_data_path("duotui") / "models"


def fetch(
    model: KnownModel,
    store: Path,
    clock: Clock,
    progress: Callable[[str, TransferProgress], None] = lambda _name, _now: None,
    source: str = "",
    waiting: Callable[[], None] = lambda: None,
) -> Path:
    """Download the missing files of `model` into `store`; return the path of its weights. An
    interrupted download resumes. `source` is a URL that holds the files, in place of their own.
    `waiting` is called where another process downloads the same model; its files are then used.

    Raises NotReady if the source has another file or there is no room, LinkBroken if the connection
    breaks off.
    """
    folder = store / model.name
    if model.complete(store):
        return model.path(store)
    with reported(folder, _("cannot be written"), NotReady):
        folder.mkdir(parents=True, exist_ok=True)
        with folder_lock(folder, waiting):
            for file in model.files:
                if not (folder / file.name).exists():
                    url = _url(file, source)
                    _fetch(file=file, url=url, folder=folder, clock=clock, progress=progress)
    return model.path(store)


def _url(file: ModelFile, source: str) -> str:
    return f"{source.rstrip('/')}/{file.url.rsplit('/', 1)[1]}" if source else file.url


def _fetch(
    file: ModelFile,
    url: str,
    folder: Path,
    clock: Clock,
    progress: Callable[[str, TransferProgress], None],
) -> None:
    """Complete a partial download, and give it its name if its SHA-256 is that of `file`."""
    part = folder / f"{file.name}.part"
    with reported(part, _("cannot be written"), NotReady):
        _complete(file=file, url=url, part=part, clock=clock, progress=progress)
        digest = sha256_of(part)
        if digest != file.sha256:
            part.unlink()
            raise NotReady(
                _(
                    "what {url} sent is not {name}: its SHA-256 is {digest}...",
                    url=url,
                    name=file.name,
                    digest=digest[:12],
                ),
                _("try again, or name another source with --from"),
            )
        part.replace(folder / file.name)


def _complete(
    file: ModelFile,
    url: str,
    part: Path,
    clock: Clock,
    progress: Callable[[str, TransferProgress], None],
) -> None:
    """Append to `part` until it has all bytes of `file`. What has come is written at once."""
    offset = part.stat().st_size if part.exists() else 0
    if offset >= file.size:
        offset = 0
    headers = {"User-Agent": f"duotui/{__version__}", "Range": f"bytes={offset}-"}
    start = clock.now()
    with _opened(url, headers) as answer, open_regular(part, APPENDING) as out:
        if getattr(answer, "status", None) != http.client.PARTIAL_CONTENT:
            offset = 0
        out.truncate(offset)
        done = offset
        while done < file.size:
            block = _read(answer, min(DOWNLOAD_BLOCK_BYTES, file.size - done))
            if not block:
                raise LinkBroken(
                    _(
                        "the download of {name} broke off at {done:.1f} MB",
                        name=file.name,
                        done=done / 1e6,
                    ),
                    _("the same command goes on from there"),
                )
            write_all(out, block)
            done += len(block)
            now = TransferProgress(done, file.size, done - offset, clock.now() - start)
            progress(file.name, now)
        os.fsync(out.fileno())


def _opened(url: str, headers: dict[str, str]) -> http.client.HTTPResponse:
    try:
        request = urllib.request.Request(url, headers=headers)
        answer: http.client.HTTPResponse = _OPENER.open(request, timeout=READ_TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        raise NotReady(
            _(
                "{url} answers {code} {reason}",
                url=url,
                code=error.code,
                reason=str(error.reason)[:REASON_LIMIT],
            ),
            _("name another source with --from"),
        ) from error
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise NotReady(
            _(
                "{url} cannot be reached: {reason}",
                url=url,
                reason=getattr(reason, "strerror", None) or reason,
            ),
            _("check the network, or name another source with --from"),
        ) from error
    return answer


class _WebRedirects(urllib.request.HTTPRedirectHandler):
    """Redirects to the web alone: urllib also follows those to FTP."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urllib.parse.urlsplit(newurl).scheme not in ("http", "https"):
            raise urllib.error.HTTPError(
                newurl, code, _("and leads to {newurl}", newurl=newurl), headers, fp
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_OPENER = urllib.request.build_opener(_WebRedirects)


def _read(answer: http.client.HTTPResponse, count: int) -> bytes:
    """Return the bytes that have come, up to `count`; b"" if the connection broke off."""
    try:
        return answer.read1(count)
    except (http.client.HTTPException, OSError):
        return b""
