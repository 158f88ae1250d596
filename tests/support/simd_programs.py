"""C program that compares sets of kernels with the same sums in double."""

from support.engine import NATIVE
from support.paths import NATIVE_TESTS

KERNEL_SOURCES = NATIVE / "src/kernels"
SIMD_CHECK = [
    NATIVE_TESTS / "simd_check.c",
    *[
        KERNEL_SOURCES / "int_matrix.c",
        KERNEL_SOURCES / "ops_f32.c",
        *sorted(KERNEL_SOURCES.glob("simd*.c")),
    ],
]
OPTIMISED = ["-O3"]

# Largest error of a kernel, relative to the sum of its terms' magnitudes. A sum of products has up
# to 800 terms, each rounded to 24 bits (6e-8).
SUM, FUNCTION = 2e-6, 6e-7
LIMITS = {
    "quantise": 0.0,
    "accumulate": 0.0,
    **dict.fromkeys(["matmul_int8", "matmul_int4", "dot_int4", "dot", "bounds"], SUM),
    **dict.fromkeys(["scores", "scores_bf16", "weighted_sum", "weighted_sum_bf16", "softmax"], SUM),
    "swiglu": FUNCTION,
    "sum_exp": 2e-4,
}


def assert_kernels_are_near(printed: str, sets: list[str]) -> None:
    """Check `printed` by simd_check: at least these sets, all kernels, none beyond its limit."""
    errors: dict[str, dict[str, float]] = {}
    for line in printed.splitlines():
        name, kernel, error = line.split(" ")
        errors.setdefault(name, {})[kernel] = float(error)
    assert errors.keys() >= set(sets)
    for name, largest in errors.items():
        assert largest.keys() == LIMITS.keys(), name
        assert not {kernel: e for kernel, e in largest.items() if not e <= LIMITS[kernel]}, name
