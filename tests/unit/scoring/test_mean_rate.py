"""Mean rate of thirty runs."""

import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duotui.scoring.mean_rate import LEAST_RUNS, score

RATES = st.lists(st.floats(0.01, 1e4), min_size=1, max_size=60)


def test_nothing_stands_apart_in_even_runs() -> None:
    rates = [24.0 + index % 3 / 10 for index in range(30)]
    result = score(rates)
    assert result.dropped == ()
    assert result.mean == result.plain == pytest.approx(statistics.fmean(rates))
    assert result.deviation == pytest.approx(statistics.stdev(rates))


@pytest.mark.parametrize(
    ("odd", "dropped"), [((9.0,), (3,)), ((40.0,), (3,)), ((9.0, 40.0), (3, 4))]
)
def test_the_lowest_and_the_highest_are_dropped_where_they_stand_apart(
    odd: tuple[float, ...], dropped: tuple[int, ...]
) -> None:
    rates = [24.0 + index % 3 / 10 for index in range(30)]
    rates[3:3] = odd
    result = score(rates)
    assert result.dropped == dropped
    assert result.mean == pytest.approx(24.1)
    assert result.plain == pytest.approx(statistics.fmean(rates))
    assert set(result.kept).isdisjoint(odd)


def test_one_at_each_end_at_most() -> None:
    result = score([24.0] * 10 + [5.0, 6.0, 50.0, 60.0] + [24.1] * 10)
    assert [result.rates[index] for index in result.dropped] == [5.0, 60.0]


def test_few_runs_are_all_kept() -> None:
    assert score([1.0, 1.0, 1.0, 99.0][:LEAST_RUNS]).dropped == ()
    with pytest.raises(ValueError, match="no runs"):
        score([])


@given(RATES, st.integers())
def test_the_order_of_runs_is_nothing_to_it(rates: list[float], seed: int) -> None:
    shuffled = random.Random(seed).sample(rates, len(rates))
    one, other = score(rates), score(shuffled)
    assert sorted(one.kept) == sorted(other.kept)
    assert one.mean == pytest.approx(other.mean)


@given(RATES)
def test_what_is_kept_is_inside_of_what_is_dropped(rates: list[float]) -> None:
    result = score(rates)
    assert len(result.dropped) <= 2
    assert min(result.kept) <= result.mean * (1 + 1e-9)
    assert result.mean <= max(result.kept) * (1 + 1e-9)
    for index in result.dropped:
        assert rates[index] <= min(result.kept) or rates[index] >= max(result.kept)
