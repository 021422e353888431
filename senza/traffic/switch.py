"""Moving traffic: one atomic Route 53 change per hosted zone, compared with what the plan was made from.

Route 53 has no conditional write, but it deletes a record only when every value given is the current one, and a
change batch takes effect whole or not at all (API reference, ChangeResourceRecordSets). So each weight is changed by
deleting the record as it was read and creating it with the new weight in one batch: if anybody changed one of them in
between, nothing happens. CloudFormation takes no part in it, so the state of a stack cannot stand in the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from senza.account import HostedZone
from senza.errors import AwsError, Conflict, Refused, SenzaError
from senza.plan import Outcome, Step, World, perform
from senza.traffic.protection import gaining, losing, set_protection
from senza.traffic.records import Domain, Record, records_at
from senza.traffic.weights import TOTAL, percent, shift

INSYNC_TIMEOUT = 300
"""Seconds to wait until all of Route 53's servers have the change; it usually takes under 60 (Developer Guide)."""
INSYNC_INTERVAL = 2

Key = tuple[str, str, str]
"""Name, type and set identifier of a weighted record."""


@dataclass(frozen=True)
class WeightChange:
    record: Record
    weight: int

    def __str__(self) -> str:
        return f"{self.record.identifier} {percent(self.record.weight or 0)} -> {percent(self.weight)} %"


@dataclass(frozen=True)
class ShiftWeights(Step):
    """Set weights in one zone, all or none. Its outcome's facts: ``observed``, weights read back, by :data:`Key`.

    changes: also of records that keep their weight, where comparing them is all that tells two switches apart.
    domains: all weights of the domains before and after, to compare with what is read back.
    why: for users, where they did not ask for it themselves.
    read_back: whether to look afterwards what the weights are; False saves a call where nobody uses the answer.
    """

    zone: HostedZone
    changes: tuple[WeightChange, ...]
    comment: str = ""
    domains: tuple[DomainPlan, ...] = ()
    why: str = ""
    read_back: bool = True

    @property
    def says(self) -> str:
        domains = dict.fromkeys(change.record.name for change in self.changes)
        each = [
            f"{name}: "
            + ", ".join(  # A and AAAA records of a name nearly always change alike
                dict.fromkeys(
                    str(one) for one in self.changes if one.record.name == name and one.weight != one.record.weight
                )
            )
            for name in domains
        ]
        return "Set the weights of " + "; ".join(each) + (f" ({self.why})" if self.why else "")

    @property
    def if_interrupted(self) -> str:
        return "The weights of a zone change all at once or not at all: senza traffic shows what they are."

    @property
    def undone_by(self) -> str:
        before = ", ".join(f"{change.record.identifier} {change.record.weight}" for change in self.changes)
        return f"the weights before were {before} of 200"


@dataclass(frozen=True)
class DomainPlan:
    """What happens to one domain: weights by set identifier before and after; equal where nothing changes."""

    domain: Domain
    before: Mapping[str, int]
    after: Mapping[str, int]
    because: str | None = None


@dataclass(frozen=True)
class SwitchPlan:
    """domains: all that were asked for, changed or not. steps: one per zone in which something changes."""

    domains: tuple[DomainPlan, ...]
    steps: tuple[ShiftWeights, ...] = field(default=())


