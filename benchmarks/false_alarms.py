"""How often a rollout is taken back for nothing, and how soon a bad version is noticed: by simulation.

Simulates default rollouts minute by minute, with Poisson requests, binomial errors and log-normal latencies, and prints
a Markdown table. Run it: ``python benchmarks/false_alarms.py [--rollouts 10000] [--seed 1] [--sigma 0.5]``; it takes
some minutes. Needs numpy and scipy, which the extra ``dev`` brings. Exits with 1 where more than 2 % of the rollouts of
a good version are taken back, or the bad one of the promise is noticed too late.

It judges all rollouts of a cell at once, with arrays; tests/rollout/judging/test_false_alarms.py holds its verdicts
against those of senza.rollout.judging.judge.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, ndtri
from scipy.stats import norm
from scipy.stats import t as student

from senza.rollout.judging.counts import EXACT_VARIANCE
from senza.rollout.judging.matching import BEYOND, HISTORY_EFFECT, HISTORY_SHARE
from senza.rollout.judging.series import HISTORY_REQUESTS
from senza.rollout.judging.spending import EARLY, STEADY, shares
from senza.rollout.judging.statistics import EXACT
from senza.rollout.model import DEFAULT_GATES, DEFAULT_STAGES, Gate, Rollout, Stage

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

ERRORS, P50, P99 = DEFAULT_GATES[0], DEFAULT_GATES[1], DEFAULT_GATES[2]
SHARES = shares(DEFAULT_GATES)
PATIENCE = Rollout().patience / 60
MEDIAN = 0.1
"""Seconds, of the latency of the old version."""


@dataclass(frozen=True)
class Scenario:
    """old, new: error ratios. slower: factor of the new version's latency."""

    name: str
    old: float
    new: float
    slower: float = 1.0

    @property
    def bad(self) -> bool:
        return self.new > self.old or self.slower > 1


SCENARIOS = (
    Scenario("no change, errors 0.1 %", 0.001, 0.001),
    Scenario("no change, errors 1 %", 0.01, 0.01),
    Scenario("errors 0.1 % → 1 %", 0.001, 0.01),
    Scenario("errors 1 % → 1.5 %", 0.01, 0.015),
    Scenario("latency +10 %", 0.001, 0.001, 1.1),
    Scenario("latency +20 %", 0.001, 0.001, 1.2),
    Scenario("latency +50 %", 0.001, 0.001, 1.5),
)
RATES = (50, 500, 5000)


@dataclass(frozen=True)
class Traffic:
    """One minute of one version in all rollouts. p50, p99: NaN without requests."""

    requests: Ints
    errors: Ints
    p50: Floats
    p99: Floats


def draw(random: np.random.Generator, requests: Ints, ratio: float, slower: float, sigma: float) -> Traffic:
    """The percentiles are order statistics (nearest rank), which have beta distributions where they are uniform."""
    n = np.maximum(requests, 1)
    middle, high = np.ceil(n * 0.5), np.ceil(n * 0.99)
    at_p50 = random.beta(middle, n - middle + 1)
    above = np.where(high > middle, random.beta(np.maximum(high - middle, 1), n - high + 1), 0.0)
    at_p99 = at_p50 + (1 - at_p50) * above
    p50, p99 = (np.where(requests > 0, MEDIAN * slower * np.exp(sigma * ndtri(u)), np.nan) for u in (at_p50, at_p99))
    return Traffic(requests, random.binomial(requests, ratio), p50, p99)


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

    def __init__(self, count: int, gate: Gate = ERRORS, share: float = SHARES[ERRORS.name]) -> None:
        self.gate, self.alpha = gate, (1 - gate.confidence) * share
        self.matched, self.remembered = Budget(count, self.alpha, EARLY), Budget(count, self.alpha, None)
        self.new, self.new_errors, self.old, self.old_errors, self.alone, self.alone_errors = np.zeros((6, count))
        self.sums = list(np.zeros((3, count)))
        self.fresh = np.zeros(count)
        self.f: Floats = np.ones((count, 1))

    def look(self, new: Traffic, old: Traffic, begins: Bools) -> tuple[Bools, Bools]:
        """Which rollouts fail and which are inconclusive. begins: those whose stage begins with this minute."""
        known = new.requests > 0
        matched = known & (old.requests > 0) & (old.requests >= 0.02 * new.requests)
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

    def __init__(self, count: int, gate: Gate, percentile: float) -> None:
        self.gate, self.alpha = gate, (1 - gate.confidence) * SHARES[gate.name]
        self.needed = BEYOND / min(percentile, 1 - percentile)
        self.count = count
        self.fresh = np.zeros(count)
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
        alone = known & ~matched & remembered
        self.fresh = np.where(begins, 0, self.fresh) + (matched | alone)
        pairs = [np.where(both, values[name], np.nan) for name in ("new", "old")]
        fail = self._tested(matched, True, pairs[0], pairs[1])
        if alone.any():
            fail |= self._tested(alone, False, np.where(both, np.nan, values["new"]), history)
        enough = np.isfinite(values["old"]).sum(axis=1) >= self.gate.least
        return fail & enough, ~fail & ((self.fresh < self.gate.least) | ~enough)

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


