"""Model of the C906's speed on the Duo, from counted instructions and bytes.

    python native/board/c906.py                              the calibration alone
    python native/board/c906.py [OPTIONS] MODEL --mode fast [what else duollama takes]

Nothing was measured on a board, so the model must first reproduce the published figures of the C906
(the loops of calibrate.c). If `overlapped` is off by more than LIMIT, the command says so, ends
with status 1 and prints nothing about the engine. The output is Markdown, for docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import count
from costs import cycles_of, print_costs
from count import Counts

LIMIT = 0.15
FORMULA = """\
compute = sum over classes of instructions x cycles / clock; memory = weight bytes / bandwidth
added = compute + memory; overlapped = the larger of them; tok/s = 1 / either"""

JUDGED = f"""\
`overlapped` is judged, by {LIMIT:.0%}. `added` is not what the C906 does: a weight of the fp32 loop
takes 8 cycles at every size of the matrix, in six instructions, and reading it takes 4.3 ns.
The products by columns are not judged: they read short pieces at a stride, two of the four more
slowly than the model's memory. 768x288 is what the bandwidth is from. All that is judged is bound
by its instructions or by the card: how much overlaps where memory takes as long is not published,
and there `added` and `overlapped` are the ends of a range."""

# Subjects of the published figures: stories15M, the classifier included, and calibrate.c's loops.
WEIGHTS = 6 * (4 * 288 * 288 + 3 * 288 * 768) + 32000 * 288
GROUP, ROWS, DIM = 32, 96, 288
CACHE = 64 * 1024
"""Size of the D-cache. Larger data is read and written anew in every pass."""

# Flags of the published programs; their gcc 10 made no vectors of its own.
FLAGS = ["-std=c11", "-Ofast", "-fno-tree-vectorize", "-march=rv64gcv", "-mtune=thead-c906"]
REPEATS = {"scalar": 4, "columns": 4, "winner": 4, "rest": 1}
PUBLISHED_COLUMNS = {(288, 288): 0.501, (768, 288): 0.951, (288, 768): 1.339, (32000, 288): 58.87}

Loops = dict[str, Counts]


@dataclass(frozen=True)
class Board:
    clock: float = 1000e6
    bandwidth: float = 930e6
    card: float = 21.9e6
    """Bytes a second: the best that was measured on this board, from its memory and its SD card."""


@dataclass(frozen=True)
class Time:
    """Times in seconds."""

    compute: float
    memory: float

    @property
    def added(self) -> float:
        return self.compute + self.memory

    @property
    def overlapped(self) -> float:
        return max(self.compute, self.memory)


@dataclass(frozen=True)
class Check:
    name: str
    published: float
    added: float
    overlapped: float
    judged: bool = True

    @property
    def off(self) -> bool:
        return self.judged and abs(self.overlapped / self.published - 1) > LIMIT

    def __str__(self) -> str:
        def beside(figure: float) -> str:
            return f"{figure:.3g} | {figure / self.published - 1:+.0%}"

        judged = "yes" if self.judged else "no"
        figures = f"{self.published:.3g} | {beside(self.added)} | {beside(self.overlapped)}"
        return f"| {self.name} | {figures} | {judged} |"


@dataclass(frozen=True)
class Token:
    """Cost of a decoded token."""

    name: str
    counts: Counts
    size: float
    """Bytes of weights that are read for it."""


def fail(text: str) -> NoReturn:
    print(f"c906: {text}", file=sys.stderr)
    sys.exit(2)


def cycles(counts: Counts) -> float:
    return sum(number * cycles_of(kind) for kind, number in counts.items())


def time_of(counts: Counts, size: float, board: Board) -> Time:
    return Time(cycles(counts) / board.clock, size / board.bandwidth)


def count_loops(emulator: Path) -> Loops:
    """Instructions that a repeat of each of calibrate.c's loops executes."""
    loops: Loops = {}
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "calibrate"
        compiler: list[str | Path] = [count.BOARD / "compiler", *FLAGS, "-o", program]
        build = subprocess.run([*compiler, count.BOARD / "calibrate.c"], check=False)
        if build.returncode != 0:
            fail("calibrate.c does not compile; see above")
        for name, repeats in REPEATS.items():
            one = count.execute(emulator, [program, name, "1"])
            more = count.execute(emulator, [program, name, str(1 + repeats)])
            loops[name] = count.per_token(one.counts, more.counts, repeats)
    return loops


