"""How runs become one figure: the contest's rule, stated once. Pure."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

RUNS, WARM_UP_RUNS = 30, 1
"""Runs that count, and those before them that do not."""

TUKEY_FENCE = 1.5
"""Of the interquartile range: what lies farther outside the quartiles stands apart (Tukey 1977)."""

LEAST_RUNS = 5
"""Runs below which nothing can be said to stand apart."""


@dataclass(frozen=True, slots=True)
class Score:
    """Of `rates` in tok/s. `mean` is that of the runs that count; `plain` of all of them, as the
    published tables have it. `dropped` are indices of `rates`."""

    rates: tuple[float, ...]
    dropped: tuple[int, ...]
    mean: float
    plain: float
    median: float
    deviation: float

    @property
    def kept(self) -> tuple[float, ...]:
        return tuple(r for index, r in enumerate(self.rates) if index not in self.dropped)


def score(rates: Sequence[float]) -> Score:
    """The highest and the lowest rate are dropped where they stand apart; the rest is averaged.

    ValueError where there is none."""
    if not rates:
        raise ValueError("no runs")
    dropped = _apart(rates)
    kept = [rate for index, rate in enumerate(rates) if index not in dropped]
    return Score(
        rates=tuple(rates),
        dropped=dropped,
        mean=statistics.fmean(kept),
        plain=statistics.fmean(rates),
        median=statistics.median(kept),
        deviation=statistics.stdev(kept) if len(kept) > 1 else 0.0,
    )


def _apart(rates: Sequence[float]) -> tuple[int, ...]:
    if len(rates) < LEAST_RUNS:
        return ()
    first, _, third = statistics.quantiles(rates, n=4, method="inclusive")
    reach = TUKEY_FENCE * (third - first)
    lowest = min(range(len(rates)), key=rates.__getitem__)
    highest = max(range(len(rates)), key=rates.__getitem__)
    apart = []
    if rates[lowest] < first - reach:
        apart.append(lowest)
    if rates[highest] > third + reach:
        apart.append(highest)
    return tuple(sorted(apart))
