"""The gates of senza.rollout.judging for many rollouts at once, with arrays: one minute of all of them after the other.

Only what the simulation needs: default gates where lower is better, positive values without ties. The test
tests/rollout/judging/test_false_alarms.py holds their verdicts against those of senza.rollout.judging.judge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln
from scipy.stats import norm
from scipy.stats import t as student

from senza.rollout.judging.counts import EXACT_VARIANCE
from senza.rollout.judging.matching import BEYOND, HISTORY_EFFECT, HISTORY_SHARE, LEAST_OLD
from senza.rollout.judging.series import HISTORY_REQUESTS
from senza.rollout.judging.spending import EARLY, STEADY
from senza.rollout.judging.statistics import EXACT
from senza.rollout.model import Gate

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Traffic:
    """One minute of one version in all rollouts. p50, p99: NaN without requests."""

    requests: Ints
    errors: Ints
    p50: Floats
    p99: Floats


class Budget:
    """What may be spent of alpha, by rollout. half: None for comparisons with history."""

    def __init__(self, count: int, alpha: float, half: float | None) -> None:
        self.alpha = alpha * (HISTORY_SHARE if half is None else 1 - HISTORY_SHARE)
        self.half = STEADY if half is None else half
        self.minute, self.left = np.zeros(count), np.zeros(count)

    def add(self, now: Bools) -> Floats:
        """A minute more, where it is one."""
        before = self.minute / (self.minute + self.half)
        self.minute += now
        self.left = self.left + self.alpha * (self.minute / (self.minute + self.half) - before)
        return self.left


# -- the gate of the errors ----


def log_choose(n: Any, k: Any) -> Any:
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


def probabilities(x: Any, first: Any, second: Any, events: Any, odds: Any) -> Floats:
    """Fisher's noncentral hypergeometric probabilities of x, by rollout and column; x must hold all likely ones."""
    low, high = np.maximum(events - second, 0), np.minimum(events, first)
    inside = (x >= low) & (x <= high)
    x = np.clip(x, low, high)
    logs = log_choose(first, x) + log_choose(second, events - x) + x * np.log(odds)
    logs = np.where(inside, logs, -np.inf)
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def moments(first: Ints, second: Ints, events: Ints) -> tuple[Floats, Floats, Floats]:
    """Mean, variance and third cumulant, as in senza.rollout.judging.counts with odds of 1."""
    size = np.maximum(first + second, 2)
    mean = events * first / size
    cells = [mean, events - mean, first - mean, second - events + mean]
    fine = np.min(cells, axis=0) > 1e-9
    safe = [np.where(fine, cell, 1.0) for cell in cells]
    variance = 1 / sum(1 / cell for cell in safe)
    slope = -sum(sign / cell**2 for sign, cell in zip((-1, 1, 1, -1), safe, strict=True))
    finite = size / (size - 1)
    return mean, np.where(fine, variance * finite, 0.0), np.where(fine, slope * variance**3 * finite, 0.0)


