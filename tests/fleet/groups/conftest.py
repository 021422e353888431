"""Groups in the sandbox, made by stacks as definitions make them: with every kind of launch settings and balancer."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest

from senza.aws import Aws
from senza.fleet.groups import Group, groups_of
from senza.plan import Outcome, Step, execute
from senza.sandbox.embedded import EmbeddedSandbox
from senza.stacks.references import StackRef
from tests.conftest import FakeClock

USER_DATA = "#taupage-ami-config\nruntime: Docker\nsource: stups/hello-world:0.1\n"
IMAGE = "ami-0a000000000000001"
OTHER_IMAGE = "ami-0a000000000000002"
LISTENER = {"LoadBalancerPort": "80", "InstancePort": "8080", "Protocol": "HTTP"}
VPC_TYPES = ("t3.small", "t3.medium")


class Quiet:
    """A reporter that only remembers."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def starting(self, step: Step) -> None:
        self.said.append(step.says)

    def progress(self, text: str) -> None:
        self.said.append(text)

    def finished(self, step: Step, outcome: str) -> None:
        self.said.append(outcome)


class Fleet:
    """Stacks with groups. ``launch``: template (a fixed version), latest, default, mixed, configuration."""

    def __init__(self, aws: Aws, account: dict[str, Any]) -> None:
        self.aws = aws
        self.subnets = [account["subnets"][f"internal-eu-central-1{zone}"] for zone in "abc"]
        self.vpc_id = account["vpc_id"]

    def create(
        self,
        stack: str = "app-1",
        *names: str,
        launch: str = "template",
        behind: str = "classic",
        sizes: tuple[int, int, int] = (1, 2, 2),
        user_data: str = USER_DATA,
        **data: Any,
    ) -> None:
        """names: logical ids of the groups, ``AppServer`` if none. sizes: minimum, desired, maximum."""
        resources: dict[str, Any] = self.balancer(stack, behind)
        for name in names or ("AppServer",):
            resources |= self.group(name, launch, behind, sizes, user_data, data)
        self.aws.call(
            "cloudformation", "create_stack", StackName=stack, TemplateBody=json.dumps({"Resources": resources})
        )
        status = self.aws.call("cloudformation", "describe_stacks", StackName=stack)["Stacks"][0]["StackStatus"]
        assert status == "CREATE_COMPLETE"

    def balancer(self, stack: str, behind: str) -> dict[str, Any]:
        if behind == "classic":
            check: dict[str, Any] = {"Target": "HTTP:8080/", "Interval": "10", "Timeout": "5"}
            check |= {"HealthyThreshold": "2", "UnhealthyThreshold": "2"}
            properties: dict[str, Any] = {"LoadBalancerName": stack, "Scheme": "internal", "Subnets": self.subnets}
            properties |= {"Listeners": [LISTENER], "HealthCheck": check}
            return {"Balancer": {"Type": "AWS::ElasticLoadBalancing::LoadBalancer", "Properties": properties}}
        if behind == "targets":
            target = {"Name": stack, "Port": "8080", "Protocol": "HTTP", "VpcId": self.vpc_id}
            return {"Targets": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": target}}
        return {}

    def group(
        self, name: str, launch: str, behind: str, sizes: tuple[int, int, int], user_data: str, data: dict[str, Any]
    ) -> dict[str, Any]:
        settings = {"ImageId": IMAGE, "InstanceType": "t2.micro", "UserData": {"Fn::Base64": user_data}} | data
        properties: dict[str, Any] = dict(zip(("MinSize", "DesiredCapacity", "MaxSize"), sizes, strict=True))
        properties["VPCZoneIdentifier"] = self.subnets
        if behind == "classic":
            properties["LoadBalancerNames"] = [{"Ref": "Balancer"}]
        elif behind == "targets":
            properties["TargetGroupARNs"] = [{"Ref": "Targets"}]
        config = f"{name}Config"
        if launch == "configuration":
            properties["LaunchConfigurationName"] = {"Ref": config}
            made = {"Type": "AWS::AutoScaling::LaunchConfiguration", "Properties": settings}
        else:
            moving = {"latest": "$Latest", "default": "$Default"}
            version = moving.get(launch, {"Fn::GetAtt": [config, "LatestVersionNumber"]})
            specification = {"LaunchTemplateId": {"Ref": config}, "Version": version}
            if launch == "mixed":
                overrides = [{"InstanceType": one} for one in VPC_TYPES]
                policy = {"LaunchTemplateSpecification": specification, "Overrides": overrides}
                properties["MixedInstancesPolicy"] = {"LaunchTemplate": policy}
            else:
                properties["LaunchTemplate"] = specification
            made = {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": settings}}
        return {config: made, name: {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": properties}}

    def groups(self, stack: str = "app-1") -> list[Group]:
        name, _, version = stack.rpartition("-")
        return groups_of(self.aws, [StackRef(name, version)])

    def the_group(self, stack: str = "app-1") -> Group:
        return self.groups(stack)[0]

    def sizes(self, stack: str = "app-1") -> tuple[int, int, int]:
        group = self.the_group(stack)
        return group.minimum, group.desired, group.maximum

    def launched(self, stack: str = "app-1") -> list[str]:
        """What the instances were launched with: versions, or names of configurations."""
        return sorted(one.launched[1] if one.launched else one.configuration for one in self.the_group(stack).members)

    def version(self, number: str, group: Group | None = None) -> dict[str, Any]:
        """A version of the launch template, its user data as text."""
        template = (group or self.the_group()).template
        assert template is not None
        answer = self.aws.call(
            "ec2", "describe_launch_template_versions", LaunchTemplateId=template.id, Versions=[number]
        )
        data: dict[str, Any] = answer["LaunchTemplateVersions"][0]["LaunchTemplateData"]
        return data | {"UserData": base64.b64decode(data["UserData"]).decode()}

    def point(self, **settings: Any) -> None:
        """Change what the first group launches with, as somebody else would."""
        self.aws.call(
            "autoscaling", "update_auto_scaling_group", AutoScalingGroupName=self.the_group().name, **settings
        )

    def new_version(self, **data: Any) -> str:
        """A new version of the first group's template, not in use yet; its number."""
        template = self.the_group().template
        assert template is not None
        answer = self.aws.call(
            "ec2",
            "create_launch_template_version",
            LaunchTemplateId=template.id,
            SourceVersion=template.version,
            LaunchTemplateData=data or {"InstanceType": "t3.micro"},
        )
        return str(answer["LaunchTemplateVersion"]["VersionNumber"])

    def outdate(self) -> None:
        """Give the first group a newer version than its instances have."""
        template = self.the_group().template
        assert template is not None
        self.point(LaunchTemplate={"LaunchTemplateId": template.id, "Version": self.new_version()})


class Carry:
    """Performs steps and keeps what they said."""

    def __init__(self, aws: Aws, clock: FakeClock) -> None:
        self.aws = aws
        self.clock = clock
        self.said: list[str] = []

    def __call__(self, steps: Sequence[Step]) -> list[Outcome]:
        reporter = Quiet()
        try:
            return execute(steps, self.aws, self.clock, reporter)
        finally:
            self.said = reporter.said


@pytest.fixture
def fleet(aws: Aws, sandbox: EmbeddedSandbox) -> Fleet:
    sandbox.settings.allow_launch_configurations = True
    return Fleet(aws, sandbox.values)


@pytest.fixture
def carry(aws: Aws, clock: FakeClock) -> Carry:
    return Carry(aws, clock)
