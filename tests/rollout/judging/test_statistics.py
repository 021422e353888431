"""p-values against those of scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from senza.rollout.judging.statistics import (
    EXACT,
    mann_whitney,
    median,
    paired_t,
    shift,
    student_tail,
    welch_t,
)

REAL = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3))
NEAR = st.floats(-1e3, 1e3, allow_nan=False).map(lambda value: round(value, 3))
"""So that the variance of those that differ is exact to much more digits than are compared, in scipy, too."""
SOME = st.lists(REAL, min_size=2, max_size=15)
DISTINCT = st.lists(REAL, min_size=4, max_size=40, unique=True)
FEW = st.lists(st.integers(0, 5).map(float), min_size=2, max_size=30)


@given(DISTINCT, st.data())
def test_u_is_counted_out_for_small_samples_without_ties(values: list[float], data: st.DataObject) -> None:
    n = data.draw(st.integers(1, len(values) - 1))
    first, second = values[:n], values[n:]
    assume(len(first) * len(second) <= EXACT)
    expected = stats.mannwhitneyu(first, second, alternative="greater", method="exact").pvalue
    assert mann_whitney(first, second) == pytest.approx(expected, rel=1e-9)


@given(FEW, FEW)
def test_u_of_tied_values_is_approximated(first: list[float], second: list[float]) -> None:
    assume(len({*first, *second}) < len(first) + len(second))
    assume(len({*first, *second}) > 1)
    expected = stats.mannwhitneyu(first, second, alternative="greater", method="asymptotic").pvalue
    assert mann_whitney(first, second) == pytest.approx(expected, rel=1e-9)


def test_u_of_large_samples_is_approximated() -> None:
    random = np.random.default_rng(3)
    first, second = random.normal(0.3, 1, 70).tolist(), random.normal(0, 1, 90).tolist()
    expected = stats.mannwhitneyu(first, second, alternative="greater", method="asymptotic").pvalue
    assert mann_whitney(first, second) == pytest.approx(expected, rel=1e-9)


def test_equal_values_prove_nothing() -> None:
    assert mann_whitney([1.0] * 8, [1.0] * 9) == 1.0


@given(st.floats(-50, 50), st.floats(1, 200))
def test_students_distribution(t: float, freedom: float) -> None:
    assert student_tail(t, freedom) == pytest.approx(stats.t.sf(t, freedom), rel=1e-7, abs=1e-280)


@given(st.lists(st.tuples(NEAR, NEAR), min_size=3, max_size=20))
def test_students_test_of_pairs(pairs: list[tuple[float, float]]) -> None:
    first, second = [one for one, _ in pairs], [other for _, other in pairs]
    assume(np.std(np.subtract(first, second)) > 1e-3)
    expected = stats.ttest_rel(first, second, alternative="greater").pvalue
    assert paired_t(first, second) == pytest.approx(expected, rel=1e-6, abs=1e-100)


@pytest.mark.filterwarnings("ignore:Precision loss occurred:RuntimeWarning:scipy")  # one of the two may be constant
@given(st.lists(NEAR, min_size=2, max_size=15), st.lists(NEAR, min_size=2, max_size=15))
def test_welchs_test(first: list[float], second: list[float]) -> None:
    assume(np.std(first) > 1e-3 or np.std(second) > 1e-3)
    expected = stats.ttest_ind(first, second, equal_var=False, alternative="greater").pvalue
    assert welch_t(first, second) == pytest.approx(expected, rel=1e-6, abs=1e-100)


@given(SOME, SOME)
def test_the_shift_is_a_median_of_the_differences(first: list[float], second: list[float]) -> None:
    differences = sorted(one - other for one in first for other in second)
    lower = differences[(len(differences) - 1) // 2]
    assert shift(first, second) == pytest.approx(lower, abs=1e-8)


@given(st.lists(REAL, min_size=1))
def test_median(values: list[float]) -> None:
    assert median(values) == pytest.approx(float(np.median(values)))


@pytest.mark.parametrize("test", [mann_whitney, paired_t, welch_t])
@given(st.lists(REAL, min_size=6, max_size=6), st.lists(REAL, min_size=6, max_size=6), st.floats(0, 1e6))
def test_slower_never_looks_better(test, first: list[float], second: list[float], more: float) -> None:  # type: ignore[no-untyped-def]
    worse = [value + more for value in first]
    assert test(worse, second) <= test(first, second) + 1e-9


def test_constants_that_differ_do_so_for_certain() -> None:
    assert paired_t([2.0] * 5, [1.0] * 5) == 0.0
    assert paired_t([1.0] * 5, [1.0] * 5) == 1.0
    assert welch_t([2.0] * 5, [1.0] * 5) == 0.0
    assert student_tail(math.inf, 3) == 0.0
