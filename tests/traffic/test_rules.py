"""Who has what of a rule, and what a switch makes of it: pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from senza.account.shared import DOMAIN_TAG, LISTENER_TAG, parsed
from senza.errors import Refused
from senza.sandbox.load import rules as sandbox_load
from senza.traffic.rule_writing import kept
from senza.traffic.rules import (
    Group,
    Rule,
    RuleDomain,
    Target,
    group_of,
    targets_at,
)
from senza.traffic.shift_rule import MOST_GROUPS, ShiftRule
from senza.traffic.switch import plan_restore, plan_switch
from senza.traffic.weighted import answers
from senza.traffic.weights import TOTAL

LISTENER = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/edge-1/0123/4567"
DOMAIN = RuleDomain(LISTENER, "shop.example.org")


def arn(name: str) -> str:
    return f"arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/{name}/{len(name)}"


def rule(weights: Mapping[str, int], host: str = "shop.example.org", priority: int = 7, **more: Any) -> Rule:
    groups = [{"TargetGroupArn": arn(name), "Weight": weight} for name, weight in weights.items()]
    actions = [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]
    conditions = [{"Field": "host-header", "Values": [host]}]
    item: dict[str, Any] = {"Conditions": conditions, "Actions": actions, **more}
    item |= {"RuleArn": f"rule/{priority}", "Priority": str(priority)}
    return Rule(parsed(item), item["Actions"])


def targets(weights: Mapping[str, int], present: tuple[str, ...] = ()) -> list[Target]:
    """Versions with their weights in a rule, and those that are present without one."""
    in_rule = {name: weight for name, weight in weights.items() if weight}
    names = [*weights, *present]
    groups = {arn(name): Group(arn(name), name, "Web", DOMAIN) for name in names}
    rules = {LISTENER: [rule(in_rule)] if in_rule else []}
    return targets_at(DOMAIN, rules, groups, {arn(name): name for name in names})


names = st.sampled_from([f"shop-{number}" for number in range(1, 8)])
weightings = st.dictionaries(names, st.integers(0, 999), min_size=1, max_size=7)
few = st.dictionaries(names, st.integers(0, 999), min_size=1, max_size=MOST_GROUPS - 1)


@given(weightings, st.integers(0, 6), st.integers(0, TOTAL))
def test_a_switch_never_writes_a_sum_of_zero_nor_too_many_groups(
    weights: dict[str, int], which: int, asked: int
) -> None:
    name = sorted(weights)[which % len(weights)]
    try:
        plan = plan_switch(targets(weights), name, asked)
    except Refused:
        others = sum(1 for other, weight in weights.items() if weight and other != name)
        assert (asked == 0 and not others and weights[name]) or others + (asked > 0) > MOST_GROUPS
        return
    for step in plan.steps:
        assert isinstance(step, ShiftRule)
        assert sum(step.after.values()) == TOTAL
        assert 1 <= len(step.after) <= MOST_GROUPS
        assert step.before == {arn(one): weight for one, weight in weights.items() if weight}
    (domain,) = plan.domains
    assert set(plan.domains[0].after) == set(weights)
    assert (domain.after[name] == asked) or domain.because
    assert bool(plan.steps) == (domain.before != domain.after)


@given(few, names, st.integers(1, TOTAL))
def test_a_switch_of_what_it_made_makes_nothing(weights: dict[str, int], name: str, asked: int) -> None:
    weights = {name: 0, **weights}
    after = dict(plan_switch(targets(weights), name, asked).domains[0].after)
    assert plan_switch(targets(after), name, asked).steps == ()


@given(few, names, st.integers(1, TOTAL))
def test_what_was_shifted_can_be_taken_back(weights: dict[str, int], name: str, asked: int) -> None:
    """Everybody has what they had, the new one nothing; nobody gets what they never had."""
    before = {other: weight for other, weight in weights.items() if other != name}
    assume(before)
    after = dict(plan_switch(targets({**before, name: 0}), name, asked).domains[0].after)
    back = plan_restore(targets(after), {DOMAIN.name: before}, name)
    if any(before.values()):
        assert {**before, name: 0} == back.domains[0].after
        assert [step.after for step in back.steps if isinstance(step, ShiftRule)] == [
            {arn(other): weight for other, weight in before.items() if weight}
        ]
    else:
        assert (back.domains, back.steps) == ((), ())


def test_nothing_is_left_to_take_back_where_nobody_has_anything() -> None:
    back = plan_restore(targets({"shop-1": 0, "shop-2": 0}), {DOMAIN.name: {"shop-1": 0}}, "shop-2")
    assert (back.domains[0].after, back.steps) == ({"shop-1": 0, "shop-2": 0}, ())


def test_with_no_weight_nobody_is_answered() -> None:
    assert answers(DOMAIN, {"shop-1": 0, "shop-2": 0}) == {"shop-1": 0.0, "shop-2": 0.0}
    assert answers(DOMAIN, {"shop-1": 1, "shop-2": 3}) == {"shop-1": 25.0, "shop-2": 75.0}


def test_of_two_groups_of_a_stack_the_one_with_traffic_is_the_version() -> None:
    groups = {arn(name): Group(arn(name), "shop-1", "Web", DOMAIN) for name in ("a", "b", "c")}
    owners = dict.fromkeys(groups, "shop-1")
    found = targets_at(DOMAIN, {LISTENER: [rule({"a": 0, "b": 5})]}, groups, owners)
    assert [(one.identifier, one.weight, one.value) for one in found] == [("shop-1", 5, "b"), ("a", 0, "a")]


def test_groups_of_other_listeners_and_domains_are_no_siblings() -> None:
    elsewhere = RuleDomain(LISTENER + "8", DOMAIN.name)
    groups = {
        arn("a"): Group(arn("a"), "shop-1", "Web", DOMAIN),
        arn("b"): Group(arn("b"), "shop-2", "Web", elsewhere),
        arn("c"): Group(arn("c"), "shop-3", "Web", RuleDomain(LISTENER, "other.example.org")),
    }
    owners = {key: group.stack for key, group in groups.items()}
    assert [one.identifier for one in targets_at(DOMAIN, {LISTENER: []}, groups, owners)] == ["shop-1"]


@pytest.mark.parametrize(
    ("more", "hosts"),
    [
        ({}, ("shop.example.org",)),
        ({"Conditions": [{"Field": "host-header", "HostHeaderConfig": {"Values": ["Shop.org"]}}]}, ("shop.org",)),
        ({"Conditions": [{"Field": "host-header", "Values": ["a.b", "c.d"]}]}, ("a.b", "c.d")),
        ({"Conditions": [{"Field": "path-pattern", "Values": ["/x"]}]}, ()),
        ({"Conditions": [{"Field": "host-header", "Values": ["a.b"]}, {"Field": "path-pattern", "Values": ["/"]}]}, ()),
    ],
)  # fmt: skip
def test_only_a_host_makes_a_rule_that_of_a_domain(more: dict[str, Any], hosts: tuple[str, ...]) -> None:
    assert rule({}, **more).hosts == hosts


@pytest.mark.parametrize(
    ("action", "weights"),
    [
        ({"Type": "forward", "TargetGroupArn": "x"}, {"x": 1}),
        ({"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "x"}]}}, {"x": 1}),
        ({"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "x", "Weight": 0}]}}, {"x": 0}),
        ({"Type": "redirect", "RedirectConfig": {}}, {}),
    ],
)  # fmt: skip
def test_weights_are_read_however_they_were_given(action: dict[str, Any], weights: dict[str, int]) -> None:
    assert rule({}, Actions=[action]).weights == weights


def test_a_group_says_with_tags_what_it_wants() -> None:
    tags = {DOMAIN_TAG: "Shop.example.org.", LISTENER_TAG: LISTENER, "aws:cloudformation:stack-name": "shop-1"}
    assert group_of("x", tags) == Group("x", "shop-1", "", DOMAIN)
    assert DOMAIN.balancer == "edge-1"
    for key in (DOMAIN_TAG, LISTENER_TAG):
        assert group_of("x", {**tags, key: ""}) is None
    assert group_of("x", {**tags, LISTENER_TAG: "arn:aws:elasticloadbalancing:::listener/net/edge-1/1/2"}) is None
    # the sandbox may not import ours
    assert (sandbox_load.DOMAIN_TAG, sandbox_load.LISTENER_TAG) == (DOMAIN_TAG, LISTENER_TAG)


def test_a_log_in_is_sent_back_as_it_was_shown_and_keeps_its_secret() -> None:
    """AWS shows no ClientSecret, and wants either that or to be told to keep it (AuthenticateOidcActionConfig)."""
    oidc = {
        "Type": "authenticate-oidc",
        "Order": 1,
        "AuthenticateOidcConfig": {"Issuer": "https://id", "ClientId": "a"},
    }
    assert kept(oidc) == {
        **oidc,
        "AuthenticateOidcConfig": {"Issuer": "https://id", "ClientId": "a", "UseExistingClientSecret": True},
    }
    cognito = {"Type": "authenticate-cognito", "Order": 1, "AuthenticateCognitoConfig": {"UserPoolDomain": "a"}}
    assert kept(cognito) == cognito
