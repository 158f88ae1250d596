"""duollama for AArch64 under QEMU: llama2.c's stories by every set of kernels.

The sets run without and with the dot product of ARMv8.2.

QEMU shows the result of a computation, not its speed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.c_program import SANITIZED, compile_c
from support.emulators import (
    ARMS,
    CROSS_GCC,
    QEMU_AARCH64,
    STORIES_PER_MODEL,
    Guest,
    build_aarch64,
    missing_for_aarch64,
)
from support.engine import Engine
from support.engine_cases import (
    GOLDEN_PROMPTS,
    GOLDEN_SETTINGS,
    REAL_MODELS,
    assert_exact_is_reference,
    kernels_of,
)
from support.simd_programs import OPTIMISED, SIMD_CHECK, assert_kernels_are_near

MOST_OFF = 0.01
"""Tolerance of a token's -ln p in int8, against plain C. Sums round in another order; if a sum
falls on the other side of a half, an activation is one step off."""


@dataclass(frozen=True)
class Arm:
    guest: Guest
    sets: tuple[str, ...]


@pytest.fixture(scope="session", params=ARMS)
def arm(request: pytest.FixtureRequest) -> Arm:
    if missing := missing_for_aarch64():
        pytest.skip(missing)
    processor, sets = ARMS[request.param]
    return Arm(Guest(build_aarch64(), (QEMU_AARCH64, "-cpu", processor)), sets)


def test_takes_the_best_set_of_the_processor(arm: Arm) -> None:
    assert tuple(kernels_of(arm.guest)) == arm.sets


@pytest.mark.parametrize("setting", GOLDEN_SETTINGS)
@pytest.mark.parametrize("prompt", GOLDEN_PROMPTS)
def test_tells_llama2c_story(
    arm: Arm, shared: Path, tmp_path: Path, prompt: str, setting: str
) -> None:
    golden = (shared / "golden/stories260K" / f"{prompt}.{setting}.ids").read_text()
    models, ids = shared / "models", tmp_path / "ids"
    for how in [["reference"], *(["exact", "--kernels", name] for name in arm.sets)]:
        result = arm.guest.run(
            models / "stories260K.bin",
            "-z",
            models / "tok512.bin",
            *GOLDEN_SETTINGS[setting],
            "-i",
            GOLDEN_PROMPTS[prompt],
            "--ids",
            ids,
            "--mode",
            *how,
        )
        assert result.returncode == 0, result.stderr.decode()
        assert ids.read_text() == golden, how


def test_fast_judges_as_plain_c_does(
    arm: Arm, shipped: Engine, shared: Path, tmp_path: Path
) -> None:
    golden = (shared / "golden/stories260K/once.t0.ids").read_text().splitlines()[1]
    ids = tmp_path / "ids"
    ids.write_text(golden.replace("out:", "1") + "\n")
    models = shared / "models"
    model = (models / "stories260K.bin", "-z", models / "tok512.bin")
    judge = (*model, "--score", ids, "--mode", "fast", "--kernels")
    should = judged(shipped, *judge, "scalar")
    assert len(should) > 200
    for name in arm.sets:
        judgement = judged(arm.guest, *judge, name)
        assert [token for token, _ in judgement] == [token for token, _ in should], name
        assert max(abs(a[1] - b[1]) for a, b in zip(judgement, should, strict=True)) < MOST_OFF, (
            name
        )


def judged(engine: Engine, *arguments: str | Path) -> list[tuple[int, float]]:
    result = engine.run(*arguments)
    assert result.returncode == 0, result.stderr.decode()
    pairs = (pair.split(":") for pair in result.stdout.decode().split())
    return [(int(token), float(nats)) for token, nats in pairs]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("flags", [OPTIMISED, SANITIZED], ids=["plain", "sanitized"])
def test_kernels_compute_what_they_should(
    arm: Arm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: Sequence[str]
) -> None:
    program = compile_c(*flags, *SIMD_CHECK, out=tmp_path / "check", compiler=CROSS_GCC)
    # The leak checker traces its own threads, which QEMU cannot.
    monkeypatch.setenv("ASAN_OPTIONS", "detect_leaks=0")
    result = Guest(program, (*arm.guest.emulator, "-L", "/usr/aarch64-linux-gnu")).run()
    assert result.returncode == 0, result.stdout.decode() + result.stderr.decode()
    assert_kernels_are_near(result.stdout.decode(), list(arm.sets))


@pytest.mark.timeout(36000)
@pytest.mark.parametrize("name", REAL_MODELS)
def test_tells_the_reference_from_a_packed_file(
    arm: Arm, shipped: Engine, tmp_path: Path, name: str
) -> None:
    """Pack on this computer, and generate under QEMU."""
    assert_exact_is_reference(arm.guest, shipped, name, STORIES_PER_MODEL, tmp_path)
