"""Gap: moto has no instance refresh.

Rules and errors as in the API reference (StartInstanceRefresh, RefreshPreferences, RollbackInstanceRefresh); batches,
checkpoints and warm-up are reduced to what matters for waiting: as many new instances at once as the maximum healthy
percentage allows, at least one, and old ones go when the new ones are healthy.
"""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from senza.sandbox.patches.group_life import settings_of
from senza.sandbox.patches.refresh_rules import check, launch_of, launching_with, refused, set_launch
from senza.sandbox.timeline import Operation
from senza.sandbox.world import world

ACTIVE = ("Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking")
LAUNCH_PARAMETERS = ("launch_config_name", "launch_template", "mixed_instances_policy")
START_SECONDS = 5.0
"""What a refresh takes where nothing is to be done; only where instances take their time, too."""


@dataclass
class Refresh:
    group: Any
    preferences: dict[str, Any]
    desired: dict[str, Any] | None
    before: dict[str, Any]
    """The launch settings of the group when it began."""
    old: list[str]
    """Instances to replace."""
    ident: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "Pending"
    reason: str = ""
    started: float = field(default_factory=lambda: world.timeline.now)
    ended: float | None = None
    replaced: int = 0
    operation: Operation | None = None

    @property
    def percent(self) -> int:
        total = self.replaced + len(self.old)
        return 100 * self.replaced // total if total else 100

    def end(self, status: str, reason: str = "") -> None:
        self.status, self.ended = status, world.timeline.now
        self.reason = reason or self.reason

    def described(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "InstanceRefreshId": self.ident,
            "AutoScalingGroupName": self.group.name,
            "Status": self.status,
            "StartTime": datetime.fromtimestamp(self.started, UTC),
            "PercentageComplete": self.percent,
            "InstancesToUpdate": len(self.old),
            "Preferences": self.preferences,
        }
        if self.reason:
            found["StatusReason"] = self.reason
        if self.ended is not None:
            found["EndTime"] = datetime.fromtimestamp(self.ended, UTC)
        if self.desired:
            found["DesiredConfiguration"] = self.desired
        return found


def outdated(group: Any, settings: dict[str, Any], skip_matching: bool) -> list[str]:
    with launching_with(group, settings):
        wanted = settings_of(group)
    states = [one for one in group.instance_states if one.lifecycle_state in ("Pending", "InService")]
    return [one.instance.id for one in states if not skip_matching or one.senza_settings != wanted]


def start(group: Any, preferences: dict[str, Any], desired: dict[str, Any] | None) -> Refresh:
    if any(one.status in ACTIVE for one in refreshes_of(group)):
        raise refused(
            "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.",
            "InstanceRefreshInProgress",
        )
    check(group, preferences, desired)
    before = launch_of(group)
    old = outdated(group, desired or before, bool(preferences.get("SkipMatching")))
    refresh = Refresh(group, preferences, desired, before, old)
    refreshes_of(group).insert(0, refresh)
    run(refresh, forward(refresh))
    return refresh


def refreshes_of(group: Any) -> list[Refresh]:
    """Newest first."""
    if not hasattr(group, "senza_refreshes"):
        group.senza_refreshes = []
    found: list[Refresh] = group.senza_refreshes
    return found


def run(refresh: Refresh, operation: Operation) -> None:
    if refresh.operation is not None:
        world.timeline.cancel(refresh.operation)
    refresh.operation = operation
    world.timeline.start(operation)


def forward(refresh: Refresh) -> Operation:
    yield min(START_SECONDS, world.settings.launch_seconds)
    refresh.status = "InProgress"
    wanted = refresh.desired or refresh.before
    yield from replace(refresh, wanted, 1)
    if world.settings.refresh_failure and refresh.replaced:
        if refresh.preferences.get("AutoRollback"):
            yield from backward(refresh, world.settings.refresh_failure)
        else:
            refresh.end("Failed", world.settings.refresh_failure)
        return
    yield from replace(refresh, wanted, None)
    set_launch(refresh.group, wanted)
    refresh.end("Successful")


def backward(refresh: Refresh, reason: str) -> Operation:
    refresh.status, refresh.reason = "RollbackInProgress", reason
    refresh.old = outdated(refresh.group, refresh.before, True)
    yield from replace(refresh, refresh.before, None)
    refresh.end("RollbackSuccessful")


