"""Looking at what a rollout starts from: who has the traffic, and how many instances that takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from senza.aws import Aws
from senza.components import Compiled
from senza.errors import Refused
from senza.rollout.capacity import groups_by_stack, sizes_of
from senza.rollout.planning import Ground
from senza.stacks.changes import DEAD, already_exists
from senza.stacks.summaries import Stack, list_stacks
from senza.traffic.records import Zones, normal
from senza.traffic.rules import RuleDomain
from senza.traffic.survey import Survey, survey
from senza.traffic.weighted import Place, answers, weighted_domains


def look_at_ground(aws: Aws, zones: Zones, compiled: Compiled) -> Ground:
    """The snapshot. compiled: the new version.

    Raises Conflict where a stack of the version is there that nothing can be made of, and Refused where its traffic
    would come another way than that of the versions there are, so that no share of one is taken from the other.
    """
    app, name = compiled.stack_name, compiled.full_name
    stacks = [stack for stack in list_stacks(aws) if stack.name == app]
    mine = next((stack for stack in stacks if stack.full_name == name), None)
    if mine and mine.status in DEAD:
        raise already_exists(name, mine.status)
    traffic = traffic_of(aws, zones, stacks)
    check_way(compiled, traffic)
    others = with_traffic(stacks, traffic, name) if compiled.weighted else running(stacks, name)
    sized = [*others, name] if mine else others
    groups = groups_by_stack(aws, sized) if sized else {}
    sizes = {stack: sizes_of(found) for stack, found in groups.items()}
    return Ground(
        app=app,
        version=compiled.version,
        others=tuple(others),
        exists=mine is not None,
        weighted=compiled.weighted,
        weights=traffic.weights,
        sizes=sizes,
        shared=bool(compiled.weighted_targets) and not compiled.weighted_records,
    )


@dataclass(frozen=True)
class Traffic:
    """weights: of the app's domains by name and identifier, those of nobody's stack included.

    shares: percent by identifier, of several domains the most. ruled: the domains of listener rules; the others are
    Route 53's.
    """

    weights: Mapping[str, Mapping[str, int]]
    shares: Mapping[str, float]
    ruled: frozenset[str]


def traffic_of(aws: Aws, zones: Zones, stacks: Sequence[Stack]) -> Traffic:
    weights: dict[str, dict[str, int]] = {}
    shares: dict[str, float] = {}
    places: dict[str, Place] = {}
    found = survey(aws, zones(), stacks) if stacks else Survey((), ())
    records = [item.record for item in found.owned] + list(found.foreign)
    for domain, siblings in sorted(weighted_domains(records).items(), key=lambda item: item[0].type):
        told = {identifier: record.weight or 0 for identifier, record in siblings.items()}
        weights[domain.name] = told | weights.get(domain.name, {})  # AAAA records go with the A records of the name
        places.setdefault(domain.name, domain)
    for name, told in weights.items():
        for identifier, share in answers(places[name], told).items():
            shares[identifier] = max(share, shares.get(identifier, 0.0))
    return Traffic(weights, shares, frozenset(name for name, place in places.items() if isinstance(place, RuleDomain)))


def weights_of(aws: Aws, zones: Zones, stacks: Sequence[Stack]) -> Mapping[str, Mapping[str, int]]:
    """The weights of the app's domains by name and identifier, those of nobody's stack included."""
    return traffic_of(aws, zones, stacks).weights


def check_way(compiled: Compiled, traffic: Traffic) -> None:
    """Raises Refused where a domain of the new version is shared out by the other backend today."""
    by_rule = {target.domain for target in compiled.weighted_targets}
    by_record = {normal(record.name) for record in compiled.weighted_records}
    records, rules = traffic.weights.keys() - traffic.ruled, traffic.ruled
    if crossing := sorted(by_rule & records | by_record & rules):
        here, there = ("a listener rule", "Route 53") if crossing[0] in records else ("Route 53", "a listener rule")
        raise Refused(
            f"{crossing[0]}: {here} is to give {compiled.full_name} its share, and the versions there are have theirs "
            f"from {there}, so neither could take any from the other",
            hint="Give the new way a MainDomain of its own, and let clients change over.",
        )


def with_traffic(stacks: Sequence[Stack], traffic: Traffic, new: str) -> list[str]:
    """The stacks that get requests, but the new one: most traffic first, of equal shares the younger one."""
    shares = traffic.shares
    found = [stack for stack in stacks if shares.get(stack.full_name) and stack.full_name != new]
    found.sort(key=lambda stack: (-shares[stack.full_name], -stack.created.timestamp()))
    return [stack.full_name for stack in found]


def running(stacks: Sequence[Stack], new: str) -> list[str]:
    """Without weights nobody knows who is used: all versions that may have instances, the youngest first."""
    found = [stack for stack in stacks if stack.status not in DEAD]
    return [stack.full_name for stack in reversed(found) if stack.full_name != new]
