"""The stacks themselves: stuck ones, forgotten ones, and their launch configurations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from senza.doctor.facts import Facts
from senza.doctor.model import Check, Finding
from senza.fleet.groups import Group
from senza.stacks.summaries import Stack
from senza.traffic.weighted import Place, Weighted, weighted_domains

DAY = 86400.0
IDLE_DAYS = 14
STUCK_AFTER = DAY
"""Seconds in progress; CloudFormation itself gives most resources at most 12 hours (User Guide, CreationPolicy)."""


def stuck(facts: Facts) -> Iterator[Finding]:
    return (finding for stack in facts.stacks() if (finding := failed(stack) or lasting(stack, facts.now)))


def failed(stack: Stack) -> Finding | None:
    name, named = stack.full_name, f"{stack.name} {stack.version}".rstrip()
    see = f"See why: senza events {named}."
    message = f"{name} is stuck in {stack.status}"
    if stack.status in ("UPDATE_ROLLBACK_FAILED", "IMPORT_ROLLBACK_FAILED"):
        go_on = f"aws cloudformation continue-update-rollback --stack-name {name}"
        return Finding("error", message, f"{see} Remove the cause, then: {go_on}", name)
    if stack.status == "UPDATE_FAILED":
        roll_back = f"aws cloudformation rollback-stack --stack-name {name}"
        return Finding("error", message, f"{see} Then update it again, or: {roll_back}", name)
    if stack.status.endswith("_FAILED"):
        return Finding("error", message, f"{see} Then: senza delete {named}", name)
    if stack.status in ("ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"):
        said = f"{name} could not be created ({stack.status}) and only occupies its name"
        return Finding("warning", said, f"{see} Then: senza delete {named}", name)
    return None


def lasting(stack: Stack, now: float) -> Finding | None:
    """A stack that is in progress for too long. Of a delete it is not known when it began."""
    if not stack.status.endswith("_IN_PROGRESS") or stack.status == "DELETE_IN_PROGRESS":
        return None
    since = (stack.updated or stack.created).timestamp()
    if now - since < STUCK_AFTER:
        return None
    name, named = stack.full_name, f"{stack.name} {stack.version}".rstrip()
    advice = f"See what it waits for: senza events {named}."
    if stack.status == "UPDATE_IN_PROGRESS":
        advice += f" Give up: aws cloudformation cancel-update-stack --stack-name {name}"
    elif stack.status in ("CREATE_IN_PROGRESS", "REVIEW_IN_PROGRESS"):
        advice += f" Give up: senza delete {named}"
    return Finding("warning", f"{name} is {stack.status} for {(now - since) / DAY:.0f} days", advice, name)


def idle(facts: Facts) -> Iterator[Finding]:
    return without_traffic(facts.stacks(), weighted_domains(facts.weighted()), facts.now)


def without_traffic(
    stacks: Sequence[Stack], domains: Mapping[Place, Mapping[str, Weighted]], now: float
) -> Iterator[Finding]:
    """Pure: old versions at weight 0 everywhere beside one of the same app that has traffic."""
    weights: dict[str, int] = {}
    for siblings in domains.values():
        for identifier, record in siblings.items():
            weights[identifier] = weights.get(identifier, 0) + (record.weight or 0)
    serving = {stack.name: stack.full_name for stack in stacks if weights.get(stack.full_name)}
    for stack in stacks:
        days = (now - stack.created.timestamp()) / DAY
        if stack.full_name in weights and not weights[stack.full_name] and stack.name in serving and days > IDLE_DAYS:
            yield Finding(
                "warning",
                f"{stack.full_name} is {days:.0f} days old and has no traffic ({serving[stack.name]} has)",
                f"Where nobody needs it as a way back: senza delete {stack.name} {stack.version}",
                stack.full_name,
            )


def launch_configurations(facts: Facts) -> Iterator[Finding]:
    return old_fashioned(facts.groups())


def old_fashioned(groups: Iterable[Group]) -> Iterator[Finding]:
    """Pure: groups of stacks that launch with a launch configuration."""
    for group in groups:
        if group.configuration and group.stack:
            yield Finding(
                "info",
                f"{group} launches with a launch configuration, which knows no new instance types",
                "The next version gets a launch template: senza create DEFINITION VERSION",
                group.stack,
            )


STUCK = Check(
    "stuck-stacks",
    "No stack is stuck in a failed state, or in progress for more than a day",
    "stacks",
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html",
    stuck,
)
IDLE = Check(
    "idle-versions",
    f"No version is without traffic for more than {IDLE_DAYS} days beside one that has some",
    "stacks, weighted records and listener rules",
    "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-weighted.html",
    idle,
)
LAUNCH_CONFIGURATIONS = Check(
    "launch-configurations",
    "No stack's group uses a launch configuration",
    "auto scaling groups",
    "https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-configurations.html",
    launch_configurations,
)
