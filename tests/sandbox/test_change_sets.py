"""Change sets say what an update will do before it does it, as strictly as AWS's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from senza.aws import Aws
from senza.errors import AwsError
from senza.sandbox.embedded import EmbeddedSandbox
from tests.sandbox.stacks import Stacks, record, topic

BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"


def balancer(**properties: Any) -> dict[str, Any]:
    return {"Type": BALANCER, "Properties": {"Scheme": "internal", "Type": "network"} | properties}


def queue(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def make(stacks: Stacks, name: str, resources: dict[str, Any], **more: Any) -> str:
    """The change set's id."""
    stacks.put("create_change_set", name, resources, **{"ChangeSetName": "look"} | more)
    found = stacks.call("describe_change_set", StackName=name, ChangeSetName=more.get("ChangeSetName", "look"))
    return str(found["ChangeSetId"])


def look(stacks: Stacks, ident: str, **more: Any) -> dict[str, Any]:
    return stacks.call("describe_change_set", ChangeSetName=ident, **more)


def changes(stacks: Stacks, ident: str, **more: Any) -> dict[str, dict[str, Any]]:
    return {
        one["ResourceChange"]["LogicalResourceId"]: one["ResourceChange"]
        for one in look(stacks, ident, **more)["Changes"]
    }


def test_what_is_added_changed_replaced_and_removed(stacks: Stacks) -> None:
    kept = queue(QueueName="kept", DelaySeconds=1)
    stacks.create("app-1", {"Kept": kept, "Named": queue(QueueName="old"), "Gone": topic(), "Same": topic()})
    ident = make(
        stacks,
        "app-1",
        {
            "Kept": queue(QueueName="kept", DelaySeconds=2),
            "Named": queue(QueueName="new"),
            "Added": topic(),
            "Same": topic(),
        },
    )
    found = {
        name: (one["Action"], one.get("Replacement"), one.get("Scope", []))
        for name, one in changes(stacks, ident).items()
    }
    assert found == {
        "Added": ("Add", None, []),
        "Gone": ("Remove", None, []),
        "Kept": ("Modify", "False", ["Properties"]),
        "Named": ("Modify", "True", ["Properties"]),
    }
    assert changes(stacks, ident)["Named"]["Details"] == [
        {
            "Target": {"Attribute": "Properties", "Name": "QueueName", "RequiresRecreation": "Always"},
            "Evaluation": "Static",
            "ChangeSource": "DirectModification",
        }
    ]
    assert stacks.status("app-1") == "CREATE_COMPLETE"
    before = stacks.describe("app-1").get("LastUpdatedTime")
    assert before is None


def test_what_follows_from_another_resource_is_only_known_when_it_is_done(stacks: Stacks) -> None:
    alias = {"HostedZoneId": {"Fn::GetAtt": ["Balancer", "CanonicalHostedZoneID"]}}
    alias["DNSName"] = {"Fn::GetAtt": ["Balancer", "DNSName"]}
    main = record("app-1", AliasTarget=alias)
    subnet = stacks.aws.call("ec2", "describe_subnets")["Subnets"][0]["SubnetId"]
    stacks.create("app-1", {"Balancer": balancer(Name="one", Subnets=[subnet]), "Main": main})
    ident = make(stacks, "app-1", {"Balancer": balancer(Name="two", Subnets=[subnet]), "Main": main})
    found = changes(stacks, ident)
    assert found["Balancer"]["Replacement"] == "True"
    assert found["Main"]["Replacement"] == "False"
    causes = {(one["ChangeSource"], one["CausingEntity"], one["Evaluation"]) for one in found["Main"]["Details"]}
    assert causes == {
        ("ResourceAttribute", "Balancer.DNSName", "Dynamic"),
        ("ResourceAttribute", "Balancer.CanonicalHostedZoneID", "Dynamic"),
    }
    assert found["Balancer"]["PolicyAction"] == "ReplaceAndDelete"


def test_parameters_are_named_and_secrets_are_not_told(stacks: Stacks) -> None:
    declared = {"Delay": {"Type": "Number"}, "Secret": {"Type": "String", "NoEcho": True}}
    resources = {"Jobs": queue(DelaySeconds={"Ref": "Delay"}), "Alerts": topic(DisplayName={"Ref": "Secret"})}

    def given(delay: int, secret: str) -> list[dict[str, str]]:
        return [
            {"ParameterKey": "Delay", "ParameterValue": str(delay)},
            {"ParameterKey": "Secret", "ParameterValue": secret},
        ]

    stacks.create("app-1", resources, Parameters=declared, Given=given(1, "hunter2"))
    ident = make(stacks, "app-1", resources, Parameters=declared, Given=given(2, "hunter3"))
    found = changes(stacks, ident, IncludePropertyValues=True)
    assert [(one["ChangeSource"], one["Evaluation"]) for one in found["Jobs"]["Details"]] == [
        ("ParameterReference", "Static"),
        ("DirectModification", "Dynamic"),
    ]
    target = found["Jobs"]["Details"][0]["Target"]
    assert (target["BeforeValue"], target["AfterValue"]) == ("1", "2")
    assert json.loads(found["Jobs"]["AfterContext"]) == {"Properties": {"DelaySeconds": "2"}}
    assert "hunter" not in json.dumps(found, default=str)


