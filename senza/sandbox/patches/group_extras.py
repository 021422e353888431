"""Gap: moto's stacks cannot have scheduled actions or warm pools, and a group's lifecycle hooks get lost in one; groups
of several types, or of requirements instead of types, start instances without a type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LEFT_OPEN = 10**9


def scheduled_actions(models: Any) -> None:
    model = models.FakeScheduledAction

    def create(
        cls: Any, /, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Any:
        given = cloudformation_json["Properties"]
        action = models.autoscaling_backends[account_id][region_name].put_scheduled_update_group_action(
            name=given["AutoScalingGroupName"],
            desired_capacity=given.get("DesiredCapacity"),
            max_size=given.get("MaxSize"),
            min_size=given.get("MinSize"),
            scheduled_action_name=resource_name,
            start_time=given.get("StartTime"),
            end_time=given.get("EndTime"),
            recurrence=given.get("Recurrence"),
            timezone=given.get("TimeZone"),
        )
        action.physical_resource_id = resource_name
        return action

    def update(
        cls: Any,
        /,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Any:
        """Only another group replaces it."""
        same = cloudformation_json["Properties"]["AutoScalingGroupName"] == original_resource.auto_scaling_group_name
        name = original_resource.physical_resource_id if same else new_resource_name
        return create(cls, name, cloudformation_json, account_id, region_name)

    def delete(self: Any, account_id: str, region_name: str) -> None:
        actions = models.autoscaling_backends[account_id][region_name].scheduled_actions
        actions.pop(self.physical_resource_id, None)

    model.create_from_cloudformation_json = classmethod(create)
    model.update_from_cloudformation_json = classmethod(update)
    model.delete = delete


def warm_pools(models: Any) -> None:
    model = models.FakeWarmPool

    def create(
        cls: Any, /, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Any:
        given = cloudformation_json["Properties"]
        group = models.autoscaling_backends[account_id][region_name].autoscaling_groups[given["AutoScalingGroupName"]]
        group.put_warm_pool(
            given.get("MaxGroupPreparedCapacity"),
            given.get("MinSize"),
            given.get("PoolState"),
            given.get("InstanceReusePolicy"),
        )
        group.warm_pool.physical_resource_id = group.name
        return group.warm_pool

    def update(
        cls: Any,
        /,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Any:
        return create(cls, new_resource_name, cloudformation_json, account_id, region_name)

    def delete(self: Any, account_id: str, region_name: str) -> None:
        groups = models.autoscaling_backends[account_id][region_name].autoscaling_groups
        if self.physical_resource_id in groups:
            groups[self.physical_resource_id].warm_pool = None

    model.cloudformation_type = staticmethod(lambda: "AWS::AutoScaling::WarmPool")
    model.cloudformation_name_type = staticmethod(lambda: "")
    model.create_from_cloudformation_json = classmethod(create)
    model.update_from_cloudformation_json = classmethod(update)
    model.delete = delete


def put_hooks(backend: Any, group: Any, properties: Mapping[str, Any]) -> None:
    """Those of the property only: hooks of their own stay."""
    for name in getattr(group, "senza_hooks", ()):
        backend.delete_lifecycle_hook(group.name, name)
    hooks = properties.get("LifecycleHookSpecificationList") or ()
    for hook in hooks:
        backend.create_lifecycle_hook(
            hook["LifecycleHookName"],
            group.name,
            hook["LifecycleTransition"],
            int(hook.get("HeartbeatTimeout", 3600)),
            hook.get("DefaultResult", "ABANDON"),
        )
    group.senza_hooks = [hook["LifecycleHookName"] for hook in hooks]


def hooks_of_groups(models: Any) -> None:
    group, backends = models.FakeAutoScalingGroup, models.autoscaling_backends
    create_from = group.create_from_cloudformation_json.__func__
    update_from = group.update_from_cloudformation_json.__func__

    def create(
        cls: Any, /, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> Any:
        made = create_from(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs)
        put_hooks(backends[account_id][region_name], made, cloudformation_json["Properties"])
        return made

    def update(
        cls: Any,
        /,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Any:
        rest = (new_resource_name, cloudformation_json, account_id, region_name)
        made = update_from(cls, original_resource, *rest)
        put_hooks(backends[account_id][region_name], made, cloudformation_json["Properties"])
        return made

    group.create_from_cloudformation_json = classmethod(create)
    group.update_from_cloudformation_json = classmethod(update)


def chosen_type(overrides: list[Mapping[str, Any]], types: Mapping[str, Any]) -> str:
    """The first type of a policy; of those that meet its requirements the smallest one, "" where it has neither.

    types: as EC2 describes them, by name.
    """
    for override in overrides:
        if override.get("InstanceType"):
            return str(override["InstanceType"])
        if requirements := override.get("InstanceRequirements"):
            sizes = {
                name: (one["VCpuInfo"]["DefaultVCpus"], one["MemoryInfo"]["SizeInMiB"]) for name, one in types.items()
            }
            wanted = [bounds(requirements.get(key)) for key in ("VCpuCount", "MemoryMiB")]
            fitting = [
                name
                for name, size in sizes.items()
                if all(least <= value <= most for value, (least, most) in zip(size, wanted, strict=True))
            ]
            return min(fitting, key=lambda name: (sizes[name], name), default="")
    return ""


def bounds(wanted: Mapping[str, Any] | None) -> tuple[int, int]:
    given = wanted or {}
    return int(given.get("Min", 0)), int(given.get("Max", LEFT_OPEN))


def types_of_groups(models: Any) -> None:
    from moto.ec2.models.instance_types import INSTANCE_TYPES

    group = models.FakeAutoScalingGroup
    of_template, set_capacity = group.instance_type.fget, group.set_desired_capacity

    def set_desired_capacity(self: Any, new_capacity: int | None) -> None:
        """Keep the policy where launching sees it: meanwhile it is hidden from moto, which counts by it."""
        self.senza_policy = self.mixed_instances_policy
        set_capacity(self, new_capacity)

    def instance_type(self: Any) -> str:
        policy = self.mixed_instances_policy or getattr(self, "senza_policy", None) or {}
        overrides = (policy.get("LaunchTemplate") or {}).get("Overrides") or []
        return chosen_type(overrides, INSTANCE_TYPES) or of_template(self)

    group.set_desired_capacity = set_desired_capacity
    group.instance_type = property(instance_type)


def apply() -> None:
    from moto.autoscaling import models

    scheduled_actions(models)
    warm_pools(models)
    hooks_of_groups(models)
    types_of_groups(models)
