"""Gates whose minutes are values: latencies, or any metric.

A worsening counts if two tests agree on it and if it is large enough. The Mann-Whitney U test asks nothing of the
distribution of the values, except that both versions have the same one; but the values of a version with few requests
scatter more, and then it gives false alarms. A t test does not mind that: Student's, of the differences within each
minute, which takes out whatever both versions share; Welch's where they have no minutes in common. Of logarithms, where
all values are positive, as latencies are not normal and their logarithms nearly are.

How large it is: Hodges and Lehmann's estimate of the shift, relative to the median of the old version.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from senza.rollout.judging.matching import HISTORY_EFFECT, Pair, enough_requests, measurable, pairs
from senza.rollout.judging.sequential import Significance
from senza.rollout.judging.spending import STEADY
from senza.rollout.judging.statistics import mann_whitney, median, paired_t, shift, welch_t
from senza.rollout.judging.words import Finding, change, minutes, odds, value
from senza.rollout.model import Better, Evidence, Gate, Minute, Says

HISTORY_REQUESTS = 0.7
"""Earlier minutes of the old version count if they had so many of the new version's requests, see enough_requests."""


@dataclass(frozen=True)
class Compared:
    """new, old: the values. change: relative, more than 0 is worse."""

    new: Sequence[float]
    old: Sequence[float]
    tested: Significance
    change: float
    least_change: float
    earlier: bool

    @property
    def significant(self) -> bool:
        return self.tested.significant and self.change > 0 and self.change >= self.least_change

    def told(self, gate: Gate, says: Says) -> Finding:
        middle, other = median(self.new), median(self.old)
        significance = odds(self.tested.p_value, self.tested.limit)
        if says is Says.FAIL:
            result = f"worse ({significance})"
        elif self.tested.significant and self.change > 0:
            result = f"worse, but by less than {100 * self.least_change:.3g} % ({significance})"
        else:
            result = f"not worse ({significance})"
        when = " before" if self.earlier else ""
        because = (
            f"{gate.name} {value(gate, middle)} against {value(gate, other)}{when}{change(middle, other)}"
            f" in {minutes(len(self.new))}: {result}"
        )
        figures = {"new": middle, "old": other, "n_new": float(len(self.new)), "n_old": float(len(self.old))}
        figures |= {"p_value": self.tested.p_value, "alpha": self.tested.limit}
        if math.isfinite(self.change):
            figures["worsening"] = self.change
        return Finding(says, because, figures)


def compare_series(gate: Gate, evidence: Evidence, alpha: float, since: float) -> Finding:
    """alpha: what all looks of this gate may use up together. since: the fresh minutes begin, epoch seconds."""
    new, old = measurable(evidence.new), measurable(evidence.old)
    if len(old) < gate.least:
        return too_few(gate, len(old), "old")
    of_both = pairs(new, old, enough_requests(gate), alpha, STEADY)
    history = _history(gate, [pair.new for pair in of_both if not pair.old], old)
    if len(history) < gate.least:
        of_both = [pair for pair in of_both if pair.old]
    matched = [pair for pair in of_both if pair.old]
    alone = [pair for pair in of_both if not pair.old]
    now = _at_once(gate, matched) if matched else None
    before = _with_history(gate, alone, history) if alone else None
    for one in (now, before):
        if one and one.significant:
            return one.told(gate, Says.FAIL)
    fresh = sum(pair.new.at >= since for pair in of_both)
    if fresh < gate.least:
        unused = "" if len(of_both) == len(new) else ", in which the old version had enough requests to compare with"
        return too_few(gate, fresh, "new", unused)
    found = now if of_both[-1].old else before
    assert found
    return found.told(gate, Says.PASS)


def _history(gate: Gate, alone: Sequence[Minute], old: Sequence[Minute]) -> list[float]:
    """Values of the old version that compare with minutes in which the new version is alone."""
    requests = [minute.requests for minute in alone if minute.requests is not None]
    typical = Minute(0, 0.0, requests=median(requests) if requests else None)
    comparable = enough_requests(gate, HISTORY_REQUESTS)
    return [minute.value for minute in old if comparable(typical, minute)]


def _at_once(gate: Gate, matched: Sequence[Pair]) -> Compared:
    """Over the same minutes."""
    new = [pair.new.value for pair in matched]
    old = [pair.old.value for pair in matched if pair.old]
    available = _available(matched, gate.least, None)
    return _compared(gate, new, old, available, earlier=False)


def _with_history(gate: Gate, alone: Sequence[Pair], history: Sequence[float]) -> Compared:
    """Where the old version has no traffic any more: with earlier minutes of it."""
    available = _available(alone, gate.least, len(history))
    return _compared(gate, [pair.new.value for pair in alone], history, available, earlier=True)


def _available(used: Sequence[Pair], least: int, history: int | None) -> float:
    """What the last look may use up of alpha. history: how many values of the old version there are, None: as many.

    A look at so few minutes that the test could not conclude anything, whatever they say, leaves its part to the next.
    """
    available = 0.0
    concludes = False
    for n in range(1, len(used) + 1):
        available = used[n - 1].budget + (0.0 if concludes else available)
        concludes = n >= least and 1 / math.comb(n + (history or n), n) <= available
    return available if concludes else 0.0


def _compared(gate: Gate, new: Sequence[float], old: Sequence[float], available: float, *, earlier: bool) -> Compared:
    sign = 1 if gate.better is Better.LOWER else -1
    first, second = [sign * one for one in new], [sign * one for one in old]
    p_value = 1.0
    if available:
        p_value = max(mann_whitney(first, second), _t_test(new, old, sign, paired=not earlier))
    worse, base = shift(first, second), abs(median(second))
    relative = worse / base if base else math.copysign(math.inf, worse) if worse else 0.0
    least = max(gate.effect, HISTORY_EFFECT) if earlier else gate.effect
    return Compared(new, old, Significance(p_value, available), relative, least, earlier)


def _t_test(new: Sequence[float], old: Sequence[float], sign: int, *, paired: bool) -> float:
    if min(*new, *old) > 0:
        new, old = [math.log(one) for one in new], [math.log(one) for one in old]
    first, second = [sign * one for one in new], [sign * one for one in old]
    return paired_t(first, second) if paired else welch_t(first, second)


def too_few(gate: Gate, number: int, version: str, which: str = "") -> Finding:
    said = f"{gate.name}: {minutes(number)} with a value of the {version} version{which}, {gate.least} are needed"
    return Finding(Says.INCONCLUSIVE, said)
