"""Mean rate of several runs by the contest's rule, defined once. Pure."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

RUNS, WARM_UP_RUNS = 30, 1
"""Number of runs that count, and of warm-up runs before them."""

TUKEY_FENCE = 1.5
"""Interquartile ranges outside the quartiles beyond which a rate is an outlier (Tukey 1977)."""

LEAST_RUNS = 5
"""Number of runs below which no rate is an outlier."""


@dataclass(frozen=True, slots=True)
class Score:
    """Figures of `rates` in tok/s. `mean`, `median` and `deviation` are those of the kept runs;
    `plain` is the mean of all, as in the published tables. `dropped` are indices of `rates`."""

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
    """Drop the highest and the lowest rate if they are outliers, and average the rest.

    Raises ValueError if `rates` is empty.
    """
    if not rates:
        raise ValueError("no runs")
    dropped = _outliers(rates)
    kept = [rate for index, rate in enumerate(rates) if index not in dropped]
    return Score(
        rates=tuple(rates),
        dropped=dropped,
        mean=statistics.fmean(kept),
        plain=statistics.fmean(rates),
        median=statistics.median(kept),
        deviation=statistics.stdev(kept) if len(kept) > 1 else 0.0,
    )


def _outliers(rates: Sequence[float]) -> tuple[int, ...]:
    if len(rates) < LEAST_RUNS:
        return ()
    first, _, third = statistics.quantiles(rates, n=4, method="inclusive")
    fence = TUKEY_FENCE * (third - first)
    lowest = min(range(len(rates)), key=rates.__getitem__)
    highest = max(range(len(rates)), key=rates.__getitem__)
    outliers = []
    if rates[lowest] < first - fence:
        outliers.append(lowest)
    if rates[highest] > third + fence:
        outliers.append(highest)
    return tuple(sorted(outliers))
