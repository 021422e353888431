"""Rollback triggers: alarms that turn a create or update back ("RollbackConfiguration" in the API reference)."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from senza.sandbox.cloudformation.errors import Refusal, constraint
from senza.sandbox.world import world

MAX_TRIGGERS = 5
MAX_MINUTES = 180
TYPES = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
LOOK = 60.0
"""Seconds between two looks at the alarms."""


@dataclass(frozen=True)
class Triggers:
    """arns: of alarms. minutes: how long they are watched after everything is made, before the clean-up."""

    arns: tuple[str, ...] = ()
    minutes: int = 0

    def described(self) -> dict[str, Any]:
        """As DescribeStacks shows them."""
        if not self.arns and not self.minutes:
            return {}
        listed = [{"Arn": arn, "Type": TYPES[0]} for arn in self.arns]
        return {"RollbackTriggers": listed, "MonitoringTimeInMinutes": self.minutes}


def triggers_of(given: Mapping[str, Any], before: Triggers) -> Triggers:
    """What a request says, else what was so before. Raises Refusal."""
    wanted = given.get("RollbackConfiguration")
    if wanted is None:
        return before
    arns = before.arns
    if "RollbackTriggers" in wanted:
        listed = wanted["RollbackTriggers"] or []
        if len(listed) > MAX_TRIGGERS:
            raise constraint("...", "rollbackConfiguration.rollbackTriggers", f"have length at most {MAX_TRIGGERS}")
        for one in listed:
            if one.get("Type") not in TYPES:
                raise Refusal(f"Rollback trigger type {one.get('Type')} is not supported. Supported: {list(TYPES)}")
        arns = tuple(str(one["Arn"]) for one in listed)
    minutes = int(wanted.get("MonitoringTimeInMinutes") or 0)
    if not 0 <= minutes <= MAX_MINUTES:
        raise constraint(str(minutes), "monitoringTimeInMinutes", f"have value between 0 and {MAX_MINUTES}")
    return Triggers(arns, minutes)


def watch(triggers: Triggers, account_id: str, region: str) -> Generator[float, None, str]:
    """Watch the alarms for their time; returns why to roll back, "" where nothing happened."""
    until = world.timeline.now + triggers.minutes * 60
    while True:
        if reason := alarmed(triggers, account_id, region):
            return reason
        left = until - world.timeline.now
        if left <= 0:
            return ""
        yield min(LOOK, left)


def alarmed(triggers: Triggers, account_id: str, region: str) -> str:
    """One look. An alarm that does not exist rolls back, too ("RollbackTrigger" in the API reference)."""
    from moto.cloudwatch.models import cloudwatch_backends

    from senza.sandbox.patches.alarms import evaluate

    if not triggers.arns:
        return ""
    backend = cloudwatch_backends[account_id][region]
    evaluate(backend)
    states = {alarm.alarm_arn: str(alarm.state_value) for alarm in backend.alarms.values()}
    for arn in triggers.arns:
        state = states.get(arn)
        if state is None:
            return f"Rollback trigger {arn} does not exist."
        if state == "ALARM":
            return f"Rollback trigger {arn} went to ALARM state."
    return ""
