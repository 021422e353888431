"""The steps that change how many instances versions have.

Prescaling as in Zalando's stackset-controller ("Prescaling stacks" in its documentation): before a version gets a share
of the traffic, it gets the same share of today's capacity.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from senza.aws import Aws
from senza.fleet.balancers import HEALTHY, classic_health, target_health
from senza.fleet.groups import Group, describe
from senza.plan import Outcome
from senza.rollout.running import NotGood, Prepared, Run, already, prepare
from senza.rollout.steps import (
    AwaitHealthy,
    Prescale,
    RememberSizes,
    RestoreSizes,
    StartVersion,
    StopVersion,
)
from senza.stacks.tags import STACK_TAG
from senza.stacks.templates import deployed_template
from senza.traffic.weights import TOTAL

INTERVAL = 10.0
"""Seconds between looks at load balancers; their own health checks are seldom quicker."""
GONE_TIMEOUT = 15 * 60.0
"""Seconds that instances may take to end: connection draining lasts an hour at most and a minute by default."""


def groups_by_stack(aws: Aws, stacks: Sequence[str]) -> dict[str, dict[str, Group]]:
    """The groups of each stack by logical id: one call."""
    found: dict[str, dict[str, Group]] = {stack: {} for stack in stacks}
    for group in describe(aws, Filters=[{"Name": f"tag:{STACK_TAG}", "Values": list(stacks)}]):
        if group.stack in found:
            found[group.stack][group.logical_id] = group
    return found


def sizes_of(groups: Mapping[str, Group]) -> dict[str, list[int]]:
    """Minimum, desired and maximum by logical id."""
    return {name: [group.minimum, group.desired, group.maximum] for name, group in groups.items()}


def serving(groups: Mapping[str, Group]) -> dict[str, Group]:
    """Those behind a load balancer; where none is, all of them."""
    behind = {name: group for name, group in groups.items() if group.balancers or group.target_groups}
    return behind or dict(groups)


def needed(weight: int, group: str, run: Run, groups: Mapping[str, Mapping[str, Group]]) -> int:
    """Instances of this group for that weight: ``ceil(share wanted × capacity of all versions / traffic of all)``.

    The capacity is what the versions with traffic had before the rollout, or have now if that is more; together they
    had all of the traffic, 200.
    """
    before = run.ground.sizes
    capacity = 0
    for stack in run.ground.others:
        then = before.get(stack, {}).get(group)
        now = groups.get(stack, {}).get(group)
        capacity += max(then[1] if then else 0, now.desired if now else 0)
    return math.ceil(weight * capacity / TOTAL)


def resize(aws: Aws, group: Group, **sizes: int) -> None:
    aws.call("autoscaling", "update_auto_scaling_group", AutoScalingGroupName=group.name, **sizes)


@prepare.register
def prepare_remember(step: RememberSizes, run: Run) -> Prepared:
    groups = groups_by_stack(run.aws, [step.stack])[step.stack]
    count = sum(group.desired for group in groups.values())
    return already(f"{count} instance{'' if count == 1 else 's'}", {"sizes": sizes_of(groups)})


@prepare.register
def prepare_prescale(step: Prescale, run: Run) -> Prepared:
    groups = groups_by_stack(run.aws, [step.stack, *run.ground.others])
    own = serving(groups[step.stack])
    wanted = {}
    for name, group in own.items():
        need = needed(step.weight, name, run, groups)
        least = min(need, group.maximum)
        if least < need:
            run.say(f"{step.stack} {name} would need {need} instances; its maximum is {group.maximum}")
        if least > group.minimum:
            wanted[name] = {"MinSize": least, "DesiredCapacity": max(group.desired, least)}
    if not wanted:
        return already("is large enough", {"sizes": sizes_of(own)})

    def act() -> Outcome:
        for name, sizes in wanted.items():
            resize(run.aws, own[name], **sizes)
        said = ", ".join(f"{name} at least {sizes['MinSize']}" for name, sizes in wanted.items())
        return Outcome(said, {"wanted": wanted})

    return Prepared(act, {"sizes": sizes_of(own)})


@prepare.register
def prepare_healthy(step: AwaitHealthy, run: Run) -> Prepared:
    return Prepared(partial(await_healthy, step, run))


def await_healthy(step: AwaitHealthy, run: Run) -> Outcome:
    """Until each group has as many healthy instances as its minimum, which prescaling raised, and at least one.

    A version that gets its traffic back needs those that it had before, and none where it had none.
    """
    until = run.clock.now() + step.timeout
    said = ""
    while True:
        own = serving(groups_by_stack(run.aws, [step.stack])[step.stack])
        healthy = healthy_in(run.aws, own)
        wanted = {name: least_healthy(run, step.stack, name, group) for name, group in own.items()}
        missing = [name for name in own if healthy[name] < wanted[name]]
        if not missing:
            count = sum(healthy.values())
            return Outcome(f"{count} healthy", {"healthy": healthy})
        what = ", ".join(f"{name} {healthy[name]} of {wanted[name]}" for name in missing)
        if what != said:
            run.say(f"healthy: {what}")
            said = what
        if run.clock.now() >= until:
            if all(
                healthy[name] >= max(1, own[name].minimum) for name in missing
            ):  # on the way back: rather than never
                return Outcome(f"only {what}, but its traffic is wanted back", {"healthy": healthy})
            raise NotGood(
                f"after {step.timeout / 60:g} minutes {step.stack} is not healthy: {what}",
                hint=f"senza instances {run.ground.app} {run.ground.version} shows what the load balancers say.",
                facts={"healthy": healthy},
            )
        run.clock.sleep(INTERVAL)


def least_healthy(run: Run, stack: str, name: str, group: Group) -> int:
    if stack in run.ground.others and (had := run.ground.sizes.get(stack, {}).get(name)):
        return min(had[1], max(group.desired, group.minimum))  # a scaling policy may have made it smaller again
    return max(1, group.minimum)


def healthy_in(aws: Aws, groups: Mapping[str, Group]) -> dict[str, int]:
    """How many instances of each group all of its load balancers find healthy; without one, the group's own opinion."""
    jobs: dict[str, Callable[[], dict[str, str]]] = {}
    for group in groups.values():
        jobs |= {name: partial(classic_health, aws, name) for name in group.balancers}
        jobs |= {arn: partial(target_health, aws, arn) for arn in group.target_groups}
    states = aws.parallel(jobs)
    result = {}
    for name, group in groups.items():
        opinions = [states[one] for one in (*group.balancers, *group.target_groups)]
        result[name] = sum(
            member.in_service and all(states.get(member.id) in HEALTHY for states in opinions)
            for member in group.members
        )
    return result


