"""Rules of listeners: as strict as AWS where weights, priorities and target groups are concerned."""

from __future__ import annotations

from typing import Any

import pytest

from senza.aws import Aws
from senza.errors import AwsError
from senza.sandbox.embedded import EmbeddedSandbox
from tests.sandbox.stacks import Stacks

STACK = "aws:cloudformation:stack-name"


class Edge:
    """A load balancer with one listener."""

    def __init__(self, aws: Aws, sandbox: EmbeddedSandbox, name: str = "edge") -> None:
        self.aws, self.sandbox, self.name = aws, sandbox, name
        subnets = [sandbox.values["subnets"][f"dmz-eu-central-1{zone}"] for zone in "ab"]
        made = self.call("create_load_balancer", Name=name, Subnets=subnets)
        self.balancer: str = made["LoadBalancers"][0]["LoadBalancerArn"]
        nothing = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
        made = self.call(
            "create_listener", LoadBalancerArn=self.balancer, Protocol="HTTP", Port=80, DefaultActions=[nothing]
        )
        self.listener: str = made["Listeners"][0]["ListenerArn"]

    def call(self, operation: str, **given: Any) -> dict[str, Any]:
        return self.aws.call("elbv2", operation, **given)

    def group(self, name: str) -> str:
        vpc = self.sandbox.values["vpc_id"]
        made = self.call("create_target_group", Name=name, Protocol="HTTP", Port=80, VpcId=vpc)
        arn: str = made["TargetGroups"][0]["TargetGroupArn"]
        return arn

    def rule(self, priority: int, actions: list[Any], host: str = "app.example.org", **more: Any) -> str:
        made = self.call(
            "create_rule",
            ListenerArn=self.listener,
            Priority=priority,
            Actions=actions,
            **{"Conditions": [{"Field": "host-header", "Values": [host]}]} | more,
        )
        arn: str = made["Rules"][0]["RuleArn"]
        return arn

    def rules(self, **more: Any) -> list[dict[str, Any]]:
        return list(self.aws.pages("elbv2", "describe_rules", "Rules", ListenerArn=self.listener, **more))

    def refused(self, operation: str, **given: Any) -> str:
        with pytest.raises(AwsError) as raised:
            self.call(operation, **given)
        return f"{raised.value.code}: {raised.value.message}"


@pytest.fixture
def edge(aws: Aws, sandbox: EmbeddedSandbox) -> Edge:
    return Edge(aws, sandbox)


def to(*groups: str, **weights: int) -> dict[str, Any]:
    """Forward to one by its ARN alone, or to several by weight."""
    if len(groups) == 1 and not weights:
        return {"Type": "forward", "TargetGroupArn": groups[0]}
    weighted = zip(groups, weights.values(), strict=True)
    return {
        "Type": "forward",
        "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weighted]},
    }


def test_an_action_is_shown_as_aws_shows_it(edge: Edge) -> None:
    one, two = edge.group("one"), edge.group("two")
    edge.rule(20, [to(one, two, a=150, b=50)], "a.example.org")
    edge.rule(10, [to(one)], "b.example.org")
    single, several, default = edge.rules()
    assert [rule["Priority"] for rule in (single, several, default)] == ["10", "20", "default"]
    sticky = {"TargetGroupStickinessConfig": {"Enabled": False}}
    assert single["Actions"] == [
        {
            "Type": "forward",
            "TargetGroupArn": one,
            "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": one, "Weight": 1}], **sticky},
        }
    ]
    weights = [{"TargetGroupArn": one, "Weight": 150}, {"TargetGroupArn": two, "Weight": 50}]
    assert several["Actions"] == [{"Type": "forward", "ForwardConfig": {"TargetGroups": weights, **sticky}}]
    hosts = {"Field": "host-header", "Values": ["b.example.org"], "HostHeaderConfig": {"Values": ["b.example.org"]}}
    assert single["Conditions"] == [hosts]


