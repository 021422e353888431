"""No more false alarms than promised, over any number of gates and looks."""

from __future__ import annotations

from itertools import product
from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from senza.rollout.judging.counts import Table
from senza.rollout.judging.sequential import Significance, Step, repeated
from senza.rollout.judging.spending import Spending, shares
from senza.rollout.model import DEFAULT_GATES, Alarm, Better, Gate, Metric

SERIES = Gate("load", Metric("AWS/EC2", "CPUUtilization"))
RATIO = Gate("conversion", Metric("shop", "Conversions"), of=Metric("shop", "Visits"), better=Better.HIGHER)
LIMIT = Gate("queue", Metric("shop", "Waiting"), compare=False, maximum=10)
ALARM = Gate("alarm", Alarm("shop-down"))
GATES = st.lists(st.sampled_from([*DEFAULT_GATES, SERIES, RATIO, LIMIT, ALARM]), unique_by=lambda gate: gate.name)


@given(GATES)
def test_the_shares_are_the_whole(gates: list[Gate]) -> None:
    given_out = shares(gates)
    assert set(given_out) == {gate.name for gate in gates}
    assert sum(given_out.values()) == pytest.approx(1) or not any(given_out.values())


def test_what_tests_nothing_gets_no_share() -> None:
    assert shares((RATIO, LIMIT, ALARM)) == {"conversion": 1.0, "queue": 0.0, "alarm": 0.0}


@given(st.floats(1e-6, 0.5), st.floats(0.1, 100), st.integers(1, 2000))
def test_all_minutes_together_get_less_than_alpha(alpha: float, half: float, minutes: int) -> None:
    spending = Spending(alpha, half)
    total = sum(spending.next() for _ in range(minutes))
    assert total == pytest.approx(alpha * minutes / (minutes + half))
    assert total < alpha


# Three small minutes with everything that can happen in them: 18 · 4 · 12 ways.
MINUTES = (Table(6, 10, 5), Table(3, 20, 3), Table(8, 12, 7))


@settings(max_examples=25)
@given(st.floats(0.001, 0.4), st.floats(0.5, 5), st.lists(st.booleans(), min_size=3, max_size=3))
def test_looking_again_and_again_gives_no_more_false_alarms_than_alpha(
    alpha: float, half: float, open_: list[bool]
) -> None:
    """By adding up the probabilities of all courses that end in a false alarm, for every course there is."""
    spending = Spending(alpha, half)
    budgets = [spending.next() for _ in MINUTES]
    distributions = [table.distribution() for table in MINUTES]
    wrong = 0.0
    for course in product(*(range(len(probabilities)) for _, probabilities in distributions)):
        steps = [
            Step(table, start + seen, budget, may)
            for table, (start, _), seen, budget, may in zip(MINUTES, distributions, course, budgets, open_, strict=True)
        ]
        if any(repeated(steps[: i + 1]).significant for i in range(len(steps))):
            wrong += prod(p[seen] for seen, (_, p) in zip(course, distributions, strict=True))
    assert wrong <= alpha + 1e-12


def test_what_was_not_spent_is_left_for_later() -> None:
    table = Table(50, 950, 3)
    early = [Step(table, 0, 0.002, open=True)]
    assert repeated([*early, Step(table, 3, 0.001, open=True)]).limit > 0.002
    closed = [Step(table, 0, 0.002, open=False)]
    assert repeated([*closed, Step(table, 3, 0.001, open=True)]).limit == pytest.approx(0.003)
    assert repeated(closed) == Significance()


def test_large_counts_go_on_with_the_budget_of_the_last_minute() -> None:
    large = Table(10_000, 10_000, 10_000)
    steps = [Step(large, 5000, 0.004, open=True), Step(large, 5500, 0.001, open=True)]
    found = repeated(steps)
    assert found.limit == pytest.approx(0.001)
    assert found.significant
    assert not repeated(steps[:1]).significant
