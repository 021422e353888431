"""Probabilities of counts against those of scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from senza.rollout.judging.counts import Table, approximate_tail, at_least, at_most, exact_tail, folded, tail, tails

COUNT = st.integers(1, 3000)


@st.composite
def tables(draw: st.DrawFn) -> tuple[Table, int]:
    """A table and a number of events of the first version."""
    first, second = draw(COUNT), draw(COUNT)
    new, old = draw(st.integers(0, first)), draw(st.integers(0, second))
    return Table(first, second, new + old), new


@given(tables())
def test_one_minute_is_fishers_exact_test(drawn: tuple[Table, int]) -> None:
    table, new = drawn
    cells = [[new, table.first - new], [table.events - new, table.second - table.events + new]]
    expected = stats.fisher_exact(cells, alternative="greater").pvalue
    assert exact_tail(table, new) == pytest.approx(expected, rel=1e-6, abs=1e-15)


@given(tables(), st.floats(0.2, 5))
def test_odds_make_it_fishers_noncentral_distribution(drawn: tuple[Table, int], odds: float) -> None:
    table, new = drawn
    table = Table(table.first, table.second, table.events, odds)
    low, high = table.support
    assume(low < high)
    known = stats.nchypergeom_fisher(table.first + table.second, table.events, table.first, odds)
    expected = float(known.sf(new - 1))
    assume(expected > 1e-6)  # scipy's own tail is a difference from 1
    assert exact_tail(table, new) == pytest.approx(expected, rel=1e-4, abs=1e-9)


@given(COUNT, COUNT, st.integers(0, 3000), st.floats(0.5, 2), st.data())
def test_rates_are_compared_by_the_binomial_test(
    first: int, second: int, events: int, odds: float, data: st.DataObject
) -> None:
    new = data.draw(st.integers(0, events))
    assume(events > 0)
    share = first * odds / (first * odds + second)
    expected = stats.binomtest(new, events, share, alternative="greater").pvalue
    assert exact_tail(Table(first, second, events, odds, rates=True), new) == pytest.approx(
        expected, rel=1e-6, abs=1e-15
    )


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning:scipy")  # of the kurtosis, which nobody asks for
@given(tables())
def test_cumulants(drawn: tuple[Table, int]) -> None:
    table, _ = drawn
    mean, variance, third = table.cumulants()
    assume(variance > 0)
    known = stats.hypergeom(table.first + table.second, table.events, table.first)
    assert (mean, variance) == pytest.approx([float(one) for one in known.stats("mv")], rel=1e-9)
    start, probabilities = table.distribution()
    x = np.arange(start, start + len(probabilities)) - mean
    counted = float((np.array(probabilities) * x**3).sum())
    # an approximation, for tables with some variance; it corrects a tail by third / variance**1.5
    assert abs(third - counted) / variance**1.5 < 0.6 / variance + 1e-6


@pytest.mark.parametrize("first", [250, 2500])
@pytest.mark.parametrize("ratio", [0.05, 0.25, 0.6])
def test_the_approximation_is_good_where_it_is_used(first: int, ratio: float) -> None:
    second = 5000 - first
    one = Table(first, second, round(ratio * 5000))
    minutes = max(2, round(1000 / one.cumulants()[1]))
    offset, probabilities = 0, [1.0]
    for _ in range(minutes):
        offset, probabilities = folded(offset, probabilities, one.distribution())
    above = tails(probabilities)
    for wanted in (1e-2, 1e-4, 1e-6):
        place = next(i for i, p in enumerate(above) if p <= wanted)
        assert 0.95 < approximate_tail([one] * minutes, offset + place) / above[place] < 1.2  # wrong on the safe side


def test_huge_counts_are_quick_and_finite() -> None:
    assert tail(Table(10**9, 10**9, 10**8), 10**8 // 2) == pytest.approx(0.5, abs=1e-3)
    assert tail(Table(10**9, 10**9, 10**8), 6 * 10**7) < 1e-300
    assert tail(Table(10**9, 10**9, 10**8), 4 * 10**7) == pytest.approx(1)


@given(tables())
def test_more_errors_never_look_better(drawn: tuple[Table, int]) -> None:
    table, new = drawn
    assume(new < table.first)
    worse = Table(table.first, table.second, table.events + 1)
    assert exact_tail(worse, new + 1) <= exact_tail(table, new) + 1e-12


@given(st.integers(0, 500), st.integers(1, 500), st.floats(0.001, 0.999))
def test_against_a_limit(seen: int, of: int, ratio: float) -> None:
    assume(seen <= of)
    more = stats.binomtest(seen, of, ratio, alternative="greater").pvalue if seen > of * ratio else 1.0
    fewer = stats.binomtest(seen, of, ratio, alternative="less").pvalue if of - seen > of * (1 - ratio) else 1.0
    assert at_least(seen, of, ratio, rates=False) == pytest.approx(more, rel=1e-6)
    assert at_most(seen, of, ratio, rates=False) == pytest.approx(fewer, rel=1e-6)


@given(st.integers(0, 500), st.integers(1, 500), st.floats(0.01, 3))
def test_rates_against_a_limit(seen: int, of: int, ratio: float) -> None:
    known = stats.poisson(of * ratio)
    more = float(known.sf(seen - 1)) if seen > of * ratio else 1.0
    fewer = float(known.cdf(seen)) if seen < of * ratio else 1.0
    assert at_least(seen, of, ratio, rates=True) == pytest.approx(more, rel=1e-6, abs=1e-290)
    assert at_most(seen, of, ratio, rates=True) == pytest.approx(fewer, rel=1e-6, abs=1e-290)


@pytest.mark.parametrize("rates", [False, True])
def test_limits_that_are_none(rates: bool) -> None:
    assert at_least(1, 100, 0.0, rates=rates) == 0.0
    assert at_least(0, 100, 0.0, rates=rates) == 1.0
    assert at_most(5, 100, 0.0, rates=rates) == 1.0
    assert at_most(99, 100, 1.0, rates=False) == 0.0
    assert at_least(100, 100, 1.0, rates=rates) == 1.0
