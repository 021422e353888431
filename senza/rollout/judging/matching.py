"""Which minutes of both versions are compared with each other.

Over the same minutes, wherever the old version has enough traffic in them: whatever happens to both then favours
neither. Minutes in which it has none (all of the traffic is on the new version) can only be compared with what it did
before. That proves less, since the world may have changed in between, so only larger effects count there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from senza.rollout.judging.spending import STEADY, Spending
from senza.rollout.model import Better, BuiltIn, Gate, Metric, Minute

HISTORY_EFFECT = 0.25
"""The least relative worsening that counts, where the new version is compared with earlier minutes of the old one."""
HISTORY_SHARE = 0.1
"""The part of alpha that is kept for that."""
LEAST_OLD = 0.02
"""Of the new version's requests, so many must have gone to the old one for a minute of both to be compared."""
LARGEST = 1e15
"""Above this, floating point numbers no longer count one by one; nothing real is as large."""
BEYOND = 10.0
"""So many requests of a minute must lie beyond a percentile for it to be (almost) unbiased."""

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?)")


@dataclass(frozen=True)
class Pair:
    """One minute of the new version and, where they compare, the old version's same minute.

    budget: the part of alpha that this minute adds.
    """

    new: Minute
    old: Minute | None
    budget: float


def pairs(
    new: Sequence[Minute],
    old: Sequence[Minute],
    compare: Callable[[Minute, Minute], bool],
    alpha: float,
    half: float,
) -> list[Pair]:
    """All minutes of the new version in their order. half: as in ``spent``, for minutes that compare."""
    by_minute = {key(minute): minute for minute in old}
    found = []
    matched, alone = Spending((1 - HISTORY_SHARE) * alpha, half), Spending(HISTORY_SHARE * alpha, STEADY)
    for minute in new:
        other = by_minute.get(key(minute))
        if other and compare(minute, other):
            found.append(Pair(minute, other, matched.next()))
        else:
            found.append(Pair(minute, None, alone.next()))
    return found


def key(minute: Minute) -> int:
    """Minutes since the epoch: sources may differ in the seconds."""
    return minute.at // 60


def countable(minutes: Sequence[Minute]) -> list[Minute]:
    """Those with counts, in their order, as whole numbers; others say nothing."""
    found = {}
    for minute in minutes:
        of = minute.of
        if of is not None and 0.5 < of <= LARGEST and 0 <= minute.value <= LARGEST:  # not for NaN, either
            found[key(minute)] = Minute(minute.at, round(minute.value), max(round(of), 1))
    return [found[one] for one in sorted(found)]


def measurable(minutes: Sequence[Minute]) -> list[Minute]:
    """Those with a finite value, in their order."""
    found = {key(one): one for one in minutes if math.isfinite(one.value) and abs(one.value) <= LARGEST}
    return [found[one] for one in sorted(found)]


def enough_of_both(new: Minute, old: Minute) -> bool:
    return (old.of or 0) >= LEAST_OLD * (new.of or 0)


# -- percentiles ----


def quantile(gate: Gate) -> float | None:
    """0.99 for p99; None for what is no percentile."""
    if isinstance(gate.source, BuiltIn):
        return {BuiltIn.P50: 0.5, BuiltIn.P99: 0.99}.get(gate.source)
    if isinstance(gate.source, Metric) and (match := _PERCENTILE.fullmatch(gate.source.statistic)):
        return float(match[1]) / 100
    return None


def enough_requests(gate: Gate, least: float = 0.9) -> Callable[[Minute, Minute], bool]:
    """Whether a percentile of the old version compares with one of the new version.

    The p99 of 20 requests is the slowest of them and below the real p99 more often than not; that of 2,000 is about
    right. Where the old version has so few that its percentile is biased to the good side, and more so than the new
    version's, the new version would look bad: that does not compare. The other way round it does: it hides a difference
    and invents none. least: how many requests the risky side must have, of those that the other one has.
    """
    share = quantile(gate)
    if share is None:
        return lambda new, old: True
    needed = BEYOND / max(min(share, 1 - share), 1e-6)
    old_is_risky = (share >= 0.5) == (gate.better is Better.LOWER)

    def compare(new: Minute, old: Minute) -> bool:
        if new.requests is None or old.requests is None:
            return True
        risky, other = (old.requests, new.requests) if old_is_risky else (new.requests, old.requests)
        return risky >= min(needed, least * other)

    return compare
