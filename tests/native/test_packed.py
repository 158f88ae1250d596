"""Packed models: read by a parser that knows docs/packed.md and not the engine.

The tests damage the files in every way, and pack the same file twice.
"""

from __future__ import annotations

import os
import random
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from duotui.base import resources
from duotui.targets.packer import FORMAT_VERSION
from support.checkpoints import Checkpoint, Shape, pieces_of, tokenizer_file
from support.duo_file import ENTRY, HEADER, SECTION_NAMES, seal_start

if TYPE_CHECKING:
    from support.engine import Engine

TILE, GROUP, ANCHORS = 32, 32, 8
SIZE = TILE * GROUP
SHAPE = Shape(dim=36, hidden=70, layers=2, heads=2, kv_heads=1, vocab=300)
PARTS = ("wq", "wk", "wv", "wo", "w1", "w3", "w2")


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    """Random weights, with some that int8 does not hold: tiny ones, and zeros of either sign."""
    checkpoint = Checkpoint.of_noise(SHAPE, seed=5)
    chance = random.Random(6)
    for part in PARTS:
        weights = checkpoint.weights[part]
        for _ in range(40):
            weights[chance.randrange(len(weights))] = chance.choice((0.0, -0.0, 1.7e-9, -3.1e-20))
    return checkpoint


@pytest.fixture(scope="module")
def files(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packed")
    (folder / "model.bin").write_bytes(checkpoint.version_0())
    own = [b"w%d" % i for i in range(SHAPE.vocab - 260)]
    (folder / "tokenizer.bin").write_bytes(tokenizer_file(pieces_of(*own), SHAPE.vocab))
    return folder


@pytest.fixture(scope="module")
def packed(shipped: Engine, files: Path) -> Path:
    result = shipped.run("pack", files / "model.bin", "-z", files / "tokenizer.bin")
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"{files / 'model.duo'}\n".encode()
    return files / "model.duo"


def test_the_packages_model_is_what_its_checkpoint_gives(shipped: Engine, tmp_path: Path) -> None:
    """`make ship-model` packs it anew."""
    checkpoint, tokenizer = resources.CHECKPOINT, resources.TOKENIZER
    options = ("--modes", "exact,fast", "-o", tmp_path / "stories.duo")
    result = shipped.run("pack", checkpoint, "-z", tokenizer, *options)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "stories.duo").read_bytes() == resources.MODEL.read_bytes()


def test_states_the_version_that_the_cache_knows(packed: Path) -> None:
    """Else a cache would give an earlier engine's file to one that refuses it."""
    assert struct.unpack_from("<I", packed.read_bytes(), 4) == (FORMAT_VERSION,)
    assert resources.MODEL.read_bytes()[4:8] == packed.read_bytes()[4:8]


def sections(data: bytes) -> dict[str, bytes]:
    (count,) = struct.unpack_from("<I", data, 56)
    assert count == len(SECTION_NAMES)
    result = {}
    for i, name in enumerate(SECTION_NAMES):
        offset, size, check = struct.unpack_from("<QQI", data, HEADER + i * ENTRY)
        result[name] = data[offset : offset + size]
        assert offset % 4096 == 0
        assert zlib.crc32(result[name]) == check, name
    return result


def sealed(data: bytearray) -> bytes:
    """`data` with checksums recomputed from its bytes."""
    for i in range(len(SECTION_NAMES)):
        at = HEADER + i * ENTRY
        offset, size = struct.unpack_from("<QQ", data, at)
        struct.pack_into("<I", data, at + 16, zlib.crc32(data[offset : offset + size]))
    seal_start(data)
    return bytes(data)