def test_modify_rule_replaces_all_actions_and_keeps_what_is_not_given(edge: Edge) -> None:
    one, two = edge.group("one"), edge.group("two")
    rule = edge.rule(10, [to(one, two, a=100, b=100)])
    edge.call("modify_rule", RuleArn=rule, Actions=[to(two)])
    found = edge.rules()[0]
    assert found["Actions"][0]["TargetGroupArn"] == two
    assert found["Conditions"][0]["Values"] == ["app.example.org"]
    assert edge.call("describe_target_groups", Names=["one"])["TargetGroups"][0]["LoadBalancerArns"] == []
    edge.call("delete_target_group", TargetGroupArn=one)


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ((1000, 1), "between 0 and 999"),
        ((-1, 1), "between 0 and 999"),
        ((1, 1, 1, 1, 1, 1), "maximum of '5'"),
    ],
)
def test_weights_and_the_number_of_target_groups_are_limited(edge: Edge, weights: tuple[int, ...], said: str) -> None:
    groups = [edge.group(f"group{number}") for number in range(len(weights))]
    action = to(*groups, **{str(number): weight for number, weight in enumerate(weights)})
    conditions = [{"Field": "host-header", "Values": ["app.example.org"]}]
    given = {"ListenerArn": edge.listener, "Conditions": conditions, "Priority": 1}
    assert said in edge.refused("create_rule", Actions=[action], **given)
    rule = edge.rule(1, [to(groups[0])])
    before = edge.rules()
    assert said in edge.refused("modify_rule", RuleArn=rule, Actions=[action])
    assert edge.rules() == before


def test_a_priority_is_used_once_and_two_rules_may_swap_theirs(edge: Edge) -> None:
    group = edge.group("one")
    one, two = edge.rule(1, [to(group)], "a.example.org"), edge.rule(50000, [to(group)], "b.example.org")
    conditions = [{"Field": "host-header", "Values": ["c.example.org"]}]
    given = {"ListenerArn": edge.listener, "Actions": [to(group)], "Conditions": conditions}
    assert edge.refused("create_rule", Priority=1, **given).startswith("PriorityInUse")
    assert "50000" in edge.refused("create_rule", Priority=50001, **given)
    swapped = [{"RuleArn": one, "Priority": 50000}, {"RuleArn": two, "Priority": 1}]
    edge.call("set_rule_priorities", RulePriorities=swapped)
    assert [rule["RuleArn"] for rule in edge.rules()[:2]] == [two, one]
    moved = [{"RuleArn": one, "Priority": 1}]
    assert edge.refused("set_rule_priorities", RulePriorities=moved).startswith("PriorityInUse")


def test_a_target_group_that_any_rule_names_cannot_be_deleted(edge: Edge) -> None:
    one, two = edge.group("one"), edge.group("two")
    rule = edge.rule(1, [to(one, two, a=0, b=200)])
    assert edge.refused("delete_target_group", TargetGroupArn=one).startswith("ResourceInUse")
    edge.call("delete_rule", RuleArn=rule)
    edge.call("delete_target_group", TargetGroupArn=one)
    assert edge.refused("delete_rule", RuleArn=rule).startswith("RuleNotFound")
    assert edge.refused("modify_rule", RuleArn=rule, Actions=[to(two)]).startswith("RuleNotFound")


def test_the_default_rule_stays(edge: Edge) -> None:
    [default] = edge.rules()
    given = {"RuleArn": default["RuleArn"]}
    assert edge.refused("delete_rule", **given).startswith("OperationNotPermitted")
    moved = [given | {"Priority": 1}]
    assert edge.refused("set_rule_priorities", RulePriorities=moved).startswith("OperationNotPermitted")