def plan_switch(records: Sequence[Record], identifier: str, asked: int, *, force: bool = False) -> SwitchPlan:
    """Plan ``asked`` half percents for ``identifier`` in every domain in which it has a weighted record.

    records: all records of those names, foreign ones included: whoever has traffic gives some.

    Raises Refused, without ``force``, where nobody would be left with traffic.
    """
    plans, changes = [], []
    for domain, siblings in weighted_domains(records).items():
        if identifier not in siblings:
            continue
        before = {name: record.weight or 0 for name, record in siblings.items()}
        result = shift(before, identifier, asked)
        after = dict(result.weights)
        if sum(after.values()) == 0 and not force and (sum(before.values()) > 0 or len(before) > 1):
            raise nobody_left(domain, identifier)
        plans.append(DomainPlan(domain, before, after, result.because))
        if before != after:
            # From all 0, two switches would touch different records and never meet: all are compared, changed or not.
            compared = before if sum(before.values()) == 0 else [name for name in before if after[name] != before[name]]
            changes += [WeightChange(siblings[name], after[name]) for name in compared]
    given = sorted({plan.after[identifier] for plan in plans})
    comment = f"senza: {identifier} gets {' or '.join(percent(weight) for weight in given)} %"
    steps = [
        replace(step, domains=tuple(one for one in plans if one.domain.zone == step.zone and one.before != one.after))
        for step in batches(changes, comment)
    ]
    return SwitchPlan(tuple(plans), tuple(steps))


def plan_restore(records: Sequence[Record], wanted: Mapping[str, Mapping[str, int]], leaving: str) -> SwitchPlan:
    """Plan to give every record the weight that it had, and ``leaving`` none.

    records: all records of those names. wanted: weights by domain name and set identifier, as they were; a record that
    is not in there keeps what it has. A sole record of weight 0 had all traffic, so it gets 200: no sum is made 0.
    A domain in which nobody but ``leaving`` could have traffic is left as it is.
    """
    plans, changes = [], []
    for domain, siblings in weighted_domains(records).items():
        before = {name: record.weight or 0 for name, record in siblings.items()}
        had = wanted.get(domain.name, {})
        after = {name: 0 if name == leaving and name not in had else had.get(name, before[name]) for name in before}
        if sum(after.values()) == 0:
            heirs = [name for name in had if name in after]
            if len(heirs) != 1:
                continue
            after[heirs[0]] = TOTAL
        plans.append(DomainPlan(domain, before, after))
        if before != after:
            compared = before if sum(before.values()) == 0 else [name for name in before if after[name] != before[name]]
            changes += [WeightChange(siblings[name], after[name]) for name in compared]
    steps = [
        replace(step, domains=tuple(one for one in plans if one.domain.zone == step.zone and one.before != one.after))
        for step in batches(changes, f"senza: take {leaving} back")
    ]
    return SwitchPlan(tuple(plans), tuple(steps))


def weighted_domains(records: Sequence[Record]) -> dict[Domain, dict[str, Record]]:
    """The weighted records by domain and set identifier."""
    domains: dict[Domain, dict[str, Record]] = {}
    for record in records:
        if record.identifier is not None and record.weight is not None:
            domains.setdefault(record.domain, {})[record.identifier] = record
    return domains


def batches(changes: Sequence[WeightChange], comment: str) -> tuple[ShiftWeights, ...]:
    zones = dict.fromkeys(change.record.zone for change in changes)
    return tuple(
        ShiftWeights(zone, tuple(change for change in changes if change.record.zone == zone), comment) for zone in zones
    )


def nobody_left(domain: Domain, identifier: str) -> Refused:
    return Refused(
        f"{identifier} is the last version with traffic on {domain.name}: at 0 % no version would have any, "
        "and Route 53 then answers with every version that has a record, at equal shares",
        hint="Give the traffic to another version instead (senza traffic NAME OTHER 100), or use --force.",
    )


@perform.register
def shift_weights(step: ShiftWeights, world: World) -> Outcome:
    set_protection(world, gaining(step.changes), on=True)
    try:
        answer = world.aws.call(
            "route53", "change_resource_record_sets", HostedZoneId=step.zone.id, ChangeBatch=change_batch(step)
        )
    except AwsError as error:
        if error.code != "InvalidChangeBatch":
            raise
        return after_rejection(step, world, error)
    facts: dict[str, Any] = {"change_id": answer["ChangeInfo"]["Id"], "insync": False}
    set_protection(world, losing(step.changes), on=False)
    try:
        facts["insync"] = wait_until_insync(answer["ChangeInfo"], world)
        if step.read_back:
            facts["observed"] = observe(step, world)
    except SenzaError as error:  # the weights are changed, whether or not we may look at them
        return Outcome(f"accepted by Route 53, but it could not be watched: {error}", facts)
    check(step, facts.get("observed"))
    said = "in effect on all Route 53 servers" if facts["insync"] else "accepted; Route 53 is still spreading it"
    return Outcome(said, facts)


