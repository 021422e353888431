"""Gap: moto's instances do not remember what they were launched with, are in service at once, and are launched and
terminated although those processes are suspended; UpdateAutoScalingGroup checks no sizes, drops the mixed instances
policy when it is given none, and keeps the old kind of launch settings beside the new one.
"""

from __future__ import annotations

from typing import Any

from senza.sandbox.patches.autoscaling import number
from senza.sandbox.world import world

KINDS = ("LaunchConfigurationName", "LaunchTemplate", "MixedInstancesPolicy")


def settings_of(group: Any) -> tuple[dict[str, str] | None, str | None]:
    """What the group launches with now: a template with the number of its version, or a configuration's name."""
    template = group.ec2_launch_template
    if template is None:
        return None, getattr(group, "launch_configuration_name", None)
    version = template.get_version(group.launch_template_version)
    found = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "Version": str(version.number)}
    return found, None


def remember(model: Any) -> None:
    """Instances know their launch settings and the time of their launch."""
    begin = model.__init__

    def init(self: Any, instance: Any, *args: Any, **kwargs: Any) -> None:
        launched_here = hasattr(instance, "autoscaling_group")  # attached ones get it from moto's constructor
        begin(self, instance, *args, **kwargs)
        self.senza_settings = settings_of(self.auto_scaling_group) if launched_here else (None, None)
        instance.senza_launched_at = world.timeline.now if launched_here else float("-inf")

    def state(self: Any) -> str:
        pending = self._state == "InService" and not passed(self.instance, world.settings.launch_seconds)
        return "Pending" if pending else str(self._state)

    def set_state(self: Any, value: str) -> None:
        self._state = value

    model.__init__ = init
    model.lifecycle_state = property(state, set_state)
    model.launch_template = property(lambda self: self.senza_settings[0])
    model.launch_configuration_name = property(lambda self: self.senza_settings[1])


def passed(instance: Any, seconds: float) -> bool:
    launched_at: float = getattr(instance, "senza_launched_at", float("-inf"))
    return world.timeline.now >= launched_at + seconds


def balancers() -> None:
    """Load balancers take their time, too."""
    from moto.ec2.models import ec2_backends
    from moto.elb import models as elb
    from moto.elbv2 import models as elbv2

    classic, health_for = elb.ELBBackend.describe_instance_health, elbv2.FakeTargetGroup.health_for

    def healthy(instance: Any) -> bool:
        return passed(instance, world.settings.launch_seconds + world.settings.healthy_seconds)

    def describe_instance_health(self: Any, lb_name: str, instances: list[dict[str, str]]) -> list[dict[str, Any]]:
        backend = ec2_backends[self.account_id][self.region_name]
        return [
            one if healthy(backend.get_instance(one["InstanceId"])) else one | {"State": "OutOfService"}
            for one in classic(self, lb_name, instances)
        ]

    def target_health(self: Any, target: dict[str, Any], ec2_backend: Any) -> Any:
        found = health_for(self, target, ec2_backend)
        instance = ec2_backend.get_instance_by_id(target["Id"])
        if found.status == "healthy" and instance is not None and not healthy(instance):
            found.status, found.reason = "initial", "Elb.RegistrationInProgress"
        if found.status == "healthy" and world.settings.instance_health.get(target["Id"], "InService") != "InService":
            found.status, found.reason = "unhealthy", "Target.FailedHealthChecks"
        return found

    elb.ELBBackend.describe_instance_health = describe_instance_health
    elbv2.FakeTargetGroup.health_for = target_health


def check_update(self: Any, given: dict[str, Any]) -> None:
    """As UpdateAutoScalingGroup checks what it is given, against what the group will be."""
    from moto.autoscaling.exceptions import ValidationError

    if sum(given[kind] is not None for kind in KINDS) > 1:
        raise ValidationError(
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName or MixedInstancesPolicy "
            "parameter."
        )
    least = self.min_size if given["MinSize"] is None else given["MinSize"]
    most = self.max_size if given["MaxSize"] is None else given["MaxSize"]
    if least > most:
        raise ValidationError(f"Max bound, {most}, must be greater than or equal to min bound, {least}")
    desired = given["DesiredCapacity"]
    if desired is not None and not least <= desired <= most:
        raise ValidationError(
            f"Desired capacity:{desired} must be between the specified min size:{least} and max size:{most}"
        )


