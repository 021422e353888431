"""Where the requests of an app go: its stacks, the weighted records that lead to them, and what is behind those.

What rules of shared balancers send to them says :mod:`rules`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from senza.sandbox.load import rules
from senza.sandbox.load.here import here, hosts_in, physical
from senza.sandbox.load.metrics import Balancer, Hosts, Version
from senza.sandbox.route53 import Record

CLASSIC = "AWS::ElasticLoadBalancing::LoadBalancer"
MODERN = "AWS::ElasticLoadBalancingV2::LoadBalancer"
GROUP = "AWS::AutoScaling::AutoScalingGroup"
HTTP = ("HTTP", "HTTPS")


Route = tuple[str, str]
"""DNS name of a shared balancer, and a domain."""


def versions(app: str) -> list[Version]:
    """The versions of an app that exist, by name, with the share that Route 53 and listener rules give them now.

    A version is a stack ``APP-VERSION``; a weighted record is its own where it leads to its balancer, or else where its
    identifier is the stack's name. Weights that add up to 0 give all records the same ("Weighted routing"). Several
    domains get as many requests each. To a shared balancer come those that records of the domain lead there; or all of
    the domain, where it has no such records and thus a wildcard leads there.
    """
    stacks = stacks_of(app)
    found = {name: sorted_balancers(stack) for name, stack in stacks.items()}
    names = {target: name for name, balancers in found.items() for target, _ in balancers}
    names |= {f"{app}-{name}": name for name in stacks}
    targets = {name: rules.targets_of(stack) for name, stack in stacks.items()}
    routes = {one.route for owned in targets.values() for one in owned}
    records = owned_sets(weighted_records(), names)
    led = {members[0].name.rstrip(".").lower() for members in records}
    alone = [route for route in routes if route[1] not in led]
    domains = len(records) + len(alone)
    shares, arriving = shares_of(records, names, domains, routes)
    arriving |= dict.fromkeys(alone, 1 / domains if domains else 0.0)
    return [
        Version(
            name,
            shares.get(name, 0.0),
            (*(one for _, one in found[name]), *(one.balancer(arriving) for one in targets[name])),
            groups_of(stack),
        )
        for name, stack in sorted(stacks.items())
        if name in shares or targets[name]
    ]


def owned_sets(records: Sequence[Record], names: Mapping[str, str]) -> list[list[Record]]:
    """The records of each domain and type in which a version has one.

    names: of versions by what leads to them: the names of their balancers, and their records' identifiers.
    """
    sets: dict[tuple[str, str], list[Record]] = {}
    for one in records:
        sets.setdefault((one.name, one.type), []).append(one)
    return [members for members in sets.values() if any(owner_of(one, names) for one in members)]


def shares_of(
    sets: Sequence[Sequence[Record]], names: Mapping[str, str], domains: int, routes: Collection[Route] = ()
) -> tuple[dict[str, float], dict[Route, float]]:
    """The part of the requests that comes to each version with a record of its own, and to each of the routes.

    domains: how many the app has.
    """
    found: dict[str, float] = {}
    arriving = dict.fromkeys(routes, 0.0)
    for members in sets:
        total = sum(one.weight or 0 for one in members)
        for one in members:
            share = ((one.weight or 0) / total if total else 1 / len(members)) / domains
            taken = [route for to in leads_to(one) if (route := (to, one.name.rstrip(".").lower())) in arriving]
            if taken:
                arriving[taken[0]] += share
            elif owner := owner_of(one, names):
                found[owner] = found.get(owner, 0.0) + share
    return found, arriving


def leads_to(record: Record) -> list[str]:
    targets = [record.alias[1]] if record.alias else list(record.values)
    return [target.lower().rstrip(".").removeprefix("dualstack.") for target in targets]


def owner_of(record: Record, names: Mapping[str, str]) -> str | None:
    led = [names[target] for target in leads_to(record) if target in names]
    return led[0] if led else names.get(record.identifier or "")


def weighted_records() -> list[Record]:
    from moto.route53.models import route53_backends

    from senza.sandbox.patches.route53_api import record_of
    from senza.sandbox.world import world

    zones = [zone for backend in route53_backends[world.place[0]].values() for zone in backend.zones.values()]
    return [record_of(one) for zone in zones for one in zone.rrsets if one.weight is not None]


def stacks_of(app: str) -> dict[str, Any]:
    """By version: the stacks ``APP-VERSION`` that are not deleted."""
    from moto.cloudformation.models import cloudformation_backends

    service = here(cloudformation_backends).__dict__.get("senza_service")
    if service is None:
        return {}
    names = [(one.name.removeprefix(f"{app}-"), one) for one in service.stacks.values()]
    return {
        version: one
        for version, one in names
        if one.name == f"{app}-{version}" and "-" not in version and one.status != "DELETE_COMPLETE"
    }


def sorted_balancers(stack: Any) -> list[tuple[str, Balancer]]:
    """(DNS name, balancer) of those in the stack that exist."""
    return sorted([*classic_ones(stack), *modern_ones(stack)], key=lambda one: one[0])


def classic_ones(stack: Any) -> Iterator[tuple[str, Balancer]]:
    from moto.elb.models import elb_backends

    backend = here(elb_backends)
    for name in physical(stack, CLASSIC):
        balancer = backend.load_balancers.get(name)
        if balancer is None:
            continue
        states = [one["State"] for one in backend.describe_instance_health(name, [])]
        healthy = states.count("InService")
        http = any(str(one.protocol).upper() in HTTP for one in balancer.listeners)
        hosts = Hosts("", healthy, len(states) - healthy)
        yield balancer.dns_name.lower(), Balancer("classic", name, http, (hosts,))


def modern_ones(stack: Any) -> Iterator[tuple[str, Balancer]]:
    from moto.elbv2.models import elbv2_backends

    backend = here(elbv2_backends)
    for arn in physical(stack, MODERN):
        balancer = backend.load_balancers.get(arn)
        if balancer is None:
            continue
        groups = [one for one in backend.target_groups.values() if arn in one.load_balancer_arns]
        hosts = tuple(hosts_in(backend, group.arn) for group in groups)
        kind = "network" if balancer.type == "network" else "application"
        name = arn.partition(":loadbalancer/")[2]
        yield balancer.dns_name.lower(), Balancer(kind, name, kind == "application", hosts)


def groups_of(stack: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(name, instances in service)"""
    from moto.autoscaling.models import autoscaling_backends

    groups = here(autoscaling_backends).autoscaling_groups
    return tuple(
        (name, tuple(one.instance.id for one in groups[name].instance_states if one.lifecycle_state == "InService"))
        for name in physical(stack, GROUP)
        if name in groups
    )


def lagging(now: Sequence[Version], past: Sequence[Mapping[str, float]]) -> list[Version]:
    """The versions with the shares that resolvers give them which asked at any of the last minutes, the last included.

    past: shares by version of the minutes before; those of versions that are gone go to nobody.
    """
    every = [*past, {one.name: one.share for one in now}]
    return [replace(one, share=sum(shares.get(one.name, 0.0) for shares in every) / len(every)) for one in now]
