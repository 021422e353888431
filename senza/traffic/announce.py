"""Telling the SNS topics of the stacks what was done to their traffic: who, what, before, after."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from senza.errors import SenzaError
from senza.plan import Outcome, Step, World, perform
from senza.stacks.summaries import Stack
from senza.traffic.switch import SwitchPlan
from senza.traffic.weighted import DomainPlan
from senza.traffic.weights import percent


@dataclass(frozen=True)
class Announce(Step):
    """Publish one message to each topic of the stacks whose weights changed. It never undoes or fails a switch."""

    stack: Stack
    asked: int
    domains: tuple[DomainPlan, ...]

    @property
    def says(self) -> str:
        return f"Tell the SNS topics of {', '.join(self.stacks)}"

    @property
    def stacks(self) -> list[str]:
        """The version that was asked for, and those whose weights change with it."""
        changed = {
            identifier
            for domain in self.domains
            for identifier, weight in domain.before.items()
            if domain.after[identifier] != weight and identifier != self.stack.full_name
        }
        return [self.stack.full_name, *sorted(changed)]


def plan_announcement(stack: Stack, asked: int, plan: SwitchPlan) -> list[Step]:
    """Tell the topics where the stack has any; without topics nothing is looked up and nobody is told."""
    changed = tuple(domain for domain in plan.domains if domain.before != domain.after)
    return [Announce(stack, asked, changed)] if changed and stack.notification_arns else []


@perform.register
def announce(step: Announce, world: World) -> Outcome:
    topics = topics_of(step, world)
    try:
        who = world.aws.call("sts", "get_caller_identity")["Arn"]
    except SenzaError:
        who = "unknown"
    text = json.dumps(message(step, who, world.clock.now()), indent=1)
    given = sorted({percent(domain.after[step.stack.full_name]) for domain in step.domains})
    subject = f"{step.stack.full_name} gets {' or '.join(given)} % of the traffic"[:100]  # SNS: at most 100 characters
    told = 0
    for topic in topics:
        try:
            world.aws.call("sns", "publish", TopicArn=topic, Subject=subject, Message=text)
            told += 1
        except SenzaError as error:
            world.say(f"the traffic is switched, but {topic} could not be told: {error.message}")
    return Outcome(f"told {told} of {len(topics)}")


def topics_of(step: Announce, world: World) -> list[str]:
    """The topics of all stacks of the step, in as few calls as DescribeStacks has pages, for any number of versions.

    A set identifier need not be a stack name at all, so the stacks are not asked for by name.
    """
    topics = dict.fromkeys(step.stack.notification_arns)
    names = set(step.stacks)
    try:
        for item in world.aws.pages("cloudformation", "describe_stacks", "Stacks"):
            if item["StackName"] in names:
                topics |= dict.fromkeys(item.get("NotificationARNs", ()))
    except SenzaError as error:
        world.say(f"the traffic is switched, but the topics of the other versions are unknown: {error.message}")
    return list(topics)


def message(step: Announce, who: str, now: float) -> dict[str, object]:
    """Weights are in percent, by set identifier. A domain at a load balancer says so: it may be one in DNS, too."""
    return {
        "event": "traffic",
        "stack_name": step.stack.name,
        "version": step.stack.version,
        "asked": step.asked / 2,
        "who": who,
        "time": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
        "domains": [
            {
                "domain": plan.domain.name,
                **({"type": "rule"} if plan.domain.type == "rule" else {}),
                "before": {name: weight / 2 for name, weight in plan.before.items()},
                "after": {name: weight / 2 for name, weight in plan.after.items()},
            }
            for plan in step.domains
        ],
    }
