"""The traffic of one app: who has how much, and a switch planned from fresh look-ups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from senza.aws import Aws
from senza.clock import Clock
from senza.errors import NotFound, Refused, SenzaError, TimedOut
from senza.plan import Step
from senza.stacks.changes import DEAD
from senza.stacks.references import StackRef, split_name
from senza.stacks.summaries import Stack, describe_stack, list_stacks
from senza.traffic.announce import plan_announcement
from senza.traffic.balancers import region_in_alias
from senza.traffic.parts import Parts, known_parts
from senza.traffic.records import Record, Zones
from senza.traffic.requests import in_turn
from senza.traffic.rules import Target, read_rules
from senza.traffic.sharing import shared_before, shared_by, without_effect
from senza.traffic.survey import survey
from senza.traffic.switch import SwitchPlan, bypassed, plan_restore, plan_switch
from senza.traffic.weighted import Place, Weighted, answers, weighted_domains


@dataclass(frozen=True)
class Share:
    """What one version, or a record or target group without a stack, has of one domain.

    weight: out of 200 (records that others made may have any sum). effective: percent of the answers.
    version: "" where the record belongs to no stack of the app. type: of the record, ``A``, ``AAAA``..., or ``rule``.
    """

    domain: str
    type: str
    identifier: str
    version: str
    weight: int
    effective: float
    status: str


@dataclass(frozen=True)
class Traffic:
    """warnings: what keeps shares from having an effect, or from being those of all requests."""

    shares: list[Share]
    warnings: list[str]


def shares(aws: Aws, zones: Zones, app: str) -> list[Share]:
    """Who has how much of the app's weighted domains. Raises NotFound where the app has no stack."""
    return traffic_of(aws, zones, app).shares


def traffic_of(aws: Aws, zones: Zones, app: str) -> Traffic:
    """The same, and what is to be said about it."""
    jobs: dict[str, Callable[[], Any]] = {"stacks": partial(stacks_of, aws, app), "zones": zones}
    looked = aws.parallel(jobs)
    found = survey(aws, looked["zones"], looked["stacks"])
    owner = {id(item.record): item.stack for item in found.owned}
    records = [item.record for item in found.owned] + list(found.foreign)
    result = []
    for domain, siblings in weighted_domains(records).items():
        led_past = any(bypassed(domain, records, name) for name in siblings)
        weights = {name: record.weight or 0 for name, record in siblings.items()}
        percents = dict.fromkeys(weights, 0.0) if led_past else answers(domain, weights)
        rows = []
        for identifier, record in siblings.items():
            stack = owner.get(id(record))
            version, status = (stack.version, stack.status) if stack else ("", others(record, app, aws.region))
            share = Share(
                domain.name, domain.type, identifier, version, record.weight or 0, percents[identifier], status
            )
            rows.append((stack.created.timestamp() if stack else 0.0, identifier, share))
        result += [share for _, _, share in sorted(rows, key=lambda row: row[:2])]
    targets = [one for one in records if isinstance(one, Target)]
    return Traffic(result, [*without_effect(targets, [*records, *found.beside]), *in_turn(records)])


def others(record: Weighted, app: str, region: str) -> str:
    """``OTHER_APP`` or ``OTHER_REGION`` where it is known to be of a stack there, which is not to be cleaned up."""
    if isinstance(record, Record) and region_in_alias(record.value) not in ("", region):
        return "OTHER_REGION"
    stack = record.stack if isinstance(record, Target) else ""
    return "OTHER_APP" if stack and split_name(stack)[0] != app else ""


def stacks_of(aws: Aws, app: str) -> list[Stack]:
    """All versions of the app, oldest first. Raises NotFound."""
    stacks = [stack for stack in list_stacks(aws) if stack.name == app]
    if not stacks:
        raise NotFound(f"there is no stack of {app}", hint="senza list shows the stacks of this region.")
    return stacks


@dataclass(frozen=True)
class TrafficPlan:
    """warnings: what keeps the switch from having an effect, or its shares from being those of all requests."""

    stack: Stack
    switch: SwitchPlan
    steps: tuple[Step, ...]
    warnings: tuple[str, ...] = ()


def plan_traffic(aws: Aws, zones: Zones, app: str, version: str, asked: int, *, force: bool = False) -> TrafficPlan:
    """Plan to give ``asked`` half percents to a version, from what Route 53 and load balancers say now.

    Raises NotFound where there is no such stack or it shares no domain, Refused as :func:`plan_switch` and, without
    ``force``, where a stack that is going or gone would get more.
    """
    name = f"{app}-{version}"
    jobs: dict[str, Callable[[], Any]] = {
        "stack": partial(describe_stack, aws, name),
        "parts": partial(known_parts, aws, name),
        "zones": zones,
    }
    looked = aws.parallel(jobs)
    stack: Stack | None = looked["stack"]
    if stack is None:
        raise NotFound(f"there is no stack {name}", hint=f"senza list {app} shows the versions there are.")
    shared = shared_by(aws, lambda: looked["zones"], name, looked["parts"], warn=True)
    switch = plan_switch(shared.weighted, name, asked, force=force)
    if not switch.domains:
        raise without_record(stack, looked["parts"])
    if not force:
        check_region(switch, shared.weighted, name, aws.region)
    if not force and any(one.after[name] > one.before[name] for one in switch.domains):
        check_stays(stack)
    steps = (*switch.steps, *plan_announcement(stack, asked, switch))
    told = in_turn(shared.weighted, {plan.domain: plan.after for plan in switch.domains})
    return TrafficPlan(stack, switch, steps, (*shared.warnings, *told))


