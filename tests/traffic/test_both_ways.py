"""A domain with weights in Route 53 and in a listener rule, as on an app's way behind a shared load balancer: pure."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from senza.account import HostedZone
from senza.stacks.summaries import Stack
from senza.traffic.owned import Owned
from senza.traffic.reachable import in_main_dns
from senza.traffic.records import Record
from senza.traffic.requests import in_turn, requests
from senza.traffic.shift_rule import ShiftRule
from senza.traffic.shift_weights import ShiftWeights
from senza.traffic.survey import Survey
from senza.traffic.switch import plan_restore, plan_switch
from senza.traffic.weighted import RULE, Weighted
from tests.traffic.test_rules import DOMAIN, arn, targets

EDGE = "dualstack.edge-1-1234.eu-central-1.elb.amazonaws.com."
OWN = "shop-1-99.eu-central-1.elb.amazonaws.com."
ZONE = HostedZone("Z1", "example.org.")


def record(identifier: str, weight: int, to: str) -> Record:
    raw = {"AliasTarget": {"DNSName": to}}
    return Record(ZONE, DOMAIN.name, "A", identifier, weight, raw)


def stack(full_name: str) -> Stack:
    return Stack(full_name, f"arn:{full_name}", "CREATE_COMPLETE", datetime(2026, 6, 1, tzinfo=UTC))


def test_the_first_that_is_led_to_a_rule_has_all_of_it_before_anybody_comes() -> None:
    """Not only its share beside a version that was taken back, and not after Route 53 leads the first there."""
    known: list[Weighted] = [
        record("shop-1", 200, OWN),
        record("shop-2", 0, EDGE),
        *targets({"shop-9": 200}, ("shop-2",)),
    ]
    plan = plan_switch(known, "shop-2", 20)
    rule, weights = plan.steps
    assert isinstance(rule, ShiftRule)
    assert rule.after == {arn("shop-2"): 200}
    assert isinstance(weights, ShiftWeights)
    assert {change.record.identifier: change.weight for change in weights.changes} == {"shop-1": 180, "shop-2": 20}


@pytest.mark.parametrize(
    "records",
    [
        [],
        [record("shop-1", 100, OWN), record("shop-9", 100, EDGE), record("shop-2", 0, EDGE)],
        [record("cdn", 1, "d1.cloudfront.net.")],
    ],
    ids=["a wildcard", "some are led there already", "what stands before it is not ours"],
)
def test_a_rule_that_gets_requests_is_shared(records: list[Record]) -> None:
    plan = plan_switch([*records, *targets({"shop-9": 200}, ("shop-2",))], "shop-2", 20)
    (rule,) = (step for step in plan.steps if isinstance(step, ShiftRule))
    assert rule.after == {arn("shop-9"): 180, arn("shop-2"): 20}


def test_on_the_way_back_each_has_its_own_weights_and_the_rule_comes_last() -> None:
    known: list[Weighted] = [
        record("shop-1", 150, OWN),
        record("shop-2", 50, EDGE),
        *targets({"shop-2": 120, "shop-9": 80}),
    ]
    before = {DOMAIN.name: {"shop-1": 200}, DOMAIN.name + RULE: {"shop-9": 200}}
    back = plan_restore(known, before, "shop-2")
    assert [dict(one.after) for one in back.domains] == [{"shop-1": 200, "shop-2": 0}, {"shop-2": 0, "shop-9": 200}]
    assert [type(step) for step in back.steps] == [ShiftWeights, ShiftRule]


MIXED: list[Weighted] = [
    record("shop-1", 100, OWN),
    record("shop-2", 90, EDGE),
    record("shop-3", 10, EDGE),
    *targets({"shop-2": 190, "shop-3": 10}),
]


def test_a_share_of_a_rule_is_one_of_what_route_53_leads_there() -> None:
    """A canary in the middle of a move: 5 % of the answers lead to the balancer by its record, and the rule decides."""
    found = requests(MIXED)
    assert found.shares == {DOMAIN.name: {"shop-1": 50.0, "shop-2": 47.5, "shop-3": 2.5}}
    assert found.led == {DOMAIN.name: {"shop-1": 50.0, "edge-1": 50.0}}
    assert in_turn(MIXED) == [
        f"{DOMAIN.name}: the load balancer's rule shares out what Route 53 leads there. Of all requests, that gives "
        "shop-1 50 %, shop-2 47.5 %, shop-3 2.5 %"
    ]


def test_what_a_switch_comes_to_is_said_before_it_is_made() -> None:
    plan = plan_switch(MIXED, "shop-3", 100)
    (said,) = in_turn(MIXED, {one.domain: one.after for one in plan.domains})
    assert said.endswith("shop-1 26.5 %, shop-2 36.8 %, shop-3 36.8 %")


@pytest.mark.parametrize(
    "records",
    [
        targets({"shop-1": 150, "shop-2": 50}),
        [record("shop-1", 180, OWN), record("shop-2", 20, EDGE), *targets({"shop-2": 200})],
        [record("shop-2", 150, EDGE), record("shop-3", 50, EDGE), *targets({"shop-2": 150, "shop-3": 50})],
    ],
    ids=["a wildcard", "one version there", "the same shares in both"],
)
def test_where_each_place_tells_the_truth_nothing_is_said(records: list[Weighted]) -> None:
    assert in_turn(records) == []


def test_a_version_is_only_in_the_main_dns_where_requests_come_to_it() -> None:
    def main(*known: Weighted) -> dict[str, bool]:
        stacks = {name: stack(name) for name in ("shop-1", "shop-2", "shop-3")}
        owned = [Owned(stacks[one.identifier or ""], "Main", one) for one in known]
        return in_main_dns(Survey(tuple(owned), ()))

    assert main(*MIXED) == {"shop-1": True, "shop-2": True, "shop-3": True}
    nobody_led: list[Weighted] = [record("shop-1", 200, OWN), record("shop-2", 0, EDGE), *targets({"shop-2": 200})]
    assert main(*nobody_led) == {"shop-1": True, "shop-2": False}
    not_in_rule: list[Weighted] = [record("shop-3", 200, EDGE), *targets({"shop-2": 200}, ("shop-3",))]
    assert main(*not_in_rule) == {"shop-2": True, "shop-3": False}
