"""Models known by name: downloaded once, checked, and kept in the user's data folder.

data/models.json lists their URLs, mirrors and SHA-256. A file gets its name only if its SHA-256
matches; until then nothing else reads it. One that is there already is checked the same way.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from duotui.base import resources
from duotui.base.clock import Clock
from duotui.base.errors import NotReady, UsageError
from duotui.base.files import reported, sha256_of
from duotui.base.log import without_secrets
from duotui.base.nearest import hint_for
from duotui.base.oscompat import folder_lock
from duotui.base.translation import gettext as _
from duotui.targets.download import (
    ShowProgress,
    SourceBrokeOff,
    SourceFailed,
    WantedFile,
    download,
)
from duotui.targets.model_sources import copy_file, is_url, sources_of


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file of a model. `mirrors` are other URLs of the same bytes."""

    name: str
    url: str
    size: int
    sha256: str
    mirrors: tuple[str, ...] = ()


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
        """Return True if all files are there, each of its size."""
        return all(_has_size(store / self.name / file.name, file) for file in self.files)

    @property
    def size(self) -> int:
        """Size of all files in bytes."""
        return sum(file.size for file in self.files)


def known() -> tuple[KnownModel, ...]:
    rows = json.loads((resources.PACKAGE / "data" / "models.json").read_text("utf-8"))
    return tuple(
        KnownModel(
            **{
                **row,
                "files": tuple(
                    ModelFile(**{**file, "mirrors": tuple(file["mirrors"])})
                    for file in row["files"]
                ),
            }
        )
        for row in rows
    )


def find(name: str) -> KnownModel:
    """Return the model of that name. Raises UsageError if there is none."""
    names = {model.name: model for model in known()}
    if name not in names:
        raise UsageError(
            _("no model is known as {name}", name=name),
            hint_for(name, names, _("there are {names}", names=", ".join(names))),
        )
    return names[name]


def default_store() -> Path:
    return platformdirs.user_data_path("duotui") / "models"


@dataclass(frozen=True, slots=True)
class Reports:
    """What a fetch tells meanwhile. `waiting` is called where another process downloads the same
    model, `note` with a line about a source or a file that is not used."""

    progress: ShowProgress = lambda _name, _now: None
    note: Callable[[str], None] = lambda _line: None
    waiting: Callable[[], None] = lambda: None


NO_REPORTS = Reports()


def fetch(
    model: KnownModel,
    store: Path,
    clock: Clock,
    given: Sequence[str] = (),
    reports: Reports = NO_REPORTS,
) -> Path:
    """Get the files of `model` that `store` lacks; return the path of its weights.

    `given` are the sources that the user names (`sources_of`). An interrupted download resumes, at
    another source, too. Raises UsageError for a source of no file; NotReady if no source has the
    file or there is no room, LinkBroken if the last connection breaks off.
    """
    folder = store / model.name
    sources = sources_of(model.files, given)
    with reported(folder, _("cannot be written"), NotReady):
        folder.mkdir(parents=True, exist_ok=True)
        with folder_lock(folder, reports.waiting):
            for file in model.files:
                if not _is_there(folder / file.name, file, reports.note):
                    _fetch(file, sources[file.name], folder, clock, reports)
    return model.path(store)


def _has_size(path: Path, file: ModelFile) -> bool:
    return path.exists() and path.stat().st_size == file.size


def _is_there(path: Path, file: ModelFile, note: Callable[[str], None]) -> bool:
    """True if `path` has the bytes of `file`. Another file stays until the right one has come."""
    if not path.exists():
        return False
    if _has_size(path, file) and sha256_of(path) == file.sha256:
        return True
    note(_("{path} is another file; it is replaced", path=path))
    return False


def _fetch(
    file: ModelFile, sources: Sequence[str], folder: Path, clock: Clock, reports: Reports
) -> None:
    """Try each source in turn. Raises the error of the last one."""
    part = folder / f"{file.name}.part"
    with reported(part, _("cannot be written"), NotReady):
        for number, source in enumerate(sources, 1):
            try:
                _from_source(file, source, part, clock, reports.progress)
                part.replace(folder / file.name)
                return
            except (SourceFailed, SourceBrokeOff) as error:
                if number == len(sources):
                    raise
                reports.note(_("{message}; the next source is tried", message=error.message))


def _from_source(
    file: ModelFile, source: str, part: Path, clock: Clock, progress: ShowProgress
) -> None:
    """Complete `part` from a source, and check it. What another source began may be wrong: the
    file is then taken anew. Raises SourceFailed, SourceBrokeOff or OSError."""
    wanted = WantedFile(file.name, file.size)
    is_resumed = part.exists() and 0 < part.stat().st_size < file.size
    if is_url(source):
        download(wanted, source, part, clock, progress)
    else:
        copy_file(wanted, Path(source), part, clock, progress)
    digest = sha256_of(part)
    if digest == file.sha256:
        return
    part.unlink()
    if is_resumed:
        _from_source(file, source, part, clock, progress)
        return
    raise SourceFailed(
        _(
            "{url} is not {name}: its SHA-256 is {digest}...",
            url=without_secrets(source),
            name=file.name,
            digest=digest[:12],
        ),
        _("try again, or {hint}", hint=wanted.other_source),
    )