class ErrorGate:
    """Compares error ratios as senza.rollout.judging.ratios does, for all rollouts at once."""

    def __init__(self, count: int, gate: Gate, share: float) -> None:
        self.gate, self.alpha = gate, (1 - gate.confidence) * share
        self.matched, self.remembered = Budget(count, self.alpha, EARLY), Budget(count, self.alpha, None)
        self.new, self.new_errors, self.old, self.old_errors, self.alone, self.alone_errors = np.zeros((6, count))
        self.sums = list(np.zeros((3, count)))
        self.fresh = np.zeros(count)
        self.f: Floats = np.ones((count, 1))

    def look(self, new: Traffic, old: Traffic, begins: Bools) -> tuple[Bools, Bools]:
        """Which rollouts fail and which are inconclusive. begins: those whose stage begins with this minute."""
        known = new.requests > 0
        matched = known & (old.requests > 0) & (old.requests >= LEAST_OLD * new.requests)
        self.old += old.requests
        self.old_errors += old.errors
        self.fresh = np.where(begins, 0, self.fresh) + new.requests
        fail = self._matched(new, old, matched) | self._alone(new, known & ~matched)
        return fail, ~fail & ((self.fresh < self.gate.least) | (self.old < self.gate.least))

    def _matched(self, new: Traffic, old: Traffic, matched: Bools) -> Bools:
        first, second = (np.where(matched, one.requests, 0) for one in (new, old))
        events = np.where(matched, new.errors + old.errors, 0)
        self.new += first
        self.new_errors += np.where(matched, new.errors, 0)
        available = self.matched.add(matched)
        mean, variance, third = moments(first, second, events)
        for total, one in zip(self.sums, (mean, variance, third), strict=True):
            total += one
        if not matched.any():
            return matched
        open_ = matched & (self.new >= self.gate.least) & (self.old >= self.gate.least)
        exact = self.sums[1] <= EXACT_VARIANCE
        likely = int((mean + 12 * np.sqrt(variance) + 15)[exact].max(initial=0))
        x = np.arange(likely + 1)[None, :]
        p = probabilities(x, first[:, None], second[:, None], events[:, None], 1.0)
        folded = np.zeros((len(p), self.f.shape[1] + likely))
        for i in range(p.shape[1]):
            folded[:, i : i + self.f.shape[1]] += self.f * p[:, i, None]
        above = folded[:, ::-1].cumsum(axis=1)[:, ::-1]
        cut = (above > available[:, None]).sum(axis=1)
        fail = open_ & exact & (self.new_errors >= cut)
        spent_now = np.where(cut < above.shape[1], above[np.arange(len(cut)), np.minimum(cut, above.shape[1] - 1)], 0)
        taken = open_ & exact
        folded[taken[:, None] & (np.arange(folded.shape[1])[None, :] >= cut[:, None])] = 0
        some = np.nonzero((folded[exact] > 1e-20).any(axis=0))[0]
        self.f = folded[:, : (some[-1] + 1 if len(some) else 1)]
        fail |= open_ & ~exact & (self._approximate() <= available)
        self.matched.left = np.where(taken, available - spent_now, np.where(open_, 0.0, available))
        return np.asarray(fail)

    def _approximate(self) -> Floats:
        mean, variance, third = self.sums
        variance = np.maximum(variance, 1e-9)
        z = (self.new_errors - 0.5 - mean) / np.sqrt(variance)
        corrected = np.maximum(z - third / variance**1.5 * (z * z - 1) / 6, z / 2)
        return np.asarray(norm.sf(np.where(z <= 1, z, corrected)))

    def _alone(self, new: Traffic, alone: Bools) -> Bools:
        """With everything that is known of the old version."""
        if not alone.any():
            return alone
        self.alone += np.where(alone, new.requests, 0)
        self.alone_errors += np.where(alone, new.errors, 0)
        available = self.remembered.add(alone)
        open_ = alone & (self.alone >= self.gate.least)
        relative = 1 + max(self.gate.effect, HISTORY_EFFECT)
        base = np.minimum(self.old_errors / np.maximum(self.old, 1), 0.999 / relative)
        odds = (relative * (1 - base) / (1 - relative * base))[:, None]
        events = self.alone_errors + self.old_errors
        share = self.alone * relative / np.maximum(self.alone * relative + self.old, 1)
        middle, width = np.round(events * share), 12 * np.sqrt(events * share * (1 - share)) + 15
        x = (middle - np.ceil(width))[:, None] + np.arange(2 * int(width.max()) + 3)[None, :]
        p = probabilities(x, self.alone[:, None], self.old[:, None], events[:, None], odds)
        tail = np.where(x >= self.alone_errors[:, None], p, 0).sum(axis=1)
        fail = open_ & (tail <= available)
        self.remembered.left = np.where(open_, 0.0, available)
        return np.asarray(fail)


# -- the gates of the latencies ----


