"""The versions behind shared load balancers, many at once: by the tags of their target groups.

One call for each 100 target groups of the region, instead of one for each app (see :mod:`senza.traffic.balancers` for
versions with balancers of their own). What tags cannot tell is what CloudFormation calls rules and records; senza's
components call them after the target group: ``WebTargetGroup``, ``WebRule``, ``WebMainDomain``. So only stacks count
whose records look like those components'. All others are left to whoever asks CloudFormation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from senza.stacks.summaries import Stack
from senza.traffic.balancers import Balancer, belongs_to, name_in_alias
from senza.traffic.records import Record
from senza.traffic.rules import Group

ENDING = "TargetGroup"
ENDINGS = {"A": "MainDomain", "AAAA": "MainDomainIPv6"}
"""What a weighted record of this type is called, after the component."""


def shared_here(balancers: Iterable[Balancer], records: Iterable[Record]) -> bool:
    """Whether a wildcard leads to a balancer that a stack made, as it does to a ``Senza::SharedLoadBalancer``."""
    made = {balancer.name.lower() for balancer in balancers}
    wild = (record for record in records if record.name.startswith("*.") and record.identifier is None)
    return any(name_in_alias(record.value) in made for record in wild)


def rule_id(group: Group) -> str:
    """What the component that made the target group calls the rule of the version's own domain."""
    return f"{group.logical_id.removesuffix(ENDING)}Rule" if group.logical_id.endswith(ENDING) else group.logical_id


def names_by_group(
    groups: Iterable[Group], records: Sequence[Record], stacks: Sequence[Stack], known: Collection[str]
) -> dict[str, dict[str, str]]:
    """Logical id to record name, by full name of the stacks about whose records there is no doubt.

    known: the names whose records are somebody's for certain.
    """
    of_stack: dict[str, list[Group]] = {}
    for group in groups:
        of_stack.setdefault(group.stack, []).append(group)
    weighted: dict[str, list[Record]] = {}
    for record in records:
        weighted.setdefault(record.identifier or "", []).append(record)
    found = {
        stack.full_name: names
        for stack in stacks
        if (own := of_stack.get(stack.full_name))
        and (names := logical_ids(own, weighted.get(stack.full_name, ()))) is not None
    }
    told = {name for names in found.values() for name in names.values()}.union(known)
    labels = {record.name.partition(".")[0] for record in records if record.name not in told}
    doubtful = {stack.name for stack in stacks if any(belongs_to(stack.name.lower(), label) for label in labels)}
    sure = {stack.full_name for stack in stacks if stack.name not in doubtful}
    return {stack: names for stack, names in found.items() if stack in sure}


def logical_ids(groups: Sequence[Group], records: Iterable[Record]) -> dict[str, str] | None:
    """Of the records of one stack, which has these target groups; None where they are not the component's."""
    if not all(group.logical_id.endswith(ENDING) for group in groups):
        return None
    names: dict[str, str] = {}
    for record in records:
        led = name_in_alias(record.value) if record.weight is not None and record.type in ENDINGS else ""
        leading = [one for one in groups if one.domain.name == record.name and one.domain.balancer.lower() == led]
        if len(leading) != 1:
            return None
        names[leading[0].logical_id.removesuffix(ENDING) + ENDINGS[record.type]] = record.name
    return names
