"""Kernels for AVX-512 on computers that have none: their intrinsics in plain C, by SIMDe."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from support.c_program import compile_c
from support.emulators import find_tools
from support.engine import NATIVE, Engine
from support.engine_cases import REAL_MODELS, assert_exact_is_reference
from support.simd_programs import assert_kernels_are_near

pytestmark = pytest.mark.timeout(3600)

HERE = Path(__file__).parent
ENGINE_SOURCES = NATIVE / "src"
STORY_COUNT = 2


@pytest.fixture(scope="module")
def soft(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """simd_soft.c as an object: it replaces simd.c and the other sets for x86-64."""
    tools = find_tools()
    includes = [Path("/usr/include")]
    if isinstance(tools, Path):
        includes.append(tools / "simde/usr/include")
    include = next((path for path in includes if (path / "simde/x86/avx512.h").exists()), None)
    if include is None:
        pytest.skip("SIMDe is missing: sudo apt install libsimde-dev")
    out = tmp_path_factory.mktemp("soft") / "simd_soft.o"
    compile_c("-O2", "-w", "-c", "-isystem", include, HERE / "simd_soft.c", out=out)
    return out


def test_compute_what_they_should(soft: Path, tmp_path: Path) -> None:
    program = tmp_path / "simd_check"
    plain = [
        ENGINE_SOURCES / f"kernels/{name}.c" for name in ("int_matrix", "ops_f32", "simd_scalar")
    ]
    compile_c("-O2", HERE / "simd_check.c", soft, *plain, out=program)
    result = subprocess.run([program], capture_output=True, text=True, timeout=1200, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert_kernels_are_near(result.stdout, ["avx512"])


@pytest.mark.parametrize("name", REAL_MODELS)
def test_tell_the_reference(soft: Path, shipped: Engine, tmp_path: Path, name: str) -> None:
    others = {ENGINE_SOURCES / f"kernels/simd{set_}.c" for set_ in ("", "_avx2", "_avx512")}
    program = tmp_path / "duollama"
    compile_c("-O2", *sorted(set(ENGINE_SOURCES.rglob("*.c")) - others), soft, out=program)
    engine = Engine(program)
    assert b"use one of avx512" in engine.run("model", "--kernels", "none").stderr
    assert_exact_is_reference(engine, shipped, name, STORY_COUNT, tmp_path)
