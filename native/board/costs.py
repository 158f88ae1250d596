"""Cost in cycles of each class of count.c's instructions on the C906, with its source.

A published figure is the time from one instruction to the next of its kind, or until its result can
be used. So a sum of costs is right where instructions wait for one another or for the same unit,
and too high elsewhere. A vector instruction's cost depends on its register group (LMUL), not on the
vector length.
"""

from __future__ import annotations

from dataclasses import dataclass

from count import Kind

MEASURED = "measured"
MANUAL = "manual"
TUNING = "tuning"
ASSUMED = "assumed"

SOURCES = {
    MEASURED: "camel-cdr/rvv-bench-results, mangopi_mq_pro: an Allwinner D1, the same core",
    MANUAL: "T-Head's user manual of the C906 (XUANTIE-RV/openc906, doc/), instruction latencies",
    TUNING: "T-Head's gcc (ruyisdk/riscv-gcc), gcc/config/riscv/c906v.md",
    ASSUMED: "no published figure, or a range; the reasons are below",
}

ASSUMPTIONS = {
    "load, fload": "1: the manual's latency is 2 or more, and compilers put the use later",
    "div": "9 of the manual's 5 to 36: the divider (openc906, aq_iu_div.v) takes 4 and one for"
    " each two bits of the quotient; of the winner's two divisions one has up to 4, one up to 19",
    "fdiv, fsqrt": "the longest of the manual's 4 to 17 (fp64: 31)",
    "vload, vstore": "8 bytes a cycle, as all else; a copy within the L1 was measured at 3.6 to 3.7"
    " bytes a cycle, and 4 is the most at 8 in each direction",
    "vload-strided, vload-indexed, vstore-other": "an element a cycle",
    "vfma": "as vfmul, which has the same unit",
    "vextend": "as vint; the C906 has none, its programs widen by vwadd",
    "system, atomic": "20; a token has hardly any",
    "all": "caches hit and branches are foretold; the weights alone come from memory, not the keys"
    " and values",
}


@dataclass(frozen=True)
class Cost:
    cycles: tuple[float, ...]
    """One figure, or those of LMUL 1, 2, 4 and 8 (nothing widens 8); a fraction costs as 1."""
    source: str


# Classes, width of an element (0: any), cycles, source. Widening and narrowing: of the narrow side.
_ROWS: list[tuple[str, int, tuple[float, ...], str]] = [
    ("int branch jump store fstore", 0, (1,), MANUAL),
    ("load fload", 0, (1,), ASSUMED),
    ("mul", 0, (4,), MEASURED),
    ("div", 0, (9,), ASSUMED),
    ("fadd fmul fcvt fmove", 0, (3,), MANUAL),
    ("fma", 0, (4,), MANUAL),
    ("fadd fmul", 64, (4,), MANUAL),
    ("fma", 64, (5,), MANUAL),
    ("fdiv fsqrt", 0, (17,), ASSUMED),
    ("fdiv fsqrt", 64, (31,), ASSUMED),
    ("vset", 0, (1,), TUNING),
    ("system atomic", 0, (20,), ASSUMED),
    ("vload vstore", 0, (2, 4, 8, 16), ASSUMED),
    ("vload-strided vload-indexed vstore-other", 8, (16, 32, 64, 128), ASSUMED),
    ("vload-strided vload-indexed vstore-other", 16, (8, 16, 32, 64), ASSUMED),
    ("vload-strided vload-indexed vstore-other", 32, (4, 8, 16, 32), ASSUMED),
    ("vload-strided vload-indexed vstore-other", 64, (2, 4, 8, 16), ASSUMED),
    ("vint vmul vfadd vfcvt", 0, (4, 4, 8, 16), MEASURED),
    ("vextend", 0, (4, 4, 8, 16), ASSUMED),
    ("vmul vfmul", 32, (5, 5, 8, 16), MEASURED),
    ("vfmul", 16, (4, 6, 8, 19), MEASURED),
    ("vfma", 32, (5, 5, 8, 16), ASSUMED),
    ("vfma", 16, (4, 6, 8, 19), ASSUMED),
    ("vwadd vwmul vnarrow vfwcvt", 0, (4, 8, 16), MEASURED),
    ("vfwiden", 0, (6, 12, 22), MEASURED),
    ("vred vwred", 0, (5, 5, 9, 17), MEASURED),
    ("vslide", 0, (4, 5, 9, 17), MEASURED),
    ("vgather", 0, (4, 16, 64, 256), MEASURED),
    ("vmask", 0, (4,), MEASURED),
    ("vmove", 0, (5,), MEASURED),
    ("vdiv", 0, (15, 30, 63, 120), MEASURED),
    ("vfdiv", 16, (24, 53, 104, 204), MEASURED),
    ("vfdiv", 32, (36, 72, 144, 288), MEASURED),
    ("vfred", 16, (12, 17, 25, 41), MEASURED),
    ("vfred", 32, (9, 14, 22, 38), MEASURED),
]

COSTS = {
    (name, width): Cost(cycles, source)
    for names, width, cycles, source in _ROWS
    for name in names.split()
}


def cycles_of(kind: Kind) -> float:
    """Cycles of one instruction. KeyError: no cost is known for its class or register group."""
    cost = COSTS.get((kind.name, kind.width)) or COSTS.get((kind.name, 0))
    if cost is None:
        raise KeyError(f"{kind} has no cost")
    if len(cost.cycles) == 1:
        return cost.cycles[0]
    lmul = max(kind.eighths // 8, 1).bit_length() - 1
    if kind.eighths == 0 or lmul >= len(cost.cycles):
        raise KeyError(f"{kind} has no cost for its register group")
    return cost.cycles[lmul]


def print_costs() -> None:
    print("| class | cycles (LMUL 1, 2, 4, 8) | source |\n| --- | --- | --- |")
    for names, width, cycles, source in _ROWS:
        bits = f" e{width}" if width else ""
        print(f"| {names}{bits} | {' '.join(f'{c:g}' for c in cycles)} | {source} |")
    print()
    for source, text in SOURCES.items():
        print(f"- {source}: {text}")
    print("\nAssumed:")
    for name, reason in ASSUMPTIONS.items():
        print(f"- {name}: {reason}")
