"""Packed models in the cache: made once for several commands, anew where they are damaged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from duotui.base.errors import DuotuiError, NotReady
from duotui.targets.packer import packed_model
from support.checkpoints import Checkpoint, Shape, pieces_of, tokenizer_file
from support.full_disk import full_disk

SHAPE = Shape(dim=36, hidden=70, layers=2, heads=2, kv_heads=1, vocab=300)
PACK = (
    "import sys; from pathlib import Path; from duotui.targets.packer import packed_model;"
    " print(packed_model(Path(sys.argv[1]), None))"
)


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "model.bin").write_bytes(Checkpoint.of_noise(SHAPE, seed=5).version_0())
    own = [b"w%d" % index for index in range(SHAPE.vocab - 260)]
    (tmp_path / "tokenizer.bin").write_bytes(tokenizer_file(pieces_of(*own), SHAPE.vocab))
    return tmp_path / "model.bin"


def test_several_commands_at_once_all_succeed(model: Path) -> None:
    commands = [
        subprocess.Popen(
            [sys.executable, "-c", PACK, str(model)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(4)
    ]
    results = [command.communicate(timeout=60) for command in commands]
    assert [command.returncode for command in commands] == [0] * 4, results
    (path,) = {Path(out.decode().strip()) for out, _ in results}
    assert sorted(each.name for each in path.parent.iterdir()) == [
        path.name,
        f"{path.name}.sha256",
    ]


@pytest.mark.parametrize("damage", ["empty", "cut", "another", "no digest", "gone"])
def test_a_damaged_one_is_made_anew(model: Path, damage: str) -> None:
    path = packed_model(model, None)
    whole, digest = path.read_bytes(), path.with_name(f"{path.name}.sha256")
    match damage:
        case "empty":
            path.write_bytes(b"")
        case "cut":
            path.write_bytes(whole[:-1])
        case "another":
            path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        case "no digest":
            digest.unlink()
        case "gone":
            path.unlink()
    assert packed_model(model, None).read_bytes() == whole
    assert digest.exists()


def test_an_intact_one_is_not_made_again(model: Path) -> None:
    before = packed_model(model, None).stat()
    assert packed_model(model, None).stat().st_ino == before.st_ino


def test_a_cache_that_others_can_write_is_refused(model: Path) -> None:
    path = packed_model(model, None)
    path.parent.chmod(0o777)
    with pytest.raises(NotReady, match=r"packed can be written by other users; remove it, or "):
        packed_model(model, None)


def test_a_full_disk_leaves_nothing(model: Path) -> None:
    with full_disk(100), pytest.raises(DuotuiError):  # the limit's signal ends the engine
        packed_model(model, None)
    cache = Path(os.environ["XDG_CACHE_HOME"])
    assert [path for path in cache.rglob("*") if path.is_file()] == []
    assert packed_model(model, None).stat().st_size > 1000
