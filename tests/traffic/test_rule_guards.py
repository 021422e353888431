"""Deleting and updating versions behind a shared load balancer never moves traffic by accident."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from senza.account import Account
from senza.account.shared import look_up_tags
from senza.aws import Aws
from senza.clock import Clock
from senza.components import Compiled
from senza.components.compiled import WeightedRecord, WeightedTarget
from senza.errors import Conflict, Refused
from senza.plan import execute
from senza.sandbox.embedded import EmbeddedSandbox
from senza.stacks.change_sets import make_change_set
from senza.stacks.changes import DeleteStack
from senza.stacks.summaries import describe_stack
from senza.traffic.app import plan_traffic, shares, traffic_of
from senza.traffic.deleting import before_delete
from senza.traffic.group_guard import changed_groups
from senza.traffic.guards import before_create
from senza.traffic.shift_rule import LeaveRule
from senza.traffic.update_guard import check_change_set
from tests.traffic.balancing import Edge
from tests.traffic.conftest import MAIN, Apps, before_update, compiled_of
from tests.traffic.test_guards import delete, removal, stack_of
from tests.traffic.test_switch import Quiet


@pytest.fixture
def edge(aws: Aws) -> Edge:
    return Edge(aws)


def gone(aws: Aws, stack: str) -> bool:
    found = describe_stack(aws, stack)
    return found is None or found.status == "DELETE_COMPLETE"


# -- delete


def test_a_version_with_traffic_is_not_deleted(aws: Aws, edge: Edge, clock: Clock) -> None:
    edge.versions({"shop-1": 150, "shop-2": 50})
    with pytest.raises(Refused, match=r"shop-2 has 25 % of the traffic of shop.hello.example.org\nMove it first"):
        removal(aws, "shop-2")
    edge.put({"shop-2": 1})
    with pytest.raises(Refused, match=r"shop-2 has 100 % .* and is the last version with traffic"):
        removal(aws, "shop-2")


def test_a_version_without_traffic_goes_at_once(aws: Aws, edge: Edge, clock: Clock) -> None:
    edge.versions({"shop-1": 200})
    edge.create("shop-2")
    planned = removal(aws, "shop-2")
    assert [type(step) for step in planned.steps] == [DeleteStack]
    assert planned.warnings == ()
    delete(aws, clock, "shop-2")
    assert gone(aws, "shop-2")
    assert edge.weights() == {"shop-1": 200}


def test_by_force_the_others_get_the_traffic_before_the_stack_goes(
    aws: Aws, edge: Edge, clock: Clock, sandbox: EmbeddedSandbox
) -> None:
    edge.versions({"shop-1": 150, "shop-2": 50})
    planned = removal(aws, "shop-1", force=True)
    assert planned.warnings == (f"{MAIN}: 75 % of the traffic of shop-1 goes to the other versions with traffic",)
    assert [step.says for step in planned.steps] == [
        f"Set the weights of {MAIN}: shop-1 75 -> 0 %, shop-2 25 -> 100 %",
        "Delete stack shop-1",
    ]
    delete(aws, clock, "shop-1", force=True)
    assert gone(aws, "shop-1")
    assert edge.weights() == {"shop-2": 200}


def test_the_rule_goes_with_the_last_version(aws: Aws, edge: Edge, clock: Clock) -> None:
    edge.versions({"shop-1": 200})
    planned = removal(aws, "shop-1", force=True)
    assert planned.warnings == (
        f"{MAIN}: 100 % of the traffic of shop-1 is lost: the load balancer then answers with an error, 404 unless it "
        "was told otherwise",
    )
    delete(aws, clock, "shop-1", force=True)
    assert gone(aws, "shop-1")
    assert edge.rules() == []


@pytest.mark.parametrize(("weights", "left"), [({"shop-1": 200, "shop-2": 0}, {"shop-1": 200}), ({"shop-2": 0}, {})])
def test_a_weight_of_zero_that_somebody_left_in_the_rule_is_taken_out(
    aws: Aws, edge: Edge, clock: Clock, weights: dict[str, int], left: dict[str, int]
) -> None:
    for version in "12":
        edge.create(f"shop-{version}")
    edge.put(weights)
    planned = removal(aws, "shop-2")
    name = edge.group("shop-2").split("/")[1]
    assert planned.steps[0].says == f"Take {name}, which has no weight, out of the rule of {MAIN}"
    delete(aws, clock, "shop-2")
    assert gone(aws, "shop-2")
    assert edge.weights() == left


def test_taking_it_out_again_does_nothing_and_traffic_that_it_was_just_given_stops_it(
    aws: Aws, edge: Edge, clock: Clock
) -> None:
    for version in "12":
        edge.create(f"shop-{version}")
    edge.put({"shop-1": 200, "shop-2": 0})
    step = removal(aws, "shop-2").steps[0]
    assert isinstance(step, LeaveRule)
    edge.put({"shop-1": 100, "shop-2": 100})
    with pytest.raises(Conflict, match="somebody just gave traffic of shop"):
        execute([step], aws, clock, Quiet())
    edge.put({"shop-1": 200, "shop-2": 0})
    assert [one.says for one in execute([step, step], aws, clock, Quiet())] == ["done", "was so already"]


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("weight", [1, 0])
def test_a_version_to_which_somebodys_rule_leads_is_not_deleted(aws: Aws, edge: Edge, weight: int, force: bool) -> None:
    edge.versions({"shop-2": 200})
    edge.create("shop-1")
    edge.put({"shop-2": 1, "shop-1": weight}, "www.hello.example.org")
    with pytest.raises(Refused, match=r"somebody made \(priority \d+, for www.hello.example.org\) leads to .* shop-1"):
        removal(aws, "shop-1", force=force)
    edge.put({"shop-2": 1}, "www.hello.example.org")
    assert [type(step) for step in removal(aws, "shop-1", force=force).steps] == [DeleteStack]


def test_that_another_target_group_is_gone_hides_no_traffic(aws: Aws, edge: Edge) -> None:
    """The tagging API may not know what was made a moment ago; then the balancer is asked for several at once."""
    edge.versions({"shop-1": 200})
    own, gone = edge.group("shop-1"), edge.foreign("short")
    aws.call("elbv2", "delete_target_group", TargetGroupArn=gone)
    assert look_up_tags(aws, [gone, own])[own]["senza:domain"] == MAIN
    assert look_up_tags(aws, [gone]) == {}


def test_nor_one_whose_tags_somebody_took_away(aws: Aws, edge: Edge) -> None:
    edge.versions({"shop-1": 200})
    aws.call("elbv2", "remove_tags", ResourceArns=[edge.group("shop-1")], TagKeys=["senza:domain"])
    with pytest.raises(Refused, match=rf"for {MAIN}\) leads to"):
        removal(aws, "shop-1")


def test_nor_is_its_target_group_replaced(aws: Aws, edge: Edge) -> None:
    edge.versions({"shop-2": 200})
    edge.create("shop-1")
    edge.put({"shop-1": 1}, "www.hello.example.org")
    update(aws, edge)
    with pytest.raises(
        Refused, match=r"would replace .* of shop-1, to which a listener rule that somebody made .* leads"
    ):
        update(aws, edge, Port=9090)
    update(aws, edge, force=True, Port=9090)


def test_a_rule_that_takes_all_requests_before_is_told(aws: Aws, edge: Edge) -> None:
    edge.versions({"shop-1": 200})
    zones = Account(aws).zones
    own, theirs = edge.rules()[0]["RuleArn"], edge.add("*.hello.example.org", edge.rules()[0]["Actions"])
    assert traffic_of(aws, zones, "shop").warnings == []
    priorities = [{"RuleArn": theirs, "Priority": 1}, {"RuleArn": own, "Priority": 2}]
    aws.call("elbv2", "set_rule_priorities", RulePriorities=priorities)
    for warnings in (traffic_of(aws, zones, "shop").warnings, plan_traffic(aws, zones, "shop", "1", 200).warnings):
        (warning,) = warnings
        assert f"{MAIN}: the listener rule with priority 1, for *.hello.example.org, takes all requests" in warning


def test_a_version_with_traffic_behind_a_rule_for_maintenance_stays(aws: Aws, edge: Edge, clock: Clock) -> None:
    edge.versions({"shop-1": 200})
    edge.create("shop-2")
    edge.priority = 0
    closed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
    rule = edge.add(MAIN, [closed])
    said = (
        r"shop-1 has traffic of shop\..*, by the rule with priority 10\d, as soon as the one with priority 1 before it"
    )
    with pytest.raises(Refused, match=said):
        removal(aws, "shop-1")
    assert [type(step) for step in removal(aws, "shop-2").steps] == [DeleteStack]
    with pytest.raises(Refused, match=said):
        update(aws, edge, Port=9090)
    told = traffic_of(aws, Account(aws).zones, "shop")
    assert [(one.identifier, one.effective) for one in told.shares] == [("shop-1", 0.0), ("shop-2", 0.0)]
    assert told.warnings == [
        f"{MAIN}: the listener rule with priority 1 answers by itself; as long as it is there, no version has any of "
        "the requests"
    ]
    aws.call("elbv2", "delete_rule", RuleArn=rule)
    assert edge.weights() == {"shop-1": 200}


def test_a_rule_that_somebody_narrowed_gets_none_beside_it(aws: Aws, edge: Edge, clock: Clock) -> None:
    """Whoever asks for 5 % would get all that does not fit the condition."""
    edge.versions({"shop-1": 200})
    edge.create("shop-2")
    (rule,) = edge.rules()
    host = {"Field": "host-header", "HostHeaderConfig": {"Values": [MAIN]}}
    path = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api/*"]}}
    aws.call("elbv2", "modify_rule", RuleArn=rule["RuleArn"], Conditions=[host, path])
    zones = Account(aws).zones
    (told,) = traffic_of(aws, zones, "shop").warnings
    assert told.startswith(f"{MAIN}: the listener rule with priority {rule['Priority']} has further conditions besides")
    with pytest.raises(Refused, match="would give all other requests to the one version that is asked for"):
        plan_traffic(aws, zones, "shop", "2", 10)
    aws.call("elbv2", "modify_rule", RuleArn=rule["RuleArn"], Conditions=[host])
    execute(plan_traffic(aws, zones, "shop", "2", 10).steps, aws, clock, Quiet())
    assert edge.weights() == {"shop-1": 190, "shop-2": 10}
    edge.add("somebody.hello.example.org", [{"Type": "forward", "TargetGroupArn": edge.foreign("theirs")}])
    assert traffic_of(aws, zones, "shop").warnings == []


def test_a_balancer_without_room_for_the_main_rule_says_so(aws: Aws, edge: Edge, clock: Clock) -> None:
    edge.create("shop-1")
    busy = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}]
    for number in range(99):
        edge.add(f"app-{number}.hello.example.org", busy)
    with pytest.raises(Refused, match=r"edge-1 has no room for the rule of shop\..*; nothing was changed"):
        execute(plan_traffic(aws, Account(aws).zones, "shop", "1", 200).steps, aws, clock, Quiet())


def test_a_version_of_another_app_in_the_rule_is_no_leftover(aws: Aws, edge: Edge) -> None:
    edge.versions({"shop-1": 100})
    edge.create("cart-1", "cart.hello.example.org")
    edge.put({"shop-1": 100, "cart-1": 100})
    found = {one.identifier: one.status for one in shares(aws, Account(aws).zones, "shop")}
    assert found == {"shop-1": "CREATE_COMPLETE", "cart-1": "OTHER_APP"}


def add_host(aws: Aws, edge: Edge, arn: str, hosts: list[str]) -> None:
    """As somebody does by hand."""
    (rule,) = [one for one in edge.rules() if one["RuleArn"] == arn]
    conditions = [{"Field": "host-header", "HostHeaderConfig": {"Values": hosts}}]
    aws.call("elbv2", "modify_rule", RuleArn=arn, Conditions=conditions, Actions=rule["Actions"])


def test_a_rule_to_which_somebody_added_a_host_is_still_that_of_the_domain(aws: Aws, edge: Edge, clock: Clock) -> None:
    edge.versions({"shop-1": 150, "shop-2": 50})
    values = [MAIN, "www.hello.example.org"]
    rule = edge.rules()[0]["RuleArn"]
    add_host(aws, edge, rule, values)
    with pytest.raises(Refused, match="shop-2 has 25 % of the traffic"):
        removal(aws, "shop-2")
    execute(plan_traffic(aws, Account(aws).zones, "shop", "2", 20).switch.steps, aws, clock, Quiet())
    after = aws.call("elbv2", "describe_rules", ListenerArn=edge.listener)["Rules"]
    assert [one["Conditions"][0]["Values"] for one in after if one["RuleArn"] == rule] == [values]
    assert not edge.rules()  # no other one was made for the domain alone
    assert {one.identifier: one.weight for one in shares(aws, Account(aws).zones, "shop")} == {
        "shop-1": 180,
        "shop-2": 20,
    }


def test_a_hidden_rule_with_further_hosts_is_not_cleared_away(aws: Aws, edge: Edge, clock: Clock) -> None:
    edge.versions({"shop-1": 150, "shop-2": 50})
    actions = [{"Type": "forward", "TargetGroupArn": edge.group("shop-1")}]
    hidden = edge.add(MAIN, actions, tags=(("senza:domain", MAIN),))
    values = [MAIN, "www.hello.example.org"]
    add_host(aws, edge, hidden, values)
    execute(plan_traffic(aws, Account(aws).zones, "shop", "2", 20).switch.steps, aws, clock, Quiet())
    assert edge.weights() == {"shop-1": 180, "shop-2": 20}
    assert hidden in [one["RuleArn"] for one in aws.call("elbv2", "describe_rules", ListenerArn=edge.listener)["Rules"]]


def test_the_own_host_of_another_apps_version_is_not_taken_for_the_main_domain(aws: Aws, edge: Edge) -> None:
    """App ``shop`` has a version ``two``, app ``shop-two`` a version 1."""
    edge.create("shop-two-1", "shop-two.hello.example.org")
    edge.create("shop-two")
    with pytest.raises(
        Refused, match=r"shop-two.hello.example.org \(priority \d+\) is not the app's: it leads to shop-two"
    ):
        plan_traffic(aws, Account(aws).zones, "shop-two", "1", 200)


def test_what_an_earlier_deletion_failed_at_can_be_deleted(aws: Aws, edge: Edge, clock: Clock) -> None:
    """Somebody deleted the stack past senza: CloudFormation deleted its rule and stopped at the target group."""
    edge.versions({"shop-1": 200, "shop-2": 100})
    aws.call("cloudformation", "delete_stack", StackName="shop-2")
    assert stack_of(aws, "shop-2").status == "DELETE_FAILED"
    with pytest.raises(Refused, match=r"shop-2 has 33.3 % of the traffic"):
        removal(aws, "shop-2")
    delete(aws, clock, "shop-2", force=True)
    assert gone(aws, "shop-2")
    assert edge.weights() == {"shop-1": 200}


def test_a_version_of_both_backends_leaves_both(aws: Aws, apps: Apps, edge: Edge, clock: Clock) -> None:
    edge.create("shop-1", Eu=apps.record("eu.hello.example.org", "shop-1"))
    edge.put({"shop-1": 200})
    apps.create("shop-2", {"Eu": "eu.hello.example.org"})
    apps.set({"shop-1": 100, "shop-2": 100}, "eu.hello.example.org")
    planned = removal(aws, "shop-1", force=True)
    assert [text.partition(":")[0] for text in planned.warnings] == ["eu.hello.example.org", MAIN]
    delete(aws, clock, "shop-1", force=True)
    assert gone(aws, "shop-1")
    assert (edge.rules(), apps.weights("eu.hello.example.org")) == ([], {"shop-2": 200})


def test_a_deletion_costs_two_calls_more_than_without_traffic_to_look_at(aws: Aws, apps: Apps, edge: Edge) -> None:
    edge.versions({"shop-1": 200})
    edge.create("shop-2")
    stack, zones = stack_of(aws, "shop-2"), Account(aws).zones
    assert apps.counted(lambda: before_delete(aws, zones, stack)) == [
        "cloudformation:GetTemplate",
        "cloudformation:ListStackResources",
        "elbv2:DescribeRules",
        "resourcegroupstaggingapi:GetResources",
    ]


# -- create


def compiled(edge: Edge, stack: str, **properties: Any) -> Compiled:
    template = edge.template(stack, **properties)
    template["Resources"]["WebVersionDomain"]["Properties"]["Priority"] = 101  # as the version has it already
    return compiled_of(stack, template, weighted_targets=(WeightedTarget("Web", MAIN, edge.listener),))


def test_a_new_version_needs_nothing_and_has_no_traffic(aws: Aws, apps: Apps, edge: Edge) -> None:
    new = compiled(edge, "shop-2")
    assert apps.counted(lambda: before_create(aws, Account(aws).zones, new)) == []
    edge.versions({"shop-1": 200})
    assert before_create(aws, Account(aws).zones, new) == []


# -- update


def update(aws: Aws, edge: Edge, force: bool = False, **properties: Any) -> Compiled:
    new = compiled(edge, "shop-1", **properties)
    return before_update(aws, Account(aws).zones, new, stack_of(aws, "shop-1"), force=force)


@pytest.mark.parametrize(
    ("properties", "does"),
    [
        ({"Port": 9090}, "replace"),
        ({"ProtocolVersion": "GRPC"}, "replace"),
        ({"domain": "other.hello.example.org"}, "move"),
    ],
)
def test_a_target_group_with_traffic_stays(aws: Aws, edge: Edge, properties: dict[str, Any], does: str) -> None:
    edge.versions({"shop-1": 150, "shop-2": 50})
    with pytest.raises(Refused, match=f"would {does} the target group of {MAIN}, and shop-1 has 75 % there\nCreate a"):
        update(aws, edge, **properties)
    assert update(aws, edge, force=True, **properties).template["Resources"]["Web"]
    edge.put({"shop-2": 200})
    update(aws, edge, **properties)


def test_other_updates_are_allowed_and_ask_nothing_about_rules(aws: Aws, apps: Apps, edge: Edge) -> None:
    edge.versions({"shop-1": 200})
    stack, zones = stack_of(aws, "shop-1"), Account(aws).zones
    new = compiled(edge, "shop-1", HealthCheckPath="/health", Port="8080")
    assert apps.counted(lambda: before_update(aws, zones, new, stack)) == ["cloudformation:GetTemplate"]


def test_a_target_group_that_the_new_template_lacks_is_removed() -> None:
    group = {
        "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
        "Properties": {"Port": 80, "Tags": [{"Key": "senza:domain", "Value": "x.y"}]},
    }
    plain = {"Type": group["Type"], "Properties": {"Port": 80}}
    deployed = {"Resources": {"Web": group, "Plain": plain}}
    assert changed_groups(deployed, {"Resources": {}}) == {"Web": "remove"}
    assert changed_groups(deployed, {"Resources": {"Web": {"Type": "AWS::SQS::Queue"}}}) == {"Web": "remove"}
    assert changed_groups(deployed, copy.deepcopy(deployed)) == {}


def test_a_change_set_that_replaces_the_target_group_is_refused(aws: Aws, edge: Edge, clock: Clock) -> None:
    """A parameter's value is not in the template, so only CloudFormation can tell."""
    edge.versions({"shop-2": 50})
    template = edge.template("shop-1")
    template["Parameters"] = {"Port": {"Type": "Number", "Default": 8080}}
    template["Resources"]["Web"]["Properties"]["Port"] = {"Ref": "Port"}
    aws.call("cloudformation", "create_stack", StackName="shop-1", TemplateBody=json.dumps(template))
    edge.put({"shop-1": 150, "shop-2": 50})
    stack, zones = stack_of(aws, "shop-1"), Account(aws).zones
    new = Compiled(
        template=template,
        stack_name="shop",
        version="1",
        tags={},
        parameters={"Port": "9090"},
        capabilities=(),
        notification_arns=(),
        warnings=(),
        weighted_records=(),
    )
    assert before_update(aws, zones, new, stack).template == template
    change_set = make_change_set(aws, clock, new, stack)
    with pytest.raises(Refused, match=rf"would replace the target group of {MAIN}, and shop-1 has 75 % there"):
        check_change_set(aws, zones, stack, change_set, template)
    edge.put({"shop-2": 200})
    check_change_set(aws, zones, stack, change_set, template)