def updates(group: Any) -> None:
    change = group.update

    def update(
        self: Any,
        availability_zones: Any,
        desired_capacity: Any,
        max_size: Any,
        min_size: Any,
        launch_config_name: Any,
        launch_template: Any,
        vpc_zone_identifier: Any,
        health_check_period: Any,
        health_check_type: Any,
        new_instances_protected_from_scale_in: Any = None,
        mixed_instances_policy: Any = None,
    ) -> None:
        sizes = {"DesiredCapacity": number(desired_capacity), "MinSize": number(min_size), "MaxSize": number(max_size)}
        settings = (launch_config_name or None, launch_template or None, mixed_instances_policy or None)
        check_update(self, sizes | dict(zip(KINDS, settings, strict=True)))
        kept = self.mixed_instances_policy if settings[:2] == (None, None) else None
        if settings[0]:
            self.ec2_launch_template = None
        elif settings[1] or settings[2]:
            self.launch_config, self.launch_configuration_name = None, None
        desired = sizes["DesiredCapacity"]
        if desired is None:
            least = self.min_size if sizes["MinSize"] is None else sizes["MinSize"]
            most = self.max_size if sizes["MaxSize"] is None else sizes["MaxSize"]
            desired = min(max(self.desired_capacity, least), most)
        change(
            self,
            availability_zones,
            desired,
            sizes["MaxSize"],
            sizes["MinSize"],
            launch_config_name,
            launch_template,
            vpc_zone_identifier,
            health_check_period,
            health_check_type,
            new_instances_protected_from_scale_in,
            settings[2],
        )
        self.mixed_instances_policy = settings[2] or kept

    def launch_template_of(self: Any) -> dict[str, Any] | None:
        """A group with a mixed instances policy has its template in there."""
        return None if self.mixed_instances_policy else own_template(self)

    own_template = group.launch_template.fget
    group.update = update
    group.launch_template = property(launch_template_of)


def processes(group: Any, backend: Any) -> None:
    """Launch and Terminate do nothing while they are suspended, and catch up afterwards."""
    set_capacity, resume, delete = (
        group.set_desired_capacity,
        backend.resume_processes,
        backend.delete_auto_scaling_group,
    )

    def set_desired_capacity(self: Any, new_capacity: int | None) -> None:
        wanted = self.min_size if new_capacity is None else new_capacity
        change = (wanted or 0) - len(self.active_instances())
        process = "Launch" if change > 0 else "Terminate"
        if change and process in self._suspended_processes:
            self.desired_capacity = wanted
        else:
            set_capacity(self, new_capacity)

    def resume_processes(self: Any, group_name: str, scaling_processes: list[str]) -> None:
        resume(self, group_name, scaling_processes)
        self.set_desired_capacity(group_name, self.autoscaling_groups[group_name].desired_capacity)

    def delete_group(self: Any, group_name: str) -> None:
        if group_name in self.autoscaling_groups:
            self.autoscaling_groups[group_name].suspended_processes = []
        delete(self, group_name)

    group.active_instances = lambda self: [
        one for one in self.instance_states if one.lifecycle_state in ("Pending", "InService")
    ]
    group.set_desired_capacity = set_desired_capacity
    backend.resume_processes = resume_processes
    backend.delete_auto_scaling_group = delete_group


def terminations(backend: Any) -> None:
    terminate, attached = backend.terminate_instance, backend.update_attached_target_groups

    def terminate_instance(self: Any, instance_id: str, should_decrement: bool) -> Any:
        from moto.autoscaling.exceptions import ValidationError

        for group in self.autoscaling_groups.values():
            if any(one.instance.id == instance_id for one in group.instance_states):
                if should_decrement and group.desired_capacity <= group.min_size:
                    raise ValidationError(
                        f"Currently, desiredSize equals minSize ({group.min_size}). Terminating instance without "
                        "replacement will violate group's min size constraint."
                    )
                return terminate(self, instance_id, should_decrement)
        raise ValidationError(f"Instance Id not found - No managed instance found for instance ID: {instance_id}")

    def update_attached_target_groups(self: Any, group_name: str) -> None:
        """Terminated instances are not registered any longer."""
        attached(self, group_name)
        for arn in self.autoscaling_groups[group_name].target_group_arns:
            targets = self.elbv2_backend.target_groups[arn]
            ended = [one for one in targets.targets if not running(self.ec2_backend.get_instance_by_id(one))]
            targets.deregister_terminated_instances(ended)

    backend.terminate_instance = terminate_instance
    backend.update_attached_target_groups = update_attached_target_groups


def running(instance: Any) -> bool:
    return instance is not None and instance.is_running()


def apply() -> None:
    from moto.autoscaling import models

    remember(models.InstanceState)
    balancers()
    updates(models.FakeAutoScalingGroup)
    processes(models.FakeAutoScalingGroup, models.AutoScalingBackend)
    terminations(models.AutoScalingBackend)
