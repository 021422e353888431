"""What instances printed while they booted, as EC2 kept it (GetConsoleOutput in the EC2 API reference: 64 KB)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from ipaddress import IPv4Address

from senza.aws import Aws
from senza.discretion import ESCAPE_SEQUENCE
from senza.errors import AwsError, NotFound
from senza.fleet.instances import EXISTING, Instance, list_instances, look_up, require_stacks
from senza.stacks.references import StackRef

INSTANCE_ID = re.compile(r"i-[0-9a-f]{8,17}")


def names_instance(word: str) -> bool:
    """Whether this can only mean one instance: its id or its private address."""
    return INSTANCE_ID.fullmatch(word) is not None or is_address(word)


def is_address(word: str) -> bool:
    try:
        IPv4Address(word)
    except ValueError:
        return False
    return True


def find_instances(aws: Aws, words: Sequence[str], refs: Sequence[StackRef]) -> list[Instance]:
    """The instances of these ids and private addresses, and of the stacks; of all stacks where nothing is named.

    Raises NotFound for a word or a reference that means nothing.
    """
    addresses = [word for word in words if is_address(word)]
    ids = [word for word in words if word not in addresses]
    existing = {"Name": "instance-state-name", "Values": [*EXISTING, "terminated"]}
    found: list[Instance] = []
    for name, values in (("instance-id", ids), ("private-ip-address", addresses)):
        if values:
            found += look_up(aws, [existing, {"Name": name, "Values": values}])
    known = {instance.id for instance in found} | {instance.private_ip for instance in found}
    for word in words:
        if word not in known:
            raise NotFound(f"there is no instance {word}", hint="senza instances --all shows those of this region.")
    if refs or not words:
        of_stacks = list_instances(aws, refs)
        require_stacks(aws, refs, of_stacks)
        found += of_stacks
    return list({instance.id: instance for instance in found}.values())


def outputs(aws: Aws, instances: Sequence[Instance], limit: int) -> dict[str, list[str]]:
    """The last lines of each, by instance id: nothing where EC2 has nothing (yet)."""
    return aws.parallel({instance.id: partial(output, aws, instance.id, limit) for instance in instances})


def output(aws: Aws, instance_id: str, limit: int) -> list[str]:
    """At most ``limit`` (at least 1) lines of one instance."""
    try:
        text = aws.call("ec2", "get_console_output", InstanceId=instance_id).get("Output") or ""
    except AwsError as error:
        if error.code == "InvalidInstanceID.NotFound":
            return []  # it went while the others were asked
        raise
    return [harmless(line) for line in text.rstrip().replace("\r\n", "\n").split("\n")[-limit:]] if text else []


def harmless(line: str) -> str:
    """A line that a terminal can show without doing anything: no escape sequence, no control character.

    What was written over after a carriage return is left out, as a terminal would show it.
    """
    line = ESCAPE_SEQUENCE.sub("", line).rstrip("\r").rpartition("\r")[2].expandtabs()
    return "".join(letter if letter.isprintable() else "�" for letter in line)
