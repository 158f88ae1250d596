"""Packed models (.duo): made, and looked at, by the engine's own program. docs/packed.md."""

import hashlib
import subprocess
from pathlib import Path

from duotui.base import cache
from duotui.base.errors import DuotuiError, UsageError
from duotui.targets.engine_binary import find_engine


def pack_model(model: Path, tokenizer: Path, modes: str, out: Path | None) -> Path:
    """Pack `model` for `modes` ("exact,fast") into `out`, beside it by default; its path.

    The same files give the same bytes. Raises UsageError where one of them is bad.
    """
    target = out or model.with_suffix(".duo")
    _run("pack", str(model), "-z", str(tokenizer), "--modes", modes, "-o", str(target))
    return target


def packed_model(model: Path, tokenizer: Path | None) -> Path:
    """`model` as a board reads it: itself where it is a .duo, else packed for both modes, once,
    into the user's cache. Raises UsageError where it is bad."""
    if model.suffix == ".duo":
        return model
    try:
        digest = hashlib.sha256(model.read_bytes()).hexdigest()[:12]
    except OSError as error:
        raise UsageError(f"{model} cannot be read", error.strerror or "") from error
    target = cache.cache_folder() / "packed" / f"{model.stem}-{digest}.duo"
    if not target.exists():
        with cache.replacing(target) as fresh:
            pack_model(model, tokenizer or model.parent / "tokenizer.bin", "exact,fast", fresh)
    return target


def inspect(path: Path) -> str:
    """What `path` holds and costs, as lines. Raises UsageError where it is damaged."""
    return _run("inspect", str(path))


def _run(*arguments: str) -> str:
    done = subprocess.run([str(find_engine()), *arguments], capture_output=True, encoding="utf-8")
    if done.returncode == 0:
        return done.stdout
    line = (done.stderr.strip().splitlines() or ["the engine said nothing"])[-1]
    message = line.removeprefix("duollama: ")
    if done.returncode == 2:
        raise UsageError(message)
    raise DuotuiError(message)
