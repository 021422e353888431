"""What stacks of today have beside a group and a load balancer."""

from __future__ import annotations

from typing import Any

import pytest

from senza.aws import Aws
from senza.sandbox.embedded import EmbeddedSandbox
from tests.sandbox.stacks import Stacks
from tests.sandbox.test_services import group, launch


@pytest.fixture
def subnets(sandbox: EmbeddedSandbox) -> list[str]:
    found: dict[str, str] = sandbox.values["subnets"]
    return [found["internal-eu-central-1a"]]


def mixed(overrides: list[dict[str, Any]]) -> dict[str, Any]:
    template = {"LaunchTemplateId": {"Ref": "Launch"}, "Version": {"Fn::GetAtt": ["Launch", "LatestVersionNumber"]}}
    return {"LaunchTemplate": {"LaunchTemplateSpecification": template, "Overrides": overrides}}


def with_properties(resource: dict[str, Any], **more: Any) -> dict[str, Any]:
    properties = {key: value for key, value in {**resource["Properties"], **more}.items() if value is not None}
    return {**resource, "Properties": properties}


def the_group(aws: Aws) -> dict[str, Any]:
    (found,) = aws.call("autoscaling", "describe_auto_scaling_groups")["AutoScalingGroups"]
    return dict(found)


def bare_group(subnets: list[str], **more: Any) -> dict[str, Any]:
    return with_properties(group(subnets), LoadBalancerNames=None, **more)


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([{"InstanceType": "m6i.large"}, {"InstanceType": "m5.large"}], "m6i.large"),
        ([{"InstanceRequirements": {"VCpuCount": {"Min": 8, "Max": 8}, "MemoryMiB": {"Min": 32000}}}], None),
    ],
)
def test_instances_of_mixed_groups_have_a_type(
    overrides: list[dict[str, Any]],
    expected: str | None,
    stacks: Stacks,
    sandbox: EmbeddedSandbox,
    aws: Aws,
    subnets: list[str],
) -> None:
    resources = {
        "Launch": launch(sandbox),
        "Group": bare_group(subnets, LaunchTemplate=None, MixedInstancesPolicy=mixed(overrides)),
    }
    stacks.create("app-1", resources)
    (kind,) = {one["InstanceType"] for one in the_group(aws)["Instances"]}
    if expected:
        assert kind == expected
        return
    (found,) = aws.call("ec2", "describe_instance_types", InstanceTypes=[kind])["InstanceTypes"]
    assert found["VCpuInfo"]["DefaultVCpus"] == 8
    assert found["MemoryInfo"]["SizeInMiB"] >= 32000


def test_hooks_actions_and_pools_live_and_die_with_the_stack(
    stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws, subnets: list[str]
) -> None:
    hook = {"LifecycleHookName": "drain", "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING"}
    own = {"AutoScalingGroupName": {"Ref": "Group"}}
    resources = {
        "Launch": launch(sandbox),
        "Group": bare_group(subnets, LifecycleHookSpecificationList=[{**hook, "HeartbeatTimeout": "120"}]),
        "Morning": {
            "Type": "AWS::AutoScaling::ScheduledAction",
            "Properties": {**own, "Recurrence": "0 7 * * *", "MinSize": 4},
        },
        "Pool": {"Type": "AWS::AutoScaling::WarmPool", "Properties": {**own, "MinSize": 2}},
    }

    def found() -> tuple[list[int], list[int], Any]:
        name = the_group(aws)["AutoScalingGroupName"]
        hooks = aws.call("autoscaling", "describe_lifecycle_hooks", AutoScalingGroupName=name)["LifecycleHooks"]
        actions = aws.call("autoscaling", "describe_scheduled_actions")["ScheduledUpdateGroupActions"]
        pool = aws.call("autoscaling", "describe_warm_pool", AutoScalingGroupName=name).get("WarmPoolConfiguration")
        return [one["HeartbeatTimeout"] for one in hooks], [one["MinSize"] for one in actions], pool and pool["MinSize"]

    stacks.create("app-1", resources)
    assert found() == ([120], [4], 2)
    resources["Morning"]["Properties"]["MinSize"] = 5
    del resources["Pool"], resources["Group"]["Properties"]["LifecycleHookSpecificationList"]
    stacks.update("app-1", resources)
    assert found() == ([], [5], None)
    stacks.create("app-2", {**resources, "Group": resources["Group"]})
    actions = aws.call("autoscaling", "describe_scheduled_actions")["ScheduledUpdateGroupActions"]
    assert len(actions) == 2  # of two stacks, though their logical ids are the same


def test_target_groups_know_their_protocol_and_name(stacks: Stacks, aws: Aws) -> None:
    vpc = aws.call("ec2", "describe_vpcs")["Vpcs"][0]["VpcId"]
    properties = {"Name": "shop", "Port": 80, "Protocol": "HTTP", "ProtocolVersion": "GRPC", "VpcId": vpc}
    target = {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": properties}
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::GetAtt": ["Target", "TargetGroupName"]}}}
    stacks.create("app-1", {"Target": target, "Queue": queue})
    (found,) = aws.call("elbv2", "describe_target_groups")["TargetGroups"]
    assert found["ProtocolVersion"] == "GRPC"
    assert aws.call("sqs", "list_queues")["QueueUrls"][0].endswith("/shop")
