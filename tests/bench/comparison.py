"""Benchmark of all engines in turns, in several rounds, and its table.

A run that had too little of its core is repeated at once; the least disturbed one counts.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine_runners import EngineRunner, Llama2c, LlamaBench, Request, RunResult
from process import ProcessFailed

WIDTH = 36
MOST_REPEATS = 4
LEAST_CORE_SHARE = 0.9


@dataclass
class ComparisonRow:
    engine: EngineRunner
    memory: str
    results: list[RunResult] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        return [result.rate for result in self.results]

    @property
    def share(self) -> float:
        return statistics.median(result.share for result in self.results)


def in_turns(rounds: int, count: int) -> Iterator[int]:
    """Yield every index below `count` once in each round; each round starts with another one."""
    for number in range(rounds):
        for place in range(count):
            yield (place + number) % count


def run_rounds(
    engines: Sequence[EngineRunner], request: Request, rounds: int
) -> list[ComparisonRow]:
    """Run one round to warm up, in which the memory is measured, then `rounds`."""
    rows = []
    for engine in engines:
        try:
            rows.append(ComparisonRow(engine, engine.memory(request)))
        except ProcessFailed as failed:
            print(f"{engine.name} is left out: {failed}")
    for index in in_turns(rounds, len(rows)):
        rows[index].results.append(_undisturbed(rows[index].engine, request))
    return rows


def _undisturbed(engine: EngineRunner, request: Request) -> RunResult:
    results: list[RunResult] = []
    while not results or (results[-1].share < LEAST_CORE_SHARE and len(results) < MOST_REPEATS):
        results.append(engine.generate(request))
    return max(results, key=lambda result: result.share)


def print_rates(rows: Iterable[ComparisonRow], measure: Llama2c, request: Request) -> None:
    """Print the table. `measure` generates the story that the others are compared with."""
    story = measure.generate(request).story
    compat = Llama2c(measure.name, [*measure.command, "--compat-print"]).generate(request).story
    print(f"{'':<{WIDTH}}   median     best  core  {'story':<20}  peak memory")
    for row in rows:
        print(
            f"{row.engine.name:<{WIDTH}} {statistics.median(row.rates):8.1f} {max(row.rates):8.1f}"
            f"  {row.share:4.0%}  {_agreement(row, story if row.engine.clean else compat):<20}"
            f"  {row.memory}"
        )


def _agreement(row: ComparisonRow, expected: bytes) -> str:
    story = row.results[0].story
    if isinstance(row.engine, LlamaBench):
        return "none"
    if story == expected:
        return "the same"
    pairs = zip(story, expected, strict=False)
    same = next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(story), len(expected)))
    return f"{same} of {len(expected)} bytes"


def print_ratios(rows: Sequence[ComparisonRow]) -> None:
    """Print the speed of each of our modes relative to each peer: medians and bests."""
    ours = [row for row in rows if row.engine.ours]
    if len(ours) == len(rows):
        return
    heads = [row.engine.name.removeprefix("duollama ") for row in ours]
    widths = [max(13, len(head) + 2) for head in heads]
    titles = "".join(f"{head:>{width}}" for head, width in zip(heads, widths, strict=True))
    print(f"{'ours is x times as fast (best)':<{WIDTH}}{titles}")
    for row in rows:
        if row.engine.ours:
            continue
        middle, best = statistics.median(row.rates), max(row.rates)
        cells = [
            f"{statistics.median(o.rates) / middle:.2f} ({max(o.rates) / best:.2f})" for o in ours
        ]
        line = "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        print(f"{row.engine.name:<{WIDTH}}{line}")


def megabytes(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.1f} MB"
