"""How often rollouts are taken back: the promise, and that the simulation which measures it judges as the gates do."""

from __future__ import annotations

import random

import numpy as np
import pytest

from benchmarks.false_alarms import SCENARIOS, SHARES, Scenario, draw, simulate
from benchmarks.simulated.gates import ErrorGate, SeriesGate, Traffic, tail_table
from senza.rollout.judging import judge
from senza.rollout.judging.statistics import exact_tail
from senza.rollout.model import DEFAULT_GATES, DEFAULT_STAGES, Evidence, Minute, Says

ERRORS, P50, P99, _ = DEFAULT_GATES


def test_looking_every_minute_gives_no_more_false_alarms() -> None:
    """100 good versions, fifteen looks at each: without spending, several of them would fail."""
    noise = random.Random(11)
    alarms = 0
    for _ in range(100):
        new: list[Minute] = []
        old: list[Minute] = []
        for minute in range(15):
            for side, requests in ((new, 100), (old, 400)):
                side.append(Minute(60 * minute, sum(noise.random() < 0.01 for _ in range(requests)), requests))
            if judge(ERRORS, Evidence(tuple(new), tuple(old)), share=SHARES[ERRORS.name]).says is Says.FAIL:
                alarms += 1
                break
    assert alarms <= 2


def minute_of(at: int, traffic: Traffic, gate: str, place: int) -> list[Minute]:
    """What CloudWatch says of one minute of one rollout."""
    requests = int(traffic.requests[place])
    if not requests:
        return []
    if gate == ERRORS.name:
        return [Minute(at, float(traffic.errors[place]), requests)]
    return [Minute(at, float((traffic.p50 if gate == P50.name else traffic.p99)[place]), requests=requests)]


@pytest.mark.parametrize(
    ("scenario", "rate", "count"),
    [
        (Scenario("bad", 0.01, 0.04, 1.15), 200, 6),
        (Scenario("busy", 0.1, 0.108, 1.1), 15_000, 2),
        (SCENARIOS[0], 40, 4),
    ],
    ids=lambda one: getattr(one, "name", str(one)),
)
def test_the_simulation_judges_as_the_gates_do(scenario: Scenario, rate: int, count: int) -> None:
    """Minute by minute, through all three stages, whatever a gate said before."""
    minutes = 26
    noise = np.random.default_rng(5)
    errors = ErrorGate(count, ERRORS, SHARES[ERRORS.name])
    series = {P50.name: SeriesGate(count, P50, SHARES[P50.name], 0.5)}
    series[P99.name] = SeriesGate(count, P99, SHARES[P99.name], 0.99)
    evidence: dict[tuple[str, int, str], list[Minute]] = {}
    alive = np.ones(count, bool)
    verdicts = set()
    for minute in range(minutes):
        since = max(start for start in (0, 9, 18) if start <= minute)
        share = {0: 0.05, 9: 0.25, 18: 1.0}[since]
        requests = noise.poisson(rate, count)
        to_new = noise.binomial(requests, share)
        new = draw(noise, to_new, scenario.new, scenario.slower, 0.5)
        old = draw(noise, requests - to_new, scenario.old, 1.0, 0.5)
        begins = np.full(count, minute == since)
        said = {ERRORS.name: errors.look(new, old, begins)}
        said[P50.name] = series[P50.name].look(new.p50, old.p50, new.requests, old.requests, begins)
        said[P99.name] = series[P99.name].look(new.p99, old.p99, new.requests, old.requests, begins)
        for gate in (ERRORS, P50, P99):
            for place in np.nonzero(alive)[0].tolist():
                for side, traffic in (("new", new), ("old", old)):
                    known = evidence.setdefault((gate.name, place, side), [])
                    known += minute_of(60 * minute, traffic, gate.name, place)
                new_minutes, old_minutes = (tuple(evidence[gate.name, place, side]) for side in ("new", "old"))
                seen = Evidence(new_minutes, old_minutes)
                verdict = judge(gate, seen, share=SHARES[gate.name], since=60.0 * since)
                fail, unclear = (bool(one[place]) for one in said[gate.name])
                expected = Says.FAIL if fail else Says.INCONCLUSIVE if unclear else Says.PASS
                assert verdict.says is expected, (gate.name, minute, verdict)
                verdicts.add(expected)
        # the simulation forgets the errors of a version that was taken back
        alive &= ~said[ERRORS.name][0]
    assert verdicts >= {Says.PASS, Says.INCONCLUSIVE} if scenario is SCENARIOS[0] else set(Says)


def test_the_tables_of_u_are_the_same() -> None:
    assert tail_table(6, 9).tolist() == pytest.approx([exact_tail(6, 9, u) for u in range(55)])


def test_the_promise_in_small() -> None:
    """benchmarks/false_alarms.py measures it with 10,000 rollouts of each kind; docs/gates.md shows the figures."""
    good, bad = SCENARIOS[0], SCENARIOS[2]
    for rate in (50, 500):
        found = simulate(good, rate, 300, np.random.default_rng(rate), 0.5, DEFAULT_STAGES)
        assert np.isfinite(found.minutes).mean() <= 0.02
        assert not found.stopped.any()
    found = simulate(bad, 5000, 500, np.random.default_rng(8), 0.5, DEFAULT_STAGES)
    assert (found.minutes <= 2).mean() >= 0.7
    assert (found.minutes <= 5).mean() >= 0.95
