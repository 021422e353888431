"""Tests of two series of values. All are one-sided: a small p-value says that the first is larger than the second.

* H. B. Mann, D. R. Whitney: On a Test of Whether one of Two Random Variables is Stochastically Larger than the Other.
  Annals of Mathematical Statistics 18 (1947), 50-60.
* J. L. Hodges, E. L. Lehmann: Estimates of Location Based on Rank Tests. Ann. Math. Statist. 34 (1963), 598-611.
* Student: The Probable Error of a Mean. Biometrika 6 (1908), 1-25.
* B. L. Welch: The Generalization of "Student's" Problem when several different population variances are involved.
  Biometrika 34 (1947), 28-35.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

EXACT = 400
"""The largest product of both sizes whose distribution of U is counted out; it takes some milliseconds."""


def normal_tail(z: float) -> float:
    """The probability that a standard normal variable is at least z."""
    return 0.5 * math.erfc(z / math.sqrt(2))


def mann_whitney(first: Sequence[float], second: Sequence[float]) -> float:
    """The p-value of the Mann-Whitney U test; both must have a value.

    Exact for small samples without ties; else the normal approximation with corrections for ties and continuity, which
    errs to the careful side where p is small.
    """
    n, m = len(first), len(second)
    ranks, ties = _ranks(first, second)
    u = sum(ranks[:n]) - n * (n + 1) / 2
    if not ties and n * m <= EXACT:
        return exact_tail(n, m, round(u))
    size = n + m
    variance = n * m / 12 * (size + 1 - ties / (size * (size - 1)))
    if variance <= 0:  # all values are the same
        return 1.0
    return normal_tail((u - n * m / 2 - 0.5) / math.sqrt(variance))


def exact_tail(n: int, m: int, u: int) -> float:
    """The probability of at least u under the null hypothesis.

    The numbers of orders with each U are the coefficients of the Gaussian binomial (n + m over n).
    """
    ways = [0] * (n * m + 1)
    ways[0] = 1
    for i in range(1, n + 1):
        for power in range(n * m, m + i - 1, -1):  # times 1 - q^(m+i)
            ways[power] -= ways[power - m - i]
        for power in range(i, n * m + 1):  # divided by 1 - q^i
            ways[power] += ways[power - i]
    return sum(ways[max(u, 0) :]) / math.comb(n + m, n)


def _ranks(first: Sequence[float], second: Sequence[float]) -> tuple[list[float], float]:
    """Mid-ranks of all values, and the sum of t³ - t over all groups of t equal values."""
    values = [*first, *second]
    order = sorted(range(len(values)), key=values.__getitem__)
    starts = [0, *(i for i in range(1, len(order)) if values[order[i]] != values[order[i - 1]]), len(order)]
    ranks = [0.0] * len(values)
    for start, end in pairwise(starts):
        for place in order[start:end]:
            ranks[place] = (start + 1 + end) / 2
    return ranks, float(sum((end - start) ** 3 - (end - start) for start, end in pairwise(starts)))


def median(values: Sequence[float]) -> float:
    """Of at least one value."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else ordered[middle - 1] / 2 + ordered[middle] / 2


def shift(first: Sequence[float], second: Sequence[float]) -> float:
    """Hodges and Lehmann's estimate of how much larger the first is: the median of all differences between the two.

    Found by bisection, as there may be millions of them; good to 15 digits of the range of the values.
    """
    first, second = sorted(first), sorted(second)
    low, high = first[0] - second[-1], first[-1] - second[0]
    half = len(first) * len(second) / 2
    for _ in range(60):
        middle = low / 2 + high / 2
        if not low < middle < high:
            break
        if _count_at_most(first, second, middle) < half:
            low = middle
        else:
            high = middle
    return high


def _count_at_most(first: Sequence[float], second: Sequence[float], limit: float) -> int:
    """How many differences of two sorted series are at most that."""
    count, start = 0, 0
    for value in first:
        while start < len(second) and value - second[start] > limit:
            start += 1
        count += len(second) - start
    return count


# -- Student's and Welch's t ----


def paired_t(first: Sequence[float], second: Sequence[float]) -> float:
    """The p-value of Student's t test of the differences of pairs; 1 for fewer than two of them."""
    differences = [one - other for one, other in zip(first, second, strict=True)]
    n = len(differences)
    if n < 2:
        return 1.0
    mean, variance = _moments(differences)
    return _p_value(mean, variance / n, n - 1)


def welch_t(first: Sequence[float], second: Sequence[float]) -> float:
    """The p-value of Welch's t test; 1 where one has fewer than two values."""
    n, m = len(first), len(second)
    if n < 2 or m < 2:
        return 1.0
    (mean, variance), (other_mean, other_variance) = _moments(first), _moments(second)
    a, b = variance / n, other_variance / m
    scale = max(a, b)
    if not 0 < scale < math.inf:
        return _p_value(mean - other_mean, a + b, 1)
    freedom = (a / scale + b / scale) ** 2 / ((a / scale) ** 2 / (n - 1) + (b / scale) ** 2 / (m - 1))
    return _p_value(mean - other_mean, a + b, freedom)


def _moments(values: Sequence[float]) -> tuple[float, float]:
    """Mean and sample variance."""
    mean = math.fsum(values) / len(values)
    return mean, math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)


def _p_value(mean: float, variance: float, freedom: float) -> float:
    """variance: of the mean."""
    if variance <= 0:
        return 0.0 if mean > 0 else 1.0
    return student_tail(mean / math.sqrt(variance), freedom)


def student_tail(t: float, freedom: float) -> float:
    """The probability that a variable with Student's distribution is at least t."""
    square = t * t
    if not square < math.inf:
        return 0.0 if t > 0 else 1.0
    tail = _incomplete_beta(freedom / (freedom + square), freedom / 2, 0.5) / 2
    return tail if t > 0 else 1 - tail


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularized incomplete beta function I_x(a, b): NIST Handbook of Mathematical Functions, 8.17.22."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # where the fraction converges slowly: 8.17.4
        return 1 - _incomplete_beta(1 - x, b, a)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(log_front) / a / _fraction(x, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction 1 + d1/(1 + d2/(1 + ...)) by the modified method of Lentz."""
    value, c, d = 1.0, 1.0, 0.0
    for j in range(1, 500):
        m = j // 2
        if j % 2:
            step = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            step = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / ((1 + step * d) or 1e-300)
        c = (1 + step / c) or 1e-300
        value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value
