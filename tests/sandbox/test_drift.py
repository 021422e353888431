"""Drift is what somebody changed behind the stack's back, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from senza.errors import AwsError
from senza.sandbox.embedded import EmbeddedSandbox
from tests.sandbox.stacks import Stacks, record, topic


def detect(stacks: Stacks, name: str) -> dict[str, Any]:
    ident = stacks.call("detect_stack_drift", StackName=name)["StackDriftDetectionId"]
    return stacks.call("describe_stack_drift_detection_status", StackDriftDetectionId=ident)


def drifts(stacks: Stacks, name: str) -> dict[str, list[tuple[str, str, str]]]:
    found = stacks.call("describe_stack_resource_drifts", StackName=name)["StackResourceDrifts"]
    return {
        one["LogicalResourceId"]: [
            (each["PropertyPath"], each["ExpectedValue"], each["ActualValue"]) for each in one["PropertyDifferences"]
        ]
        for one in found
    }


def group(cidr: str = "10.0.0.0/8") -> dict[str, Any]:
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": cidr}
    return {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"GroupDescription": "web", "SecurityGroupIngress": [rule]},
    }


def test_weights_and_rules_that_were_changed_by_hand_are_found(stacks: Stacks) -> None:
    stacks.create(
        "app-1", {"Main": record("app-1"), "Web": group(), "Same": record("app-1", name="b.hello.example.org")}
    )
    assert detect(stacks, "app-1")["StackDriftStatus"] == "IN_SYNC"
    stacks.set_weight("app-1", 200)
    web = stacks.call("describe_stack_resource", StackName="app-1", LogicalResourceId="Web")
    ident = web["StackResourceDetail"]["PhysicalResourceId"]
    added = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    stacks.aws.call("ec2", "authorize_security_group_ingress", GroupId=ident, IpPermissions=[added])
    found = detect(stacks, "app-1")
    assert (found["StackDriftStatus"], found["DriftedStackResourceCount"]) == ("DRIFTED", 2)
    seen = drifts(stacks, "app-1")
    assert seen["Main"] == [("/Weight", "0", "200")]
    assert [path for path, _, _ in seen["Web"]] == ["/SecurityGroupIngress"]
    assert "0.0.0.0/0" in seen["Web"][0][2]
    assert seen["Same"] == []
    assert stacks.describe("app-1")["DriftInformation"]["StackDriftStatus"] == "DRIFTED"


def test_it_takes_its_time_and_needs_a_stack_at_rest(stacks: Stacks, sandbox: EmbeddedSandbox) -> None:
    stacks.create("app-1", {"Alerts": topic()})
    sandbox.settings.drift_seconds = 10
    assert detect(stacks, "app-1")["DetectionStatus"] == "DETECTION_IN_PROGRESS"
    sandbox.settings.default_seconds = 60
    stacks.create("app-2", {"Alerts": topic()})
    with pytest.raises(AwsError, match="CREATE_IN_PROGRESS"):
        detect(stacks, "app-2")
