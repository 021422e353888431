"""A machine with its surroundings: a stack in the sandbox that waits for its signal, and the services it reaches."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from senza.aws import Aws
from senza.sandbox.embedded import EmbeddedSandbox
from senza.userdata.bootstrap import bootstrap
from tests.boot import machine as machines
from tests.boot.image import Image, build
from tests.boot.machine import ECR_ADDRESS, GATEWAY, REGISTRY, TOOLS, Machine, machine
from tests.boot.services import LOGIN, Role, gateway, metadata, registry, serving

ZONE = "eu-central-1a"
STACK = "shop-1"
GROUP = "shop/application"


def is_function(value: object) -> bool:
    return isinstance(value, dict) and len(value) == 1 and str(next(iter(value))).startswith(("Ref", "Fn::"))


@cache
def missing() -> str:
    return machines.missing()


@pytest.fixture(autouse=True)
def _needs_a_machine() -> None:
    if reason := missing():
        pytest.skip(reason)


@dataclass
class Boot:
    """One machine that is about to boot, and what it leads to. seen: requests that reached AWS."""

    aws: Aws
    sandbox: EmbeddedSandbox
    machine: Machine
    instance: str
    user_data: str
    seen: list[str] = field(default_factory=list)

    def start(self) -> int:
        return self.machine.boot(self.user_data)

    def http(self, path: str, port: int = 8080) -> str:
        """What the machine's port answers, as somebody in its network sees it."""
        return self.machine.run(
            "curl", "-sS", "-f", "-m", "60", "--noproxy", "*", f"http://169.254.169.254:{port}{path}"
        )

    def stack_status(self) -> str:
        return str(self.aws.call("cloudformation", "describe_stacks", StackName=STACK)["Stacks"][0]["StackStatus"])

    def signals(self) -> list[str]:
        """Of the group, as the events of the stack tell of them."""
        events = self.aws.pages("cloudformation", "describe_stack_events", "StackEvents", StackName=STACK)
        reasons = [str(event.get("ResourceStatusReason", "")) for event in events]
        return [reason for reason in reasons if reason.startswith("Received") and "UniqueId" in reason]

    def lines_of_container(self) -> list[str]:
        """Docker sends what a container says every five seconds."""
        for _ in range(3000):
            streams = self.aws.call("logs", "describe_log_streams", logGroupName=GROUP)["logStreams"]
            if self.instance in [stream["logStreamName"] for stream in streams] and self.lines(self.instance):
                break
            time.sleep(0.1)
        return self.lines(self.instance)

    def lines(self, stream: str) -> list[str]:
        found = self.aws.call("logs", "get_log_events", logGroupName=GROUP, logStreamName=stream, startFromHead=True)
        return [event["message"] for event in found["events"]]


@pytest.fixture(scope="session")
def image() -> Image:
    if reason := missing():  # asked here, too: this fixture comes before those of each test
        pytest.skip(reason)
    return build(TOOLS / "root" / "bin" / "busybox")


@pytest.fixture
def boot(
    aws: Aws, sandbox: EmbeddedSandbox, image: Image, tmp_path: Path
) -> Iterator[Callable[[Mapping[str, Any]], Boot]]:
    """``boot(config)``: a stack whose instance gets the bootstrap of that configuration, and a machine for it."""
    with ExitStack() as open_things:

        def make(config: Mapping[str, Any], **more: Any) -> Boot:
            sandbox.settings.auto_signal = False
            # the machine has the time of this computer, and CloudWatch Logs refuses lines from the future
            sandbox.advance(max(time.time() - sandbox.clock.now(), 0))
            aws.call("logs", "create_log_group", logGroupName=GROUP)
            full = {
                "runtime": "Docker",
                "source": "127.0.0.1:5000/team/app:1.0",
                "application_id": "shop",
                "application_version": {"Ref": "Version"},
                "ports": {"8080": 8080},
                "dockercfg": "aws:secretsmanager:registry",
                "notify_cfn": {"stack": {"Ref": "AWS::StackName"}, "resource": "AppServer"},
                **config,
            }
            source = more.pop("image", f"127.0.0.1:{REGISTRY}/team/app@{image.digest}")
            data = bootstrap(full, os="Ubuntu", image=source, is_function=is_function, log_group=GROUP, **more)
            instance, text = launch(aws, sandbox, data)
            endpoint = sandbox.endpoint
            role = Role(endpoint.access_key_id, endpoint.secret_access_key)
            made = Boot(aws, sandbox, open_things.enter_context(machine(tmp_path)), instance, text)
            namespace = f"/proc/{made.machine.pid}/ns/net"
            token = aws.call("ecr", "get_authorization_token")["authorizationData"][0]["authorizationToken"]
            for address, port, handler in (
                ("169.254.169.254", 80, metadata(instance, ZONE, role)),
                ("127.0.0.1", GATEWAY, gateway(endpoint.url, role, made.seen)),
                ("127.0.0.1", REGISTRY, registry(image, LOGIN)),
                (*ECR_ADDRESS, registry(image, token)),
            ):
                open_things.enter_context(serving(namespace, address, port, handler))
            return made

        yield make


def launch(aws: Aws, sandbox: EmbeddedSandbox, data: Any) -> tuple[str, str]:
    """A stack with one instance of that user data: its id, and what CloudFormation made of the user data."""
    zone = [{"Name": "availability-zone", "Values": [ZONE]}, {"Name": "vpc-id", "Values": [sandbox.values["vpc_id"]]}]
    subnet = aws.call("ec2", "describe_subnets", Filters=zone)["Subnets"][0]["SubnetId"]
    security = aws.call("ec2", "describe_security_groups", Filters=zone[1:])["SecurityGroups"][0]["GroupId"]
    template = {
        "Parameters": {"Version": {"Type": "String"}, "Greeting": {"Type": "String"}},
        "Resources": {
            "Template": {
                "Type": "AWS::EC2::LaunchTemplate",
                "Properties": {
                    "LaunchTemplateData": {
                        "ImageId": aws.call("ec2", "describe_images")["Images"][0]["ImageId"],
                        "InstanceType": "t3.micro",
                        "SecurityGroupIds": [security],
                        "UserData": {"Fn::Base64": data},
                    }
                },
            },
            "AppServer": {
                "Type": "AWS::AutoScaling::AutoScalingGroup",
                "CreationPolicy": {"ResourceSignal": {"Count": 1, "Timeout": "PT15M"}},
                "Properties": {
                    "MinSize": "1",
                    "MaxSize": "1",
                    "VPCZoneIdentifier": [subnet],
                    "LaunchTemplate": {
                        "LaunchTemplateId": {"Ref": "Template"},
                        "Version": {"Fn::GetAtt": ["Template", "LatestVersionNumber"]},
                    },
                },
            },
        },
    }
    parameters = {"Version": "1.0", "Greeting": "\"; touch /owned; $(touch /owned) '\nEOF\n`touch /owned` ä"}
    aws.call(
        "cloudformation",
        "create_stack",
        StackName=STACK,
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        OnFailure="DO_NOTHING",
    )
    groups = aws.call("autoscaling", "describe_auto_scaling_groups")["AutoScalingGroups"]
    instance = next(group["Instances"][0]["InstanceId"] for group in groups if STACK in group["AutoScalingGroupName"])
    attribute = aws.call("ec2", "describe_instance_attribute", InstanceId=instance, Attribute="userData")
    return instance, base64.b64decode(attribute["UserData"]["Value"]).decode()