class SeriesGate:
    """Compares values as senza.rollout.judging.series does, for all rollouts at once."""

    def __init__(self, count: int, gate: Gate, share: float, percentile: float) -> None:
        self.gate, self.alpha = gate, (1 - gate.confidence) * share
        self.needed = BEYOND / min(percentile, 1 - percentile)
        self.count = count
        self.begins = np.zeros(count, int)
        self.budgets = {True: Budget(count, self.alpha, STEADY), False: Budget(count, self.alpha, None)}
        self.values: dict[str, list[Floats]] = {name: [] for name in ("new", "old", "both", "n_new", "n_old")}

    def look(self, new: Floats, old: Floats, n_new: Ints, n_old: Ints, begins: Bools) -> tuple[Bools, Bools]:
        known = np.isfinite(new)
        matched = known & np.isfinite(old) & (n_old >= np.minimum(self.needed, 0.9 * n_new))
        for name, one in zip(self.values, (new, old, matched, n_new, n_old), strict=True):
            self.values[name].append(one.astype(float))
        values = {name: np.array(one).T for name, one in self.values.items()}
        both = values["both"] > 0
        history = self._history(values, np.isfinite(values["new"]) & ~both)
        remembered = np.isfinite(history).sum(axis=1) >= self.gate.least
        alone = known & ~matched
        self.begins = np.where(begins, len(self.values["new"]) - 1, self.begins)
        usable = np.isfinite(values["new"]) & (both | remembered[:, None])
        fresh = (usable & (np.arange(usable.shape[1])[None, :] >= self.begins[:, None])).sum(axis=1)
        pairs = [np.where(both, values[name], np.nan) for name in ("new", "old")]
        fail = self._tested(matched, True, pairs[0], pairs[1])
        if alone.any():
            fail |= remembered & self._tested(alone, False, np.where(both, np.nan, values["new"]), history)
        enough = np.isfinite(values["old"]).sum(axis=1) >= self.gate.least
        return fail & enough, ~fail & ((fresh < self.gate.least) | ~enough)

    def _history(self, values: dict[str, Floats], alone: Bools) -> Floats:
        """The old version's values that compare with the typical minute of the new version alone."""
        n_new = np.where(alone, values["n_new"], np.nan)
        none = np.asarray(~alone.any(axis=1))
        n_new[none, 0] = 0
        typical = np.minimum(self.needed, HISTORY_REQUESTS * np.nanmedian(n_new, axis=1))
        return np.where((values["n_old"] >= typical[:, None]) & ~none[:, None], values["old"], np.nan)

    def _tested(self, now: Bools, paired: bool, new: Floats, old: Floats) -> Bools:
        n, m = np.isfinite(new).sum(axis=1), np.isfinite(old).sum(axis=1)
        available = self.budgets[paired].add(now)
        possible = np.exp(-log_choose(n + m, n))
        open_ = now & (n >= self.gate.least) & (possible <= available)
        fail = np.zeros(self.count, bool)
        rows = np.nonzero(open_)[0]
        t = _paired_t(new[rows], old[rows]) if paired else _welch_t(new[rows], old[rows])
        rows = rows[t <= available[rows]]
        p = mann_whitney(new[rows], old[rows], n[rows], m[rows])
        least = self.gate.effect if paired else max(self.gate.effect, HISTORY_EFFECT)
        for row in rows[p <= available[rows]]:
            one, other = new[row][np.isfinite(new[row])], old[row][np.isfinite(old[row])]
            worse = np.median(one[:, None] - other[None, :])
            fail[row] = worse > 0 and worse >= least * np.median(other)
        available[open_] = 0
        return fail


def _paired_t(new: Floats, old: Floats) -> Floats:
    differences = np.log(new) - np.log(old)
    n = np.isfinite(differences).sum(axis=1)
    mean, variance = np.nanmean(differences, axis=1), np.nanvar(differences, axis=1, ddof=1)
    return np.asarray(student.sf(mean / np.sqrt(variance / n), n - 1))


def _welch_t(new: Floats, old: Floats) -> Floats:
    n, m = np.isfinite(new).sum(axis=1), np.isfinite(old).sum(axis=1)
    new, old = np.log(new), np.log(old)
    a, b = np.nanvar(new, axis=1, ddof=1) / n, np.nanvar(old, axis=1, ddof=1) / m
    freedom = (a + b) ** 2 / (a**2 / (n - 1) + b**2 / (m - 1))
    return np.asarray(student.sf((np.nanmean(new, axis=1) - np.nanmean(old, axis=1)) / np.sqrt(a + b), freedom))


def mann_whitney(new: Floats, old: Floats, n: Ints, m: Ints) -> Floats:
    """The values are continuous: without ties."""
    u = (new[:, :, None] > old[:, None, :]).sum(axis=(1, 2))
    p = norm.sf((u - n * m / 2 - 0.5) / np.sqrt(n * m * (n + m + 1) / 12))
    for one, other in {*zip(n.tolist(), m.tolist(), strict=True)}:
        if one * other <= EXACT:
            these = (n == one) & (m == other)
            p[these] = tail_table(one, other)[u[these]]
    return np.asarray(p)


def tail_table(n: int, m: int) -> Floats:
    """The probabilities of each U or more."""
    ways = np.zeros(n * m + 1, dtype=object)
    ways[0] = 1
    for i in range(1, n + 1):
        ways[m + i :] = ways[m + i :] - ways[: max(n * m + 1 - m - i, 0)]
        for start in range(i):
            ways[start::i] = np.cumsum(ways[start::i])
    return np.asarray(ways[::-1].cumsum()[::-1] / math.comb(n + m, n), float)