def test_a_target_group_has_one_balancer(edge: Edge, aws: Aws, sandbox: EmbeddedSandbox) -> None:
    other = Edge(aws, sandbox, "other")
    group = edge.group("one")
    edge.rule(1, [to(group)])
    conditions = [{"Field": "host-header", "Values": ["app.example.org"]}]
    given = {"ListenerArn": other.listener, "Conditions": conditions, "Priority": 1, "Actions": [to(group)]}
    assert other.refused("create_rule", **given).startswith("TargetGroupAssociationLimit")
    given = {"LoadBalancerArn": other.balancer, "Protocol": "HTTP", "Port": 81, "DefaultActions": [to(group)]}
    assert other.refused("create_listener", **given).startswith("TargetGroupAssociationLimit")
    assert len(other.call("describe_listeners", LoadBalancerArn=other.balancer)["Listeners"]) == 1


def test_a_balancer_has_a_hundred_rules_and_they_come_in_pages(edge: Edge) -> None:
    group = edge.group("one")
    for number in range(100):
        edge.rule(100 - number, [to(group)], f"app-{number}.example.org")
    with pytest.raises(AwsError, match="maximum number of rules on load balancer"):
        edge.rule(101, [to(group)])
    before = len(edge.aws.calls)
    assert [rule["Priority"] for rule in edge.rules()] == [*map(str, range(1, 101)), "default"]
    assert len(edge.aws.calls) - before == 3
    assert len(edge.rules(PaginationConfig={"PageSize": 400})) == 101
    assert len(edge.aws.calls) - before == 4
    refused = edge.refused("describe_rules", ListenerArn=edge.listener, Marker="nonsense")
    assert refused.startswith("ValidationError")


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        ([], "at least one condition"),
        ([{"Field": "host-header", "Values": ["a" * 121 + ".example"]}], "too long"),
        ([{"Field": "host-header", "Values": ["localhost"]}], "not valid"),
        ([{"Field": "host-header", "Values": ["a_b.example.org"]}], "not valid"),
        ([{"Field": "host-header", "Values": [f"{name}.example.org"]} for name in "ab"], "only have one 'host-header'"),
        (
            [{"Field": "host-header", "HostHeaderConfig": {"Values": [f"{name}.example.org" for name in "abcdef"]}}],
            "'5' condition values",
        ),
        ([{"Field": "host-header", "Values": ["?????.*.example.org"]}], "'5' condition wildcards"),
    ],
)
def test_conditions_are_limited(edge: Edge, conditions: list[Any], said: str) -> None:
    given = {"ListenerArn": edge.listener, "Actions": [to(edge.group("one"))], "Priority": 1}
    assert said in edge.refused("create_rule", Conditions=conditions, **given)


def test_the_last_action_sends_requests_somewhere(edge: Edge) -> None:
    one, two = to(edge.group("one")), to(edge.group("two"))
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    conditions = [{"Field": "host-header", "Values": ["app.example.org"]}]
    given = {"ListenerArn": edge.listener, "Conditions": conditions, "Priority": 1}
    both = [one | {"Order": 1}, fixed | {"Order": 2}]
    assert edge.refused("create_rule", Actions=both, **given).startswith("TooManyActions")
    wrong = one | {"ForwardConfig": to(two["TargetGroupArn"], a=1)["ForwardConfig"]}
    assert "same target group" in edge.refused("create_rule", Actions=[wrong], **given)


