"""Mode exact: the ids of mode reference, on every model, setting and set of kernels."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest

from support.checkpoints import Checkpoint, Shape, pieces_of, tokenizer_file
from support.engine_cases import REAL_MODELS, assert_exact_is_reference, kernels_of, pack

if TYPE_CHECKING:
    from pathlib import Path

    from support.engine import Engine

STORIES_PER_MODEL = int(os.environ.get("DUOTUI_STORIES", "25"))
"""Stories of each real model. 200, as in docs/performance.md, take some minutes."""

PROMPTS = (
    "Once upon a time",
    "Lily and Ben went to the park",
    "",
    "The dragon was sad because",
    "One day, a little cat named Tom found a big red ball under the tree.",
)
SETTINGS = [("0", "0.9"), ("0.8", "0.9"), ("0.8", "1.0"), ("1.0", "0.9"), ("1.0", "1.0")]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", REAL_MODELS)
def test_tells_the_reference(shipped: Engine, tmp_path: Path, name: str) -> None:
    assert_exact_is_reference(shipped, shipped, name, STORIES_PER_MODEL, tmp_path)


SHAPES = {
    "grouped queries": (Shape(dim=48, hidden=80, heads=6, kv_heads=2, vocab=300), True),
    "untied": (Shape(dim=32, hidden=64, heads=4, kv_heads=4, vocab=512), False),
    "odd sizes": (Shape(dim=20, hidden=33, layers=3, heads=2, kv_heads=1, vocab=271), True),
    "whole tiles": (Shape(dim=64, hidden=128, layers=1, heads=2, kv_heads=2, vocab=320), True),
}


@pytest.fixture(scope="module", params=SHAPES)
def noise(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Model of random weights, with its tokenizer beside it."""
    shape, tied = SHAPES[request.param]
    folder = tmp_path_factory.mktemp("noise")
    checkpoint = Checkpoint.of_noise(shape, seed=7, tied=tied)
    (folder / "model.bin").write_bytes(checkpoint.version_0())
    own = [b"w%d" % i for i in range(shape.vocab - 260)]
    (folder / "tokenizer.bin").write_bytes(tokenizer_file(pieces_of(*own), shape.vocab))
    return folder / "model.bin"


def test_every_set_of_kernels(engine: Engine, noise: Path, tmp_path: Path) -> None:
    for case in [["-t", "0"], ["-s", "5"], ["-s", "6", "-p", "1"], ["-t", "0.5", "-s", "7"]]:
        _, tokens, _ = engine.generate(tmp_path / "ids", noise, *case)
        for name in kernels_of(engine):
            more = ["--mode", "exact", "--kernels", name]
            assert engine.generate(tmp_path / "ids", noise, *more, *case)[1] == tokens, (name, case)


@pytest.mark.parametrize("mode", ["exact", "fast"])
def test_drafts_and_prefill_change_nothing(
    engine: Engine, noise: Path, tmp_path: Path, mode: str
) -> None:
    usual = ["--mode", mode, "-s", "3", "-i", "w1w2w3w4w5 w7"]
    _, tokens, _ = engine.generate(tmp_path / "ids", noise, *usual)
    for more in (["--drafts", "0"], ["--drafts", "7"], ["--prefill", "1"], ["--prefill", "3"]):
        # fast keeps its own story: int8 sums in another order may sample another token.
        if mode == "exact" or "--drafts" in more:
            assert engine.generate(tmp_path / "ids", noise, *usual, *more)[1] == tokens


def test_tells_from_a_packed_file_alone(engine: Engine, noise: Path, tmp_path: Path) -> None:
    packed = pack(engine, noise, noise.parent / "tokenizer.bin", tmp_path / "m.duo")
    for mode in ("reference", "exact", "fast"):
        arguments = ["--mode", mode, "-s", "9", "-i", "w1 w2"]
        assert engine.generate(tmp_path / "a", packed, *arguments) == engine.generate(
            tmp_path / "b", noise, *arguments
        )


def test_collapsed_rows_change_nothing(shipped: Engine, tmp_path: Path) -> None:
    """Most rows of the classifier are near one vector, whose bound excludes most of them."""
    shape = Shape(dim=32, hidden=64, heads=4, kv_heads=4, vocab=2000)
    checkpoint = Checkpoint.of_noise(shape, seed=3)
    chance = random.Random(4)
    rows = checkpoint.weights["embedding"]
    centre = [chance.gauss(0, 0.1) for _ in range(shape.dim)]
    for row in range(500, shape.vocab):
        for i, value in enumerate(centre):
            rows[row * shape.dim + i] = value + chance.gauss(0, 1e-5)
    model = tmp_path / "model.bin"
    model.write_bytes(checkpoint.version_0())
    own = [b"w%d" % i for i in range(shape.vocab - 260)]
    tokenizer = tmp_path / "tokenizer.bin"
    tokenizer.write_bytes(tokenizer_file(pieces_of(*own), shape.vocab))
    packed = pack(shipped, model, tokenizer, tmp_path / "model.duo")
    assert b"1500 are bounded by one centre" in shipped.run("inspect", packed).stdout
    collapsed = 0
    for seed in range(1, 20):
        for p in ("0.9", "1.0"):
            case = ["-s", str(seed), "-p", p]
            _, tokens, _ = shipped.generate(tmp_path / "ids", model, *case)
            assert shipped.generate(tmp_path / "ids", packed, "--mode", "exact", *case)[1] == tokens
            collapsed += sum(token >= 500 for token in tokens)
    assert collapsed > 0  # otherwise the test covers no collapsed row


def test_statistics_count(shipped: Engine, tmp_path: Path) -> None:
    model = REAL_MODELS["stories"][0]
    result = shipped.run(model, "--mode", "exact", "--statistics", "-s", "1", "-n", "64")
    output = result.stderr.decode()
    for words in (
        "tokens decoded: ",
        "weight bytes per token: ",
        "drafts: ",
        "made from all rows in fp32: ",
    ):
        assert words in output
