"""Speed of the C906 over several seeds: mean and spread of what c906.py models for each.

    python native/board/seeds.py [--seeds 1,2,3] [--lengths 17 113] MODEL --mode exact -t 1.0 -p 0.9

Each seed is a story of its own, so one seed says little about a sampled run. The output is a
Markdown table with the contest's winner by the same model in its last line.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import c906
import count


@dataclass(frozen=True)
class Row:
    name: str
    compute: float
    memory: float
    added: float
    overlapped: float

    def __str__(self) -> str:
        times = f"{self.compute:.1f} ms | {self.memory:.1f} ms"
        return f"| {self.name} | {times} | {self.added:.1f} | {self.overlapped:.1f} |"


def row_of(name: str, time: c906.Time) -> Row:
    return Row(name, time.compute * 1e3, time.memory * 1e3, 1 / time.added, 1 / time.overlapped)


def summary(name: str, rows: Sequence[Row], function: Callable[[Iterable[float]], float]) -> Row:
    columns = zip(*((r.compute, r.memory, r.added, r.overlapped) for r in rows), strict=True)
    return Row(name, *(function(column) for column in columns))


def seeds_of(text: str) -> list[int]:
    return [int(seed) for seed in text.split(",")]


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The model of the C906's speed, over seeds.")
    parser.add_argument("--engine", default="rv64gcv", help="a build, or any program's path")
    parser.add_argument("--lengths", nargs=2, type=int, default=[17, 113], metavar="STEPS")
    parser.add_argument("--seeds", type=seeds_of, default="1,2,3,4,5,6,7,8,9,10")
    parser.add_argument("--bytes", type=float, help="of weights, if the program says none")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="MODEL ARGS")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    board = c906.Board()
    emulator = count.prepare()
    print("Modelled.\n\n| seed | compute | memory | added tok/s | overlapped tok/s |")
    print("| --- | --- | --- | --- | --- |")
    given = options.arguments
    rows = []
    for seed in options.seeds:
        options.arguments = [*given, "-s", str(seed)]
        token = c906.count_token(emulator, options)
        rows.append(row_of(str(seed), c906.time_of(token.counts, token.size, board)))
        print(rows[-1], flush=True)
    print(summary("mean", rows, statistics.fmean))
    print(summary("least", rows, min))
    print(summary("most", rows, max))
    loops = c906.count_loops(emulator)
    print(row_of("contest's winner", c906.winner_time(loops, board)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
