"""EC2 instances of stacks: one call per 1,000 instances, however many stacks they belong to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from senza.aws import Aws
from senza.errors import AwsError
from senza.stacks.references import LITERAL, StackRef, split_name
from senza.stacks.summaries import list_stacks, not_there
from senza.stacks.tags import LOGICAL_ID_TAG as LOGICAL_ID_TAG
from senza.stacks.tags import STACK_TAG as STACK_TAG
from senza.stacks.tags import tags_of as tags_of

GROUP_TAG = "aws:autoscaling:groupName"
TERMINATED = "TERMINATED"
EXISTING = ("pending", "running", "shutting-down", "stopping", "stopped")
PAGE = 1000
"""Instances per page, the most that DescribeInstances gives (API reference)."""
FILTER_VALUES = 200
"""How many values AWS takes in one filter, see "Filtering" in the EC2 API reference."""


@dataclass(frozen=True)
class Instance:
    """One EC2 instance.

    stack: full name of its stack, resource_id: its logical id there, group: its auto scaling group; "" without one.
    state: as EC2 has it, in capitals: ``RUNNING``, ``SHUTTING_DOWN``. Addresses are None where it has none.
    """

    id: str
    stack: str
    resource_id: str
    group: str
    state: str
    public_ip: str | None
    private_ip: str | None
    launched: datetime
    image_id: str

    @property
    def stack_name(self) -> str:
        return split_name(self.stack)[0]

    @property
    def version(self) -> str:
        return split_name(self.stack)[1]


def capitals(state: str) -> str:
    """A state as tables show it: ``shutting-down`` is ``SHUTTING_DOWN``."""
    return state.replace("-", "_").replace(".", "_").upper()


def parsed(item: Mapping[str, Any]) -> Instance:
    tags = tags_of(item)
    return Instance(
        id=item["InstanceId"],
        stack=tags.get(STACK_TAG, ""),
        resource_id=tags.get(LOGICAL_ID_TAG, ""),
        group=tags.get(GROUP_TAG, ""),
        state=capitals(item["State"]["Name"]),
        public_ip=item.get("PublicIpAddress") or None,
        private_ip=item.get("PrivateIpAddress") or None,
        launched=item["LaunchTime"],
        image_id=item["ImageId"],
    )


def look_up(aws: Aws, filters: Sequence[Mapping[str, Any]]) -> list[Instance]:
    """The instances that pass the filters of DescribeInstances, by stack and launch time."""
    reservations = aws.pages(
        "ec2", "describe_instances", "Reservations", Filters=list(filters), PaginationConfig={"PageSize": PAGE}
    )
    found = (parsed(item) for reservation in reservations for item in reservation["Instances"])
    return sorted(found, key=lambda instance: (instance.stack, instance.launched, instance.id))


def stack_filter(refs: Sequence[StackRef]) -> list[dict[str, Any]]:
    """What leaves out at the source as much as a filter can; a filter knows wildcards, but no regular expressions."""
    plain = [ref.name for ref in refs if LITERAL.fullmatch(ref.name)]
    if refs and len(plain) == len(refs) <= FILTER_VALUES:
        values = sorted({ref.exact or f"{ref.name}*" for ref in refs})
        return [{"Name": f"tag:{STACK_TAG}", "Values": values}]
    return [{"Name": "tag-key", "Values": [STACK_TAG]}]


def list_instances(
    aws: Aws, refs: Sequence[StackRef] = (), *, stackless: bool = False, terminated: bool = False
) -> list[Instance]:
    """The instances of the stacks that any reference matches (of all stacks where there are none).

    stackless: also the instances of no stack. terminated: also those that are gone, for as long as EC2 shows them.
    """
    states = [] if terminated else [{"Name": "instance-state-name", "Values": list(EXISTING)}]
    found = look_up(aws, [*states, *([] if stackless else stack_filter(refs))])
    return [
        instance
        for instance in found
        if (instance.stack and (not refs or any(ref.matches(instance.stack) for ref in refs)))
        or (stackless and not instance.stack)
    ]


def require_stacks(
    aws: Aws,
    refs: Sequence[StackRef],
    instances: Iterable[Instance],
    absent: Callable[[StackRef], None] = not_there,
) -> None:
    """Raises NotFound where a reference names no stack. Asks only about those without an instance here.

    absent: what is done then instead.
    """
    stacks = {instance.stack for instance in instances}
    for ref in refs:
        if not any(ref.matches(stack) for stack in stacks) and not list_stacks(aws, [ref]):
            absent(ref)


def docker_sources(aws: Aws, instances: Sequence[Instance]) -> dict[str, str | None]:
    """The container image in the user data of each instance, by id: one call per instance.

    None where an instance has no such user data, or is gone.
    """
    return aws.parallel({instance.id: partial(docker_source, aws, instance.id) for instance in instances})


def docker_source(aws: Aws, instance_id: str) -> str | None:
    try:
        answer = aws.call("ec2", "describe_instance_attribute", InstanceId=instance_id, Attribute="userData")
    except AwsError as error:
        if error.code == "InvalidInstanceID.NotFound":
            return None
        raise
    return source_in(answer.get("UserData", {}).get("Value", ""))


def source_in(user_data: str) -> str | None:
    """The container image in user data as EC2 hands it out: base64. None where it is something else."""
    import base64
    import binascii

    from senza.userdata.containers import image_in

    try:
        return image_in(base64.b64decode(user_data).decode())
    except (binascii.Error, UnicodeDecodeError):
        return None