def check_region(switch: SwitchPlan, records: Sequence[Weighted], name: str, region: str) -> None:
    """Raises Refused where a version of another region would give up traffic: from here nobody sees what it is.

    Route 53 is that of all regions, so versions of several regions meet at a name.
    """
    places: dict[tuple[Place, str | None], str] = {
        (one.domain, one.identifier): region_in_alias(one.value) for one in records if isinstance(one, Record)
    }
    for plan in switch.domains:
        for identifier, weight in plan.after.items():
            there = places.get((plan.domain, identifier), "")
            if weight < plan.before[identifier] and there not in ("", region):
                share = answers(plan.domain, plan.before)[identifier]
                raise Refused(
                    f"{identifier} in {there} has {share:.3g} % of {plan.domain.name}, and would give some of it to "
                    f"{name} in {region}",
                    hint="Versions of several regions share a name only with --force; give each region a MainDomain of "
                    "its own.",
                )


def check_stays(stack: Stack) -> None:
    if stack.status in DEAD | {"ROLLBACK_IN_PROGRESS"}:
        raise Refused(
            f"{stack.full_name} is {stack.status}: its instances are going, or gone already, and requests to it would "
            "be lost",
            hint="Give the traffic to another version, or use --force where you know that this one serves.",
        )


@dataclass(frozen=True)
class Return:
    """The way back of one version. kept: weights of the domains at which it keeps the traffic, by identifier.

    A version keeps the traffic of a domain where nobody else is left that could have it.
    """

    plan: SwitchPlan
    kept: Mapping[Place, Mapping[str, int]]


def plan_return(aws: Aws, zones: Zones, weights: Mapping[str, Mapping[str, int]], stack: str) -> Return:
    """Plan to give everybody the weight that they had, and ``stack`` none, at all domains.

    weights: as they were, by domain (:func:`place_at`) and identifier. stack: full name; it may be gone.
    """
    shared = shared_before(aws, zones, weights, stack, known_parts(aws, stack)).weighted
    plan = plan_restore(shared, weights, stack)
    planned = {domain.domain for domain in plan.domains}
    kept = {
        domain: {name: record.weight or 0 for name, record in siblings.items()}
        for domain, siblings in weighted_domains(shared).items()
        if domain not in planned and stack in siblings
    }
    return Return(plan, kept)


def hosts_of(aws: Aws, stack: str) -> list[str]:
    """The names of the stack's records, and the hosts of its listener rules; none where there is no such stack."""
    parts = known_parts(aws, stack)
    rules = read_rules(aws, parts.listeners)
    own = [rule for found in rules.values() for rule in found if rule.arn in parts.rules.values()]
    return list(dict.fromkeys([*parts.names.values(), *(host for rule in own for host in rule.hosts)]))


def without_record(stack: Stack, parts: Parts) -> SenzaError:
    if stack.status.startswith("DELETE_"):
        return NotFound(
            f"{stack.full_name} has no weighted record any more ({stack.status})",
            hint=f"senza list {stack.name} shows the versions there are.",
        )
    if stack.status.endswith("_IN_PROGRESS"):
        return NotFound(
            f"{stack.full_name} has no weighted record yet ({stack.status})",
            hint=f"Wait for it: senza wait {stack.name} {stack.version}",
        )
    if "ROLLBACK" in stack.status or stack.status.endswith("_FAILED"):
        return NotFound(
            f"{stack.full_name} has no weighted record: it is {stack.status}",
            hint=f"What went wrong: senza events {stack.name} {stack.version}",
        )
    if parts.names or parts.rules:
        return NotFound(f"{stack.full_name} has no weighted record in Route 53, only other ones")
    return NotFound(
        f"{stack.full_name} has no DNS record",
        hint="A definition gets one with Senza::WeightedDnsElasticLoadBalancer, or shares a load balancer with "
        "Senza::WeightedTargetGroup.",
    )


def wait_until_settled(aws: Aws, app: str, clock: Clock, *, timeout: float, interval: float) -> None:
    """Wait until no stack of the app is being changed. Raises TimedOut after ``timeout`` seconds."""
    until = clock.now() + timeout
    while True:
        busy = [stack for stack in list_stacks(aws, [StackRef(app)]) if stack.status.endswith("_IN_PROGRESS")]
        if not busy:
            return
        if clock.now() >= until:
            what = ", ".join(f"{stack.full_name} ({stack.status})" for stack in busy)
            raise TimedOut(f"after {timeout:g} seconds {what} still changing", hint="The traffic was not touched.")
        clock.sleep(min(interval, max(until - clock.now(), 0)))
