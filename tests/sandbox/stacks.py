"""Short words for tests that make stacks in the sandbox."""

from __future__ import annotations

import json
from typing import Any

import pytest

from senza.aws import Aws
from senza.errors import AwsError
from senza.sandbox.embedded import EmbeddedSandbox

ZONE_OF_BALANCERS = "Z215JYRZR1TBD5"


def topic(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SNS::Topic", "Properties": properties}


def record(identifier: str, weight: int = 0, name: str = "app.hello.example.org", **other: Any) -> dict[str, Any]:
    target = {"HostedZoneId": ZONE_OF_BALANCERS, "DNSName": f"{identifier}-1.eu-central-1.elb.amazonaws.com"}
    properties = {
        "HostedZoneName": "hello.example.org.",
        "Name": name,
        "Type": "A",
        "SetIdentifier": identifier,
        "Weight": weight,
        "AliasTarget": target,
    }
    return {"Type": "AWS::Route53::RecordSet", "Properties": properties | other}


class Stacks:
    """The stacks of a sandbox."""

    def __init__(self, sandbox: EmbeddedSandbox, aws: Aws) -> None:
        self.sandbox = sandbox
        self.aws = aws

    def call(self, operation: str, **given: Any) -> dict[str, Any]:
        return self.aws.call("cloudformation", operation, **given)

    def put(self, operation: str, name: str, resources: dict[str, Any], **more: Any) -> str:
        """create_stack or update_stack; keywords of the template (Outputs...) and of the request (Tags...) alike."""
        sections = ("Parameters", "Outputs", "Mappings", "Conditions", "Metadata", "Description", "Transform")
        template = {"Resources": resources} | {key: more.pop(key) for key in sections if key in more}
        more |= {"Parameters": more.pop("Given")} if "Given" in more else {}
        ident: str = self.call(operation, StackName=name, TemplateBody=json.dumps(template), **more)["StackId"]
        return ident

    def create(self, name: str, resources: dict[str, Any], **more: Any) -> str:
        return self.put("create_stack", name, resources, **more)

    def update(self, name: str, resources: dict[str, Any], **more: Any) -> str:
        return self.put("update_stack", name, resources, **more)

    def refused(self, operation: str, name: str, resources: dict[str, Any], **more: Any) -> AwsError:
        with pytest.raises(AwsError) as raised:
            self.put(operation, name, resources, **more)
        return raised.value

    def delete(self, name: str, **more: Any) -> None:
        self.call("delete_stack", StackName=name, **more)

    def describe(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call("describe_stacks", StackName=name)["Stacks"][0]
        return found

    def status(self, name: str) -> str:
        status: str = self.describe(name)["StackStatus"]
        return status

    def events(self, name: str) -> list[str]:
        """``LogicalId STATUS: reason``, oldest first."""
        found = list(self.aws.pages("cloudformation", "describe_stack_events", "StackEvents", StackName=name))
        return [
            f"{one['LogicalResourceId']} {one['ResourceStatus']}"
            + (f": {one['ResourceStatusReason'].strip()}" if one.get("ResourceStatusReason") else "")
            for one in reversed(found)
        ]

    def weights(self) -> dict[str, int]:
        zone = self.sandbox.values["zone_ids"]["hello.example.org."]
        found = self.aws.pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone)
        return {one["SetIdentifier"]: one["Weight"] for one in found if "Weight" in one}

    def set_weight(self, identifier: str, weight: int) -> None:
        """Switch traffic behind the stack's back."""
        given = record(identifier, weight)["Properties"]
        del given["HostedZoneName"]
        given["AliasTarget"] |= {"EvaluateTargetHealth": False}
        self.aws.call(
            "route53",
            "change_resource_record_sets",
            HostedZoneId=self.sandbox.values["zone_ids"]["hello.example.org."],
            ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": given}]},
        )


def topics(aws: Aws) -> set[str]:
    """The topics that stacks made: those of the seeded account do not count."""
    found = {one["TopicArn"].rpartition(":")[2] for one in aws.pages("sns", "list_topics", "Topics")}
    return found - {"stups-ops", "senza-operators"}
