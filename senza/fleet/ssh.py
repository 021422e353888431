"""A shell on an instance through SSM Session Manager: no open port, no key, and a record of every session."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from senza.aws import Aws
from senza.errors import NotFound, OperationFailed, UsageError
from senza.fleet.instances import Instance, list_instances, require_stacks
from senza.stacks.references import StackRef

RUNNING = "RUNNING"
MAX_REASON = 256
"""Characters of a reason (Systems Manager API reference, StartSession)."""
POLICY = "AmazonSSMManagedInstanceCore"
SETUP = "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-getting-started.html"


@dataclass(frozen=True)
class Session:
    """What the AWS command line needs to open a session."""

    instance: str
    region: str
    profile: str | None = None
    reason: str | None = None

    @property
    def argv(self) -> tuple[str, ...]:
        words = ["aws", "ssm", "start-session", "--target", self.instance, "--region", self.region]
        if self.profile:
            words += ["--profile", self.profile]
        if self.reason:
            words += ["--reason", self.reason]
        return tuple(words)

    def __str__(self) -> str:
        """The command for a shell."""
        return shlex.join(self.argv)


def choose_instance(aws: Aws, refs: Sequence[StackRef], instance_id: str | None = None) -> Instance:
    """The instance of that id, else the one of the stacks that was launched last.

    Raises NotFound where there is none, UsageError where it does not run.
    """
    found = list_instances(aws, refs)
    require_stacks(aws, refs, found)
    words = " ".join(str(ref) for ref in refs)
    if instance_id is not None:
        named = next((one for one in found if one.id == instance_id), None)
        if named is None:
            there = ", ".join(one.id for one in found) or "none"
            raise NotFound(f"{words} has no instance {instance_id}", hint=f"Instances: {there}.")
        if named.state != RUNNING:
            raise UsageError(f"instance {instance_id} is {named.state}, so there is nothing to log on to")
        return named
    running = [one for one in found if one.state == RUNNING]
    if not running:
        raise NotFound(f"{words} has no running instance", hint="senza instances and senza events tell why.")
    return max(running, key=lambda one: (one.launched, one.id))


def check_managed(aws: Aws, instance: Instance) -> None:
    """Raises OperationFailed where Systems Manager cannot reach the instance, with what is missing."""
    answer = aws.call("ssm", "describe_instance_information", Filters=[{"Key": "InstanceIds", "Values": [instance.id]}])
    known = answer["InstanceInformationList"]
    if known and known[0].get("PingStatus") == "Online":
        return
    if known:
        raise OperationFailed(
            f"Systems Manager has lost the connection to {instance.id} ({known[0].get('PingStatus')})",
            hint="Its agent has stopped, or it has no way to the network (NAT gateway or VPC endpoint) any more.",
        )
    described = aws.call("ec2", "describe_instances", InstanceIds=[instance.id])
    profile = described["Reservations"][0]["Instances"][0].get("IamInstanceProfile")
    if profile is None:
        missing = f"It has no instance profile: give it a role with the policy {POLICY}."
    else:
        name = profile["Arn"].rpartition("/")[2]
        missing = (
            f"Either the role in its instance profile {name} lacks the policy {POLICY}, or the image has no SSM agent, "
            "or there is no way to Systems Manager (NAT gateway or VPC endpoints)."
        )
    raise OperationFailed(
        f"instance {instance.id} is not managed by Systems Manager, so no session can be opened",
        hint=f"{missing}\nSee {SETUP}",
    )
