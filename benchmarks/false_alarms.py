"""How often a rollout is taken back for nothing, and how soon a bad version is noticed: by simulation.

Simulates default rollouts minute by minute, with Poisson requests, binomial errors and log-normal latencies, and prints
a Markdown table. Run it: ``python benchmarks/false_alarms.py [--rollouts 10000] [--seed 1] [--sigma 0.5]``; it takes
some minutes. Needs numpy and scipy, which the extra ``dev`` brings. Exits with 1 where more than 2 % of the rollouts of
a good version are taken back, or the bad one of the promise is noticed too late.

It judges all rollouts of a cell at once, with arrays, see benchmarks/simulated/gates.py.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.special import ndtri

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for when this file is run as a program

from benchmarks.simulated.gates import Bools, ErrorGate, Floats, Ints, SeriesGate, Traffic
from senza.rollout.judging import shares
from senza.rollout.model import DEFAULT_GATES, DEFAULT_STAGES, Rollout, Stage

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


def draw(random: np.random.Generator, requests: Ints, ratio: float, slower: float, sigma: float) -> Traffic:
    """The percentiles are order statistics (nearest rank), which have beta distributions where they are uniform."""
    n = np.maximum(requests, 1)
    middle, high = np.ceil(n * 0.5), np.ceil(n * 0.99)
    at_p50 = random.beta(middle, n - middle + 1)
    above = np.where(high > middle, random.beta(np.maximum(high - middle, 1), n - high + 1), 0.0)
    at_p99 = at_p50 + (1 - at_p50) * above
    p50, p99 = (np.where(requests > 0, MEDIAN * slower * np.exp(sigma * ndtri(u)), np.nan) for u in (at_p50, at_p99))
    return Traffic(requests, random.binomial(requests, ratio), p50, p99)


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
    errors = ErrorGate(count, ERRORS, SHARES[ERRORS.name])
    latencies = [SeriesGate(count, gate, SHARES[gate.name], share) for gate, share in ((P50, 0.5), (P99, 0.99))]
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
