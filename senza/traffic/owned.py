"""What a stack has that carries traffic: records, shares of listener rules, and the hosts that are its alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from senza.stacks.summaries import Stack
from senza.traffic.parts import Parts
from senza.traffic.records import Record
from senza.traffic.rules import Balancing, Group, Rule, RuleDomain, Target
from senza.traffic.tagged_groups import rule_id
from senza.traffic.weighted import Weighted


@dataclass(frozen=True)
class Owned:
    """A record or target, the stack it belongs to, and its logical id in that stack's template."""

    stack: Stack
    logical_id: str
    record: Weighted


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


def owned_records(
    stacks: Sequence[Stack], names: Mapping[str, Mapping[str, str]], records: Sequence[Record]
) -> tuple[list[Owned], list[Weighted]]:
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
    taken = {id(item.record) for item in owned}
    domains = {item.record.domain for item in owned if item.record.identifier is not None}
    foreign = [
        record
        for record in records
        if record.identifier is not None and record.domain in domains and id(record) not in taken
    ]
    return owned, list(foreign)


def owned_targets(
    stacks: Sequence[Stack], parts: Mapping[str, Parts], balancing: Balancing
) -> tuple[list[Owned], list[Weighted]]:
    """What the stacks have at listeners: their shares of domains, and the hosts that lead to them alone."""
    by_name = {stack.full_name: stack for stack in stacks}
    groups = balancing.groups(arn for one in parts.values() if one.rules for arn in one.groups.values())
    mine = {arn: group for arn, group in groups.items() if group.stack in by_name}
    targets = balancing.targets(group.domain for group in mine.values())
    owned = [
        Owned(by_name[target.identifier], mine[target.group].logical_id, target)
        for target in targets
        if target.identifier in by_name and target.group in mine
    ]
    taken = {id(item.record) for item in owned}
    logical = {arn: logical_id for one in parts.values() for logical_id, arn in one.rules.items()}
    return [*owned, *own_hosts(by_name, mine, balancing, logical)], [one for one in targets if id(one) not in taken]


def own_hosts(
    stacks: Mapping[str, Stack], groups: Mapping[str, Group], balancing: Balancing, logical: Mapping[str, str]
) -> list[Owned]:
    """logical: what the stacks that were asked call their rules, by ARN; their siblings call them the same."""
    found: list[tuple[Group, Rule, str]] = []
    called: dict[tuple[str, str], str] = {}
    for listener, rules in balancing.rules(group.domain.listener for group in groups.values()).items():
        for rule in rules:
            group = groups.get(next(iter(rule.weights), ""))
            if group is None or len(rule.weights) > 1 or group.domain.name in rule.hosts:
                continue
            found += [(group, rule, host) for host in rule.hosts if RuleDomain(listener, host) != group.domain]
            if rule.arn in logical:
                called[stacks[group.stack].name, group.logical_id] = logical[rule.arn]
    return [
        Owned(
            stack,
            logical.get(rule.arn) or called.get((stack.name, group.logical_id)) or rule_id(group),
            Target(RuleDomain(group.domain.listener, host), None, None, group.arn, (rule,), group.stack),
        )
        for group, rule, host in found
        for stack in (stacks[group.stack],)
    ]
