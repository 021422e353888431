"""A domain with weights in Route 53 and in a listener rule, as on an app's way behind a shared load balancer: pure."""

from __future__ import annotations

import pytest

from senza.account import HostedZone
from senza.traffic.records import Record
from senza.traffic.shift_rule import ShiftRule
from senza.traffic.shift_weights import ShiftWeights
from senza.traffic.switch import plan_restore, plan_switch
from senza.traffic.weighted import RULE, Weighted
from tests.traffic.test_rules import DOMAIN, arn, targets

EDGE = "dualstack.edge-1-1234.eu-central-1.elb.amazonaws.com."
OWN = "shop-1-99.eu-central-1.elb.amazonaws.com."
ZONE = HostedZone("Z1", "example.org.")


def record(identifier: str, weight: int, to: str) -> Record:
    raw = {"AliasTarget": {"DNSName": to}}
    return Record(ZONE, DOMAIN.name, "A", identifier, weight, raw)


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
