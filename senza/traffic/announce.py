"""Telling the SNS topics of the stacks what was done to their traffic: who, what, before, after."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from senza.aws import Aws
from senza.errors import SenzaError
from senza.plan import Outcome, Step, World, perform
from senza.stacks.summaries import Stack, describe_stack
from senza.traffic.switch import DomainPlan, SwitchPlan
from senza.traffic.weights import percent


@dataclass(frozen=True)
class Announce(Step):
    """Publish one message to each topic. A topic that cannot be told never undoes or fails a switch."""

    topics: tuple[str, ...]
    stack: Stack
    asked: int
    domains: tuple[DomainPlan, ...]

    @property
    def says(self) -> str:
        return "Tell " + ", ".join(topic.rpartition(":")[2] for topic in self.topics)


def plan_announcement(aws: Aws, stack: Stack, asked: int, plan: SwitchPlan) -> list[Step]:
    """Tell the topics of the stack and, where it has any, those of the stacks whose weights change with it."""
    changed = [domain for domain in plan.domains if domain.before != domain.after]
    if not changed or not stack.notification_arns:
        return []
    others = {
        identifier
        for domain in changed
        for identifier, weight in domain.before.items()
        if domain.after[identifier] != weight and identifier != stack.full_name
    }
    siblings = aws.parallel({name: partial(describe_stack, aws, name) for name in sorted(others)})
    topics = [*stack.notification_arns]
    topics += [topic for sibling in siblings.values() if sibling for topic in sibling.notification_arns]
    return [Announce(tuple(dict.fromkeys(topics)), stack, asked, tuple(changed))]


@perform.register
def announce(step: Announce, world: World) -> Outcome:
    try:
        who = world.aws.call("sts", "get_caller_identity")["Arn"]
    except SenzaError:
        who = "unknown"
    text = json.dumps(message(step, who, world.clock.now()), indent=1)
    subject = f"{step.stack.full_name} gets {percent(step.asked)} % of the traffic"[:100]  # SNS: at most 100 characters
    told = 0
    for topic in step.topics:
        try:
            world.aws.call("sns", "publish", TopicArn=topic, Subject=subject, Message=text)
            told += 1
        except SenzaError as error:
            world.say(f"the traffic is switched, but {topic} could not be told: {error.message}")
    return Outcome(f"told {told} of {len(step.topics)}")


def message(step: Announce, who: str, now: float) -> dict[str, object]:
    """Weights are in percent, by set identifier."""
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
                "before": {name: weight / 2 for name, weight in plan.before.items()},
                "after": {name: weight / 2 for name, weight in plan.after.items()},
            }
            for plan in step.domains
        ],
    }
