"""Replacing instances one by one, with one more meanwhile: for groups that AWS cannot refresh, or not in place.

What is changed for it is written on the group before, and undone on every way out: by this run, or, where it was
killed, by the next one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from senza.aws import Aws
from senza.errors import AwsError, SenzaError, TimedOut
from senza.fleet.balancers import HEALTHY, classic_health, target_health
from senza.fleet.groups import Group, Member, group_named
from senza.fleet.marks import RESPAWN_TAG, mark, unmark
from senza.fleet.outdated import look_up_outdated, replaceable
from senza.plan import Outcome, Step, World, perform

PROCESSES = ("AZRebalance", "AlarmNotification", "ScheduledActions")
"""Would change the group's instances or size meanwhile."""
REPLACE_TAG = "senza:replace"
"""On instances that are to go although they are up to date."""
TIMEOUT = 7200
INTERVAL = 10
READY = HEALTHY | {"UNUSED", "UNAVAILABLE"}
"""Target groups without a listener or without health checks say the last two of every instance (Elastic Load Balancing
API reference, TargetHealth).
"""


@dataclass(frozen=True)
class Memory:
    """A group as it was before.

    suspended: the processes that we suspended. everything: instances that are up to date go, too.
    """

    minimum: int
    desired: int
    maximum: int
    suspended: tuple[str, ...]
    everything: bool = False

    @property
    def raised(self) -> int:
        """The maximum while there is one more instance."""
        return max(self.maximum, self.desired + 1)

    def __str__(self) -> str:
        return (
            f"min={self.minimum} desired={self.desired} max={self.maximum} "
            f"replace={'all' if self.everything else 'outdated'} suspended={'/'.join(self.suspended)}"
        )


WRITTEN = re.compile(r"min=(\d+) desired=(\d+) max=(\d+) replace=(all|outdated) suspended=([A-Za-z/]*)")


def memory_of(group: Group) -> Memory | None:
    """What an earlier run wrote down and did not undo. Raises SenzaError where the tag is no such thing."""
    text = group.tags.get(RESPAWN_TAG)
    if text is None:
        return None
    found = WRITTEN.fullmatch(text)
    if found is None:
        raise SenzaError(
            f"the tag {RESPAWN_TAG} of {group} is not one of senza's: {text!r}",
            hint="Check the group's sizes and suspended processes, and remove the tag.",
        )
    minimum, desired, maximum = (int(number) for number in found.groups()[:3])
    return Memory(minimum, desired, maximum, tuple(filter(None, found[5].split("/"))), found[4] == "all")


@dataclass(frozen=True)
class ReplaceOneByOne(Step):
    """old: ids of the instances to replace, as planned; those that are outdated when it runs are replaced.

    everything: also those that are up to date. timeout: seconds for all of it.
    """

    group: Group
    old: tuple[str, ...]
    inplace: bool = False
    everything: bool = False
    timeout: float = TIMEOUT

    @property
    def says(self) -> str:
        if not self.old:
            return f"Finish replacing the instances of {self.group}"
        how = "in place" if self.inplace else "with one more meanwhile"
        count = f"{len(self.old)} of {len(self.group.members)} instances"
        return f"Replace {count} of {self.group} one by one, {how}: {', '.join(self.old)}"


@dataclass(frozen=True)
class Restore(Step):
    """Give a group back its sizes and processes, and leave its instances as they are."""

    group: Group

    @property
    def says(self) -> str:
        return f"Stop replacing the instances of {self.group}, and restore its sizes and processes"


@perform.register
def replace_one_by_one(step: ReplaceOneByOne, world: World) -> Outcome:
    group = group_named(world.aws, step.group.name)
    memory = memory_of(group) or remember(step, group, world.aws)
    try:
        replaced = Replacement(step, memory, world).run(group)
    except BaseException as error:  # Ctrl-C, too
        if isinstance(error, KeyboardInterrupt):
            world.say(f"Interrupted; {step.group} gets its sizes and processes back.")
        restore_after(error, step.group, memory, world)
        raise
    restore(group.name, memory, world.aws)
    return Outcome(f"{replaced} replaced", {"replaced": replaced})


@perform.register
def restore_step(step: Restore, world: World) -> Outcome:
    memory = memory_of(group_named(world.aws, step.group.name))
    if memory is None:
        return Outcome("was so already")
    restore(step.group.name, memory, world.aws)
    return Outcome("done")


def remember(step: ReplaceOneByOne, group: Group, aws: Aws) -> Memory:
    """Write down what will have to be undone."""
    ours = tuple(process for process in PROCESSES if process not in group.suspended)
    memory = Memory(group.minimum, group.desired, group.maximum, ours, step.everything)
    if step.everything:
        ids = [member.id for member in replaceable(group)]
        aws.call("ec2", "create_tags", Resources=ids, Tags=[{"Key": REPLACE_TAG, "Value": "respawn-instances"}])
    mark(aws, group.name, RESPAWN_TAG, str(memory))
    return memory


def restore_after(error: BaseException, group: Group, memory: Memory, world: World) -> None:
    """Restore on the way out; the error that led here is the one that counts."""
    try:
        restore(group.name, memory, world.aws)
    except SenzaError as second:
        world.say(
            f"{group} could not be restored ({second.message}): run senza respawn-instances again, "
            "or with --cancel to leave the instances as they are."
        )