def replace(refresh: Refresh, settings: dict[str, Any], batches: int | None) -> Operation:
    """Replace what is old by instances with these settings, so many batches of it."""
    group = refresh.group
    while refresh.old and batches != 0:
        capacity = group.desired_capacity
        most = refresh.preferences.get("MaxHealthyPercentage") or 100
        extra = max(1, math.ceil(capacity * most / 100) - capacity)
        batch = refresh.old[:extra]
        with launching_with(group, settings):
            group.replace_autoscaling_group_instances(len(batch), group.get_propagated_tags())
        group.autoscaling_backend.update_attached_elbs(group.name)
        group.autoscaling_backend.update_attached_target_groups(group.name)
        yield world.settings.launch_seconds + world.settings.healthy_seconds
        present = {one.instance.id for one in group.instance_states}
        gone = [one for one in batch if one in present]
        group.instance_states = [one for one in group.instance_states if one.instance.id not in gone]
        if gone:
            group.ec2_backend.terminate_instances(gone)
        group.set_desired_capacity(group.desired_capacity)
        refresh.old = refresh.old[len(batch) :]
        refresh.replaced += len(batch)
        batches = None if batches is None else batches - 1


def active(group: Any) -> Refresh:
    for one in refreshes_of(group):
        if one.status in ACTIVE:
            return one
    raise refused(
        f"No in progress or pending Instance Refresh found for Auto Scaling group {group.name}",
        "ActiveInstanceRefreshNotFound",
    )


def cancel(refresh: Refresh) -> None:
    def ending() -> Operation:
        refresh.status = "Cancelling"
        yield world.settings.launch_seconds
        refresh.group.set_desired_capacity(refresh.group.desired_capacity)
        refresh.end("Cancelled", "Cancelled due to user request.")

    run(refresh, ending())


def roll_back(refresh: Refresh) -> None:
    if not refresh.desired or refresh.before.get("LaunchTemplate", {}).get("Version", "$").startswith("$"):
        raise refused("The instance refresh cannot be rolled back.", "IrreversibleInstanceRefresh")
    run(refresh, backward(refresh, "Rollback was requested by the user."))


def guard_updates(model: Any) -> None:
    """The launch settings of a group cannot be changed while a refresh has others in store for it."""
    change = model.update

    def update(self: Any, *args: Any, **kwargs: Any) -> None:
        launch = [*args[4:6], *args[10:11], *(kwargs.get(key) for key in LAUNCH_PARAMETERS)]
        if any(launch) and any(one.desired and one.status in ACTIVE for one in refreshes_of(self)):
            raise refused(
                "The launch template, launch configuration or mixed instances policy cannot be updated while an "
                "instance refresh with a desired configuration is in progress."
            )
        change(self, *args, **kwargs)

    model.update = update


def apply() -> None:
    from moto.autoscaling import models, responses
    from moto.core.responses import ActionResult

    def group_of(self: Any) -> Any:
        name = self._get_param("AutoScalingGroupName")
        group = self.autoscaling_backend.autoscaling_groups.get(name)
        if group is None:
            raise refused(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
        return group

    def start_instance_refresh(self: Any) -> Any:
        preferences, desired = self._get_param("Preferences", {}), self._get_param("DesiredConfiguration")
        return ActionResult({"InstanceRefreshId": start(group_of(self), preferences, desired or None).ident})

    def describe_instance_refreshes(self: Any) -> Any:
        wanted = self._get_param("InstanceRefreshIds", [])
        found = [one.described() for one in refreshes_of(group_of(self)) if not wanted or one.ident in wanted]
        return ActionResult({"InstanceRefreshes": found[: self._get_int_param("MaxRecords") or 50]})

    def cancel_instance_refresh(self: Any) -> Any:
        refresh = active(group_of(self))
        cancel(refresh)
        return ActionResult({"InstanceRefreshId": refresh.ident})

    def rollback_instance_refresh(self: Any) -> Any:
        refresh = active(group_of(self))
        roll_back(refresh)
        return ActionResult({"InstanceRefreshId": refresh.ident})

    for method in (
        start_instance_refresh,
        describe_instance_refreshes,
        cancel_instance_refresh,
        rollback_instance_refresh,
    ):
        setattr(responses.AutoScalingResponse, method.__name__, method)
    guard_updates(models.FakeAutoScalingGroup)
