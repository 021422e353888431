"""What gates say, and in which words."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.rollout.judging import judge
from senza.rollout.model import DEFAULT_GATES, Alarm, Better, BuiltIn, Evidence, Gate, Metric, Minute, Says, Verdict

ERRORS, P50, P99, HOSTS = DEFAULT_GATES
CONVERSION = Gate("conversion", Metric("shop", "Conversions"), Metric("shop", "Visits"), better=Better.HIGHER, least=50)
CONVERSION_RATE = Gate("conversion", Metric("shop", "ConversionRate"), better=Better.HIGHER)

START = 1_790_000_000 // 60 * 60


def counts(*minutes: tuple[float, float], start: int = START) -> tuple[Minute, ...]:
    return tuple(Minute(start + 60 * i, value, of) for i, (value, of) in enumerate(minutes))


def values(*minutes: float, start: int = START, requests: float | None = None) -> tuple[Minute, ...]:
    return tuple(Minute(start + 60 * i, value, requests=requests) for i, value in enumerate(minutes))


def says(gate: Gate, new: tuple[Minute, ...], old: tuple[Minute, ...] = (), *, since: float = 0) -> Verdict:
    return judge(gate, Evidence(new, old), share=0.5, since=since)


def wobbling(middle: float, count: int, by: float, seed: int) -> list[float]:
    """Values with noise of that relative size, the same ones each time."""
    noise = random.Random(seed)
    return [middle * math.exp(noise.gauss(0, by)) for _ in range(count)]


# -- ratios ----


def test_ten_times_the_errors_fail_within_minutes_and_the_numbers_are_told() -> None:
    verdict = says(ERRORS, counts((3, 254), (3, 250), (3, 260)), counts((5, 4800), (5, 4750), (4, 4700)))
    assert verdict.says == Says.FAIL
    assert verdict.because.startswith(
        "error ratio 1.18 % (9 of 764 requests) against 0.098 % (14 of 14,250 requests): worse (p = "
    )
    assert verdict.figures["p_value"] < verdict.figures["alpha"] < 0.01
    assert verdict.figures["n_new"] == 764


def test_the_same_errors_pass() -> None:
    verdict = says(ERRORS, counts(*[(0, 250)] * 5), counts(*[(5, 4750)] * 5))
    assert verdict.says == Says.PASS
    assert "error ratio 0 % (0 of 1,250 requests) against 0.11 % (25 of 23,750 requests): not worse" in verdict.because


def test_few_requests_say_nothing_however_bad_they_are() -> None:
    verdict = says(ERRORS, counts((20, 20), (20, 20)), counts((0, 500), (0, 500)))
    assert verdict.says == Says.INCONCLUSIVE
    assert verdict.because == "error ratio: 40 requests of the new version so far, 50 are needed"
    assert says(ERRORS, counts((0, 500)), counts((0, 20))).says == Says.INCONCLUSIVE


def test_silence_neither_passes_nor_fails() -> None:
    old = counts(*[(5, 4750)] * 10)
    for gate in (ERRORS, P50, P99, HOSTS, CONVERSION):
        assert says(gate, ()).says == Says.INCONCLUSIVE
        assert says(gate, (), old).says == Says.INCONCLUSIVE
        unavailable = judge(gate, Evidence(unavailable="AccessDenied"), share=1)
        assert (unavailable.says, unavailable.because) == (
            Says.INCONCLUSIVE,
            f"{gate.name} cannot be read: AccessDenied",
        )
    # nothing since the traffic changed, and enough of it before
    new = counts(*[(0, 250)] * 10)
    assert says(ERRORS, new, old, since=START + 600).says == Says.INCONCLUSIVE
    assert says(ERRORS, new, old, since=START + 300).says == Says.PASS


def test_a_bad_minute_of_both_versions_is_nobodys_fault() -> None:
    """Most of the new version's requests were in the bad minutes: together, its ratio is twice the other one's."""
    new, old = counts((0, 250), (0, 250), (90, 2500), (90, 2500)), counts((5, 4750), (5, 4750), (90, 2500), (90, 2500))
    assert says(ERRORS, new, old).says == Says.PASS


def test_alone_the_new_version_is_compared_with_what_the_old_one_did_before() -> None:
    old = counts(*[(5, 4750)] * 10)
    good = counts(*[(0, 250)] * 10, *[(6, 5000)] * 10)
    bad = counts(*[(0, 250)] * 10, *[(50, 5000)] * 3)
    assert says(ERRORS, good, old, since=START + 600).says == Says.PASS
    verdict = says(ERRORS, bad, old, since=START + 600)
    assert verdict.says == Says.FAIL
    assert "1.00 % (150 of 15,000 requests) against 0.11 % (50 of 47,500 requests) before: worse" in verdict.because
    # 20 % more than before may have other reasons, over the same minutes it would not
    more = counts(*[(0, 250)] * 10, *[(600, 50_000)] * 10)
    busy = counts(*[(500, 50_000)] * 10)
    assert says(ERRORS, more, busy, since=START + 600).says == Says.PASS
    assert says(ERRORS, counts(*[(600, 50_000)] * 10), busy).says == Says.FAIL


def test_some_stragglers_of_the_old_version_are_no_comparison() -> None:
    old = counts(*[(5, 4750)] * 10, *[(3, 4)] * 5)
    new = counts(*[(0, 250)] * 10, *[(50, 5000)] * 5)
    assert says(ERRORS, new, old).says == Says.FAIL


def conversions(gate: Gate, rate: float, seed: int) -> list[Verdict]:
    """Verdicts of ten minutes at 5 % and ten at 25 % of 5,000 visits a minute, against a baseline of 25 %."""
    noise = random.Random(seed)
    new: list[Minute] = []
    old: list[Minute] = []
    looks = []
    for minute in range(20):
        at = START + 60 * minute
        for side, expected, middle in ((new, rate, 250 + 1000 * (minute >= 10)), (old, 0.25, 4750)):
            visits = round(noise.gauss(middle, math.sqrt(middle)))
            sold = round(noise.gauss(expected * visits, math.sqrt(expected * (1 - expected) * visits)))
            side.append(Minute(at, sold, visits) if gate.of else Minute(at, sold / visits))
        looks.append(judge(gate, Evidence(tuple(new), tuple(old)), share=0.25, since=START + 600 * (minute // 10)))
    return looks


@pytest.mark.parametrize("gate", [CONVERSION, CONVERSION_RATE], ids=["ratio", "series"])
def test_more_conversions_go_on_and_fewer_go_back(gate: Gate) -> None:
    for seed in range(3):
        better, same, fewer = ([look.says for look in conversions(gate, rate, seed)] for rate in (0.3, 0.25, 0.2))
        assert (better[9], better[19]) == (Says.PASS, Says.PASS)
        assert (same[9], same[19]) == (Says.PASS, Says.PASS)
        assert Says.FAIL not in better + same
        assert Says.FAIL in fewer[: 10 if gate.of else 20]


def test_a_smallest_effect_lets_smaller_ones_pass() -> None:
    new, old = counts(*[(600, 50_000)] * 5), counts(*[(500, 50_000)] * 5)
    assert says(ERRORS, new, old).says == Says.FAIL
    assert says(replace(ERRORS, effect=0.25), new, old).says == Says.PASS
    more, fewer = counts(*[(12_000, 50_000)] * 5), counts(*[(12_500, 50_000)] * 5)
    assert says(CONVERSION, more, fewer).says == Says.FAIL
    assert says(replace(CONVERSION, effect=0.1), more, fewer).says == Says.PASS


def test_retries_may_outnumber_requests() -> None:
    retries = replace(ERRORS, source=Metric("shop", "Retries"), of=Metric("shop", "Calls"))
    old = counts(*[(110, 100)] * 5)
    assert says(retries, counts(*[(115, 100)] * 5), old).says == Says.PASS
    assert says(retries, counts(*[(190, 100)] * 5), old).says == Says.FAIL
    assert says(replace(retries, compare=False, maximum=1.5), counts(*[(190, 100)] * 5)).says == Says.FAIL


# -- bounds ----


def test_a_ratio_is_above_its_maximum_when_that_is_no_chance() -> None:
    gate = replace(ERRORS, compare=False, maximum=0.01)
    assert says(gate, counts((2, 250), (2, 250))).says == Says.PASS
    verdict = says(gate, counts((4, 250), (2, 250)))
    assert verdict.says == Says.INCONCLUSIVE
    assert "1.20 % (6 of 500 requests), above 1.00 %, which may be chance" in verdict.because
    assert says(gate, counts((10, 250), (15, 250))).says == Says.FAIL
    assert says(replace(CONVERSION, minimum=0.2), counts((30, 250), (30, 250)), counts((60, 250), (60, 250))).says == (
        Says.FAIL
    )


def test_one_bad_minute_is_none_and_three_in_a_row_are_too_many() -> None:
    gate = Gate("queue", Metric("shop", "Waiting"), compare=False, maximum=100)
    assert says(gate, values(90, 101, 90, 101, 90)).says == Says.PASS
    assert says(gate, values(90, 90, 90, 90, 101)).says == Says.INCONCLUSIVE
    assert says(gate, values(90, 90, 101, 101)).says == Says.INCONCLUSIVE
    verdict = says(gate, values(90, 90, 101, 102, 103))
    assert (verdict.says, verdict.because) == (Says.FAIL, "queue 103, above 100 for 3 minutes")


def test_hosts_that_start_are_waited_for_and_hosts_that_are_lost_are_not() -> None:
    assert says(HOSTS, values(1, 1, 1, 1, 1)).says == Says.PASS
    assert says(HOSTS, values(1, 1, 1, 1, 0.75)).says == Says.INCONCLUSIVE
    assert says(HOSTS, values(1, 1, *[0.8] * 8)).says == Says.INCONCLUSIVE
    assert says(HOSTS, values(*[0.25] * 6, 0.5, 0.75)).says == Says.INCONCLUSIVE  # they come
    assert says(HOSTS, values(1, *[0.8] * 10)).says == Says.FAIL
    verdict = says(HOSTS, values(1, *[0.25] * 5))
    assert (verdict.says, verdict.because) == (Says.FAIL, "healthy hosts 25.0 %, below 100.0 % for 5 minutes")


def test_alarms() -> None:
    gate = Gate("alarm shop-down", Alarm("shop-down"))
    assert judge(gate, Evidence(), share=0).says == Says.PASS
    verdict = judge(gate, Evidence(alarming=("shop-down: no hosts",)), share=0)
    assert (verdict.says, verdict.because) == (Says.FAIL, "alarm shop-down: in state ALARM: shop-down: no hosts")
    assert judge(gate, Evidence(unavailable="there is no such alarm"), share=0).says == Says.INCONCLUSIVE


def test_a_first_version_is_compared_with_nothing() -> None:
    assert judge(ERRORS, Evidence(), share=0.5, baseline=False).says == Says.PASS
    bounded = replace(ERRORS, maximum=0.01)
    assert judge(bounded, Evidence(counts((50, 250))), share=0.5, baseline=False).says == Says.FAIL
    assert judge(HOSTS, Evidence(values(*[0.2] * 5)), share=0, baseline=False).says == Says.FAIL


# -- series ----


def test_slower_by_half_fails_after_six_minutes() -> None:
    old, new = wobbling(0.1, 10, 0.01, 1), wobbling(0.15, 10, 0.05, 2)
    looks = [says(P50, values(*new[:i]), values(*old[:i])) for i in range(1, 11)]
    assert [look.says for look in looks] == [Says.INCONCLUSIVE] * 4 + [Says.PASS] + [Says.FAIL] * 5
    assert looks[5].because.startswith("latency p50 152 ms against 100 ms (+52 %) in 6 minutes: worse (p = 0.0011, ")
    assert looks[0].because == "latency p50: 1 minute with a value of the old version, 5 are needed"


def test_a_small_effect_is_told_and_passes() -> None:
    old, new = wobbling(0.1, 15, 0.005, 1), wobbling(0.105, 15, 0.005, 2)
    verdict = says(P50, values(*new), values(*old))
    assert verdict.says == Says.PASS
    assert "worse, but by less than 10 %" in verdict.because


def test_few_requests_of_the_old_version_make_no_p99_to_compare_with() -> None:
    old, new = values(*wobbling(0.2, 10, 0.1, 1), requests=12), values(*wobbling(0.4, 10, 0.1, 2), requests=500)
    verdict = says(P99, new, old)
    assert verdict.says == Says.INCONCLUSIVE
    assert "in which the old version had enough requests to compare with" in verdict.because
    assert says(P50, new, old).says == Says.INCONCLUSIVE
    busy = values(*wobbling(0.2, 10, 0.1, 1), requests=600)
    assert says(P99, new, busy).says == Says.FAIL


def test_alone_latencies_are_compared_with_those_before() -> None:
    old = wobbling(0.1, 10, 0.01, 1)
    before = wobbling(0.1, 10, 0.05, 2)
    assert says(P50, values(*before, *wobbling(0.15, 10, 0.01, 3)), values(*old)).says == Says.FAIL
    assert says(P50, values(*before, *wobbling(0.12, 10, 0.01, 3)), values(*old)).says == Says.PASS
    assert says(P50, values(*before, *wobbling(0.15, 10, 0.01, 3)), values(*old), since=START + 600).says == Says.FAIL


ODD = st.floats() | st.sampled_from([0.0, -1.0, 1.0, 1e300, math.nan, math.inf])
ODD_MINUTES = st.lists(
    st.builds(Minute, st.integers(0, 20).map(lambda i: START + 60 * i), ODD, st.none() | ODD, st.none() | ODD),
    max_size=15,
).map(tuple)


@given(
    st.sampled_from([ERRORS, P50, P99, HOSTS, CONVERSION, CONVERSION_RATE]),
    ODD_MINUTES,
    ODD_MINUTES,
    st.none() | st.floats(-2, 2),
    st.booleans(),
)
def test_odd_numbers_are_no_crash(
    gate: Gate, new: tuple[Minute, ...], old: tuple[Minute, ...], bound: float | None, baseline: bool
) -> None:
    gate = replace(gate, minimum=bound, maximum=bound, least=1, effect=abs(bound or 0))
    verdict = judge(gate, Evidence(new, old), share=0.3, baseline=baseline)
    assert verdict.because
    assert all(math.isfinite(figure) for figure in verdict.figures.values())


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(100, 300)), min_size=1, max_size=8), st.integers(1, 50))
def test_more_errors_never_turn_a_failure_into_a_pass(minutes: list[tuple[int, int]], more: int) -> None:
    old = counts(*[(5, 2000)] * len(minutes))
    bad, of = minutes[-1]
    if says(ERRORS, counts(*minutes), old).says is Says.FAIL:
        assert says(ERRORS, counts(*minutes[:-1], (bad + more, of)), old).says is Says.FAIL


def test_built_in_gates_are_those_of_the_balancer() -> None:
    assert [gate.source for gate in DEFAULT_GATES] == list(BuiltIn)
