"""Replacing instances by the group's own instance refresh, watched to its end.

A rollback gives a group the settings that it had when the refresh began, and the user has given it the new ones before
("Undo changes with a manual or auto rollback" in the Auto Scaling guide). So, for the time of the refresh, the group
goes back to the version that its instances run, and the new one is the desired configuration: AWS gives it to the group
when the refresh has succeeded. A tag on the group remembers the new version, for runs that are killed in between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from senza.aws import Aws
from senza.aws.failures import DENIED
from senza.errors import AwsError, NotFound, OperationFailed, TimedOut
from senza.fleet.groups import Group, TemplateUse, group_named
from senza.fleet.launch import versions_of
from senza.fleet.marks import REFRESH_TAG, mark, unmark
from senza.fleet.one_by_one import TIMEOUT, ReplaceOneByOne
from senza.fleet.patch import launch_settings
from senza.plan import Outcome, Step, World, perform

PREFERENCES = {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 110}
INTERVAL = 10
ENDED = frozenset({"Successful", "Failed", "Cancelled", "RollbackSuccessful", "RollbackFailed"})
UNABLE = DENIED | {"UnsupportedOperation", "NotImplemented", "InvalidAction", "ValidationError"}
"""Errors of StartInstanceRefresh that mean: not for this account, or not for this group."""
NONE = "none"


@dataclass(frozen=True)
class Mark:
    """target: the version that the group is to have. after: id of the newest refresh before ours, or ``none``."""

    target: str
    after: str


def mark_of(group: Group) -> Mark | None:
    target, _, after = group.tags.get(REFRESH_TAG, "").partition(" ")
    return Mark(target, after or NONE) if target else None


@dataclass(frozen=True)
class Refresh:
    id: str
    status: str
    percent: int
    left: int
    reason: str

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    def __str__(self) -> str:
        reason = f": {self.reason}" if self.reason else ""
        return f"{self.status}, {self.percent} % done, {self.left} instances left{reason}"


@dataclass(frozen=True)
class RefreshInstances(Step):
    """previous: the version to return to when it fails, "" where there is none. old: ids, as planned."""

    group: Group
    old: tuple[str, ...]
    previous: str = ""
    everything: bool = False
    timeout: float = TIMEOUT

    @property
    def says(self) -> str:
        if not self.old:
            return f"Follow the instance refresh of {self.group}"
        undo = f", back to version {self.previous} if it fails" if self.previous else ""
        return f"Replace {len(self.old)} of {len(self.group.members)} instances of {self.group} by refresh{undo}"

    @property
    def undone_by(self) -> str:
        return f"senza respawn-instances {' '.join(self.group.stack.rpartition('-')[::2])} --cancel"


@dataclass(frozen=True)
class CancelRefresh(Step):
    group: Group
    timeout: float = TIMEOUT

    @property
    def says(self) -> str:
        return f"Cancel the instance refresh of {self.group}"


def newest_refresh(aws: Aws, group: str, ident: str | None = None) -> Refresh | None:
    """The group's newest instance refresh, or the one of that id."""
    chosen: dict[str, Any] = {"InstanceRefreshIds": [ident]} if ident else {"MaxRecords": 1}
    answer = aws.call("autoscaling", "describe_instance_refreshes", AutoScalingGroupName=group, **chosen)
    found = answer["InstanceRefreshes"]
    return parsed(found[0]) if found else None


def parsed(item: Mapping[str, Any]) -> Refresh:
    return Refresh(
        id=item["InstanceRefreshId"],
        status=item["Status"],
        percent=item.get("PercentageComplete", 0),
        left=item.get("InstancesToUpdate", 0),
        reason=item.get("StatusReason", ""),
    )


def previous_version(aws: Aws, group: Group, target: str) -> str:
    """The version that most of the other instances run, "" where AWS could not roll back to it.

    It cannot where the group follows ``$Latest`` or ``$Default``, where instances come from a launch configuration or
    another template, and where the image is a parameter (API reference, RefreshPreferences).
    """
    use = group.template
    if use is None or use.follows:
        return ""
    running = Counter(one.launched[1] for one in group.members if one.launched and one.launched[0] == use.id)
    del running[target]
    if not running:
        return ""
    previous = running.most_common(1)[0][0]
    image = str(versions_of(aws, TemplateUse(use.id, previous))[0].data.get("ImageId", ""))
    return "" if image.startswith("resolve:") else previous


@perform.register
def refresh_instances(step: RefreshInstances, world: World) -> Outcome:
    group = group_named(world.aws, step.group.name)
    marked = mark_of(group)
    found = newest_refresh(world.aws, group.name)
    if found and not found.ended:
        world.say("an instance refresh is under way already; this waits for it")
    elif found and marked and found.id != marked.after:
        pass  # ours, which went on to its end while nobody watched
    else:
        target = marked.target if marked else group.template.version if group.template else ""
        refused = start(step, group, target, found, world)
        if refused:
            world.say(f"AWS cannot refresh this group ({refused.message}), so its instances are replaced one by one")
            return perform(ReplaceOneByOne(group, step.old, False, step.everything, step.timeout), world)
        found = newest_refresh(world.aws, group.name)
    assert found is not None
    ended = watch(step.group, found, step.timeout, world)
    settle(world.aws, group.name, ended)
    check(step.group, ended)
    return Outcome(f"{ended.percent} % done", {"refresh": ended.id})


