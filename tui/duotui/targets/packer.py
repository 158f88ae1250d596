"""Packed models (.duo), packed and inspected by the engine's program (docs/packed.md)."""

from collections.abc import Sequence
from pathlib import Path

from duotui.base import cache
from duotui.base.child_process import ChildFailed, run_program
from duotui.base.errors import DuotuiError, UsageError
from duotui.base.files import reported, sha256_of
from duotui.base.translation import gettext as _
from duotui.board.upload import UPLOAD_LIMIT_BYTES
from duotui.targets.engine_binary import find_engine

FORMAT_VERSION = 3
"""Version of the .duo files that the engine reads and writes."""


def pack_model(model: Path, tokenizer: Path, modes: str, out: Path | None) -> Path:
    """Pack `model` for `modes` ("exact,fast") into `out`, by default beside it; return its path.

    Equal files give equal bytes. Raises UsageError if one of them is bad.
    """
    target = out or model.with_suffix(".duo")
    _run(["pack", model, "-z", tokenizer, "--modes", modes, "-o", target])
    return target


BOTH_MODES = "exact,fast"


def packed_model(model: Path, tokenizer: Path | None, modes: str = BOTH_MODES) -> Path:
    """Return `model` if it is a .duo, else pack it for `modes`, once, into the user's cache.

    An earlier engine's file has another name there. Raises UsageError if `model` is bad.
    """
    if model.suffix == ".duo":
        return model
    with reported(model):
        digest = sha256_of(model, UPLOAD_LIMIT_BYTES)[:12]
    kind = "" if modes == BOTH_MODES else f"-{modes}"
    target = cache.cache_folder() / "packed" / f"{model.stem}-{digest}{kind}-v{FORMAT_VERSION}.duo"
    beside = tokenizer or model.parent / "tokenizer.bin"

    def pack(fresh: Path) -> None:
        pack_model(model, beside, modes, fresh)

    return cache.cached(target, pack)


def inspect(path: Path) -> str:
    """Return the contents and the costs of `path`, as lines. Raises UsageError if it is damaged."""
    return _run(["inspect", path])


def _run(arguments: Sequence[str | Path]) -> str:
    try:
        return run_program([find_engine(), *arguments]).stdout
    except ChildFailed as error:
        message = str(error).removeprefix("duollama: ") or _("the engine said nothing")
        raise (UsageError if error.status == 2 else DuotuiError)(message) from error
