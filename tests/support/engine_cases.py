"""Prompts, settings and models of the engine's tests."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from duotui.base import resources
from support.engine import SHARED, Engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOLDEN_PROMPTS = {
    "once": "Once upon a time",
    "lily": "Lily and Ben went to the park",
    "empty": "",
}
GOLDEN_SETTINGS = {"t0": ("-t", "0"), "t1p9s123": ("-t", "1.0", "-p", "0.9", "-s", "123")}
"""Settings of llama2.c's stories in shared/golden."""

PROMPTS = (
    "Once upon a time",
    "Lily and Ben went to the park",
    "",
    "The dragon was sad because",
    "One day, a little cat named Tom found a big red ball under the tree.",
)
SETTINGS = [("0", "0.9"), ("0.8", "0.9"), ("0.8", "1.0"), ("1.0", "0.9"), ("1.0", "1.0")]
"""Temperature and top-p."""

REAL_MODELS = {
    "stories": (resources.CHECKPOINT, resources.TOKENIZER),
    "stories260K": (SHARED / "models" / "stories260K.bin", SHARED / "models" / "tok512.bin"),
}


def cases(count: int) -> Iterator[list[str]]:
    """Yield `count` combinations of settings, prompts and seeds, equal in every run."""
    chance = random.Random(1)
    for number in range(count):
        t, p = SETTINGS[number % len(SETTINGS)]
        prompt = PROMPTS[number // len(SETTINGS) % len(PROMPTS)]
        seed = chance.randrange(1, 2**40)
        yield ["-t", t, "-p", p, "-s", str(seed), "-n", "256", "-i", prompt]


def pack(engine: Engine, model: Path, tokenizer: Path, out: Path, *more: str) -> Path:
    result = engine.run("pack", model, "-z", tokenizer, "-o", out, *more)
    assert result.returncode == 0, result.stderr.decode()
    return out


def assert_exact_is_reference(
    engine: Engine, reference: Engine, name: str, count: int, folder: Path
) -> None:
    """Assert that mode exact of `engine` gives the ids of `reference` in `count` cases of the model
    `name`."""
    model, tokenizer = REAL_MODELS[name]
    if not model.exists():
        pytest.skip(f"{model} is not here")
    packed = pack(reference, model, tokenizer, folder / "model.duo")
    for case in cases(count):
        _, expected, _ = reference.generate(folder / "ids", model, "-z", tokenizer, *case)
        _, ids, _ = engine.generate(folder / "ids", packed, "--mode", "exact", *case)
        assert ids == expected, case


def kernels_of(engine: Engine) -> list[str]:
    """Sets of kernels that run here."""
    line = engine.run("model", "--kernels", "none").stderr.decode()
    return line.strip().split("use one of ")[1].split(", ")
