"""Looking at what a rollout starts from: who has the traffic, and how many instances that takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from senza.aws import Aws
from senza.components import Compiled
from senza.errors import Refused
from senza.rollout.capacity import groups_by_stack, sizes_of
from senza.rollout.planning import Ground
from senza.rollout.untold import untold
from senza.stacks.changes import DEAD, already_exists
from senza.stacks.summaries import Stack, list_stacks
from senza.traffic.balancers import region_in_alias
from senza.traffic.records import Record, Zones, normal
from senza.traffic.requests import requests
from senza.traffic.rules import RuleDomain
from senza.traffic.survey import Survey, survey
from senza.traffic.weighted import RULE, Weighted, weighted_domains


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
    traffic = traffic_of(aws, zones, stacks, compiled)
    names = {normal(one.name) for one in compiled.weighted_records}
    far = {one: there for at, one, there in traffic.regions if at in names and there != aws.region}
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
        both=traffic.both,
        untold=untold(compiled.template),
        far=far,
    )


@dataclass(frozen=True)
class Traffic:
    """Who has the traffic of an app.

    weights: by domain (:func:`place_at`) and identifier, those of nobody's stack included. shares: percent of the
    requests by identifier, of several domains the most. leads: by name, the load balancers to which its weighted
    records lead requests. ruled: the names that listener rules share out. both: those at which there are or will be
    weights in Route 53, too. regions: name, identifier and region of records with weight that lead to a load balancer.
    """

    weights: Mapping[str, Mapping[str, int]]
    shares: Mapping[str, float]
    leads: Mapping[str, Collection[str]]
    ruled: Collection[str]
    both: tuple[str, ...]
    regions: tuple[tuple[str, str, str], ...] = ()


def traffic_of(aws: Aws, zones: Zones, stacks: Sequence[Stack], new: Compiled | None = None) -> Traffic:
    """new: a version that is going to join them."""
    found = survey(aws, zones(), stacks) if stacks else Survey((), ())
    return traffic_in([item.record for item in found.owned] + list(found.foreign), new)


def traffic_in(weighted: Sequence[Weighted], new: Compiled | None = None) -> Traffic:
    """Pure. weighted: everybody at the app's domains."""
    domains = weighted_domains(weighted)
    rules = [domain for domain in domains if isinstance(domain, RuleDomain)]
    weights: dict[str, dict[str, int]] = {}
    for domain in sorted((one for one in domains if one not in rules), key=lambda one: one.type):
        weights[domain.name] = weights_in(domains[domain]) | weights.get(domain.name, {})
    named = weights.keys() | {normal(one.name) for one in (new.weighted_records if new else ())}
    ruled = {rule.name for rule in rules}
    for rule in rules:
        key = rule.name + RULE if rule.name in named else rule.name
        weights[key] = weights_in(domains[rule]) | weights.get(key, {})  # that of another balancer has other versions
    found = requests(weighted)
    shares: dict[str, float] = {}
    for told in found.shares.values():
        for identifier, percent in told.items():
            shares[identifier] = max(percent, shares.get(identifier, 0.0))
    leads = {name: {to for to, percent in led.items() if percent} for name, led in found.led.items()}
    both = named & (ruled | {one.domain for one in (new.weighted_targets if new else ())})
    leading = [one for one in weighted if isinstance(one, Record) and one.weight]
    regions = [(one.name, str(one.identifier), there) for one in leading if (there := region_in_alias(one.value))]
    return Traffic(weights, shares, leads, ruled, tuple(sorted(both)), tuple(regions))


def weights_in(siblings: Mapping[str, Weighted]) -> dict[str, int]:
    return {identifier: one.weight or 0 for identifier, one in siblings.items()}


def weights_of(aws: Aws, zones: Zones, stacks: Sequence[Stack]) -> Mapping[str, Mapping[str, int]]:
    """The weights of the app's domains by name and identifier, those of nobody's stack included."""
    return traffic_of(aws, zones, stacks).weights


def check_way(compiled: Compiled, traffic: Traffic) -> None:
    """Raises Refused where the new version could not take a share from the versions there are.

    Route 53 must lead to the load balancer whose rule is to give it its share, and to it if it has one of its own.
    """
    records = {normal(record.name) for record in compiled.weighted_records}
    how = 'An app moves by way of a version with WeightedRecords: "Shared load balancers" in the documentation.'
    for target in compiled.weighted_targets:
        name, balancer = target.domain, RuleDomain(target.listener, target.domain).balancer
        leads = traffic.leads.get(name, ())
        if leads and name not in records and balancer.lower() not in leads:
            raise Refused(
                f"{name}: Route 53 leads to the load balancers of the versions there are, and not to {balancer}, where "
                f"{compiled.full_name} is to get its share",
                hint=how,
            )
    for name in sorted(records & set(traffic.ruled) - traffic.leads.keys()):
        raise Refused(
            f"{name} has no weighted record so far, and is led to a shared load balancer by a wildcard; the record of "
            f"{compiled.full_name} would take all requests at once",
            hint=how,
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