# -- first records


def with_record(apps: Apps, edge: Edge, stack: str, record: dict[str, Any]) -> Compiled:
    template = edge.template(stack)
    template["Resources"]["Main"] = record
    return compiled_of(
        stack,
        template,
        weighted_targets=(WeightedTarget("Web", MAIN, edge.listener),),
        weighted_records=(WeightedRecord(f"{MAIN}.", "hello.example.org.", "A", stack, "Main"),),
    )


def test_a_first_record_leads_to_the_balancer_that_has_the_traffic(aws: Aws, apps: Apps, edge: Edge) -> None:
    """Not to another shared one, whose rules know nothing of the domain: all requests would get 404."""
    edge.versions({"shop-1": 200})
    new = with_record(apps, edge, "shop-2", apps.record(MAIN, "shop-2"))
    assert before_create(aws, Account(aws).zones, new) == []
    other = with_record(apps, Edge(aws, "edge-2"), "shop-2", apps.record(MAIN, "shop-2"))
    with pytest.raises(Refused, match=r"edge-1 distributes its requests \(shop-1 100 %\): the first record would lead"):
        before_create(aws, Account(aws).zones, other)


def test_an_update_adds_no_record_that_hides_a_family_of_the_wildcard(aws: Aws, apps: Apps, edge: Edge) -> None:
    edge.versions({"shop-1": 200})
    wild = {"Name": "*.hello.example.org", "Type": "AAAA", "TTL": 60, "ResourceRecords": [{"Value": "2001:db8::1"}]}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": wild}]}
    new = with_record(apps, edge, "shop-1", apps.record(MAIN, "shop-1"))
    before_update(aws, Account(aws).zones, new, stack_of(aws, "shop-1"))
    aws.call("route53", "change_resource_record_sets", HostedZoneId=apps.zone_id(), ChangeBatch=batch)
    with pytest.raises(Refused, match=r"\*\.hello\.example\.org has AAAA records, which the first record of shop"):
        before_update(aws, Account(aws).zones, new, stack_of(aws, "shop-1"))


def test_a_second_target_group_of_a_version_counts_where_the_rule_names_it(aws: Aws, edge: Edge) -> None:
    second = edge.template("shop-1")["Resources"]["Web"]
    second["Properties"]["Name"] = "second"
    edge.create("shop-1", Second=second)
    edge.create("shop-2")
    edge.put({"shop-2": 100, "second": 100})
    with pytest.raises(Refused, match="shop-1 has 50 % of the traffic"):
        removal(aws, "shop-1")
