"""Stacks with instances in the sandbox: behind classic balancers, target groups of v2 ones, both, or nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from senza.aws import Aws
from senza.cli.context import Context
from senza.cli.main import cli
from senza.clock import Clock
from senza.sandbox.embedded import EmbeddedSandbox

IMAGE = "ami-0a000000000000002"
ZONE = "hello.example.org"
USER_DATA = "#taupage-ami-config\nruntime: Docker\nsource: registry.example.org/stups/{stack}:1\n"


class Fleet:
    """Makes stacks by template. balancers: any of ``classic``, ``application`` and ``network``."""

    def __init__(self, aws: Aws, sandbox: EmbeddedSandbox) -> None:
        self.aws = aws
        self.sandbox = sandbox
        subnets = sandbox.values["subnets"]
        self.subnets = [subnets[f"internal-eu-central-1{zone}"] for zone in "ab"]

    def create(
        self,
        stack: str,
        balancers: Sequence[str] = ("classic",),
        *,
        instances: int = 1,
        records: bool = False,
        configuration: bool = False,
        mixed: bool = False,
        **more: Any,
    ) -> None:
        """A stack with one group. configuration: of the old kind, instead of a launch template."""
        resources = self.group(stack, instances, configuration, mixed)
        group = resources["AppServer"]["Properties"]
        if "classic" in balancers:
            resources["Classic"] = self.classic(stack)
            group["LoadBalancerNames"] = [{"Ref": "Classic"}]
        for kind in ("application", "network"):
            if kind in balancers:
                resources |= self.modern(stack, kind)
                group.setdefault("TargetGroupARNs", []).append({"Ref": f"{kind.title()}TargetGroup"})
        if records:
            resources |= self.records(stack, balancers[0].title())
        self.create_stack(stack, resources | more)

    def create_stack(self, stack: str, resources: dict[str, Any]) -> None:
        body = json.dumps({"Resources": resources})
        self.aws.call("cloudformation", "create_stack", StackName=stack, TemplateBody=body)

    def group(self, stack: str, instances: int, configuration: bool, mixed: bool) -> dict[str, Any]:
        text = base64.b64encode(USER_DATA.format(stack=stack).encode()).decode()
        launch = {"ImageId": IMAGE, "InstanceType": "t3.micro", "UserData": text}
        reference = {
            "LaunchTemplateId": {"Ref": "AppServerConfig"},
            "Version": {"Fn::GetAtt": ["AppServerConfig", "LatestVersionNumber"]},
        }
        size = str(instances)
        group: dict[str, Any] = {"MinSize": size, "MaxSize": size, "VPCZoneIdentifier": self.subnets}
        if configuration:
            self.sandbox.settings.allow_launch_configurations = True
            config = {"Type": "AWS::AutoScaling::LaunchConfiguration", "Properties": launch}
            group["LaunchConfigurationName"] = {"Ref": "AppServerConfig"}
        else:
            config = {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": launch}}
            if mixed:
                overrides = [{"InstanceType": "t3.micro"}, {"InstanceType": "t3a.micro"}]
                group["MixedInstancesPolicy"] = {
                    "LaunchTemplate": {"LaunchTemplateSpecification": reference, "Overrides": overrides}
                }
            else:
                group["LaunchTemplate"] = reference
        return {
            "AppServerConfig": config,
            "AppServer": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": group},
        }

    def classic(self, stack: str, **more: Any) -> dict[str, Any]:
        listener = {"LoadBalancerPort": "80", "InstancePort": "8080", "Protocol": "HTTP"}
        properties = {"LoadBalancerName": stack, "Listeners": [listener], "Subnets": self.subnets, **more}
        return {"Type": "AWS::ElasticLoadBalancing::LoadBalancer", "Properties": properties}

    def modern(self, stack: str, kind: str) -> dict[str, Any]:
        protocol, name = ("HTTP", "Application") if kind == "application" else ("TCP", "Network")
        vpc = self.sandbox.values["vpc_id"]
        return {
            name: {
                "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
                "Properties": {"Name": f"{stack}-{kind[:3]}", "Type": kind, "Subnets": self.subnets},
            },
            f"{name}TargetGroup": {
                "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
                "Properties": {"Name": f"{stack}-{kind[:3]}", "Port": 8080, "Protocol": protocol, "VpcId": vpc},
            },
            f"{name}Listener": {
                "Type": "AWS::ElasticLoadBalancingV2::Listener",
                "Properties": {
                    "LoadBalancerArn": {"Ref": name},
                    "Port": 80,
                    "Protocol": protocol,
                    "DefaultActions": [{"Type": "forward", "TargetGroupArn": {"Ref": f"{name}TargetGroup"}}],
                },
            },
        }

    def records(self, stack: str, balancer: str) -> dict[str, Any]:
        """The main domain of the app, weighted, and the one of the version, as senza's component makes them."""
        app = stack.rpartition("-")[0]
        classic = balancer == "Classic"
        target = {
            "DNSName": {"Fn::GetAtt": [balancer, "DNSName"]},
            "HostedZoneId": {
                "Fn::GetAtt": [balancer, "CanonicalHostedZoneNameID" if classic else "CanonicalHostedZoneID"]
            },
        }
        common = {"HostedZoneName": f"{ZONE}.", "Type": "A", "AliasTarget": target}
        main = {**common, "Name": f"{app}.{ZONE}.", "SetIdentifier": stack, "Weight": "0"}
        version = {**common, "Name": f"{stack}.{ZONE}."}
        return {
            f"{balancer}MainDomain": {"Type": "AWS::Route53::RecordSet", "Properties": main},
            f"{balancer}VersionDomain": {"Type": "AWS::Route53::RecordSet", "Properties": version},
        }

    def run_instance(self, **more: Any) -> str:
        """An instance of no stack; returns its id."""
        wanted = {
            "ImageId": IMAGE,
            "InstanceType": "t3.micro",
            "MinCount": 1,
            "MaxCount": 1,
            "SubnetId": self.subnets[0],
            **more,
        }
        return str(self.aws.call("ec2", "run_instances", **wanted)["Instances"][0]["InstanceId"])

    def ids(self, stack: str) -> list[str]:
        """The instances of a stack, oldest first."""
        wanted = [{"Name": "tag:aws:cloudformation:stack-name", "Values": [stack]}]
        found = self.aws.pages("ec2", "describe_instances", "Reservations", Filters=wanted)
        return [item["InstanceId"] for reservation in found for item in reservation["Instances"]]

    def counted(self, function: Callable[[], Any]) -> list[str]:
        """The calls that the function makes."""
        before = len(self.aws.calls)
        function()
        return sorted(str(call) for call in self.aws.calls[before:])


@pytest.fixture
def fleet(aws: Aws, sandbox: EmbeddedSandbox) -> Fleet:
    return Fleet(aws, sandbox)


Run = Callable[..., Result]


@pytest.fixture
def run(aws: Aws, clock: Clock) -> Run:
    """Gives a command of senza; words as on the command line."""

    def give(*words: str, **settings: Any) -> Result:
        return CliRunner().invoke(cli, words, obj=Context(aws, clock=clock, environ={}), **settings)

    return give


def rows(result: Result) -> Any:
    """The rows of a table in JSON."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def piu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A piu on the PATH that writes down its words, one a line, and fails for the address ``$FAILS``."""
    log = tmp_path / "piu.log"
    program = tmp_path / "piu"
    program.write_text(f'#!/bin/sh\nfor word in "$@"; do echo "$word" >> {log}; done\n[ "$2" != "$FAILS" ]\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return log
