"""Moving traffic: who is to have how much, and the steps that make it so, whatever the backend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from senza.errors import Refused
from senza.traffic.balancers import name_in_alias
from senza.traffic.records import Domain, Record
from senza.traffic.rules import RuleDomain, Target
from senza.traffic.shift_rule import ShiftRule, rule_step
from senza.traffic.shift_weights import ShiftWeights
from senza.traffic.weighted import DomainPlan, Place, WeightChange, Weighted, place_at, weighted_domains
from senza.traffic.weights import TOTAL, percent, shift


@dataclass(frozen=True)
class SwitchPlan:
    """domains: all that were asked for, changed or not. steps: one for each zone or rule in which something changes."""

    domains: tuple[DomainPlan, ...]
    steps: tuple[ShiftWeights | ShiftRule, ...] = ()


def plan_switch(records: Sequence[Weighted], identifier: str, asked: int, *, force: bool = False) -> SwitchPlan:
    """Plan ``asked`` half percents for ``identifier`` in every domain in which it has a weighted record.

    records: all records and target groups of those names, foreign ones included: whoever has traffic gives some. Where
    a record of ``identifier`` is the first to lead anybody to a rule, whoever is in that has none, so all of it is its.

    Raises Refused, without ``force``, where nobody would be left with traffic, and as :func:`rule_step`.
    """
    plans: list[DomainPlan] = []
    changes: list[WeightChange[Weighted]] = []
    for domain, siblings in weighted_domains(records).items():
        if identifier not in siblings:
            continue
        before = {name: record.weight or 0 for name, record in siblings.items()}
        idle = bool(asked) and bypassed(domain, records, identifier)
        result = shift(dict.fromkeys(before, 0) if idle else before, identifier, asked)
        after = dict(result.weights)
        spread = domain.spreads_at_zero and len(before) > 1
        if sum(after.values()) == 0 and not force and (sum(before.values()) > 0 or spread):
            raise nobody_left(domain, identifier)
        plans.append(DomainPlan(domain, before, after, result.because))
        changes += compared(siblings, after)
    given = sorted({plan.after[identifier] for plan in plans})
    comment = f"senza: {identifier} gets {' or '.join(percent(weight) for weight in given)} %"
    return SwitchPlan(tuple(plans), batches(changes, comment, plans))


def plan_restore(records: Sequence[Weighted], wanted: Mapping[str, Mapping[str, int]], leaving: str) -> SwitchPlan:
    """Plan to give every record the weight that it had, and ``leaving`` none.

    records: all records of those names. wanted: weights by domain (:func:`place_at`) and set identifier, as they were;
    a record that is not in there keeps what it has. A sole record of weight 0 had all traffic, so it gets 200: no sum
    is made 0. A domain in which nobody but ``leaving`` could have traffic is left as it is, and so is a rule that was
    not there.
    """
    plans: list[DomainPlan] = []
    changes: list[WeightChange[Weighted]] = []
    for domain, siblings in weighted_domains(records).items():
        before = {name: record.weight or 0 for name, record in siblings.items()}
        had = place_at(wanted, domain)
        after = {name: 0 if name == leaving and name not in had else had.get(name, before[name]) for name in before}
        if sum(after.values()) == 0 and (domain.spreads_at_zero or any(before.values())):
            heirs = [name for name in had if name in after]
            if len(heirs) != 1 or not domain.spreads_at_zero:
                continue
            after[heirs[0]] = TOTAL
        plans.append(DomainPlan(domain, before, after))
        changes += compared(siblings, after)
    return SwitchPlan(tuple(plans), batches(changes, f"senza: take {leaving} back", plans))


def compared(siblings: Mapping[str, Weighted], after: Mapping[str, int]) -> list[WeightChange[Weighted]]:
    """The changes of one domain, none where it stays as it is.

    A rule is written as a whole. From all 0, two switches would touch different records and never meet: there all are
    compared, changed or not.
    """
    changed = [name for name, record in siblings.items() if after[name] != (record.weight or 0)]
    whole = any(isinstance(record, Target) for record in siblings.values())
    all_zero = not any(record.weight for record in siblings.values())
    names = list(siblings) if changed and (whole or all_zero) else changed
    return [WeightChange(siblings[name], after[name]) for name in names]


def batches(
    changes: Sequence[WeightChange[Weighted]], comment: str, plans: Sequence[DomainPlan] = ()
) -> tuple[ShiftWeights | ShiftRule, ...]:
    """The steps that make these changes: one for each hosted zone, and one for each rule.

    A rule in which a version gains comes before the records that lead to it, or somebody else would get its requests.

    plans: the domains that they are of, to compare with what is read back. Raises Refused as :func:`rule_step`.
    """
    records: list[WeightChange[Record]] = []
    by_rule: dict[RuleDomain, list[WeightChange[Target]]] = {}
    for change in changes:
        if isinstance(change.record, Record):
            records.append(WeightChange(change.record, change.weight))
        elif isinstance(change.record, Target):
            by_rule.setdefault(change.record.domain, []).append(WeightChange(change.record, change.weight))
    rules = [rule_step(domain, found) for domain, found in by_rule.items()]
    gaining = {change.record.identifier for change in records if change.weight > (change.record.weight or 0)}
    first = [step for step in rules if gaining & step.gaining]
    return (*first, *zone_batches(records, comment, plans), *(step for step in rules if step not in first))


def bypassed(domain: Place, records: Sequence[Weighted], identifier: str) -> bool:
    """Whether it is a rule to which a record of the version leads, and no weighted one that has requests."""
    if not isinstance(domain, RuleDomain):
        return False
    at_name = [one for one in records if isinstance(one, Record) and one.name == domain.name and one.weight is not None]
    leading = [one for one in at_name if name_in_alias(one.value) == domain.balancer.lower()]
    own = any(one.identifier == identifier for one in leading)
    return own and any(one.weight for one in at_name) and not any(one.weight for one in leading)


def zone_batches(
    changes: Sequence[WeightChange[Record]], comment: str, plans: Sequence[DomainPlan] = ()
) -> tuple[ShiftWeights, ...]:
    zones = dict.fromkeys(change.record.zone for change in changes)
    moved = [plan for plan in plans if plan.before != plan.after]
    return tuple(
        ShiftWeights(
            zone,
            tuple(change for change in changes if change.record.zone == zone),
            comment,
            tuple(plan for plan in moved if isinstance(plan.domain, Domain) and plan.domain.zone == zone),
        )
        for zone in zones
    )


def nobody_left(domain: Place, identifier: str) -> Refused:
    return Refused(
        f"{identifier} is the last version with traffic on {domain.name}: at 0 % no version would have any, "
        f"and {domain.at_zero}",
        hint="Give the traffic to another version instead (senza traffic NAME OTHER 100), or use --force.",
    )