def test_the_secret_of_a_log_in_is_never_shown(edge: Edge) -> None:
    oidc = {
        "Issuer": "https://id.example.org",
        **{f"{name}Endpoint": f"https://id.example.org/{name}" for name in ("Authorization", "Token", "UserInfo")},
        "ClientId": "shop",
    }
    login = {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": oidc | {"ClientSecret": "hidden"}}
    forward = to(edge.group("one")) | {"Order": 2}
    rule = edge.rule(1, [login, forward])
    kept = login | {"AuthenticateOidcConfig": oidc | {"UseExistingClientSecret": True}}
    edge.call("modify_rule", RuleArn=rule, Actions=[kept, forward])
    assert edge.rules()[0]["Actions"][0]["AuthenticateOidcConfig"] == oidc


def test_a_log_in_has_a_client_secret_which_only_a_rule_that_has_one_may_keep(edge: Edge) -> None:
    config = {
        "Issuer": "https://id.example.org",
        **{f"{name}Endpoint": f"https://id.example.org/{name}" for name in ("Authorization", "Token", "UserInfo")},
        "ClientId": "shop",
    }
    forward = to(edge.group("one")) | {"Order": 2}
    rule = edge.rule(1, [to(edge.group("two"))])

    def refused(**more: Any) -> str:
        login = {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": config | more}
        return edge.refused("modify_rule", RuleArn=rule, Actions=[login, forward])

    assert "must be given" in refused()
    assert "must be given" in refused(UseExistingClientSecret=False)
    assert "could keep" in refused(UseExistingClientSecret=True)
    login = {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": config | {"ClientSecret": "hidden"}}
    edge.call("modify_rule", RuleArn=rule, Actions=[login, forward])
    assert "must be given" in refused()
    assert "cannot be given" in refused(UseExistingClientSecret=True, ClientSecret="another")


def test_a_path_is_a_condition_of_its_own_and_conditions_change_without_actions(edge: Edge) -> None:
    path = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api/*", "/v2/*"]}}
    one = edge.group("one")
    rule = edge.rule(10, [to(one)], Conditions=[path])
    assert edge.rules()[0]["Conditions"] == [path | {"Values": ["/api/*", "/v2/*"]}]
    host = {"Field": "host-header", "HostHeaderConfig": {"Values": ["app.example.org"]}}
    edge.call("modify_rule", RuleArn=rule, Conditions=[host])
    found = edge.rules()[0]
    assert found["Conditions"] == [host | {"Values": ["app.example.org"]}]
    assert found["Actions"][0]["TargetGroupArn"] == one


def test_targets_are_unused_until_something_forwards_to_them(edge: Edge, sandbox: EmbeddedSandbox) -> None:
    group = edge.group("one")
    subnet = sandbox.values["subnets"]["internal-eu-central-1a"]
    image = edge.aws.call("ec2", "describe_images", Owners=["self", "amazon"])["Images"][0]["ImageId"]
    made = edge.aws.call("ec2", "run_instances", ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet)
    edge.call("register_targets", TargetGroupArn=group, Targets=[{"Id": made["Instances"][0]["InstanceId"]}])

    def health() -> dict[str, Any]:
        found = edge.call("describe_target_health", TargetGroupArn=group)["TargetHealthDescriptions"]
        state: dict[str, Any] = found[0]["TargetHealth"]
        return state

    assert (health()["State"], health()["Reason"]) == ("unused", "Target.NotInUse")
    rule = edge.rule(1, [to(group)])
    assert health()["State"] == "healthy"
    edge.call("delete_rule", RuleArn=rule)
    assert health()["State"] == "unused"


def test_rules_have_tags_and_the_tagging_api_finds_them(edge: Edge) -> None:
    rule = edge.rule(1, [to(edge.group("one"))], Tags=[{"Key": "senza:app", "Value": "hello"}])
    edge.call("add_tags", ResourceArns=[rule], Tags=[{"Key": f"key{number}", "Value": ""} for number in range(40)])
    [described] = edge.call("describe_tags", ResourceArns=[rule])["TagDescriptions"]
    assert {"Key": "senza:app", "Value": "hello"} in described["Tags"]
    assert len(described["Tags"]) == 41
    many = [{"Key": f"more{number}", "Value": ""} for number in range(10)]
    assert edge.refused("add_tags", ResourceArns=[rule], Tags=many).startswith("TooManyTags")
    found = edge.aws.call(
        "resourcegroupstaggingapi",
        "get_resources",
        ResourceTypeFilters=["elasticloadbalancing:listener-rule"],
        TagFilters=[{"Key": "senza:app", "Values": ["hello"]}],
    )["ResourceTagMappingList"]
    assert [one["ResourceARN"] for one in found] == [rule]
    edge.call("delete_rule", RuleArn=rule)
    assert edge.refused("describe_tags", ResourceArns=[rule]).startswith("RuleNotFound")


# -- in stacks ------------------------------------------------------------------------------------------------------
def of_stack(edge: Edge, priority: Any = "7", host: str = "app-1.example.org") -> dict[str, Any]:
    group = {
        "Port": 80,
        "Protocol": "HTTP",
        "VpcId": edge.sandbox.values["vpc_id"],
        "Tags": [{"Key": "a", "Value": "b"}],
    }
    rule = {
        "ListenerArn": edge.listener,
        "Priority": priority,
        "Conditions": [{"Field": "host-header", "HostHeaderConfig": {"Values": [host]}}],
        "Actions": [
            {
                "Type": "forward",
                "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": {"Ref": "Group"}, "Weight": "1"}]},
            }
        ],
    }
    return {
        "Group": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": group},
        "Rule": {"Type": "AWS::ElasticLoadBalancingV2::ListenerRule", "Properties": rule},
    }


def test_a_rule_of_a_stack_changes_in_place_and_goes_with_it(edge: Edge, stacks: Stacks) -> None:
    stacks.create("app-1", of_stack(edge))
    before = edge.rules()[0]
    assert (before["Priority"], before["Conditions"][0]["Values"]) == ("7", ["app-1.example.org"])
    stacks.update("app-1", of_stack(edge, 8, "app-2.example.org"))
    after = edge.rules()[0]
    assert (after["Priority"], after["Conditions"][0]["Values"]) == ("8", ["app-2.example.org"])
    assert after["RuleArn"] == before["RuleArn"]
    edge.call("delete_rule", RuleArn=after["RuleArn"])
    stacks.delete("app-1")
    assert edge.call("describe_target_groups")["TargetGroups"] == []


def test_a_stack_with_a_taken_priority_fails_and_leaves_nothing(edge: Edge, stacks: Stacks) -> None:
    stacks.create("app-1", of_stack(edge))
    stacks.create("app-2", of_stack(edge, host="app-2.example.org"))
    assert stacks.status("app-2") == "ROLLBACK_COMPLETE"
    assert "Rule CREATE_FAILED: Priority '7' is currently in use" in stacks.events("app-2")
    assert len(edge.rules()) == 2


def test_a_stack_whose_target_group_a_foreign_rule_names_cannot_be_deleted(edge: Edge, stacks: Stacks) -> None:
    stacks.create("app-1", of_stack(edge))
    group = edge.call("describe_target_groups")["TargetGroups"][0]["TargetGroupArn"]
    rule = edge.rule(9, [to(group)])
    stacks.delete("app-1")
    assert stacks.status("app-1") == "DELETE_FAILED"
    edge.call("delete_rule", RuleArn=rule)
    stacks.delete("app-1")
    assert edge.call("describe_target_groups")["TargetGroups"] == []


def test_target_groups_of_stacks_are_found_by_their_tags(edge: Edge, stacks: Stacks) -> None:
    stacks.create("app-1", of_stack(edge))
    [found] = edge.aws.call(
        "resourcegroupstaggingapi",
        "get_resources",
        ResourceTypeFilters=["elasticloadbalancing:targetgroup"],
        TagFilters=[{"Key": "a"}],
    )["ResourceTagMappingList"]
    tags = {one["Key"]: one["Value"] for one in found["Tags"]}
    assert (tags[STACK], tags["aws:cloudformation:logical-id"], tags["a"]) == ("app-1", "Group", "b")


def test_drift_of_a_rule_is_found(edge: Edge, stacks: Stacks) -> None:
    def drift() -> str:
        stacks.call("detect_stack_drift", StackName="app-1")
        found = stacks.call("describe_stack_resource_drifts", StackName="app-1")["StackResourceDrifts"]
        status: str = {one["LogicalResourceId"]: one["StackResourceDriftStatus"] for one in found}["Rule"]
        return status

    stacks.create("app-1", of_stack(edge))
    assert drift() == "IN_SYNC"
    rule = edge.rules()[0]["RuleArn"]
    edge.call("modify_rule", RuleArn=rule, Actions=[to(edge.group("other"))])
    assert drift() == "MODIFIED"
    edge.call("delete_rule", RuleArn=rule)
    assert drift() == "DELETED"