def columns_time(rows: int, columns: int, loops: Loops, board: Board) -> Time:
    """Time of a product that reads the matrix once and stores the output every four columns."""
    size = 4 * rows * columns
    if 4 * rows > CACHE:
        size += 2 * 4 * rows * columns // 4
    compute = cycles(loops["columns"]) / (ROWS * DIM) * rows * columns
    return Time(compute / board.clock, size / board.bandwidth)


def winner_time(loops: Loops, board: Board) -> Time:
    """Time of a token by the contest's winner, in int8."""
    groups = WEIGHTS / GROUP
    matrices = cycles(loops["winner"]) / (ROWS * DIM / GROUP) * groups
    compute = (matrices + cycles(loops["rest"])) / board.clock
    return Time(compute, (WEIGHTS + 4 * groups) / board.bandwidth)


def check_published(loops: Loops, board: Board) -> list[Check]:
    winner = winner_time(loops, board)
    weight = Time(cycles(loops["scalar"]) / (ROWS * DIM) / board.clock, 4 / board.bandwidth)
    cycles_a_weight = (weight.added * board.clock, weight.overlapped * board.clock)
    card = board.card / (4 * WEIGHTS)
    checks = [
        Check("contest's winner (int8), tok/s", 24.3, 1 / winner.added, 1 / winner.overlapped),
        Check("llama2.c's fp32 loop, cycles a weight", 8.0, *cycles_a_weight),
        Check("llama2.c (fp32) from the SD card, tok/s", 0.36, card, card),
    ]
    for (rows, columns), published in PUBLISHED_COLUMNS.items():
        name = f"fp32 {rows}x{columns} by columns, vectors, ms"
        time = columns_time(rows, columns, loops, board)
        checks.append(Check(name, published, time.added * 1e3, time.overlapped * 1e3, False))
    return checks


def weight_bytes(shorter: str, longer: str) -> float | None:
    """Bytes of a token, from what --statistics printed for two stories: means over their tokens."""
    outputs = (shorter, longer)
    sizes = [re.search(r"weight bytes per token: *([0-9.]+)", text) for text in outputs]
    tokens = [re.search(r"tokens decoded: *([0-9]+)", text) for text in outputs]
    if not (sizes[0] and sizes[1] and tokens[0] and tokens[1]):
        return float(sizes[1][1]) if sizes[1] else None
    first, second = int(tokens[0][1]), int(tokens[1][1])
    if first >= second:
        return float(sizes[1][1])
    return (float(sizes[1][1]) * second - float(sizes[0][1]) * first) / (second - first)


def count_token(emulator: Path, options: argparse.Namespace) -> Token:
    """Difference of two stories that differ only in their length, in instructions and in bytes."""
    program = count.program_of(options.engine)
    shorter, longer = count.in_order(options.lengths)
    ours = program.name == "duollama"
    arguments = [*options.arguments, *(["--statistics"] if ours else [])]
    runs = [count.generate(emulator, program, arguments, steps) for steps in (shorter, longer)]
    counts = count.per_token(runs[0].counts, runs[1].counts, longer - shorter)
    size = options.bytes or weight_bytes(runs[0].output, runs[1].output)
    if size is None:
        fail(f"{program} does not say how many bytes of weights a token reads; give --bytes")
    shown = [Path(a).name if Path(a).is_file() else a for a in options.arguments]
    name = f"{program.parent.name}/{program.name} {' '.join(shown)}, steps {shorter} to {longer}"
    return Token(name, counts, size)