def change_batch(step: ShiftWeights) -> dict[str, Any]:
    changes: list[dict[str, Any]] = []
    for change in step.changes:
        record = dict(change.record.raw)
        if "AliasTarget" in record:  # a required member, which not every imitation of AWS lists where it is false
            record["AliasTarget"] = {"EvaluateTargetHealth": False, **record["AliasTarget"]}
        changes.append({"Action": "DELETE", "ResourceRecordSet": record})
        changes.append({"Action": "CREATE", "ResourceRecordSet": {**record, "Weight": change.weight}})
    return {"Comment": step.comment[:256], "Changes": changes}


def after_rejection(step: ShiftWeights, world: World, error: AwsError) -> Outcome:
    """Route 53 changed nothing: because the change was made already (a lost answer), or because somebody was faster."""
    observed = observe(step, world)
    if all(observed.get(key) == weight for key, weight in wanted(step).items()):
        return Outcome("was in effect already", {"insync": True, "observed": observed})
    before = {key_of(change.record): change.record.weight for change in step.changes}
    if all(observed.get(key) == weight for key, weight in before.items()):
        raise error  # nobody interfered: Route 53 rejects the change for a reason of its own
    raise Conflict(
        f"somebody else is changing {names(step)}: {described(observed)} is no longer what this was planned from; "
        "nothing was changed",
        hint="Look again (senza traffic NAME) and repeat the command if it is still what you want.",
    )


def wait_until_insync(info: Mapping[str, Any], world: World) -> bool:
    """Poll the change until Route 53's servers have it; False after INSYNC_TIMEOUT seconds (it goes on without us)."""
    until = world.clock.now() + INSYNC_TIMEOUT
    status = info["Status"]
    if status != "INSYNC":
        world.say("Route 53 has it and tells its servers")
    while status != "INSYNC":
        if world.clock.now() >= until:
            return False
        world.clock.sleep(INSYNC_INTERVAL)
        status = world.aws.call("route53", "get_change", Id=info["Id"])["ChangeInfo"]["Status"]
    return True


def key_of(record: Record) -> Key:
    return record.name, record.type, record.identifier or ""


def wanted(step: ShiftWeights) -> dict[Key, int]:
    return {key_of(change.record): change.weight for change in step.changes}


def observe(step: ShiftWeights, world: World) -> dict[Key, int]:
    """The weights that the changed domains have now, read back from Route 53."""
    domains = dict.fromkeys(change.record.domain for change in step.changes)
    return {
        key_of(record): record.weight
        for name in dict.fromkeys(domain.name for domain in domains)
        for record in records_at(world.aws, step.zone, name)
        if record.domain in domains and record.identifier is not None and record.weight is not None
    }


def check(step: ShiftWeights, observed: Mapping[Key, int] | None) -> None:
    """Raise Conflict where the domains have other weights than planned; a new record without traffic is none."""
    if observed is None:
        return
    planned = wanted(step) | {
        (plan.domain.name, plan.domain.type, name): weight
        for plan in step.domains
        for name, weight in plan.after.items()
    }
    if any(observed.get(key, 0) != planned.get(key, 0) for key in planned.keys() | observed.keys()):
        raise Conflict(
            f"the weights of {names(step)} were set, and somebody else changed them since: now {described(observed)}",
            hint="Look again (senza traffic NAME) and repeat the command if it is still what you want.",
        )


def names(step: ShiftWeights) -> str:
    return ", ".join(dict.fromkeys(change.record.name for change in step.changes))


def described(observed: Mapping[Key, int]) -> str:
    return (
        ", ".join(f"{identifier} {percent(weight)} %" for (_, _, identifier), weight in observed.items()) or "no record"
    )
