"""The checks on the sandbox, and short words for what they found."""

from __future__ import annotations

import json
from typing import Any

import pytest

from senza.account import Account
from senza.aws import Aws
from senza.clock import Clock
from senza.doctor.examine import examine
from senza.doctor.facts import Facts
from senza.doctor.model import Check, Finding
from senza.sandbox.embedded import EmbeddedSandbox

DAY = 86400.0
ZONE = "hello.example.org"
MAIN = f"shop.{ZONE}"
BALANCER_ZONES = {"eu-central-1": "Z215JYRZR1TBD5", "us-east-1": "Z35SXDOTRQ7X7K"}


class Doctor:
    """Makes an account unwell, and asks."""

    def __init__(self, aws: Aws, clock: Clock, sandbox: EmbeddedSandbox) -> None:
        self.aws = aws
        self.clock = clock
        self.sandbox = sandbox

    def facts(self) -> Facts:
        return Facts(self.aws, Account(self.aws), self.clock)

    def asks(self, check: Check) -> list[Finding]:
        """What one check finds."""
        return list(check.examine(self.facts()))

    def levels(self) -> dict[str, str]:
        """The worst level of each check that found something."""
        order = ("ok", "info", "warning", "error")
        worst: dict[str, str] = {}
        for check, finding in examine(self.facts()):
            worst[check.id] = max(worst.get(check.id, "ok"), finding.level, key=order.index)
        return {check: level for check, level in worst.items() if level != "ok"}

    def create(self, stack: str, weight: int = 0, **resources: Any) -> None:
        """A stack with a weighted record at MAIN; later weights are set behind its back, as a switch does."""
        properties: dict[str, Any] = {"HostedZoneName": f"{ZONE}.", "Name": f"{MAIN}.", "Type": "A", "TTL": "20"}
        properties |= {"ResourceRecords": ["192.0.2.1"], "SetIdentifier": stack, "Weight": "0"}
        template = {"Resources": {"Main": {"Type": "AWS::Route53::RecordSet", "Properties": properties}, **resources}}
        self.aws.call("cloudformation", "create_stack", StackName=stack, TemplateBody=json.dumps(template))
        if weight:
            self.record(stack, weight)

    def record(self, identifier: str, weight: int, *, name: str = MAIN, balancer_in: str = "") -> None:
        """A weighted record as somebody left it; balancer_in: the region of the load balancer that it leads to."""
        record: dict[str, Any] = {"Name": name, "Type": "A", "SetIdentifier": identifier, "Weight": weight}
        if balancer_in:
            target = f"{identifier}-123.{balancer_in}.elb.amazonaws.com"
            record["AliasTarget"] = {
                "HostedZoneId": BALANCER_ZONES[balancer_in],
                "DNSName": target,
                "EvaluateTargetHealth": False,
            }
        else:
            record |= {"TTL": 20, "ResourceRecords": [{"Value": "192.0.2.1"}]}
        self.aws.call(
            "route53",
            "change_resource_record_sets",
            HostedZoneId=self.sandbox.values["zone_ids"][f"{ZONE}."],
            ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]},
        )


@pytest.fixture
def doctor(aws: Aws, clock: Clock, sandbox: EmbeddedSandbox) -> Doctor:
    return Doctor(aws, clock, sandbox)


def said(findings: list[Finding]) -> list[tuple[str, str]]:
    """(level, message) of each."""
    return [(finding.level, finding.message) for finding in findings]
