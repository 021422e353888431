"""Moving traffic at a shared load balancer whose API is as strict as AWS's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from senza.account import Account
from senza.aws import Aws, Call
from senza.clock import Clock
from senza.errors import Conflict, NotFound, Refused
from senza.plan import execute
from senza.sandbox.embedded import EmbeddedSandbox
from senza.traffic.app import shares
from senza.traffic.shift_rule import ShiftRule
from tests.traffic.balancing import Edge
from tests.traffic.conftest import MAIN, Apps
from tests.traffic.test_switch import Quiet, plan, switch


@pytest.fixture
def edge(aws: Aws) -> Edge:
    return Edge(aws)


def writes(sandbox: EmbeddedSandbox) -> list[str]:
    return [call.operation for call in sandbox.log if call.operation in ("CreateRule", "ModifyRule", "DeleteRule")]


def interfering(aws: Aws, when: str, times: int, what: Any) -> Aws:
    """AWS, in which somebody else does ``what`` just before the ``times``-th such call."""
    seen: list[str] = []

    def observe(call: Call) -> None:
        if call.operation == when:
            seen.append(call.operation)
            if len(seen) == times:
                what()

    return Aws(endpoint=aws._endpoint, observe=observe)


def test_the_first_traffic_of_an_app_makes_the_rule(
    aws: Aws, edge: Edge, clock: Clock, sandbox: EmbeddedSandbox
) -> None:
    for version in "12":
        edge.create(f"shop-{version}")
    planned = plan(aws, "1", 50)
    assert planned.switch.domains[0].because == "no other version has traffic"
    assert [step.says for step in planned.steps] == [f"Set the weights of {MAIN}: shop-1 0 -> 100 %"]
    outcome = execute(planned.steps, aws, clock, Quiet())[0]
    assert outcome.says == "in effect, with a new rule"
    assert outcome.facts["observed"] == {(MAIN, "rule", "shop-1"): 200, (MAIN, "rule", "shop-2"): 0}
    assert edge.weights() == {"shop-1": 200}
    rule = edge.rules()[0]
    described = aws.call("elbv2", "describe_tags", ResourceArns=[rule["RuleArn"]])["TagDescriptions"][0]["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in described} == {"senza:app": "shop", "senza:domain": MAIN}
    assert writes(sandbox) == ["CreateRule"]


def test_shares_move_in_one_call_and_only_versions_with_traffic_are_in_the_rule(
    aws: Aws, edge: Edge, clock: Clock, sandbox: EmbeddedSandbox
) -> None:
    edge.versions({"shop-1": 200})
    edge.create("shop-2")
    edge.create("shop-3")
    sandbox.log.clear()
    switch(aws, clock, "2", 50)
    assert edge.weights() == {"shop-1": 150, "shop-2": 50}
    switch(aws, clock, "2", 200)
    assert edge.weights() == {"shop-2": 200}
    assert writes(sandbox) == ["ModifyRule"] * 2
    aws.call("cloudformation", "delete_stack", StackName="shop-1")
    assert [row.identifier for row in shares(aws, Account(aws).zones, "shop")] == ["shop-2", "shop-3"]


def test_doing_it_again_changes_nothing(aws: Aws, edge: Edge, clock: Clock, sandbox: EmbeddedSandbox) -> None:
    edge.versions({"shop-1": 200})
    edge.create("shop-2")
    planned = plan(aws, "2", 50)
    execute(planned.steps, aws, clock, Quiet())
    sandbox.log.clear()
    assert execute(planned.steps, aws, clock, Quiet())[0].says == "was in effect already"
    assert plan(aws, "2", 50).steps == ()
    assert writes(sandbox) == []


def test_whoever_comes_second_is_told_and_changes_nothing(aws: Aws, edge: Edge, clock: Clock) -> None:
    edge.versions({"shop-1": 200})
    edge.create("shop-2")
    edge.create("shop-3")
    mine, theirs = plan(aws, "2", 100), plan(aws, "3", 200)
    execute(theirs.steps, aws, clock, Quiet())
    with pytest.raises(Conflict, match=r"somebody else is changing shop\..*: shop-3 100 % is no longer .*nothing was"):
        execute(mine.steps, aws, clock, Quiet())
    assert edge.weights() == {"shop-3": 200}


def test_a_weight_that_changes_right_after_the_switch_is_noticed(aws: Aws, edge: Edge, clock: Clock) -> None:
    edge.versions({"shop-1": 200})
    edge.create("shop-2")

    def other() -> None:
        edge.put({"shop-1": 193, "shop-2": 7})

    # the plan, right before writing, and right after it
    with pytest.raises(Conflict, match=r"were set, and somebody else changed them since: now shop-1 96.5 %, shop-2 3"):
        switch(interfering(aws, "DescribeRules", 3, other), clock, "2", 100)


def test_of_two_first_switches_the_second_finds_the_priority_taken(
    aws: Aws, edge: Edge, clock: Clock, sandbox: EmbeddedSandbox
) -> None:
    for version in "12":
        edge.create(f"shop-{version}")
    with pytest.raises(Conflict, match=r"somebody else is changing shop\..*: shop-2 100 % is no longer"):
        switch(interfering(aws, "CreateRule", 1, lambda: switch(aws, clock, "2", 200)), clock, "1", 200)
    assert edge.weights() == {"shop-2": 200}
    assert len(edge.rules()) == 1


def test_two_rules_for_one_host_at_the_same_time_are_not_left_behind(aws: Aws, edge: Edge, clock: Clock) -> None:
    for version in "12":
        edge.create(f"shop-{version}")

    def other() -> None:
        edge.add(MAIN, [{"Type": "forward", "TargetGroupArn": edge.group("shop-2")}])

    with pytest.raises(
        Conflict, match=r"somebody else made a rule for shop.* at the same time; the own one is removed"
    ):
        switch(interfering(aws, "CreateRule", 1, other), clock, "1", 200)
    assert edge.weights() == {"shop-2": 1}
    assert len(edge.rules()) == 1


def test_another_priority_is_found_where_somebody_took_it(
    aws: Aws, edge: Edge, clock: Clock, sandbox: EmbeddedSandbox
) -> None:
    edge.create("shop-1")
    switch(aws, clock, "1", 200)
    first = edge.rules()[0]["Priority"]
    edge.put({})
    forward = [{"Type": "forward", "TargetGroupArn": edge.group("shop-1")}]

    def other() -> None:
        edge.priority = int(first) - 1
        edge.add("other.hello.example.org", forward)

    sandbox.log.clear()
    switch(interfering(aws, "CreateRule", 1, other), clock, "1", 200)
    assert [rule["Priority"] for rule in edge.rules()] == [str(int(first) + 1)]
    assert writes(sandbox) == ["CreateRule"] * 3


def test_a_rule_of_senzas_without_effect_is_removed_by_the_next_switch(aws: Aws, edge: Edge, clock: Clock) -> None:
    edge.versions({"shop-1": 200})
    edge.create("shop-2")
    forward = [{"Type": "forward", "TargetGroupArn": edge.group("shop-2")}]
    edge.add(MAIN, forward, (("senza:domain", MAIN),))
    theirs = edge.add(MAIN, forward)
    said = Quiet()
    execute(plan(aws, "2", 100).steps, aws, clock, said)
    assert edge.weights() == {"shop-1": 100, "shop-2": 100}
    assert [rule["RuleArn"] for rule in edge.rules()][1:] == [theirs]
    assert f"{MAIN} has another rule, which has no effect: {theirs}" in said.said


def test_the_last_version_with_traffic_keeps_it_and_by_force_the_rule_goes(
    aws: Aws, edge: Edge, clock: Clock, sandbox: EmbeddedSandbox
) -> None:
    edge.versions({"shop-1": 200})
    edge.create("shop-2")
    with pytest.raises(Refused, match=r"last version with traffic on shop.*and the load balancer then answers .* 404"):
        plan(aws, "1", 0)
    assert switch(aws, clock, "1", 0, force=True)[0].says == "in effect: the rule is gone"
    assert edge.rules() == []
    assert plan(aws, "1", 0).steps == ()
    assert [row.effective for row in shares(aws, Account(aws).zones, "shop")] == [0.0, 0.0]


def test_at_most_five_versions_have_traffic(aws: Aws, edge: Edge, clock: Clock) -> None:
    edge.versions(dict.fromkeys([f"shop-{number}" for number in range(1, 6)], 40))
    edge.create("shop-6")
    with pytest.raises(Refused, match=r"would have 6 versions with traffic \(shop-1, .*at most 5 target groups\nTake "):
        plan(aws, "6", 20)
    switch(aws, clock, "1", 0)
    switch(aws, clock, "6", 20)
    assert edge.weights() == {"shop-2": 45, "shop-3": 45, "shop-4": 45, "shop-5": 45, "shop-6": 20}


def test_everything_else_in_the_rule_stays_as_it_is(aws: Aws, edge: Edge, clock: Clock) -> None:
    for version in "12":
        edge.create(f"shop-{version}")
    login = {
        "Type": "authenticate-oidc",
        "Order": 1,
        "AuthenticateOidcConfig": {
            **dict.fromkeys(("AuthorizationEndpoint", "TokenEndpoint", "UserInfoEndpoint"), "https://id.example.org/"),
            "Issuer": "https://id.example.org",
            "ClientId": "shop",
            "ClientSecret": "not for our eyes",
        },
    }
    sticky = {"Enabled": True, "DurationSeconds": 60}
    edge.put({"shop-1": 1}, before=(login,), TargetGroupStickinessConfig=sticky)
    before = edge.rules()[0]
    switch(aws, clock, "2", 50)
    after = edge.rules()[0]
    assert edge.weights() == {"shop-1": 150, "shop-2": 50}
    assert after["Actions"][0]["AuthenticateOidcConfig"].items() >= login["AuthenticateOidcConfig"].items() - {  # type: ignore[attr-defined]
        ("ClientSecret", "not for our eyes")
    }
    assert after["Actions"][1]["ForwardConfig"]["TargetGroupStickinessConfig"] == sticky
    assert (after["Conditions"], after["Priority"]) == (before["Conditions"], before["Priority"])


def test_a_rule_that_does_something_else_is_left_alone(aws: Aws, edge: Edge) -> None:
    edge.create("shop-1")
    edge.add(MAIN, [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}])
    with pytest.raises(Refused, match=r"the listener rule of shop.* does not forward to target groups: fixed-response"):
        plan(aws, "1", 200)
    assert shares(aws, Account(aws).zones, "shop")[0].weight == 0


def test_a_rule_that_would_let_strangers_in_is_not_made(aws: Aws, edge: Edge, clock: Clock) -> None:
    edge.create("shop-1")
    rule = edge.rules("shop-1.hello.example.org")[0]
    login = {
        "Type": "authenticate-cognito",
        "Order": 1,
        "AuthenticateCognitoConfig": {"UserPoolArn": "arn:aws:x", "UserPoolClientId": "a", "UserPoolDomain": "b"},
    }
    forward = {"Type": "forward", "Order": 2, "TargetGroupArn": edge.group("shop-1")}
    aws.call("elbv2", "modify_rule", RuleArn=rule["RuleArn"], Actions=[login, forward])
    with pytest.raises(Refused, match=r"shop-1\.hello.* has further actions \(authenticate-cognito\), which the new "):
        switch(aws, clock, "1", 200)
    assert edge.rules() == []


def test_weights_of_any_sum_and_groups_of_nobody_take_part(aws: Aws, edge: Edge, clock: Clock) -> None:
    edge.foreign("legacy")
    for version in "12":
        edge.create(f"shop-{version}")
    edge.put({"legacy": 3, "shop-1": 1})
    assert [(row.identifier, row.version, row.weight, row.effective) for row in _shares(aws)] == [
        ("legacy", "", 3, 75.0),
        ("shop-1", "1", 1, 25.0),
        ("shop-2", "2", 0, 0.0),
    ]
    switch(aws, clock, "2", 40)
    assert edge.weights() == {"legacy": 120, "shop-1": 40, "shop-2": 40}


def test_a_group_of_nobody_is_not_taken_for_the_version_whose_name_it_has(aws: Aws, edge: Edge, clock: Clock) -> None:
    foreign = edge.foreign("shop-2")
    edge.versions({"shop-1": 100})
    edge.create("shop-2")
    rule = edge.rules()[0]["RuleArn"]
    groups = [{"TargetGroupArn": edge.group("shop-1"), "Weight": 1}, {"TargetGroupArn": foreign, "Weight": 1}]
    forward = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
    aws.call("elbv2", "modify_rule", RuleArn=rule, Actions=[forward])
    weights = {row.identifier: row.weight for row in _shares(aws)}
    other = foreign.partition("targetgroup/")[2]
    assert weights == {"shop-1": 1, "shop-2": 0, other: 1}
    said = Quiet()
    execute(plan(aws, "2", 200).steps, aws, clock, said)
    assert not any("termination protection" in text for text in said.said)
    assert {row.identifier: row.weight for row in _shares(aws)} == {"shop-1": 0, "shop-2": 200}


def _shares(aws: Aws) -> list[Any]:
    return shares(aws, Account(aws).zones, "shop")


def test_termination_protection_follows_the_weights(aws: Aws, edge: Edge, clock: Clock) -> None:
    for version in "12":
        edge.create(f"shop-{version}")

    def protected() -> list[bool]:
        stacks = aws.call("cloudformation", "describe_stacks")["Stacks"]
        return [stack["EnableTerminationProtection"] for stack in sorted(stacks, key=lambda one: one["StackName"])]

    switch(aws, clock, "1", 200)
    assert protected() == [True, False]
    switch(aws, clock, "2", 50)
    assert protected() == [True, True]
    switch(aws, clock, "2", 200)
    assert protected() == [False, True]


def test_topics_are_told(aws: Aws, edge: Edge, clock: Clock) -> None:
    topic = aws.call("sns", "create_topic", Name="deploys")["TopicArn"]
    queue = aws.call("sqs", "create_queue", QueueName="deploys")["QueueUrl"]
    arn = aws.call("sqs", "get_queue_attributes", QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    edge.create("shop-1", topics=(topic,))
    aws.call("sns", "subscribe", TopicArn=topic, Protocol="sqs", Endpoint=arn)
    switch(aws, clock, "1", 200)
    told = json.loads(json.loads(aws.call("sqs", "receive_message", QueueUrl=queue)["Messages"][0]["Body"])["Message"])
    moved = {"before": {"shop-1": 0.0}, "after": {"shop-1": 100.0}}
    assert told["domains"] == [{"domain": MAIN, "type": "rule", **moved}]


def test_a_group_that_the_tagging_api_does_not_know_yet_is_found(
    aws: Aws, edge: Edge, clock: Clock, sandbox: EmbeddedSandbox
) -> None:
    edge.versions({"shop-1": 200})
    edge.create("shop-2")
    sandbox.faults.add("resourcegroupstaggingapi:GetResources", status=403, code="AccessDeniedException", message="no")
    switch(aws, clock, "2", 50)
    assert edge.weights() == {"shop-1": 150, "shop-2": 50}


def test_a_change_that_was_made_is_no_failure_where_looking_at_it_is_denied(
    aws: Aws, edge: Edge, clock: Clock, sandbox: EmbeddedSandbox
) -> None:
    edge.versions({"shop-1": 200})
    edge.create("shop-2")

    def deny() -> None:
        sandbox.faults.add("elbv2:DescribeRules", status=403, code="AccessDenied", message="no")

    outcome = switch(interfering(aws, "ModifyRule", 1, deny), clock, "2", 50)[0]
    assert outcome.says.startswith("in effect, but it could not be looked at: elbv2 DescribeRules failed")
    sandbox.faults.clear()
    assert edge.weights() == {"shop-1": 150, "shop-2": 50}


def test_a_version_without_a_share_is_explained(aws: Aws, edge: Edge) -> None:
    rule = edge.template("shop-1")["Resources"]["WebVersionDomain"]
    group = edge.foreign("plain")
    rule["Properties"]["Actions"] = [{"Type": "forward", "TargetGroupArn": group}]
    template = json.dumps({"Resources": {"Rule": rule}})
    aws.call("cloudformation", "create_stack", StackName="shop-1", TemplateBody=template)
    with pytest.raises(NotFound, match="shop-1 has no weighted record"):
        plan(aws, "1", 100)


# -- both backends


def test_several_domains_of_both_backends_move_together(aws: Aws, apps: Apps, edge: Edge, clock: Clock) -> None:
    record, other = apps.record("eu.hello.example.org", "shop-1"), edge.template("shop-1", "api.hello.example.org")
    more = {f"Api{key}": value for key, value in other["Resources"].items()}
    more["ApiWebVersionDomain"]["Properties"]["Actions"][0]["TargetGroupArn"] = {"Ref": "ApiWeb"}
    more["ApiWebVersionDomain"]["Properties"]["Conditions"][0]["Values"] = ["api-shop-1.hello.example.org"]
    edge.create("shop-1", Eu=record, **more)
    planned = plan(aws, "1", 200)
    assert sorted(step.says for step in planned.steps) == [
        "Set the weights of api.hello.example.org: shop-1 0 -> 100 %",
        "Set the weights of eu.hello.example.org: shop-1 0 -> 100 %",
        f"Set the weights of {MAIN}: shop-1 0 -> 100 %",
    ]
    execute(planned.steps, aws, clock, Quiet())
    assert (edge.weights(), edge.weights("api.hello.example.org")) == ({"shop-1": 200}, {"shop-1": 200})
    assert apps.weights("eu.hello.example.org") == {"shop-1": 200}


def test_moving_from_records_to_a_shared_balancer(aws: Aws, apps: Apps, edge: Edge, clock: Clock) -> None:
    apps.create("shop-1")
    apps.set({"shop-1": 200})
    edge.create("shop-2")
    planned = plan(aws, "2", 100)
    assert planned.warnings == (
        f"{MAIN}: Route 53 has records of this very name that lead elsewhere (shop-1); as long as they are there, the "
        "load balancer edge-1 gets none of the requests",
    )
    execute(planned.steps, aws, clock, Quiet())
    assert (apps.weights(), edge.weights()) == ({"shop-1": 200}, {"shop-2": 200})
    assert [(row.type, row.identifier, row.effective) for row in _shares(aws)] == [
        ("A", "shop-1", 100.0),
        ("rule", "shop-2", 100.0),
    ]
    assert isinstance(plan(aws, "2", 0, force=True).steps[0], ShiftRule)
    assert plan(aws, "1", 200).steps == ()
