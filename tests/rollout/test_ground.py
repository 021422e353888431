"""Who has the traffic of an app, by what weighted records and listener rules say together: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from senza.account import HostedZone
from senza.components import Compiled, WeightedRecord, WeightedTarget
from senza.errors import Refused
from senza.rollout.ground import check_way, traffic_in
from senza.traffic.records import Record
from senza.traffic.rules import RuleDomain, Target
from senza.traffic.weighted import RULE, Weighted

NAME = "shop.example.org"
ZONE = HostedZone("Z1", "example.org.")


def listener(balancer: str) -> str:
    return f"arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/{balancer}/0123/4567"


def record(identifier: str, weight: int, balancer: str, kind: str = "A") -> Record:
    to = f"dualstack.{balancer}-1234.eu-central-1.elb.amazonaws.com."
    return Record(ZONE, NAME, kind, identifier, weight, {"AliasTarget": {"DNSName": to}})


def rule(balancer: str, **weights: int) -> list[Target]:
    """``shop_1=200`` is the version shop-1."""
    domain = RuleDomain(listener(balancer), NAME)
    return [Target(domain, name.replace("_", "-"), weight, f"arn/{name}") for name, weight in weights.items()]


def compiled(records: bool = False, balancer: str = "") -> Compiled:
    """Version 9, which has a record of the domain, or joins a shared load balancer, or both."""
    one = WeightedRecord(f"{NAME}.", "example.org.", "A", "shop-9", "Main")
    target = WeightedTarget("Group", NAME, listener(balancer))
    return Compiled(
        {}, "shop", "9", {}, {}, (), (), (),
        weighted_records=(one,) if records else (),
        weighted_targets=(target,) if balancer else (),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("weighted", "shares"),
    [
        ([record("shop-1", 150, "shop-1"), record("shop-2", 50, "shop-2")], {"shop-1": 75, "shop-2": 25}),
        ([record("shop-1", 0, "shop-1")], {"shop-1": 100}),
        (rule("edge", shop_1=150, shop_2=50, shop_3=0), {"shop-1": 75, "shop-2": 25, "shop-3": 0}),
        (rule("edge", shop_1=0), {"shop-1": 0}),
        (
            [record("shop-1", 150, "shop-1"), record("shop-2", 50, "edge"), *rule("edge", shop_2=40, shop_3=160)],
            {"shop-1": 75, "shop-2": 5, "shop-3": 20},
        ),
        (
            [record("shop-1", 200, "shop-1"), record("shop-2", 0, "edge"), *rule("edge", shop_2=200)],
            {"shop-1": 100, "shop-2": 0},
        ),
        (
            [record("shop-1", 100, "a"), record("shop-2", 100, "b"), *rule("a", shop_1=9), *rule("b", shop_2=9)],
            {"shop-1": 50, "shop-2": 50},
        ),
    ],
    ids=["records", "a sole one at 0", "a rule", "a rule for nobody", "both", "passed by", "two balancers"],
)
def test_what_each_version_gets_of_the_requests(weighted: list[Weighted], shares: Mapping[str, float]) -> None:
    assert traffic_in(weighted).shares == shares


def test_regions_are_told_of_those_with_traffic() -> None:
    far = record("shop-7", 50, "shop-7")
    far = replace(far, raw={"AliasTarget": {"DNSName": "shop-7-1.eu-west-1.elb.amazonaws.com."}})
    found = traffic_in([record("shop-1", 150, "shop-1"), record("shop-2", 0, "shop-2"), far])
    assert found.regions == ((NAME, "shop-1", "eu-central-1"), (NAME, "shop-7", "eu-west-1"))


def test_weights_of_both_ways_are_told_apart() -> None:
    both = [record("shop-1", 150, "shop-1"), record("shop-2", 50, "edge")]
    found = traffic_in([*both, *rule("edge", shop_2=40), *rule("other", shop_3=7)])
    assert found.weights == {NAME: {"shop-1": 150, "shop-2": 50}, NAME + RULE: {"shop-2": 40, "shop-3": 7}}
    assert found.both == (NAME,)
    families = [record("shop-1", 150, "a"), record("shop-1", 9, "a", "AAAA"), record("shop-2", 50, "b", "AAAA")]
    assert traffic_in(families).weights == {NAME: {"shop-1": 150, "shop-2": 50}}
    assert traffic_in(rule("edge", shop_1=5)).weights == {NAME: {"shop-1": 5}}
    assert traffic_in(rule("edge", shop_1=5), compiled(records=True)).both == (NAME,)
    assert traffic_in([record("shop-1", 5, "a")], compiled(balancer="edge")).both == (NAME,)
    assert traffic_in(rule("edge", shop_1=5), compiled(balancer="edge")).both == ()


OWN, SHARED = [record("shop-1", 200, "shop-1")], rule("edge", shop_1=200)


@pytest.mark.parametrize(
    ("weighted", "new"),
    [
        ([], compiled(balancer="edge")),
        (OWN, compiled(records=True)),
        (OWN, compiled(records=True, balancer="edge")),
        (SHARED, compiled(balancer="edge")),
        ([record("shop-1", 1, "edge"), *SHARED], compiled(balancer="edge")),
        ([record("shop-1", 1, "edge"), *SHARED], compiled(records=True)),
        (OWN, compiled()),
    ],
)
def test_ways_on_which_versions_can_follow_each_other(weighted: list[Weighted], new: Compiled) -> None:
    check_way(new, traffic_in(weighted, new))


@pytest.mark.parametrize(
    ("weighted", "new", "why"),
    [
        (OWN, compiled(balancer="edge"), "leads to the load balancers of the versions there are, and not to edge"),
        ([record("shop-1", 1, "edge"), *SHARED], compiled(balancer="other"), "and not to other"),
        ([*OWN, record("shop-2", 0, "edge")], compiled(balancer="edge"), "and not to edge"),
        (SHARED, compiled(records=True), "would take all requests at once"),
    ],
)
def test_ways_that_do_not_meet_are_refused(weighted: list[Weighted], new: Compiled, why: str) -> None:
    with pytest.raises(Refused, match=why):
        check_way(new, traffic_in(weighted, new))
