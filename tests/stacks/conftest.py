"""Stacks of one or two harmless resources, and a clock on which they take their time."""

from __future__ import annotations

import json

import pytest

from senza.aws import Aws
from senza.sandbox.embedded import EmbeddedSandbox


class Stacks:
    """Starts stacks of queues: ``queues`` are their logical ids."""

    def __init__(self, aws: Aws, sandbox: EmbeddedSandbox) -> None:
        self.aws = aws
        self.sandbox = sandbox

    def body(self, *queues: str, timeout: int = 30) -> str:
        resource = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": timeout}}
        return json.dumps({"Description": "queues", "Resources": dict.fromkeys(queues or ("Jobs",), resource)})

    def create(self, name: str, *queues: str, token: str = "") -> str:
        more = {"ClientRequestToken": token} if token else {}
        body = self.body(*queues)
        return str(
            self.aws.call("cloudformation", "create_stack", StackName=name, TemplateBody=body, **more)["StackId"]
        )

    def slowly(self, seconds: float = 10) -> None:
        """From now on each resource takes that long."""
        self.sandbox.settings.default_seconds = seconds


@pytest.fixture
def stacks(aws: Aws, sandbox: EmbeddedSandbox) -> Stacks:
    return Stacks(aws, sandbox)
