"""Kernels of every set that runs here, beside the same sums in double.

The exact ones are compared with plain C.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from support.c_program import SANITIZED, compile_c
from support.simd_programs import OPTIMISED, SIMD_CHECK, assert_kernels_are_near


@pytest.mark.parametrize("flags", [OPTIMISED, SANITIZED], ids=["plain", "sanitized"])
def test_every_set_computes_what_it_should(tmp_path: Path, flags: Sequence[str]) -> None:
    program = compile_c(*flags, *SIMD_CHECK, out=tmp_path / "simd_check")
    result = subprocess.run([program], capture_output=True, text=True, timeout=1200, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert_kernels_are_near(result.stdout, ["scalar"])
