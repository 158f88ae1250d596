"""The kernels of every set that runs here, beside the same sums in double, and those that are
exact beside plain C."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from native.compiler import SANITIZED, compile_c
from native.engine import NATIVE

SOURCES = NATIVE / "src/kernels"
CHECK = [
    Path(__file__).with_name("simd_check.c"),
    *[SOURCES / "int_matrix.c", SOURCES / "ops_f32.c", *sorted(SOURCES.glob("simd*.c"))],
]
PLAIN = ["-O3"]

# The largest error that a kernel may make, in relation to the sum of its terms' magnitudes. Sums
# of products are of up to 800 terms, each rounded to 24 bits (6e-8).
SUM, FUNCTION = 2e-6, 5e-7
LIMITS = {
    "quantise": 0.0,
    **dict.fromkeys(["unpack", "accumulate"], 0.0),
    **dict.fromkeys(["matmul_int8", "matmul_int4", "dot_int4", "dot", "bounds"], SUM),
    **dict.fromkeys(["scores", "scores_bf16", "weighted_sum", "weighted_sum_bf16", "softmax"], SUM),
    "swiglu": FUNCTION,
    "sum_exp": 2e-4,
}


@pytest.mark.parametrize("flags", [PLAIN, SANITIZED], ids=["plain", "sanitized"])
def test_every_set_computes_what_it_should(tmp_path: Path, flags: Sequence[str]) -> None:
    program = compile_c(*flags, *CHECK, out=tmp_path / "simd_check")
    done = subprocess.run([program], capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    must_be_near(done.stdout, ["scalar"])


def must_be_near(said: str, sets: list[str]) -> None:
    """What simd_check says: at least of these sets, all kernels, none of them far off."""
    errors: dict[str, dict[str, float]] = {}
    for line in said.splitlines():
        name, kernel, error = line.split(" ")
        errors.setdefault(name, {})[kernel] = float(error)
    assert errors.keys() >= set(sets)
    for name, found in errors.items():
        assert found.keys() == LIMITS.keys(), name
        assert not {kernel: e for kernel, e in found.items() if not e <= LIMITS[kernel]}, name