def restore(name: str, memory: Memory, aws: Aws) -> None:
    """Undo what was changed for it, and nothing that somebody else changed meanwhile. May be repeated."""
    group = group_named(aws, name)
    desired = max(memory.desired if group.desired == memory.desired + 1 else group.desired, group.minimum)
    maximum = max(desired, memory.maximum if group.maximum == memory.raised else group.maximum)
    if (desired, maximum) != (group.desired, group.maximum):
        sizes = {"DesiredCapacity": desired, "MaxSize": maximum}
        aws.call("autoscaling", "update_auto_scaling_group", AutoScalingGroupName=name, **sizes)
    if memory.suspended:
        processes = list(memory.suspended)
        aws.call("autoscaling", "resume_processes", AutoScalingGroupName=name, ScalingProcesses=processes)
    if memory.everything and (left := tagged(aws, group)):
        aws.call("ec2", "delete_tags", Resources=sorted(left), Tags=[{"Key": REPLACE_TAG}])
    unmark(aws, name, RESPAWN_TAG)


def tagged(aws: Aws, group: Group) -> set[str]:
    """The instances of the group that are to go although they are up to date."""
    filters = [
        {"Name": "tag-key", "Values": [REPLACE_TAG]},
        {"Name": "tag:aws:autoscaling:groupName", "Values": [group.name]},
    ]
    pages = aws.pages("ec2", "describe_instances", "Reservations", Filters=filters)
    ids = {one["InstanceId"] for reservation in pages for one in reservation["Instances"]}
    return ids & {member.id for member in group.members}


def ready(aws: Aws, group: Group) -> set[str]:
    """The instances that are in service in the group and in all of its load balancers."""
    jobs: dict[str, Callable[[], dict[str, str]]] = {
        name: partial(classic_health, aws, name) for name in group.balancers
    }
    jobs |= {arn: partial(target_health, aws, arn) for arn in group.target_groups}
    found = {member.id for member in group.members if member.in_service}
    for states in aws.parallel(jobs).values():
        found &= {instance for instance, state in states.items() if state in READY}
    return found


class Replacement:
    """One run over a group that was written down before."""

    def __init__(self, step: ReplaceOneByOne, memory: Memory, world: World) -> None:
        self._step = step
        self._memory = memory
        self._world = world
        self._until = world.clock.now() + step.timeout
        self._said = ""

    def run(self, group: Group) -> int:
        """Replace all that are old; returns how many. Raises TimedOut."""
        replaced = 0
        if self._old(group):
            self._prepare(group)
        # what is broken before need not be whole in between, or broken instances could never be replaced
        enough = min(self._memory.desired, len(ready(self._world.aws, group)))
        while True:
            group = group_named(self._world.aws, group.name)
            old = self._old(group)
            able = ready(self._world.aws, group)
            if not old and self._settled(group, able, enough):
                return replaced
            if old and self._may_go(group, candidate := first(old, able), able, enough):
                last = len(old) == 1 and not self._step.inplace and group.desired > self._memory.desired
                self._terminate(candidate, shrink=last)
                replaced += 1
            else:
                self._wait(group, able)

    def _old(self, group: Group) -> list[Member]:
        """Outdated instances, and those marked by a run that replaces all."""
        old = list(look_up_outdated(self._world.aws, group))
        if self._memory.everything:
            marked = tagged(self._world.aws, group)
            old += [member for member in replaceable(group) if member.id in marked and member not in old]
        return old

    def _prepare(self, group: Group) -> None:
        call, memory = self._world.aws.call, self._memory
        if memory.suspended:
            processes = list(memory.suspended)
            call("autoscaling", "suspend_processes", AutoScalingGroupName=group.name, ScalingProcesses=processes)
        if not self._step.inplace and group.desired <= memory.desired:
            sizes = {"DesiredCapacity": memory.desired + 1, "MaxSize": memory.raised}
            call("autoscaling", "update_auto_scaling_group", AutoScalingGroupName=group.name, **sizes)

    def _may_go(self, group: Group, candidate: Member, able: set[str], enough: int) -> bool:
        """Whether enough instances serve without it."""
        return self._settled(group, able - {candidate.id}, enough - self._step.inplace)

    def _settled(self, group: Group, able: set[str], enough: int) -> bool:
        missing = group.policy is None and len(group.members) < group.desired  # a policy may count in weights
        return not missing and not any(one.state.startswith("Pending") for one in group.members) and len(able) >= enough

    def _terminate(self, member: Member, *, shrink: bool) -> None:
        """The last one goes together with the extra capacity, so that no new one is launched in vain."""
        self._world.say(f"terminating {member.id}")
        try:
            self._world.aws.call(
                "autoscaling",
                "terminate_instance_in_auto_scaling_group",
                InstanceId=member.id,
                ShouldDecrementDesiredCapacity=shrink,
            )
        except AwsError as error:
            if error.code != "ValidationError" or "not found" not in error.message.lower():
                raise  # else it has gone by itself

    def _wait(self, group: Group, able: set[str]) -> None:
        waiting = [f"{one.id} ({one.state})" for one in group.members if one.id not in able]
        text = f"waiting for {', '.join(waiting) or 'new instances'}"
        clock = self._world.clock
        if clock.now() >= self._until:
            raise TimedOut(
                f"after {self._step.timeout:g} seconds still {text} in {self._step.group} and its load balancers"
                + failed_launch(self._world.aws, group),
                hint="Sizes and processes of the group are restored. Find out why, and run the command again.",
            )
        if text != self._said:
            self._said = text
            self._world.say(text)
        clock.sleep(INTERVAL)


def first(old: list[Member], able: set[str]) -> Member:
    """Those that serve nobody go first."""
    return min(old, key=lambda member: member.id in able)


def failed_launch(aws: Aws, group: Group) -> str:
    """Why the group's latest activity failed, as part of a sentence; "" where it did not."""
    answer = aws.call("autoscaling", "describe_scaling_activities", AutoScalingGroupName=group.name, MaxRecords=1)
    for activity in answer["Activities"]:
        if activity["StatusCode"] == "Failed":
            return f"; AWS says: {activity.get('StatusMessage', activity['Description'])}"
    return ""
