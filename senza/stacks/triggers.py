"""Alarms that turn an update or a creation back: ``SenzaInfo.RollbackTriggers``.

Rules: "Roll back your CloudFormation stack on alarm breach" in the User Guide. An alarm that does not exist when the
operation begins makes it fail, so the alarms of the stack itself can only watch its updates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from senza.aws import Aws
from senza.components import Compiled
from senza.errors import DefinitionError, NotFound
from senza.stacks.resources import resources_of
from senza.stacks.summaries import Stack

ALARM = "AWS::CloudWatch::Alarm"
MAX_ALARMS = 5
MAX_MINUTES = 180
HINT = "Write RollbackTriggers: {Alarms: [NAME, ...], OwnAlarms: true, Minutes: 10}."
KEYS = ("Alarms", "OwnAlarms", "Minutes")


@dataclass(frozen=True)
class Wanted:
    """alarms: names or ARNs. own: those of the stack, too. minutes: watched after everything is done."""

    alarms: tuple[str, ...] = ()
    own: bool = False
    minutes: int = 0


def wanted_by(compiled: Compiled) -> Wanted | None:
    """What the definition says, None where it says nothing. Raises DefinitionError."""
    info = ((compiled.template.get("Metadata") or {}).get("Senza") or {}).get("Info") or {}
    given = info.get("RollbackTriggers") if isinstance(info, Mapping) else None
    if given is None:
        return None
    where = compiled.bound.source.where("SenzaInfo", "RollbackTriggers") if compiled.bound else None
    if not isinstance(given, Mapping) or set(given) - set(KEYS):
        raise DefinitionError(
            "SenzaInfo.RollbackTriggers must be a mapping of Alarms, OwnAlarms, Minutes", hint=HINT, where=where
        )
    alarms = given.get("Alarms") or []
    if not isinstance(alarms, list) or not all(isinstance(one, str) and one for one in alarms):
        raise DefinitionError(
            "SenzaInfo.RollbackTriggers.Alarms must be a list of alarm names or ARNs", hint=HINT, where=where
        )
    if len(alarms) > MAX_ALARMS:
        raise DefinitionError(
            f"SenzaInfo.RollbackTriggers.Alarms names {len(alarms)} alarms; CloudFormation takes {MAX_ALARMS}",
            hint="Name the most important ones.",
            where=where,
        )
    own = given.get("OwnAlarms", False)
    if not isinstance(own, bool):
        raise DefinitionError("SenzaInfo.RollbackTriggers.OwnAlarms must be true or false", hint=HINT, where=where)
    minutes = given.get("Minutes", 0)
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 0 <= minutes <= MAX_MINUTES:
        raise DefinitionError(f"SenzaInfo.RollbackTriggers.Minutes must be 0 to {MAX_MINUTES}", hint=HINT, where=where)
    return Wanted(tuple(alarms), own, minutes)


def triggers_of(aws: Aws, compiled: Compiled, stack: Stack | None = None) -> dict[str, Any]:
    """The ``RollbackConfiguration`` to send, nothing where the definition has none. stack: that is updated.

    Raises DefinitionError, NotFound for an alarm that there is not.
    """
    wanted = wanted_by(compiled)
    if wanted is None:
        return {}
    names = [one for one in wanted.alarms if not one.startswith("arn:")]
    if wanted.own and stack:
        stay = compiled.template.get("Resources") or {}  # one that goes with this update would turn it back
        own = [one for one in resources_of(aws, stack.stack_id) if one.type == ALARM and one.logical_id in stay]
        names += [one.physical_id for one in own]
    arns = [one for one in wanted.alarms if one.startswith("arn:")] + arns_of(aws, list(dict.fromkeys(names)))
    if len(arns) > MAX_ALARMS:
        raise DefinitionError(
            f"{len(arns)} alarms would watch the update; CloudFormation takes {MAX_ALARMS}",
            hint="Name the most important ones in SenzaInfo.RollbackTriggers.Alarms, and leave out OwnAlarms.",
        )
    triggers = [{"Arn": arn, "Type": ALARM} for arn in arns]
    minutes = wanted.minutes if triggers else 0  # with nothing to watch, there is nothing to wait for
    return {"RollbackConfiguration": {"RollbackTriggers": triggers, "MonitoringTimeInMinutes": minutes}}


def arns_of(aws: Aws, names: list[str]) -> list[str]:
    if not names:
        return []
    found = {
        item["AlarmName"]: item["AlarmArn"]
        for item in aws.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNames=names)
    }
    missing = [name for name in names if name not in found]
    if missing:
        raise NotFound(
            f"there is no alarm {', '.join(missing)}, which SenzaInfo.RollbackTriggers names",
            hint="CloudFormation would roll back at once. Make the alarm first, or leave it out.",
        )
    return [found[name] for name in names]
