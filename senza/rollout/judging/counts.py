"""Events counted in two versions over the same minutes, and how likely it is that the first has that many of them.

Each minute is a two-by-two table of its own. Given how many events a minute had altogether, and if both versions are
alike, the part of the first version has the hypergeometric distribution; of several minutes together, the sum of those
(conditional exact test: R. A. Fisher: The Logic of Inductive Inference. Journal of the Royal Statistical Society 98
(1935), 39-82; over strata: J. J. Gart: Point and interval estimation of the common odds ratio in the combination of
2 x 2 tables with fixed marginals. Biometrika 57 (1970), 471-475). A minute that is bad for both versions, or a change
of the weights, hence favours neither. Exact for any count; where the first version may be worse by some odds, the
distribution is Fisher's noncentral one.

Events that may outnumber what they are counted by, as retries do, are rates: then the part of the first version is
binomial (J. Przyborowski, H. Wilenski: Homogeneity of results in testing samples from Poisson series. Biometrika 31
(1940), 313-323).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from senza.rollout.judging.statistics import normal_tail

NEGLIGIBLE = 1e-20
"""Probabilities below this, relative to the largest one of their distribution, count as none."""
EXACT_VARIANCE = 1000.0
"""Sums of tables are counted out up to this variance; above it, their distribution is close enough to a normal one."""


@dataclass(frozen=True)
class Table:
    """One minute. first, second: requests of the two versions. events: of both together.

    odds: how much more likely events are in the first version, while it counts as no worse. rates: see above.
    """

    first: int
    second: int
    events: int
    odds: float = 1.0
    rates: bool = False

    @property
    def support(self) -> tuple[int, int]:
        """The least and the largest number of events that the first version can have."""
        if self.rates:
            return 0, self.events
        return max(0, self.events - self.second), min(self.events, self.first)

    def mean(self) -> float:
        """Where the probabilities of Fisher's noncentral distribution balance; the exact mean where odds are 1."""
        if self.rates:
            return self.events * self.first * self.odds / (self.first * self.odds + self.second)
        product = self.odds * self.events * self.first
        b = self.odds * (self.events + self.first) + self.second - self.events
        root = b + math.sqrt(max(b * b - 4 * (self.odds - 1) * product, 0.0))
        return 2 * product / root if root > 0 else 0.0

    def cumulants(self) -> tuple[float, float, float]:
        """Mean, variance and third cumulant.

        The variance is 1 / (1/a + 1/b + 1/c + 1/d) of the expected cells, as in N. E. Breslow, N. E. Day: Statistical
        Methods in Cancer Research I (1980), 4.4. The third one is its derivative by the logarithm of the odds.
        """
        mean = self.mean()
        cells = [mean, self.events - mean]
        if not self.rates:
            cells += [self.first - mean, self.second - self.events + mean]
        if min(cells) <= 1e-9:
            return mean, 0.0, 0.0
        variance = 1 / sum(1 / cell for cell in cells)
        signs = (-1, 1, 1, -1)
        slope = -sum(sign / cell**2 for sign, cell in zip(signs, cells, strict=False))
        third = slope * variance**3
        size = self.first + self.second
        finite = 1.0 if self.rates or size < 2 else size / (size - 1)
        return mean, variance * finite, third * finite

    def distribution(self) -> tuple[int, list[float]]:
        """Probabilities from the first number of events that has one, by recursion from the middle."""
        low, high = self.support
        middle = min(max(round(self.mean()), low), high)
        above = list(self._walk(middle, high, 1))
        below = list(self._walk(middle, low, -1))
        terms = [*reversed(below), 1.0, *above]
        total = math.fsum(terms)
        return middle - len(below), [term / total for term in terms]

    def _walk(self, middle: int, end: int, step: int) -> Iterator[float]:
        """Probabilities beside the middle, relative to its own."""
        term = 1.0
        for events in range(middle, end, step):
            term *= self._ratio(events) if step > 0 else 1 / self._ratio(events - 1)
            if term < NEGLIGIBLE:
                return
            yield term

    def _ratio(self, events: int) -> float:
        """How much more likely one event more is."""
        if self.rates:
            return (self.events - events) / (events + 1) * (self.first * self.odds / self.second)
        up = self.odds * (self.events - events) * (self.first - events)
        return up / ((events + 1) * (self.second - self.events + events + 1))