def mann_whitney(
    new: Floats, old: Floats, n: Ints, m: Ints, tables: dict[tuple[int, int], Floats] | None = None
) -> Floats:
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


# -- rollouts ----


@dataclass
class Results:
    """By rollout. minutes: until it was taken back, else NaN. exposed: requests that the new version got."""

    minutes: Floats
    exposed: Floats
    stopped: Bools
    lasted: Floats
    by: dict[str, int] = field(default_factory=dict)


def simulate(
    scenario: Scenario, rate: int, count: int, random: np.random.Generator, sigma: float, stages: Sequence[Stage]
) -> Results:
    """count: of rollouts. Each is judged every minute, goes on as the runner does, and is held while inconclusive."""
    errors = ErrorGate(count)
    latencies = [SeriesGate(count, P50, 0.5), SeriesGate(count, P99, 0.99)]
    weights, bakes = np.array([one.weight for one in stages]) / 200, np.array([one.bake for one in stages]) / 60
    stage, within = np.zeros(count, int), np.zeros(count)
    result = Results(np.full(count, np.nan), np.zeros(count), np.zeros(count, bool), np.zeros(count))
    running, minute = np.ones(count, bool), 0
    while running.any():
        minute += 1
        requests = random.poisson(rate, count)
        to_new = random.binomial(requests, weights[stage])
        new = draw(random, to_new, scenario.new, scenario.slower, sigma)
        old = draw(random, requests - to_new, scenario.old, 1.0, sigma)
        begins = within == 0
        within += 1
        result.exposed += running * to_new
        said = {ERRORS.name: errors.look(new, old, begins)}
        for gate, name in zip(latencies, ("p50", "p99"), strict=True):
            values = (getattr(new, name), getattr(old, name))
            said[gate.gate.name] = gate.look(*values, new.requests, old.requests, begins)
        failed = running & np.any([fail for fail, _ in said.values()], axis=0)
        for name, (fail, _) in said.items():
            result.by[name] = result.by.get(name, 0) + int((running & fail).sum())
        open_ = np.any([unclear for _, unclear in said.values()], axis=0)
        result.minutes[failed] = minute
        done = within >= bakes[stage]
        result.stopped |= running & ~failed & open_ & (within >= bakes[stage] + PATIENCE)
        on = done & ~open_
        over = failed | result.stopped | (on & (stage == len(stages) - 1))
        result.lasted[running & over] = minute
        running &= ~over
        stage, within = np.where(on & ~over, stage + 1, stage), np.where(on & ~over, 0, within)
        stage = np.minimum(stage, len(stages) - 1)
    return result


def row(scenario: Scenario, rate: int, found: Results) -> str:
    """One line of the table."""
    noticed = np.isfinite(found.minutes)
    lasted = np.median(found.lasted[~noticed]) if (~noticed).any() else math.nan
    cells = [scenario.name, f"{rate:,}", f"{100 * noticed.mean():.2f} %"]
    cells.append(f"{100 * (1 - noticed.mean()):.2f} %" if scenario.bad else "–")
    cells.append(f"{np.median(found.minutes[noticed]):.0f}" if scenario.bad and noticed.any() else "–")
    total = 35 * rate
    cells.append(f"{100 * found.exposed.mean() / total:.1f} %" if scenario.bad else "–")
    cells.append("–" if math.isnan(lasted) else f"{lasted:.0f}")
    return "| " + " | ".join(cells) + " |"


COLUMNS = (
    *("scenario", "requests a minute", "taken back", "missed"),
    *("minutes until noticed", "traffic exposed", "minutes if not taken back"),
)
HEAD = f"| {' | '.join(COLUMNS)} |\n|---|{'---:|' * (len(COLUMNS) - 1)}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rollouts", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sigma", type=float, default=0.5, help="of the logarithm of the latency")
    options = parser.parse_args(arguments)
    good = True
    notes = []
    print(HEAD)
    for number, scenario in enumerate(SCENARIOS):
        for rate in RATES:
            random = np.random.default_rng([options.seed, number, rate])
            found = simulate(scenario, rate, options.rollouts, random, options.sigma, DEFAULT_STAGES)
            print(row(scenario, rate, found), flush=True)
            if not scenario.bad:
                good &= bool(np.isfinite(found.minutes).mean() <= 0.02)
            if (scenario.old, scenario.new, rate) == (0.001, 0.01, 5000):
                soon = [float((found.minutes <= minutes).mean()) for minutes in (2, 5)]
                good &= soon[0] >= 0.7 and soon[1] >= 0.95
                notes.append(f"{scenario.name} at {rate:,}: {soon[0]:.1%} within 2 minutes, {soon[1]:.1%} within 5.")
    print("", *notes, sep="\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
