"""The sources of a model's files: the publisher, its mirrors, or what the user names."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from duotui.base.clock import Clock
from duotui.base.errors import UsageError
from duotui.base.files import open_regular, reason, write_all
from duotui.base.nearest import hint_for
from duotui.base.progress import TransferProgress
from duotui.base.translation import gettext as _
from duotui.targets.download import (
    DOWNLOAD_BLOCK_BYTES,
    ShowProgress,
    SourceFailed,
    WantedFile,
)

HUGGING_FACE = "https://huggingface.co/"
ENDPOINT_VARIABLE = "HF_ENDPOINT"
"""Environment variable that replaces HUGGING_FACE, as for its own programs."""


class PublishedFile(Protocol):
    """A file with its URL at the publisher, and its mirrors."""

    @property
    def name(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def mirrors(self) -> tuple[str, ...]: ...


def sources_of(
    files: Sequence[PublishedFile],
    given: Sequence[str],
    environment: Mapping[str, str] = os.environ,
) -> dict[str, list[str]]:
    """Return the sources of each file by its name: URLs, and paths of this computer.

    `given` are the user's: `NAME=PLACE` for one file, or a URL or folder that has them all. They
    are taken in place of the publisher's. Raises UsageError for the name of no file."""
    own: dict[str, list[str]] = {file.name: [] for file in files}
    names = {_base_name(file.url): file.name for file in files}
    names |= {file.name: file.name for file in files}
    everywhere = []
    for each in given:
        name, sign, place = each.partition("=")
        if sign and name in names:
            own[names[name]].append(place)
        elif sign and "/" not in name and not Path(each).exists():
            hint = hint_for(name, own, _("there are {names}", names=", ".join(own)))
            raise UsageError(_("no file of the model is named {name}", name=name), hint)
        else:
            everywhere.append(each)
    return {
        file.name: [
            *own[file.name],
            *(_inside(folder, file) for folder in everywhere if not own[file.name]),
        ]
        or _published(file, environment)
        for file in files
    }


def is_url(source: str) -> bool:
    return "://" in source


def copy_file(
    wanted: WantedFile, source: Path, part: Path, clock: Clock, progress: ShowProgress
) -> None:
    """Write a file of this computer to `part`. Raises SourceFailed, and OSError where `part` cannot
    be written."""
    start, done = clock.now(), 0
    part.unlink(missing_ok=True)
    try:
        data = open_regular(source)
    except OSError as error:
        raise SourceFailed(
            _("{path} cannot be read: {error}", path=source, error=reason(error)),
            wanted.other_source,
        ) from error
    with data, open_regular(part, os.O_WRONLY | os.O_CREAT) as out:
        size = os.fstat(data.fileno()).st_size
        if size != wanted.size:
            raise SourceFailed(
                _(
                    "{url} has {said} bytes, and {name} has {size}",
                    url=source,
                    said=size,
                    name=wanted.name,
                    size=wanted.size,
                ),
                wanted.other_source,
            )
        while block := os.read(data.fileno(), DOWNLOAD_BLOCK_BYTES):
            write_all(out, block)
            done += len(block)
            progress(wanted.name, TransferProgress(done, wanted.size, done, clock.now() - start))
        os.fsync(out.fileno())


def _base_name(url: str) -> str:
    return url.rsplit("/", 1)[1]


def _inside(folder: str, file: PublishedFile) -> str:
    """The file in a folder of the web, under its name there, or of this computer, under either."""
    name = _base_name(file.url)
    if is_url(folder):
        return f"{folder}{'' if folder.endswith('/') else '/'}{name}"
    paths = [Path(folder) / name, Path(folder) / file.name]
    return str(next((path for path in paths if path.exists()), paths[-1]))


def _published(file: PublishedFile, environment: Mapping[str, str]) -> list[str]:
    """The publisher's URL and the mirrors. Where HF_ENDPOINT is set, what Hugging Face has comes
    from there alone, as in its own programs."""
    endpoint = environment.get(ENDPOINT_VARIABLE, "").strip().rstrip("/")
    if endpoint and file.url.startswith(HUGGING_FACE):
        return [f"{endpoint}/{file.url.removeprefix(HUGGING_FACE)}"]
    return [file.url, *file.mirrors]
