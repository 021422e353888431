"""Which DNS records belong to which stack, in few calls for any number of versions.

CloudFormation only tells the records of one stack at a time. The versions of an app nearly always have the same ones
but for the version in the name, so one version of each app is asked, and the records that its siblings must then have
are looked up in Route 53. Versions that have other records than expected are asked themselves.

Where there are many apps, most are not even asked for one version: see :mod:`senza.traffic.balancers`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from senza.account import HostedZone
from senza.aws import Aws
from senza.stacks.resources import Resource, resources_by_stack, resources_of
from senza.stacks.summaries import Stack
from senza.traffic.balancers import balancers_of_stacks, names_by_balancer
from senza.traffic.records import Reader, Record, normal, pages_of

RECORD_SET = "AWS::Route53::RecordSet"
FEW = 3
"""So many apps are always asked: that is exact, and as fast."""


@dataclass(frozen=True)
class Owned:
    """A record, the stack it belongs to, and its logical id in that stack's template."""

    stack: Stack
    logical_id: str
    record: Record


@dataclass(frozen=True)
class Survey:
    """owned: the records of the stacks. foreign: weighted records beside them that belong to none of the stacks."""

    owned: tuple[Owned, ...]
    foreign: tuple[Record, ...]


def record_names(resources: Iterable[Resource]) -> dict[str, str]:
    """Logical id to record name; CloudFormation's physical id of a record set is its name (User Guide, Ref)."""
    return {
        item.logical_id: normal(item.physical_id)
        for item in resources
        if item.type == RECORD_SET and item.physical_id and item.status != "DELETE_COMPLETE"
    }


def names_of(aws: Aws, stack: str) -> dict[str, str]:
    """Logical id to record name of the stack of that name or id. Raises NotFound."""
    return record_names(resources_of(aws, stack))


def belongs(record: Record, stack: Stack) -> bool:
    """Weighted records carry the stack's name as set identifier; the others are the stack's by their name."""
    return record.identifier is None or record.identifier == stack.full_name


def matching(names: Mapping[str, str], records: Iterable[Record], stack: Stack) -> list[Owned]:
    """The stack's records; of several at one name, A and AAAA, each has its own logical id.

    CloudFormation does not tell the type. Ids and types go together in their order, which is right for ours
    (``MainDomain``, ``MainDomainIPv6``) and for whoever ends them in A and AAAA, or IPv4 and IPv6.
    """
    at_name: dict[str, list[Record]] = {}
    for record in records:
        if belongs(record, stack):
            at_name.setdefault(record.name, []).append(record)
    ids: dict[str, list[str]] = {}
    for logical_id, name in names.items():
        ids.setdefault(name, []).append(logical_id)
    owned = []
    for name, own in ids.items():
        found = at_name.get(name, [])
        if len(own) > 1:
            own, found = sorted(own), sorted(found, key=lambda record: (record.type, record.zone.id))
        for number, record in enumerate(found):
            owned.append(Owned(stack, own[min(number, len(own) - 1)], record))
    return owned


def expected(names: Mapping[str, str], model: Stack, sibling: Stack) -> dict[str, str]:
    """The names that a sibling has if it differs from the model in nothing but the version."""
    app = re.compile(rf"({re.escape(model.name.lower())})")  # a version inside the app's own name is not replaced
    version = re.compile(rf"(?<![a-z0-9]){re.escape(model.version.lower())}(?![a-z0-9])")

    def renamed(name: str) -> str:
        first, dot, rest = name.partition(".")
        parts = app.split(first)
        parts[::2] = [version.sub(sibling.version.lower(), part) for part in parts[::2]]
        return "".join(parts) + dot + rest

    return {logical_id: renamed(name) for logical_id, name in names.items()}


def alike(wanted: Mapping[str, str], records: Sequence[Record], sibling: Stack) -> bool:
    """Whether a sibling has exactly these records, and nothing suggests that it has others.

    records: all of the zone. A record without identifier is the sibling's if it leads where its weighted ones lead.
    """
    own = [record for record in records if record.identifier == sibling.full_name]
    leads = {record.value for record in own}
    related = own + [record for record in records if record.identifier is None and record.value in leads]
    names = set(wanted.values())
    mine = {item.record.name for item in matching(wanted, related, sibling)}
    return mine == names and {record.name for record in own} <= names


def survey(aws: Aws, zones: Sequence[HostedZone], stacks: Sequence[Stack]) -> Survey:
    """Look up the records of the stacks: one call per app, zone page and stack that is unlike its siblings.

    Of many apps only those are asked whose load balancers do not tell.
    """
    apps: dict[str, list[Stack]] = {}
    for stack in sorted(stacks, key=lambda stack: stack.created, reverse=True):
        apps.setdefault(stack.name, []).append(stack)
    reader = Reader(aws, zones)
    names: dict[str, dict[str, str]] = {}
    if len(apps) > max(FEW, pages_of(zones) + math.ceil(len(stacks) / 100)):
        jobs: dict[str, Callable[[], Any]] = {"balancers": partial(balancers_of_stacks, aws), "all": reader.read_all}
        looked = aws.parallel(jobs)
        names = names_by_balancer(looked["balancers"], looked["all"], stacks)
    asked = {
        app: left
        for app, versions in apps.items()
        if (left := [stack for stack in versions if stack.full_name not in names])
    }
    names |= names_by_sibling(aws, reader, asked)
    return assembled(stacks, names, reader.everything())


def names_by_sibling(aws: Aws, reader: Reader, apps: Mapping[str, Sequence[Stack]]) -> dict[str, dict[str, str]]:
    """Logical id to record name, by full name of the stacks; of each app the first version is asked."""
    models = [versions[0] for versions in apps.values()]
    resources = resources_by_stack(aws, models)
    names = {model.full_name: record_names(resources[model.full_name]) for model in models}
    reader.read(name for found in names.values() for name in found.values())

    unlike: list[Stack] = []
    for model in models:
        own = names[model.full_name]
        known = [record.zone for record in reader.everything() if record.name in own.values()]
        complete = bool(known) and all(reader.knows_all(zone) for zone in known)
        for sibling in apps[model.name][1:]:
            wanted = expected(own, model, sibling)
            if complete and alike(wanted, reader.everything(), sibling):
                names[sibling.full_name] = wanted
            else:
                unlike.append(sibling)
    resources = resources_by_stack(aws, unlike)
    names |= {stack.full_name: record_names(resources[stack.full_name]) for stack in unlike}
    reader.read(name for stack in unlike for name in names[stack.full_name].values())
    return names


def assembled(stacks: Sequence[Stack], names: Mapping[str, Mapping[str, str]], records: Sequence[Record]) -> Survey:
    at_name: dict[str, list[Record]] = {}
    for record in records:
        at_name.setdefault(record.name, []).append(record)
    owned = [
        item
        for stack in stacks
        for item in matching(
            names[stack.full_name],
            [record for name in set(names[stack.full_name].values()) for record in at_name.get(name, ())],
            stack,
        )
    ]
    taken = {id(item.record.raw) for item in owned}
    domains = {item.record.domain for item in owned if item.record.identifier is not None}
    foreign = [
        record
        for record in records
        if record.identifier is not None and record.domain in domains and id(record.raw) not in taken
    ]
    return Survey(tuple(owned), tuple(foreign))