def folded(offset: int, left: Sequence[float], more: tuple[int, Sequence[float]]) -> tuple[int, list[float]]:
    """The distribution of the sum of two numbers, each as its least value and the probabilities from there on."""
    start, right = more
    sums = [0.0] * (len(left) + len(right) - 1)
    for i, one in enumerate(left):
        for j, other in enumerate(right, i):
            sums[j] += one * other
    first = next((i for i, one in enumerate(sums) if one > NEGLIGIBLE), 0)
    return offset + start + first, sums[first:]


def tails(probabilities: Sequence[float]) -> list[float]:
    """The probabilities of each number or more; small ones are added up first."""
    return list(accumulate(reversed(probabilities)))[::-1]


def exact_tail(table: Table, seen: int) -> float:
    """The probability of at least that many events in the first version."""
    offset, probabilities = table.distribution()
    return math.fsum(probabilities[max(seen - offset, 0) :])


def approximate_tail(tables: Sequence[Table], seen: float) -> float:
    """The same of several tables, by their cumulants: normal with corrections for continuity and skewness.

    The latter is the first term of E. A. Cornish, R. A. Fisher: Moments and Cumulants in the Specification of
    Distributions. Revue de l'Institut International de Statistique 5 (1938), 307-320.
    """
    cumulants = [table.cumulants() for table in tables]
    mean, variance, third = (math.fsum(column) for column in zip(*cumulants, strict=True))
    if variance <= 0:
        return 1.0 if seen <= mean + 0.5 else 0.0
    z = (seen - 0.5 - mean) / math.sqrt(variance)
    if z <= 1:  # nothing that could be significant, and the correction is made for the tail
        return normal_tail(z)
    # a far tail of a skewed distribution: the correction is one for small shifts only, so it is bounded
    return normal_tail(max(z - third / variance**1.5 * (z * z - 1) / 6, z / 2))


def tail(table: Table, seen: int) -> float:
    """The probability of at least that many events, counted out or, for huge counts, approximated."""
    return exact_tail(table, seen) if table.cumulants()[1] <= 1e5 else approximate_tail([table], seen)


# -- one version alone, against a limit ----


def at_least(seen: int, of: int, ratio: float, *, rates: bool) -> float:
    """The probability of that many events or more, out of so many, where the ratio is that.

    Binomial, of rates Poisson. 1 where there are no more events than expected: those are never too many.
    """
    if seen <= of * ratio:
        return 1.0
    if not rates and seen > of:
        return 0.0
    if ratio <= 0:
        return 0.0
    if rates:
        mean = of * ratio
        return _sum(seen * math.log(mean) - mean - math.lgamma(seen + 1), lambda x: mean / (x + 1), seen)
    if ratio >= 1:
        return 1.0
    log = math.lgamma(of + 1) - math.lgamma(seen + 1) - math.lgamma(of - seen + 1)
    log += seen * math.log(ratio) + (of - seen) * math.log1p(-ratio)
    return _sum(log, lambda x: (of - x) / (x + 1) * ratio / (1 - ratio), seen)


def at_most(seen: int, of: int, ratio: float, *, rates: bool) -> float:
    """The probability of that many events or fewer; 1 where there are no fewer than expected."""
    if not rates:
        return at_least(of - seen, of, 1 - ratio, rates=False)
    mean = of * ratio
    if seen >= mean:
        return 1.0
    return _sum(seen * math.log(mean) - mean - math.lgamma(seen + 1), lambda x: x / mean, seen, -1)


def _sum(log: float, ratio: Callable[[int], float], x: int, step: int = 1) -> float:
    """The sum of terms away from the mean, each by its ratio to the last. log: of the first one."""
    total = term = 1.0
    while term > total * 1e-15 and x >= 0:
        term *= ratio(x)
        total += term
        x += step
    return min(math.exp(log) * total, 1.0)
