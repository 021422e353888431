"""The switch of Route 53: one atomic change per hosted zone, compared with what the plan was made from.

Route 53 has no conditional write, but it deletes a record only when every value given is the current one, and a
change batch takes effect whole or not at all (API reference, ChangeResourceRecordSets). So each weight is changed by
deleting the record as it was read and creating it with the new weight in one batch: if anybody changed one of them in
between, nothing happens. CloudFormation takes no part in it, so the state of a stack cannot stand in the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from senza.account import HostedZone
from senza.errors import AwsError, Conflict, SenzaError
from senza.plan import Outcome, Step, World, perform
from senza.traffic.protection import gaining, losing, set_protection
from senza.traffic.records import Record, records_at
from senza.traffic.weighted import DomainPlan, Key, WeightChange, described, key_of

INSYNC_TIMEOUT = 300
"""Seconds to wait until all of Route 53's servers have the change; it usually takes under 60 (Developer Guide)."""
INSYNC_INTERVAL = 2


@dataclass(frozen=True)
class ShiftWeights(Step):
    """Set weights in one zone, all or none. Its outcome's facts: ``observed``, weights read back, by :data:`Key`.

    changes: also of records that keep their weight, where comparing them is all that tells two switches apart.
    domains: all weights of the domains before and after, to compare with what is read back.
    why: for users, where they did not ask for it themselves.
    read_back: whether to look afterwards what the weights are; False saves a call where nobody uses the answer.
    """

    zone: HostedZone
    changes: tuple[WeightChange[Record], ...]
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
        f"somebody else is changing {names(step)}: {told(observed)} is no longer what this was planned from; "
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
            f"the weights of {names(step)} were set, and somebody else changed them since: now {told(observed)}",
            hint="Look again (senza traffic NAME) and repeat the command if it is still what you want.",
        )


def names(step: ShiftWeights) -> str:
    return ", ".join(dict.fromkeys(change.record.name for change in step.changes))


def told(observed: Mapping[Key, int]) -> str:
    return described((identifier, weight) for (_, _, identifier), weight in observed.items()) or "no record"