def test_holds_every_weight_exactly(checkpoint: Checkpoint, packed: Path) -> None:
    of = sections(packed.read_bytes())
    shape = {"wq": (36, 36), "wk": (18, 36), "wv": (18, 36), "wo": (36, 36)}
    shape |= {"w1": (70, 36), "w3": (70, 36), "w2": (36, 70)}
    block = tile_at = 0
    for layer in range(SHAPE.layers):
        for part in PARTS:
            rows, columns = shape[part]
            tiles, groups = -(-rows // TILE), -(-columns // GROUP)
            weights = checkpoint.weights[part]
            for tile in range(tiles):
                for group in range(groups):
                    own = struct.unpack_from(f"<{SIZE}f", of["plain"], 4 * block * SIZE)
                    steps = int8_steps(of, block, tile_at + tile)
                    for lane in range(min(TILE, rows - tile * TILE)):
                        for i in range(min(GROUP, columns - group * GROUP)):
                            row, column = tile * TILE + lane, group * GROUP + i
                            at = layer * rows * columns + row * columns + column
                            assert own[i * TILE + lane] == weights[at], (part, row, column)
                            high, step = steps[i * TILE + lane]
                            assert abs(high * step - weights[at]) <= step * 0.5001
                    block += 1
            tile_at += tiles
    assert block == len(of["high"]) // SIZE


def int8_steps(of: dict[str, bytes], block: int, tile: int) -> list[tuple[int, float]]:
    """Weights of a block in int8, and their steps, by docs/packed.md."""
    scale = struct.unpack_from(f"<{TILE}f", of["scale"], 4 * tile * TILE)
    high = struct.unpack_from(f"<{SIZE}b", of["high"], block * SIZE)
    times = of["multiplier"][block * TILE :]
    return [(high[at], times[at % TILE] * scale[at % TILE]) for at in range(SIZE)]


def test_bounds_what_the_classifier_approximates(checkpoint: Checkpoint, packed: Path) -> None:
    """Each row is within the lengths that the file states for its 4 and 8 bits."""
    of = sections(packed.read_bytes())
    vocabulary, dim = SHAPE.vocab, SHAPE.dim
    tiles, groups = -(-vocabulary // TILE), -(-dim // GROUP)
    ids = struct.unpack(f"<{vocabulary}i", of["ids"])
    factors = struct.unpack(f"<{4 * tiles * TILE}f", of["factors"])
    anchors = struct.unpack_from(f"<{ANCHORS * dim}f", of["anchors"])
    assert anchors[:dim] == (0.0,) * dim
    *_, longest, farthest = struct.unpack(f"<{dim + 2}f", of["centre"])
    for slot, token in enumerate(ids):
        anchor = of["anchors"][4 * ANCHORS * dim + slot // TILE]
        scale, coarse_error, fine_error, norm = factors[slot :: tiles * TILE]
        squares = dict.fromkeys(("coarse", "fine", "norm", "anchor"), 0.0)
        for i in range(dim):
            pair = of["coarse"][((slot // TILE * groups * 16) + i // 2) * TILE + slot % TILE]
            half = of["fine"][slot * groups * 16 + i // GROUP * 16 + i % 16]
            coarse = (pair >> 4 if i % 2 else pair & 15) - 8
            fine = (half >> 4 if i % GROUP >= 16 else half & 15) - 8
            base = anchors[anchor * dim + i]
            difference = checkpoint.weights["embedding"][token * dim + i] - base
            squares["coarse"] += (difference - scale * 16 * coarse) ** 2
            squares["fine"] += (difference - scale * (16 * coarse + fine)) ** 2
            squares["norm"] += (scale * 16 * coarse) ** 2
            squares["anchor"] += base**2
        for name, bound in (("coarse", coarse_error), ("fine", fine_error), ("norm", norm)):
            assert squares[name] ** 0.5 <= bound, (name, slot)
        assert coarse_error < 2 * squares["coarse"] ** 0.5 + 1e-6
        assert norm <= longest
        assert squares["anchor"] ** 0.5 <= farthest


def test_keeps_the_rows_in_the_order_of_the_ids(checkpoint: Checkpoint, packed: Path) -> None:
    of = sections(packed.read_bytes())
    ids = struct.unpack(f"<{SHAPE.vocab}i", of["ids"])
    assert sorted(ids) == list(range(SHAPE.vocab))
    for slot, token in enumerate(ids):
        row = struct.unpack_from(f"<{SHAPE.dim}f", of["embedding"], 4 * slot * SHAPE.dim)
        start = token * SHAPE.dim
        assert list(row) == list(checkpoint.weights["embedding"][start : start + SHAPE.dim])


def test_the_same_gives_the_same(shipped: Engine, files: Path, packed: Path) -> None:
    again = files / "again.duo"
    result = shipped.run(
        "pack",
        files / "model.bin",
        "-z",
        files / "tokenizer.bin",
        "-o",
        again,
        "--modes",
        "exact,fast",
    )
    assert result.returncode == 0, result.stderr
    assert again.read_bytes() == packed.read_bytes()
    assert not list(files.glob("*.part"))


def test_fast_alone_is_small_and_says_what_it_lacks(engine: Engine, files: Path) -> None:
    small = files / "fast.duo"
    result = engine.run(
        "pack", files / "model.bin", "-z", files / "tokenizer.bin", "-o", small, "--modes", "fast"
    )
    assert result.returncode == 0, result.stderr
    assert not sections(small.read_bytes())["plain"]
    assert engine.run(small, "--mode", "fast", "-n", "9").returncode == 0
    for mode in ("reference", "exact"):
        refused = engine.run(small, "--mode", mode)
        assert refused.returncode == 2
        assert refused.stderr.count(b"\n") == 1
        assert b"mode fast only" in refused.stderr or b"without mode exact" in refused.stderr


def test_inspect(engine: Engine, packed: Path) -> None:
    result = engine.run("inspect", packed)
    assert result.returncode == 0, result.stderr
    listed = [
        line.split(None, 2)[2] for line in result.stdout.splitlines() if line[:12].strip().isdigit()
    ]
    assert (
        len(listed) == len(set(listed)) == len(SECTION_NAMES) - 1
    )  # the classifier is the embedding
    assert not [name for name in listed if b"null" in name]
    for words in (b"for mode exact and fast", b"without drafts", b"model sha256: "):
        assert words in result.stdout


HEADER_DAMAGE = {
    "magic": (0, b"DUOX"),
    "version": (4, struct.pack("<I", 1)),
    "dim": (8, struct.pack("<i", -1)),
    "vocabulary": (28, struct.pack("<i", 1 << 30)),
    "modes": (40, struct.pack("<I", 0)),
    "told": (44, struct.pack("<i", 301)),
    "radius": (48, struct.pack("<f", float("nan"))),
    "sections": (56, struct.pack("<I", 99)),
    "an offset": (HEADER + ENTRY, struct.pack("<Q", 1 << 60)),
    "an odd offset": (HEADER + ENTRY, struct.pack("<Q", 4097)),
    "a size": (HEADER + ENTRY + 8, struct.pack("<Q", 5)),
    "the tokenizer's size": (
        HEADER + SECTION_NAMES.index("tokenizer") * ENTRY + 8,
        struct.pack("<Q", 1 << 62),
    ),
}


@pytest.mark.parametrize("name", HEADER_DAMAGE)
@pytest.mark.parametrize("seal", [True, False], ids=["sealed", "damaged"])
def test_refuses_a_bad_header(
    engine: Engine, packed: Path, tmp_path: Path, name: str, seal: bool
) -> None:
    at, value = HEADER_DAMAGE[name]
    data = bytearray(packed.read_bytes())
    data[at : at + len(value)] = value
    if seal:
        seal_start(data)
    must_refuse(engine, tmp_path, bytes(data))


def must_refuse(engine: Engine, folder: Path, data: bytes, *, mode: str = "exact") -> None:
    bad = folder / "bad.duo"
    bad.write_bytes(data)
    result = engine.run(bad, "--mode", mode, "-n", "4", "-z", folder / "none")
    assert result.returncode == 2, result.stderr
    assert result.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    "name", [n for n in SECTION_NAMES if n not in ("classifier", "provenance")]
)
def test_a_flipped_bit_is_found(shipped: Engine, packed: Path, tmp_path: Path, name: str) -> None:
    """Detection is by generating where the section would be read, else by inspect."""
    data = bytearray(packed.read_bytes())
    offset, size = struct.unpack_from("<QQ", data, HEADER + SECTION_NAMES.index(name) * ENTRY)
    data[offset + size // 2] ^= 4
    bad = tmp_path / "bad.duo"
    bad.write_bytes(data)
    result = shipped.run("inspect", bad)
    assert result.returncode == 2
    assert b"checksum" in result.stderr
    if name not in ("fine", "embedding", "tokenizer"):
        vocabulary = shipped.run(bad, "--mode", "exact", "-n", "4")
        assert (vocabulary.returncode, b"checksum" in vocabulary.stderr) == (2, True), (
            vocabulary.stderr
        )


@pytest.mark.parametrize("keep", [0, 3, HEADER - 1, HEADER + 5 * ENTRY, 5000, -1])
def test_refuses_what_is_cut_short(engine: Engine, packed: Path, tmp_path: Path, keep: int) -> None:
    must_refuse(engine, tmp_path, packed.read_bytes()[:keep])


def test_refuses_lies_that_are_sealed(engine: Engine, packed: Path, tmp_path: Path) -> None:
    """Sections with correct checksums, which would lead out of bounds."""
    original = packed.read_bytes()
    for name, at, value in (
        ("ids", 0, struct.pack("<i", SHAPE.vocab)),
        ("ids", 4, struct.pack("<i", -1)),
        (
            "ids",
            8,
            original[
                struct.unpack_from("<Q", original, HEADER + SECTION_NAMES.index("ids") * ENTRY)[0] :
            ][:4],
        ),
        ("anchors", 4 * ANCHORS * SHAPE.dim, struct.pack("B", ANCHORS)),
    ):
        data = bytearray(original)
        (offset,) = struct.unpack_from("<Q", data, HEADER + SECTION_NAMES.index(name) * ENTRY)
        data[offset + at : offset + at + len(value)] = value
        must_refuse(engine, tmp_path, sealed(data))


def test_wild_planes_do_no_harm(engine: Engine, packed: Path, tmp_path: Path) -> None:
    """Random bytes as weights, with correct checksums: another story, and nothing worse."""
    chance = random.Random(8)
    data = bytearray(packed.read_bytes())
    wild = ("norms", "high", "multiplier", "scale", "plain", "turns")
    for name in (*wild, "coarse", "fine", "factors", "anchors", "centre", "embedding"):
        offset, size = struct.unpack_from("<QQ", data, HEADER + SECTION_NAMES.index(name) * ENTRY)
        if name == "anchors":
            size = 4 * ANCHORS * SHAPE.dim  # the tile numbers are checked
        data[offset : offset + size] = chance.randbytes(size)
    bad = tmp_path / "wild.duo"
    bad.write_bytes(sealed(data))
    for mode in ("reference", "exact", "fast"):
        for more in (["-t", "0"], ["-s", "3"], ["-s", "4", "-p", "1"]):
            result = engine.run(bad, "--mode", mode, "-n", "12", *more)
            assert result.returncode == 0, result.stderr


def test_refuses_to_pack(engine: Engine, files: Path, packed: Path, tmp_path: Path) -> None:
    for arguments, words in (
        ((packed,), b"packed already"),
        ((files / "model.bin", "-o", tmp_path / "no" / "x.duo"), b"cannot write"),
        ((files / "model.bin", "--modes", "slow"), b"slow"),
        ((files / "tokenizer.bin",), b""),
    ):
        result = engine.run("pack", "-z", files / "tokenizer.bin", *arguments)
        assert result.returncode == 2
        assert words in result.stderr
        assert result.stderr.count(b"\n") == 1


def test_inspects_regular_files_alone(engine: Engine, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, words in (
        (tmp_path / "pipe", b"not a regular file"),
        (Path("/dev/zero"), b"not a regular file"),
        (tmp_path, b"is a directory"),
        (tmp_path / "none", b"No such file"),
    ):
        result = engine.run("inspect", path)
        assert (result.returncode, result.stderr.count(b"\n")) == (2, 1)
        assert words in result.stderr
