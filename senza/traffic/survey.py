"""Which DNS records and listener rules belong to which stack, in few calls for any number of versions.

CloudFormation only tells the records of one stack at a time. The versions of an app nearly always have the same ones
but for the version in the name, so one version of each app is asked, and the records that its siblings must then have
are looked up in Route 53. Versions that have other records than expected are asked themselves. Where one that was
asked has listener rules, the target groups of all versions are found by their tags, and the rules read whole.

Where there are many apps, most are not even asked for one version: see :mod:`senza.traffic.balancers` and
:mod:`senza.traffic.tagged_groups`.
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
from senza.stacks.resources import resources_by_stack
from senza.stacks.summaries import Stack
from senza.traffic.balancers import balancers_of_stacks, name_in_alias, names_by_balancer
from senza.traffic.owned import Owned, matching, owned_records, owned_targets
from senza.traffic.parts import Parts, parts_in
from senza.traffic.records import Reader, Record, pages_of
from senza.traffic.rules import Balancing, Group
from senza.traffic.tagged_groups import names_by_group, shared_here
from senza.traffic.weighted import Weighted

FEW = 3
"""So many apps are always asked: that is exact, and as fast."""
CUT = 31
"""Characters of a balancer's name from which on something may have been left out; without a dash at the cut, one less
than AWS takes."""


@dataclass(frozen=True)
class Survey:
    """owned: what the stacks have. foreign: what has weight beside it and belongs to none of the stacks.

    beside: the records at names that rules share out, of whatever type, and one below each.
    """

    owned: tuple[Owned, ...]
    foreign: tuple[Weighted, ...]
    beside: tuple[Record, ...] = ()


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


def alike(wanted: Mapping[str, str], records: Sequence[Record], sibling: Stack, model: Stack) -> bool:
    """Whether a sibling has exactly these records, and nothing suggests that it has others, or a share in a rule.

    records: all of the zone. A record without identifier is the sibling's if it leads where its weighted ones lead.
    """
    own = [record for record in records if record.identifier == sibling.full_name]
    leads = {record.value for record in own}
    like = {name_in_alias(record.value) for record in records if record.identifier == model.full_name}
    if not all(any(called_alike(name, sibling, one, model) for one in like) for name in map(name_in_alias, leads)):
        return False
    related = own + [record for record in records if record.identifier is None and record.value in leads]
    names = set(wanted.values())
    mine = {item.record.name for item in matching(wanted, related, sibling)}
    return mine == names and {record.name for record in own} <= names


def called_alike(name: str, sibling: Stack, other: str, model: Stack) -> bool:
    """Whether the balancers to which two versions lead are called after them; else it may be a shared one.

    "" where it is no balancer's. Of long names (:data:`CUT`) the end of the app's is left out.
    """
    mine, theirs = before_version(name, sibling), before_version(other, model)
    if mine is None or theirs is None:
        return name == other == ""
    short, long = sorted((mine, theirs), key=len)
    return short == long or (max(len(name), len(other)) >= CUT and long.startswith(short))


def before_version(name: str, stack: Stack) -> str | None:
    """What comes before the version, the last time that it is in there."""
    found = re.fullmatch(rf"(.*)(?<![a-z0-9]){re.escape(stack.version.lower())}(?![a-z0-9]).*", name)
    return found[1].rstrip("-") if found else None


def survey(aws: Aws, zones: Sequence[HostedZone], stacks: Sequence[Stack]) -> Survey:
    """Look up the records of the stacks: one call per app, zone page and stack that is unlike its siblings.

    Of many apps only those are asked whose load balancers and target groups do not tell.
    """
    apps: dict[str, list[Stack]] = {}
    for stack in sorted(stacks, key=lambda stack: stack.created, reverse=True):
        apps.setdefault(stack.name, []).append(stack)
    reader = Reader(aws, zones)
    balancing = Balancing(aws)
    names: dict[str, dict[str, str]] = {}
    tagged: Mapping[str, Group] = {}
    if len(apps) > max(FEW, pages_of(zones) + math.ceil(len(stacks) / 100)):
        jobs: dict[str, Callable[[], Any]] = {"balancers": partial(balancers_of_stacks, aws), "all": reader.read_all}
        looked = aws.parallel(jobs)
        names = names_by_balancer(looked["balancers"], looked["all"], stacks)
        left = [stack for stack in stacks if stack.full_name not in names]
        if left and shared_here(looked["balancers"], looked["all"]):
            tagged = balancing.groups()
            known = {name for found in names.values() for name in found.values()}
            names |= names_by_group(tagged.values(), looked["all"], left, known)
    asked = {
        app: left
        for app, versions in apps.items()
        if (left := [stack for stack in versions if stack.full_name not in names])
    }
    told, parts = names_by_sibling(aws, reader, balancing, asked)
    names |= told
    beside: tuple[Record, ...] = ()
    owned, foreign = owned_records(stacks, names, reader.everything())
    if any(one.rules for one in parts.values()) or any(group.stack in names for group in tagged.values()):
        targets, others = owned_targets(stacks, parts, balancing)
        shared = {item.record.name for item in targets if item.record.weight is not None}
        below = [record for name in sorted(shared) if (record := reader.below(name))]
        beside = (*(record for record in reader.everything() if record.name in shared), *below)
        owned, foreign = [*owned, *targets], [*foreign, *others]
        place = {stack.full_name: number for number, stack in enumerate(stacks)}
        owned.sort(key=lambda item: place[item.stack.full_name])
    return Survey(tuple(owned), tuple(foreign), beside)


def names_by_sibling(
    aws: Aws, reader: Reader, balancing: Balancing, apps: Mapping[str, Sequence[Stack]]
) -> tuple[dict[str, dict[str, str]], dict[str, Parts]]:
    """Logical id to record name, by full name of the stacks, and the parts of those that were asked.

    Of each app the first version is asked.
    """
    models = [versions[0] for versions in apps.values()]
    parts = parts_by_stack(aws, models)
    names = {model.full_name: dict(parts[model.full_name].names) for model in models}
    shared = shared_domains(balancing, apps, parts)
    reader.read([*(name for found in names.values() for name in found.values()), *shared.values()])

    unlike: list[Stack] = []
    for model in models:
        own = names[model.full_name]
        known = [record.zone for record in reader.everything() if record.name in own.values()]
        complete = bool(known) and all(reader.knows_all(zone) for zone in known)
        for sibling in apps[model.name][1:]:
            wanted = expected(own, model, sibling)
            if complete and alike(wanted, reader.everything(), sibling, model):
                names[sibling.full_name] = wanted
            elif not own and sibling.full_name in shared and recordless(sibling, reader.everything()):
                names[sibling.full_name] = {}
            else:
                unlike.append(sibling)
    parts |= parts_by_stack(aws, unlike)
    names |= {stack.full_name: dict(parts[stack.full_name].names) for stack in unlike}
    reader.read(name for stack in unlike for name in names[stack.full_name].values())
    return names, parts


def parts_by_stack(aws: Aws, stacks: Sequence[Stack]) -> dict[str, Parts]:
    return {name: parts_in(found) for name, found in resources_by_stack(aws, stacks).items()}


def shared_domains(
    balancing: Balancing, apps: Mapping[str, Sequence[Stack]], parts: Mapping[str, Parts]
) -> dict[str, str]:
    """By full name of the stack, a name that it shares at a load balancer; only of apps whose model has rules."""
    ruled = [versions for versions in apps.values() if parts[versions[0].full_name].rules]
    if not ruled:
        return {}
    groups = balancing.groups(arn for versions in ruled for arn in parts[versions[0].full_name].groups.values())
    stacks = {stack.full_name for versions in ruled for stack in versions}
    return {group.stack: group.domain.name for group in groups.values() if group.stack in stacks}


def recordless(stack: Stack, records: Iterable[Record]) -> bool:
    return not any(record.identifier == stack.full_name for record in records)