def test_tags_of_the_stack_touch_what_can_be_tagged(stacks: Stacks) -> None:
    resources = {"Jobs": queue(), "Main": record("app-1")}
    stacks.create("app-1", resources)
    ident = make(stacks, "app-1", resources, Tags=[{"Key": "Team", "Value": "shop"}])
    found = changes(stacks, ident)
    assert {name: one["Scope"] for name, one in found.items()} == {"Jobs": ["Tags"]}


def test_nothing_to_change_is_a_failed_change_set(stacks: Stacks) -> None:
    stacks.create("app-1", {"Jobs": queue()})
    found = look(stacks, make(stacks, "app-1", {"Jobs": queue()}))
    assert (found["Status"], found["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert "didn't contain changes" in found["StatusReason"]
    with pytest.raises(AwsError, match="cannot be executed in its current status"):
        stacks.call("execute_change_set", ChangeSetName=found["ChangeSetId"])


def test_executing_one_updates_the_stack_and_ends_the_others(stacks: Stacks, aws: Aws) -> None:
    stacks.create("app-1", {"Jobs": queue()})
    other = make(stacks, "app-1", {"Jobs": queue(), "B": topic()}, ChangeSetName="other")
    mine = make(stacks, "app-1", {"Jobs": queue(), "A": topic()}, ChangeSetName="mine")
    names = [
        one["ChangeSetName"] for one in aws.pages("cloudformation", "list_change_sets", "Summaries", StackName="app-1")
    ]
    assert names == ["other", "mine"]
    for _ in range(2):  # the same token does it once
        stacks.call("execute_change_set", ChangeSetName=mine, ClientRequestToken="senza-1")
    assert stacks.status("app-1") == "UPDATE_COMPLETE"
    assert look(stacks, mine)["ExecutionStatus"] == "EXECUTE_COMPLETE"
    with pytest.raises(AwsError) as raised:
        look(stacks, other)
    assert raised.value.code == "ChangeSetNotFound"
    assert stacks.events("app-1")[-1] == "app-1 UPDATE_COMPLETE"


def test_after_another_update_it_is_obsolete(stacks: Stacks) -> None:
    stacks.create("app-1", {"Jobs": queue()})
    ident = make(stacks, "app-1", {"Jobs": queue(), "A": topic()})
    stacks.update("app-1", {"Jobs": queue(), "B": topic()})
    assert look(stacks, ident)["ExecutionStatus"] == "OBSOLETE"
    with pytest.raises(AwsError) as raised:
        stacks.call("execute_change_set", ChangeSetName=ident)
    assert raised.value.code == "InvalidChangeSetStatus"
    stacks.call("delete_change_set", ChangeSetName=ident)
    stacks.call("delete_change_set", StackName="app-1", ChangeSetName="look")  # fine where there is none


def test_a_stack_can_begin_as_a_change_set(stacks: Stacks) -> None:
    ident = make(stacks, "app-1", {"Jobs": queue()}, ChangeSetType="CREATE")
    assert stacks.status("app-1") == "REVIEW_IN_PROGRESS"
    assert [one["Action"] for one in changes(stacks, ident).values()] == ["Add"]
    assert stacks.refused("create_stack", "app-1", {"Jobs": queue()}).code == "AlreadyExistsException"
    stacks.call("execute_change_set", ChangeSetName=ident)
    assert stacks.status("app-1") == "CREATE_COMPLETE"


def test_it_takes_its_time_and_comes_in_pages(stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws) -> None:
    stacks.create("app-1", {"Jobs": queue()})
    sandbox.settings.change_set_seconds = 5
    sandbox.settings.change_set_page = 2
    ident = make(stacks, "app-1", {f"A{number}": topic() for number in range(5)})
    assert look(stacks, ident)["Status"] == "CREATE_IN_PROGRESS"
    sandbox.advance(5)
    found = list(aws.pages("cloudformation", "describe_change_set", "Changes", ChangeSetName=ident))
    assert len(found) == 6
    assert len(look(stacks, ident)["Changes"]) == 2


def test_a_logical_id_keeps_its_type(stacks: Stacks) -> None:
    stacks.create("app-1", {"Jobs": queue()})
    for operation, more in (("update_stack", {}), ("create_change_set", {"ChangeSetName": "look"})):
        refusal = stacks.refused(operation, "app-1", {"Jobs": topic()}, **more)
        assert "Update of resource type is not permitted" in refusal.message


# -- rollback triggers, and deletions that fail


def alarm(aws: Aws, name: str, state: str) -> str:
    aws.call(
        "cloudwatch",
        "put_metric_alarm",
        **{"AlarmName": name, "Namespace": "App", "MetricName": "Errors", "Statistic": "Sum", "Period": 60},
        **{"EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"},
        TreatMissingData="ignore",
    )
    aws.call("cloudwatch", "set_alarm_state", AlarmName=name, StateValue=state, StateReason="test")
    found = aws.call("cloudwatch", "describe_alarms", AlarmNames=[name])["MetricAlarms"][0]
    return str(found["AlarmArn"])


def test_an_alarm_rolls_an_update_back_while_it_is_watched(stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws) -> None:
    trigger = {"Arn": alarm(aws, "errors", "OK"), "Type": "AWS::CloudWatch::Alarm"}
    rollback = {"RollbackTriggers": [trigger], "MonitoringTimeInMinutes": 5}
    stacks.create("app-1", {"Jobs": queue(DelaySeconds=1)})
    stacks.update("app-1", {"Jobs": queue(DelaySeconds=2)}, RollbackConfiguration=rollback)
    assert stacks.status("app-1") == "UPDATE_IN_PROGRESS"
    alarm(aws, "errors", "ALARM")
    sandbox.advance(300)
    assert stacks.status("app-1") == "UPDATE_ROLLBACK_COMPLETE"
    assert any("went to ALARM" in one for one in stacks.events("app-1"))
    assert stacks.describe("app-1")["RollbackConfiguration"]["MonitoringTimeInMinutes"] == 5


def test_what_cannot_be_deleted_may_be_left_behind(stacks: Stacks, sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.update({"failures": [{"stack": "app-.", "logical_id": "Jobs", "phase": "delete"}]})
    for name, more in (("app-1", {"RetainResources": ["Jobs"]}), ("app-2", {"DeletionMode": "FORCE_DELETE_STACK"})):
        ident = stacks.create(name, {"Jobs": queue(), "A": topic()})
        with pytest.raises(AwsError, match="DELETE_FAILED state"):
            stacks.delete(name, **more)
        stacks.delete(name)
        assert stacks.status(name) == "DELETE_FAILED"
        stacks.delete(name, **more)
        assert stacks.status(ident) == "DELETE_COMPLETE"


# -- what is announced is what is done


@pytest.mark.parametrize(
    ("kind", "before", "after", "replacement"),
    [
        ("AWS::SQS::Queue", {"QueueName": "a"}, {"QueueName": "b"}, "True"),
        ("AWS::SQS::Queue", {"DelaySeconds": 1}, {"DelaySeconds": 2}, "False"),
        ("AWS::ElasticLoadBalancingV2::TargetGroup", {"Port": 80}, {"Port": 81}, "True"),
        (
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            {"HealthCheckIntervalSeconds": 10},
            {"HealthCheckIntervalSeconds": 20},
            "False",
        ),
        ("AWS::ElasticLoadBalancing::LoadBalancer", {"Scheme": "internal"}, {"Scheme": "internet-facing"}, "True"),
        ("AWS::ElasticLoadBalancing::LoadBalancer", {"CrossZone": False}, {"CrossZone": True}, "False"),
        (
            "AWS::EC2::LaunchTemplate",
            {"LaunchTemplateData": {"InstanceType": "t3.micro"}},
            {"LaunchTemplateData": {"InstanceType": "t3.small"}},
            "False",
        ),
        ("AWS::Route53::RecordSet", {"TTL": "20"}, {"TTL": "30"}, "False"),
        ("AWS::Route53::RecordSet", {"Name": "a.hello.example.org."}, {"Name": "b.hello.example.org."}, "True"),
    ],
)
def test_what_is_announced_is_what_happens(
    stacks: Stacks, kind: str, before: dict[str, Any], after: dict[str, Any], replacement: str
) -> None:
    vpc = stacks.aws.call("ec2", "describe_vpcs")["Vpcs"][0]["VpcId"]
    listener = {"LoadBalancerPort": "80", "InstancePort": "80", "Protocol": "HTTP"}
    base: dict[str, dict[str, Any]] = {
        "AWS::ElasticLoadBalancingV2::TargetGroup": {"VpcId": vpc, "Port": 80, "Protocol": "HTTP"},
        "AWS::ElasticLoadBalancing::LoadBalancer": {"Listeners": [listener], "AvailabilityZones": ["eu-central-1a"]},
        "AWS::Route53::RecordSet": {
            **{"HostedZoneName": "hello.example.org.", "Name": "a.hello.example.org.", "Type": "A", "TTL": "20"},
            "ResourceRecords": ["192.0.2.1"],
        },
    }
    first, second = ({"It": {"Type": kind, "Properties": base.get(kind, {}) | one}} for one in (before, after))
    stacks.create("app-1", first)
    ident = make(stacks, "app-1", second)
    assert changes(stacks, ident)["It"]["Replacement"] == replacement
    old = physical_id(stacks)
    stacks.call("execute_change_set", ChangeSetName=ident)
    assert stacks.status("app-1") == "UPDATE_COMPLETE"
    assert (physical_id(stacks) != old) == (replacement == "True")


def physical_id(stacks: Stacks) -> str:
    found = stacks.call("describe_stack_resource", StackName="app-1", LogicalResourceId="It")
    return str(found["StackResourceDetail"]["PhysicalResourceId"])
