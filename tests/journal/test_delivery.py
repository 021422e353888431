"""The four key metrics, from operations written by hand."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.journal import Entry
from senza.journal.delivery import DAY, WEEK, Born, Deployment, Metrics, Past, deployments, measure
from senza.journal.plot import plot

APP = "shop"
DOMAIN = "shop.example.org"
NOW = 1_800_000_000.0


def weights(**shares: int) -> dict[str, Any]:
    """``v1=200, v2=0`` as facts."""
    return {"weights": {DOMAIN: {f"{APP}-{name[1:]}": weight for name, weight in shares.items()}}}


def operation(kind: str, at: float, version: str, *entries: tuple[float, str, dict[str, Any]], **facts: Any) -> Past:
    """entries: seconds after the first one, kind and facts."""
    first = Entry(0, kind, at, "arn", "here", {"version": version, "stack": f"{APP}-{version}", **facts})
    later = [
        Entry(number, what, at + after, "arn", "here", said) for number, (after, what, said) in enumerate(entries, 1)
    ]
    return Past(APP, [first, *later])


def traffic(at: float, version: str, before: dict[str, Any], after: dict[str, Any]) -> Past:
    return operation("traffic", at, version, (10, "done", after), **before)


def test_the_first_traffic_of_a_version_is_its_deployment() -> None:
    found = deployments(
        [
            operation("create", NOW - 100, "2", (1, "done", {}), parameters={"ImageVersion": "abcdef0"}),
            traffic(NOW, "2", weights(v1=200, v2=0), weights(v1=180, v2=20)),
            traffic(NOW + 900, "2", weights(v1=180, v2=20), weights(v1=0, v2=200)),
        ],
        commits={"abcdef0": NOW - 3600},
    )
    assert found == [Deployment(APP, "shop-2", NOW + 10, "traffic", lead=3610)]


def test_traffic_that_goes_back_within_a_day_is_a_failure() -> None:
    there = traffic(NOW, "2", weights(v1=200, v2=0), weights(v1=0, v2=200))
    back = weights(v1=200, v2=0)
    soon = traffic(NOW + 1800, "1", weights(v1=0, v2=200), back)
    late = traffic(NOW + DAY + 20, "1", weights(v1=0, v2=200), back)
    assert [(one.failed, one.restored) for one in deployments([soon, there])] == [(True, 1800)]
    assert [(one.failed, one.restored) for one in deployments([there, late])] == [(False, None)]


def test_a_newer_version_is_no_way_back() -> None:
    found = deployments(
        [
            traffic(NOW, "2", weights(v1=200, v2=0, v3=0), weights(v1=0, v2=200, v3=0)),
            traffic(NOW + 600, "3", weights(v1=0, v2=200, v3=0), weights(v1=0, v2=0, v3=200)),
        ]
    )
    assert [(one.stack, one.failed) for one in found] == [("shop-2", False), ("shop-3", False)]


def rollout(at: float, version: str, result: str, *entries: tuple[float, str, dict[str, Any]], **facts: Any) -> Past:
    ground = {"ground": weights(v1=200, **{f"v{version}": 0})}
    return operation("rollout", at, version, *entries, (900, "finished", {"result": result}), **ground, **facts)


def test_a_rollout_that_was_taken_back_is_a_failure_from_its_traffic_on() -> None:
    found = deployments(
        [
            rollout(
                *(NOW, "2", "taken back"),
                (60, "done", {"facts": weights(v1=190, v2=10)}),
                (400, "done", {"facts": weights(v1=200, v2=0)}),
                commit_time=NOW - 1000,
            )
        ]
    )
    assert found == [Deployment(APP, "shop-2", NOW + 60, "rollout", lead=1060, failed=True, restored=340)]


def test_a_rollout_that_never_had_traffic_is_no_deployment() -> None:
    taken_back = rollout(NOW, "2", "taken back", (60, "failed", {"because": "the smoke test"}))
    assert deployments([taken_back], [Born(APP, "shop-2", NOW)]) == []


def test_a_rollout_of_which_only_the_ends_are_known() -> None:
    past = operation("rollout", NOW, "2", (900, "finished", {"result": "promoted", **weights(v1=0, v2=200)}),
                     ground=weights(v1=200, v2=0))  # fmt: skip
    assert deployments([past]) == [Deployment(APP, "shop-2", NOW + 900, "rollout")]


def test_stacks_that_nobody_wrote_down_count_from_their_creation() -> None:
    recorded = traffic(NOW, "2", weights(v1=200, v2=0), weights(v1=0, v2=200))
    unused = operation("create", NOW, "3", (1, "done", {}))
    born = [Born(APP, f"shop-{version}", NOW - DAY * version) for version in (1, 2, 3)]
    found = deployments([recorded, unused], born)
    assert [(one.stack, one.how) for one in found] == [("shop-1", "stack"), ("shop-2", "traffic")]


def test_apps_without_records_are_deployed_when_they_are_made() -> None:
    made = operation("create", NOW, "1", (1, "done", {}), parameters={}, image_built=NOW - 50)
    assert deployments([made]) == [Deployment(APP, "shop-1", NOW + 1, "create", lead=51)]


def test_the_metrics() -> None:
    found = [
        Deployment(APP, "shop-1", NOW - 3 * WEEK, "traffic", lead=100),
        Deployment(APP, "shop-2", NOW - 2 * WEEK, "rollout", lead=300, failed=True, restored=60),
        Deployment(APP, "shop-3", NOW - 5 * WEEK, "rollout", failed=True),
        Deployment("other", "other-1", NOW - 1, "rollout"),
    ]
    assert measure(APP, found, NOW - 4 * WEEK, NOW) == Metrics(APP, 2, 0.5, 200, 0.5, 60)
    assert measure(APP, [], NOW - 4 * WEEK, NOW) == Metrics(APP, 0, 0, None, None, None)


SHARES = st.lists(st.integers(0, 200), min_size=4, max_size=4)


@given(st.lists(SHARES, min_size=1, max_size=8), st.integers(60, 40_000))
def test_whatever_happens_each_version_is_deployed_once_at_most(shares: list[list[int]], apart: int) -> None:
    def facts(row: list[int]) -> dict[str, Any]:
        return weights(**{f"v{number}": weight for number, weight in enumerate(row)})

    pasts = [
        traffic(NOW + number * apart, str(number % 4), facts(shares[number - 1]), facts(row))
        for number, row in enumerate(shares)
        if number
    ]
    found = deployments(pasts)
    assert len({one.stack for one in found}) == len(found) <= 4
    assert all((one.restored is not None) == one.failed for one in found)
    assert all(one.restored is None or 0 < one.restored <= DAY for one in found)


@pytest.mark.parametrize("count", [0, 1, 30])
def test_the_plot_shows_every_deployment(count: int) -> None:
    found = [
        Deployment("a<b", f"a<b-{number}", NOW - number * DAY, "traffic", lead=number * 3600.0, failed=number % 3 == 0)
        for number in range(count)
    ]
    tree = ElementTree.fromstring(plot(found, NOW - 5 * WEEK, NOW, "a<b"))
    assert len(tree.findall(".//{*}circle")) == count
    assert bool(tree.findall(".//{*}rect")) == (count > 0)