def save(token: Token, file: Path) -> None:
    file.write_text(count.to_json(token.counts, name=token.name, weight_bytes=token.size) + "\n")


def load(file: Path) -> Token:
    try:
        text = file.read_text()
        about = json.loads(text)
        return Token(str(about["name"]), count.from_json(text), float(about["weight_bytes"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        fail(f"{file} holds no counts of a token ({error}); --save writes them")


def print_model(board: Board) -> None:
    print(f"Modelled.\n\n{FORMULA}\n")
    print(f"clock {board.clock / 1e6:g} MHz; memory {board.bandwidth / 1e6:g} MB/s", end="")
    print(f", the best published of this board; SD card {board.card / 1e6:g} MB/s\n")
    print_costs()


def print_checks(checks: list[Check]) -> None:
    print("\n| published | | added | off | overlapped | off | judged |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for check in checks:
        print(check)
    print(f"\n{JUDGED}")


def print_token(token: Token, board: Board) -> None:
    time = time_of(token.counts, token.size, board)
    all_cycles = cycles(token.counts)
    rows = sorted(token.counts.items(), key=lambda row: -row[1] * cycles_of(row[0]))
    large = [row for row in rows if row[1] * cycles_of(row[0]) >= 0.01 * all_cycles]
    small = dict(rows[len(large) :])
    print(f"\n{token.name}\n\n| class | a token | cycles each | cycles a token | share |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for kind, number in large:
        spent = number * cycles_of(kind)
        each = f"{cycles_of(kind):g}"
        print(f"| {kind} | {number:,.0f} | {each} | {spent:,.0f} | {spent / all_cycles:.1%} |")
    if small:
        spent = cycles(small)
        number = sum(small.values())
        print(
            f"| {len(small)} others | {number:,.0f} | | {spent:,.0f} | {spent / all_cycles:.1%} |"
        )
    print(f"| all | {sum(token.counts.values()):,.0f} | | {all_cycles:,.0f} | |")
    print(f"\ncompute {time.compute * 1e3:.1f} ms; weights {token.size / 1e6:.2f} MB: ", end="")
    print(f"memory {time.memory * 1e3:.1f} ms")
    print(f"tok/s: added {1 / time.added:.1f}, overlapped {1 / time.overlapped:.1f}")


def positive(text: str) -> float:
    if not (number := float(text)) > 0:
        raise ValueError
    return number


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The model of the C906's speed.")
    parser.add_argument("--clock", type=positive, default=1000.0, metavar="MHZ")
    parser.add_argument("--bandwidth", type=positive, default=930.0, metavar="MB/s")
    parser.add_argument("--engine", default="rv64gcv", help="a build, or any program's path")
    parser.add_argument("--lengths", nargs=2, type=int, default=[17, 33], metavar="STEPS")
    parser.add_argument("--bytes", type=positive, help="of weights, if the program says none")
    parser.add_argument("--save", type=Path, metavar="FILE", help="the token's counts, as JSON")
    parser.add_argument("--counts", type=Path, metavar="FILE", help="those, instead of a MODEL")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="MODEL ARGS")
    options = parser.parse_args(arguments)
    if options.counts and options.arguments:
        parser.error("give either --counts or a MODEL")
    return options


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    board = Board(options.clock * 1e6, options.bandwidth * 1e6)
    token = load(options.counts) if options.counts else None
    emulator = count.prepare()
    checks = check_published(count_loops(emulator), board)
    print_model(board)
    print_checks(checks)
    if off := [check.name for check in checks if check.off]:
        print(f"c906: off by more than {LIMIT:.0%}: {'; '.join(off)}", file=sys.stderr)
        return 1
    if token is None and options.arguments:
        token = count_token(emulator, options)
    if token is not None:
        if options.save:
            save(token, options.save)
        try:
            print_token(token, board)
        except KeyError as error:
            fail(f"{error.args[0]}; add it to costs.py")
    return 0


if __name__ == "__main__":
    sys.exit(main())
