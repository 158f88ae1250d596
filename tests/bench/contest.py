"""Benchmark of all engines in turns, in several rounds, and its table.

A run that had too little of its core is repeated at once; the least disturbed one counts.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from process import Failed
from tellers import Llama2c, LlamaBench, Request, Teller, Telling

WIDTH = 36
TRIES = 4
SHARE = 0.9


@dataclass
class Row:
    teller: Teller
    memory: str
    tellings: list[Telling] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        return [telling.rate for telling in self.tellings]

    @property
    def share(self) -> float:
        return statistics.median(telling.share for telling in self.tellings)


def in_turns(rounds: int, count: int) -> Iterator[int]:
    """Yield every index below `count` once in each round; each round starts with another one."""
    for number in range(rounds):
        for place in range(count):
            yield (place + number) % count


def hold(tellers: Sequence[Teller], request: Request, rounds: int) -> list[Row]:
    """Run one round to warm up, in which the memory is measured, then `rounds`."""
    rows = []
    for teller in tellers:
        try:
            rows.append(Row(teller, teller.memory(request)))
        except Failed as failed:
            print(f"{teller.name} is left out: {failed}")
    for index in in_turns(rounds, len(rows)):
        rows[index].tellings.append(_undisturbed(rows[index].teller, request))
    return rows


def _undisturbed(teller: Teller, request: Request) -> Telling:
    tellings: list[Telling] = []
    while not tellings or (tellings[-1].share < SHARE and len(tellings) < TRIES):
        tellings.append(teller.tell(request))
    return max(tellings, key=lambda telling: telling.share)


def print_rates(rows: Iterable[Row], measure: Llama2c, request: Request) -> None:
    """Print the table. `measure` generates the story that the others are compared with."""
    story = measure.tell(request).story
    compat = Llama2c(measure.name, [*measure.command, "--compat-print"]).tell(request).story
    print(f"{'':<{WIDTH}}   median     best  core  {'story':<20}  peak memory")
    for row in rows:
        print(
            f"{row.teller.name:<{WIDTH}} {statistics.median(row.rates):8.1f} {max(row.rates):8.1f}"
            f"  {row.share:4.0%}  {_agreement(row, story if row.teller.clean else compat):<20}"
            f"  {row.memory}"
        )


def _agreement(row: Row, expected: bytes) -> str:
    told = row.tellings[0].story
    if isinstance(row.teller, LlamaBench):
        return "none"
    if told == expected:
        return "the same"
    pairs = zip(told, expected, strict=False)
    same = next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(told), len(expected)))
    return f"{same} of {len(expected)} bytes"


def print_ratios(rows: Sequence[Row]) -> None:
    """Print the speed of each of our modes relative to each peer: medians and bests."""
    ours = [row for row in rows if row.teller.ours]
    if len(ours) == len(rows):
        return
    heads = [row.teller.name.removeprefix("duollama ") for row in ours]
    widths = [max(13, len(head) + 2) for head in heads]
    titles = "".join(f"{head:>{width}}" for head, width in zip(heads, widths, strict=True))
    print(f"{'ours is x times as fast (best)':<{WIDTH}}{titles}")
    for row in rows:
        if row.teller.ours:
            continue
        middle, best = statistics.median(row.rates), max(row.rates)
        cells = [
            f"{statistics.median(o.rates) / middle:.2f} ({max(o.rates) / best:.2f})" for o in ours
        ]
        line = "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        print(f"{row.teller.name:<{WIDTH}}{line}")


def megabytes(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.1f} MB"