def remembered(run: Run) -> Mapping[str, Sequence[int]]:
    """The new version's own sizes, as they were before prescaling."""
    noted = [entry.facts["facts"]["sizes"] for _, entry in run.done(RememberSizes)]
    return noted[-1] if noted else {}


@prepare.register
def prepare_restore(step: RestoreSizes, run: Run) -> Prepared:
    own = remembered(run)
    groups = groups_by_stack(run.aws, [step.stack])[step.stack]
    raised = {name: group for name, group in groups.items() if name in own and group.minimum > own[name][0]}
    if not raised:
        return already("has it already")

    def act() -> Outcome:
        pause_until(run, last_increase(run) + step.after, f"{step.stack} keeps its capacity for a while")
        for name, group in raised.items():
            resize(run.aws, group, MinSize=own[name][0])
        return Outcome(", ".join(f"{name} at least {own[name][0]}" for name in raised))

    return Prepared(act, {"sizes": sizes_of(groups)})


def last_increase(run: Run) -> float:
    return max((at for at, _ in run.shifts()), default=0.0)


def pause_until(run: Run, moment: float, why: str) -> None:
    """Wait until then (seconds since the epoch), telling once for how long."""
    left = moment - run.clock.now()
    if left > 0:
        run.say(f"{why}: {math.ceil(left / 60)} min")
    while (left := moment - run.clock.now()) > 0:
        run.clock.sleep(left)


@prepare.register
def prepare_stop(step: StopVersion, run: Run) -> Prepared:
    groups = groups_by_stack(run.aws, [step.stack])[step.stack]

    def act() -> Outcome:
        for group in groups.values():
            if group.maximum:  # no scaling policy can start one behind our back
                resize(run.aws, group, MinSize=0, DesiredCapacity=0, MaxSize=0)
        await_gone(run, step.stack)
        return Outcome("no instance left")

    return Prepared(act, {"sizes": sizes_of(groups)})


def await_gone(run: Run, stack: str) -> None:
    """Raises NotGood: a singleton must not be started beside another one."""
    until = run.clock.now() + GONE_TIMEOUT
    while True:
        groups = describe(run.aws, Filters=[{"Name": f"tag:{STACK_TAG}", "Values": [stack]}])
        if not any(group.members or group.leaving for group in groups):
            return
        if run.clock.now() >= until:
            raise NotGood(f"after {GONE_TIMEOUT / 60:g} minutes {stack} still has instances")
        run.clock.sleep(INTERVAL)


@prepare.register
def prepare_start(step: StartVersion, run: Run) -> Prepared:
    groups = groups_by_stack(run.aws, [step.stack])[step.stack]
    asleep = step.stack == run.ground.stack
    before = sizes_in_template(run, groups) if asleep else run.ground.sizes.get(step.stack, {})
    small = {name: group for name, group in groups.items() if name in before and less(group, before[name])}
    if not small:
        return already("has its instances")

    def act() -> Outcome:
        for name, group in small.items():
            least, desired, most = before[name]
            most = max(group.maximum, most)
            resize(run.aws, group, MinSize=least, DesiredCapacity=max(group.desired, desired), MaxSize=most)
        return Outcome(", ".join(f"{name} {before[name][1]}" for name in small))

    return Prepared(act, {"sizes": sizes_of(groups)})


def sizes_in_template(run: Run, groups: Mapping[str, Group]) -> dict[str, list[int]]:
    """The sizes of the new version's groups as it was made: minimum, desired and maximum by logical id."""
    declared = deployed_template(run.aws, run.ground.stack).get("Resources", {})
    result = {}
    for name in groups:
        properties = declared.get(name, {}).get("Properties", {})
        least = size(properties.get("MinSize"), 1)
        desired = size(properties.get("DesiredCapacity"), least)
        result[name] = [least, desired, max(size(properties.get("MaxSize"), 1), desired)]
    return result


def size(value: Any, default: int) -> int:
    """CloudFormation takes numbers and texts; a function of its own tells us nothing."""
    return int(value) if isinstance(value, (int, str)) and str(value).isdigit() else default


def less(group: Group, before: Sequence[int]) -> bool:
    return group.minimum < before[0] or group.desired < before[1] or group.maximum < before[2]