def start(step: RefreshInstances, group: Group, target: str, newest: Refresh | None, world: World) -> AwsError | None:
    """Start a refresh to the target version; returns the error of an account or group that cannot, all undone."""
    request: dict[str, Any] = {"Preferences": PREFERENCES | {"SkipMatching": not step.everything}}
    aws, name, before = world.aws, group.name, newest.id if newest else NONE
    if step.previous:
        request["Preferences"] |= {"AutoRollback": True}
        request["DesiredConfiguration"] = launch_settings(group, target)
        mark(aws, name, REFRESH_TAG, f"{target} {before}")
    try:
        if step.previous:
            give(aws, group, step.previous)
        elif mark_of(group):
            undo(aws, group, target)  # of a run that was killed, and there is nothing left to return to
        aws.call("autoscaling", "start_instance_refresh", AutoScalingGroupName=name, **request)
    except AwsError as error:
        now = newest_refresh(aws, name) if error.code in ("InstanceRefreshInProgress", "Connection") else None
        if now and now.id != before:
            return None  # it runs: somebody was faster, or only the answer was lost
        if step.previous:
            undo(aws, group, target)
        if error.code in UNABLE:
            return error
        raise
    except KeyboardInterrupt:
        if step.previous:
            with suppress(AwsError):  # refused where the refresh has started; the mark stays for whoever follows it
                undo(aws, group, target)
        raise
    return None


def undo(aws: Aws, group: Group, target: str) -> None:
    give(aws, group, target)
    unmark(aws, group.name, REFRESH_TAG)


def give(aws: Aws, group: Group, version: str) -> None:
    settings = launch_settings(group, version)
    aws.call("autoscaling", "update_auto_scaling_group", AutoScalingGroupName=group.name, **settings)


def watch(group: Group, refresh: Refresh, timeout: float, world: World) -> Refresh:
    """Tell how it goes until it has ended. Ctrl-C ends the watching only. Raises TimedOut."""
    until = world.clock.now() + timeout
    words = " ".join(group.stack.rpartition("-")[::2])
    said = ""
    try:
        while not refresh.ended:
            if str(refresh) != said:
                said = str(refresh)
                world.say(said)
            if world.clock.now() >= until:
                raise TimedOut(
                    f"after {timeout:g} seconds the instance refresh of {group} is {refresh}",
                    hint=f"It goes on. senza respawn-instances {words} watches it, --cancel stops it.",
                )
            world.clock.sleep(INTERVAL)
            refresh = newest_refresh(world.aws, group.name, refresh.id) or refresh
    except KeyboardInterrupt:
        world.say(
            f"The refresh goes on without us: senza respawn-instances {words} watches it again, "
            f"senza respawn-instances {words} --cancel stops it."
        )
        raise
    return refresh


def settle(aws: Aws, name: str, ended: Refresh) -> None:
    """Forget the mark. A cancelled refresh leaves the group with the version that it was to have, as it was before."""
    group = group_named(aws, name)
    marked = mark_of(group)
    if marked is None:
        return
    if ended.status == "Cancelled" and group.template and group.template.version != marked.target:
        give(aws, group, marked.target)
    unmark(aws, name, REFRESH_TAG)


def check(group: Group, ended: Refresh) -> None:
    """Raises OperationFailed where it did not succeed."""
    if ended.status == "Successful":
        return
    reason = f": {ended.reason}" if ended.reason else ""
    became = {
        "RollbackSuccessful": "failed and was rolled back",
        "RollbackFailed": "failed, and so did its rollback",
        "Cancelled": "was cancelled",
    }.get(ended.status, "failed")
    hint = "senza console and senza events may tell why."
    if ended.status == "RollbackSuccessful":
        hint = f"The group is back on the version that it had. {hint}"
    raise OperationFailed(f"the instance refresh of {group} {became} at {ended.percent} %{reason}", hint=hint)


@perform.register
def cancel_refresh(step: CancelRefresh, world: World) -> Outcome:
    name = step.group.name
    try:
        answer = world.aws.call("autoscaling", "cancel_instance_refresh", AutoScalingGroupName=name)
    except AwsError as error:
        if error.code == "ActiveInstanceRefreshNotFound":
            raise NotFound(f"no instance refresh of {step.group} is under way (any more)") from error
        raise
    found = newest_refresh(world.aws, name, answer["InstanceRefreshId"])
    assert found is not None
    ended = watch(step.group, found, step.timeout, world)
    settle(world.aws, name, ended)
    return Outcome(ended.status.lower())
