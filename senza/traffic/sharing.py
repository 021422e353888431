"""Everybody at the domains of one version, of both backends, for those who are going to change something there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from senza.aws import Aws
from senza.stacks.references import split_name
from senza.traffic.balancers import name_in_alias
from senza.traffic.parts import Parts
from senza.traffic.records import Reader, Record, Zones
from senza.traffic.rules import Balancing, Group, Rule, RuleDomain, Target, rules_at
from senza.traffic.weighted import RULE, Weighted

ANSWERS = frozenset({"A", "AAAA", "CNAME"})
"""Types of records that tell a browser where to go."""


@dataclass(frozen=True)
class Shared:
    """records: all at the names of the version, without weight as well. targets: all at its domains of listeners.

    leading: rules that lead to its target groups besides, by ARN of the target group: somebody made them by hand.
    below: records of longer names that end in a name of a rule.
    """

    records: tuple[Record, ...] = ()
    targets: tuple[Target, ...] = ()
    leading: tuple[tuple[str, Rule], ...] = ()
    below: tuple[Record, ...] = ()

    @property
    def weighted(self) -> list[Weighted]:
        return [*self.records, *self.targets]

    @property
    def warnings(self) -> list[str]:
        return without_effect(self.targets, [*self.records, *self.below])


def shared_by(aws: Aws, zones: Zones, stack: str, parts: Parts, *, warn: bool = False) -> Shared:
    """Look at the domains of the stack of this full name, which has these parts.

    A stack without listener rules costs the records alone, and one without records the rules alone, unless it is wanted
    to warn of records that hide the load balancer.
    """
    if not parts.rules:
        return Shared(tuple(Reader(aws, zones()).read(parts.names.values())))
    own = parts.groups.values()
    balancing = read_balancing(aws, parts)
    domains = domains_of(balancing.groups().values(), lambda group: group.stack == stack or group.arn in own)
    names = [*parts.names.values(), *(domain.name for domain in domains if warn)]

    def read() -> tuple[list[Record], list[Record]]:
        if not names:
            return [], []
        reader = Reader(aws, zones())
        found = reader.read(names)
        return found, [record for domain in domains if (record := reader.below(domain.name))]

    jobs: dict[str, Callable[[], Any]] = {"records": read, "targets": partial(balancing.targets, domains)}
    looked = aws.parallel(jobs)
    records, below = map(tuple, looked["records"])
    return Shared(records, tuple(looked["targets"]), leading_besides(balancing, parts, domains), below)


def leading_besides(balancing: Balancing, parts: Parts, domains: Iterable[RuleDomain]) -> tuple[tuple[str, Rule], ...]:
    """Rules that name target groups of the stack and are neither its own nor those of these domains."""
    wanted = list(domains)
    found = []
    for listener, rules in balancing.rules(parts.listeners).items():
        known = set(parts.rules.values())
        known |= {rule.arn for one in wanted if one.listener == listener for rule in rules_at(rules, one.name)}
        besides = [rule for rule in rules if rule.arn not in known]
        found += [(arn, rule) for rule in besides for arn in parts.groups.values() if arn in rule.weights]
    return tuple(found)


def in_words(rule: Rule) -> str:
    hosts = f", for {', '.join(rule.listed.patterns)}" if rule.listed.patterns else ""
    return f"a listener rule that somebody made (priority {rule.priority}{hosts})"


def shared_before(aws: Aws, zones: Zones, weights: Mapping[str, Any], stack: str, parts: Parts) -> Shared:
    """The same, and all domains that had weights before. weights: by domain (:func:`place_at`); the stack may be gone.

    Listeners are only asked where the stack has rules, or where Route 53 does not know such a domain.
    """
    before = {key.removesuffix(RULE) for key in weights}
    records = tuple(Reader(aws, zones()).read(sorted({*before, *parts.names.values()})))
    missing = weights.keys() - {record.name for record in records if record.weight is not None}
    if not parts.rules and not missing:
        return Shared(records)
    app, own = split_name(stack)[0], parts.groups.values()
    balancing = read_balancing(aws, parts)

    def concerns(group: Group) -> bool:
        mine = group.stack == stack or group.arn in own
        return mine or (split_name(group.stack)[0] == app and group.domain.name in before)

    domains = domains_of(balancing.groups().values(), concerns)
    return Shared(records, tuple(balancing.targets(domains)))


def read_balancing(aws: Aws, parts: Parts) -> Balancing:
    """With the target groups of the region, and the rules beside those of the stack."""
    balancing = Balancing(aws)
    jobs: dict[str, Callable[[], Any]] = {
        "groups": partial(balancing.groups, parts.groups.values()),
        "rules": partial(balancing.rules, parts.listeners),
    }
    aws.parallel(jobs)
    return balancing


def domains_of(groups: Iterable[Group], concerns: Callable[[Group], bool]) -> list[RuleDomain]:
    return list(dict.fromkeys(group.domain for group in groups if concerns(group)))


def without_effect(targets: Iterable[Target], records: Sequence[Weighted]) -> list[str]:
    """What to say of domains whose weights have no effect; records: at their names."""
    targets = list(targets)
    taken = {target.domain: target.overtaken for target in targets}
    said = [hidden(domain, records) for domain in taken]
    answering = {target.domain: target.rule for target in targets if target.rule and not target.rule.forward}
    said += [
        f"{domain}: the listener rule with priority {rule.priority} answers by itself; as long as it is there, no "
        "version has any of the requests"
        for domain, rule in answering.items()
    ]
    said += [
        f"{domain}: the listener rule with priority {rule.priority}, for {', '.join(rule.listed.patterns)}, takes all "
        "requests before the rule of the domain can; as long as it is there, these weights have no effect"
        for domain, rule in taken.items()
        if rule
    ]
    narrowed = {target.domain: target.narrowed for target in targets if target.narrowed}
    said += [
        f"{domain}: the listener rule with priority {rule.priority} has further conditions besides the host: its "
        "weights are of the requests that fit them, and all others get an error"
        for domain, rule in narrowed.items()
    ]
    return [one for one in said if one]


def hidden(domain: RuleDomain, records: Iterable[Weighted]) -> str:
    """What to say where records keep requests from the load balancer: a wildcard leads to it names without any.

    A record of any type counts, and one of a longer name, too (RFC 4592, 2.2). "" where one of them leads there: then
    it gets that one's share.
    """
    known = [record for record in records if isinstance(record, Record)]
    found = [record for record in known if record.name == domain.name]
    told = [record for record in found if record.type in ANSWERS]
    if any(name_in_alias(record.value) == domain.balancer.lower() for record in told):
        return ""
    named = ", ".join(dict.fromkeys(record.identifier or record.value for record in told))
    none = f"the load balancer {domain.balancer} gets none of the requests"
    if told:
        return (
            f"{domain}: Route 53 has records of this very name that lead elsewhere ({named}); as long as they are "
            f"there, {none}"
        )
    found = found or [record for record in known if record.name.endswith(f".{domain}")]
    found = [record for record in found if not record.zone.private]  # the wildcard may well be in the public zone
    if not found:
        return ""
    which = ", ".join(dict.fromkeys(f"{record.name} {record.type}" for record in found))
    return (
        f"{domain}: no wildcard stands for it while Route 53 has {which}, and no record of its own leads anywhere, so "
        f"{none}. WeightedRecords give it one"
    )
