"""Apps in the sandbox, small: stacks whose only resources are DNS records."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from senza.aws import Aws
from senza.components import Compiled
from senza.stacks.summaries import Stack
from senza.traffic.guards import plan_update
from senza.traffic.records import Zones

ZONE = "hello.example.org."
MAIN = "shop.hello.example.org"


def make_stack(aws: Aws, stack: str, template: Mapping[str, Any], topics: tuple[str, ...]) -> str:
    """Returns its id."""
    given = {"TemplateBody": json.dumps(template), "NotificationARNs": list(topics)}
    return str(aws.call("cloudformation", "create_stack", StackName=stack, **given)["StackId"])


def compiled_of(stack: str, template: Mapping[str, Any], **weighted: Any) -> Compiled:
    """As if a definition were compiled to that template. weighted: weighted_records or weighted_targets."""
    name, _, version = stack.rpartition("-")
    nothing: dict[str, Any] = {
        "tags": {},
        "parameters": {},
        "capabilities": (),
        "notification_arns": (),
        "warnings": (),
    }
    given = {"weighted_records": (), **nothing, **weighted}
    return Compiled(template=dict(template), stack_name=name, version=version, **given)


def before_update(aws: Aws, zones: Zones, compiled: Compiled, stack: Stack, *, force: bool = False) -> Compiled:
    """What the stack is to be updated with."""
    return plan_update(aws, zones, compiled, stack, force=force).compiled


class Apps:
    """Makes versions of apps, sets weights as somebody else would, and reads what Route 53 says."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws

    def record(self, name: str, identifier: str | None, weight: int | str = "0") -> dict[str, Any]:
        weighted = {} if identifier is None else {"SetIdentifier": identifier, "Weight": weight}
        properties = {"Name": f"{name}.", "Type": "A", "TTL": "20", "ResourceRecords": ["192.0.2.1"], **weighted}
        return {"Type": "AWS::Route53::RecordSet", "Properties": {"HostedZoneName": ZONE, **properties}}

    def template(self, stack: str, domains: Mapping[str, str], weight: int | str = "0", **more: Any) -> dict[str, Any]:
        """domains: logical id to name; all weighted, but those whose logical id starts with ``Version``."""
        resources = {
            logical_id: self.record(name, None if logical_id.startswith("Version") else stack, weight)
            for logical_id, name in domains.items()
        }
        return {"Resources": {**resources, **more}}

    def create(
        self,
        stack: str,
        domains: Mapping[str, str] | None = None,
        weight: int | str = "0",
        topics: tuple[str, ...] = (),
        **more: Any,
    ) -> str:
        """A stack with these records (the main domain and a version domain if None); returns its id."""
        if domains is None:
            domains = {"Main": MAIN, "VersionDomain": f"{stack}.{ZONE.rstrip('.')}"}
        return make_stack(self.aws, stack, self.template(stack, domains, weight, **more), topics)

    def zone_id(self, name: str = ZONE) -> str:
        zones = self.aws.call("route53", "list_hosted_zones")["HostedZones"]
        return str(next(zone["Id"] for zone in zones if zone["Name"] == name))

    def upsert(self, identifier: str, weight: int, name: str = MAIN, zone: str = ZONE) -> None:
        self.change("UPSERT", identifier, weight, name, zone)

    def change(self, action: str, identifier: str, weight: int, name: str = MAIN, zone: str = ZONE) -> None:
        record = self.record(name, identifier, weight)["Properties"]
        record["ResourceRecords"] = [{"Value": value} for value in record["ResourceRecords"]]
        record |= {"TTL": 20, "Weight": weight}
        record.pop("HostedZoneName")
        self.aws.call(
            "route53",
            "change_resource_record_sets",
            HostedZoneId=self.zone_id(zone),
            ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record}]},
        )

    def set(self, weights: Mapping[str, int], name: str = MAIN, zone: str = ZONE) -> None:
        for identifier, weight in weights.items():
            self.upsert(identifier, weight, name, zone)

    def weights(self, name: str = MAIN, zone: str = ZONE) -> dict[str, int]:
        records = self.aws.pages(
            "route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=self.zone_id(zone)
        )
        return {
            record["SetIdentifier"]: record["Weight"]
            for record in records
            if record["Name"] == f"{name}." and "Weight" in record
        }

    def counted(self, function: Callable[[], Any]) -> list[str]:
        """The calls that the function makes."""
        before = len(self.aws.calls)
        function()
        return sorted(str(call) for call in self.aws.calls[before:])


@pytest.fixture
def apps(aws: Aws) -> Apps:
    return Apps(aws)
