"""Random counts and latencies, from a generator that is passed in."""

from __future__ import annotations

import math
from random import Random
from statistics import NormalDist

MANY = 50.0
"""From here on a normal distribution stands in for a count's own, which it is then hardly told from."""
FEW = 300
SIGMA = 0.6
"""Of latencies, in natural logarithms: the 99th percentile is four times the median."""
STEP = 0.05
"""Width of a bin of latencies in standard deviations: 3 %."""
REACH = 4.5
NORMAL = NormalDist()


def binomial(random: Random, n: int, p: float) -> int:
    """How many of n trials succeed, each with probability p."""
    if p > 0.5:
        return n - binomial(random, n, 1 - p)
    if n <= 0 or p <= 0:
        return 0
    if n * p > MANY:
        return min(n, max(0, round(random.gauss(n * p, math.sqrt(n * p * (1 - p))))))
    count, passed = 0, 0
    fails = math.log1p(-p)
    while True:  # the trials between two successes are geometrically distributed
        passed += 1 + int(math.log(1 - random.random()) / fails)
        if passed > n:
            return count
        count += 1


def poisson(random: Random, mean: float) -> int:
    """How many independent events happen where so many are expected."""
    if mean > MANY:
        return max(0, round(random.gauss(mean, math.sqrt(mean))))
    count, left = 0, math.exp(-mean)
    product = random.random()
    while product > left:
        count += 1
        product *= random.random()
    return count


def latencies(random: Random, n: int, median: float, delay: float = 0.0) -> list[tuple[float, float]]:
    """(seconds, how often) of n requests, log-normally distributed around the median, each later by the delay.

    Many of them are counted in bins of 3 %, whose places are random, too, so that percentiles are right on average.
    """
    if n <= FEW:
        return [(delay + median * math.exp(random.gauss(0, SIGMA)), 1.0) for _ in range(n)]
    found: list[tuple[float, float]] = []
    edge = -REACH - random.random() * STEP
    below, left = 0.0, n
    while left and edge < REACH:
        edge += STEP
        upto = NORMAL.cdf(edge)
        count = binomial(random, left, (upto - below) / (1 - below))
        if count:
            found.append((delay + median * math.exp(SIGMA * (edge - STEP / 2)), float(count)))
        below, left = upto, left - count
    return [*found, (delay + median * math.exp(SIGMA * edge), float(left))] if left else found
