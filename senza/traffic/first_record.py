"""The first record of a name: it has all traffic of that name as soon as it is there, whatever its weight."""

from __future__ import annotations

from collections.abc import Collection

from senza.aws import Aws
from senza.components import Compiled
from senza.errors import Refused
from senza.stacks.summaries import list_stacks
from senza.traffic.families import check_families, check_hidden
from senza.traffic.records import Reader, Zones, normal
from senza.traffic.rules import Balancing
from senza.traffic.weighted import described


def check_first(aws: Aws, reader: Reader, name: str, compiled: Compiled) -> None:
    """Raise Refused where somebody else has, or is about to have, the traffic of a name without records.

    Of two first versions that are created at the same time, neither would see the other in Route 53. And a name
    that a wildcard leads to a shared load balancer has traffic without any record of its own.
    """
    others = [
        stack
        for stack in list_stacks(aws)
        if stack.name == compiled.stack_name and stack.full_name != compiled.full_name
    ]
    for stack in others:
        if stack.status == "CREATE_IN_PROGRESS":
            raise Refused(
                f"{stack.full_name} is still being created and has no record of {name} yet; "
                f"{compiled.full_name} would share the traffic with it from the beginning",
                hint=f"Wait for it first (senza wait {stack.name} {stack.version}), or use --force.",
            )
    if others:
        check_led(aws, reader, name, compiled)


def check_added(aws: Aws, zones: Zones, compiled: Compiled, deployed: Collection[str]) -> None:
    """Raise Refused where an update adds records that would take, or never get, what others have.

    deployed: logical ids of the weighted records that the stack has already. Nothing is looked up where no record is
    added.
    """
    added = {normal(item.name) for item in compiled.weighted_records if item.logical_id not in deployed}
    if not added:
        return
    reader = Reader(aws, zones())
    records = reader.read(sorted(added))
    for name in sorted(added):
        types = [item.type for item in compiled.weighted_records if normal(item.name) == name]
        check_families(records, name, types, compiled.full_name)
        there = any(record.name == name and record.weight is not None for record in records)
        if not there:
            check_led(aws, reader, name, compiled)


def check_led(aws: Aws, reader: Reader, name: str, compiled: Compiled) -> None:
    """Raise Refused where the first record of a name would lead requests elsewhere, or those of one family nowhere."""
    own = {target.listener for target in compiled.weighted_targets if target.domain == name}
    check_not_led_past(aws, name, compiled.full_name, own)
    if own:
        types = [item.type for item in compiled.weighted_records if normal(item.name) == name]
        check_hidden(reader, name, types, compiled.full_name)


def check_not_led_past(aws: Aws, name: str, stack: str, own: Collection[str]) -> None:
    """Raise Refused where the rule of a shared load balancer distributes the requests for this name.

    own: ARNs of the listeners to which the record is going to lead. One call where no target group has that domain.
    """
    balancing = Balancing(aws)
    found = {group.domain for group in balancing.groups().values() if group.domain.name == name}
    domains = [domain for domain in found if domain.listener not in own]
    having = [target for target in balancing.targets(domains) if target.weight]
    if having:
        shares = described((str(one.identifier), one.weight or 0) for one in having)
        raise Refused(
            f"{name} has no record of its own, and the shared load balancer {having[0].domain.balancer} distributes "
            f"its requests ({shares}): the first record would "
            f"lead all of them to {stack} at once, whatever its weight",
            hint="Move by a version at the shared load balancer that has WeightedRecords (see shared load balancers in "
            "the documentation), or use --force.",
        )
