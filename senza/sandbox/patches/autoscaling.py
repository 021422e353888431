"""Gap: moto's groups start all instances in the first subnet, without the tags of their stack and with the template's
default version; any change in a stack replaces the group, its instances included; sizes are not checked.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

CLOUDFORMATION = "aws:cloudformation:"


def stack_tags(
    properties: dict[str, Any], stack_id: str, logical_id: str, tags: dict[str, str]
) -> list[dict[str, Any]]:
    """The group's tags in a stack: its own, those of the stack, and those that CloudFormation adds; all propagated."""
    own = [dict(tag, PropagateAtLaunch=truth(tag.get("PropagateAtLaunch"))) for tag in properties.get("Tags") or ()]
    keys = {tag["Key"] for tag in own}
    added = tags | {
        f"{CLOUDFORMATION}stack-name": stack_id.split("/")[1],
        f"{CLOUDFORMATION}stack-id": stack_id,
        f"{CLOUDFORMATION}logical-id": logical_id,
    }
    more = [{"Key": key, "Value": value, "PropagateAtLaunch": True} for key, value in added.items() if key not in keys]
    return own + more


def truth(value: Any) -> bool:
    return str(value).lower() == "true"


def number(value: Any) -> int | None:
    return None if value in (None, "") else int(value)


def check_sizes(desired: int | None, least: int | None, most: int | None) -> None:
    """As CreateAutoScalingGroup and SetDesiredCapacity check them."""
    from moto.autoscaling.exceptions import ValidationError

    least, most = least or 0, most or 0
    if least > most:
        raise ValidationError(f"Max bound, {most}, must be greater than or equal to min bound, {least}")
    if desired is not None and desired > most:
        raise ValidationError(
            f"New SetDesiredCapacity value {desired} is above max value {most} for the AutoScalingGroup."
        )
    if desired is not None and desired < least:
        raise ValidationError(
            f"New SetDesiredCapacity value {desired} is below min value {least} for the AutoScalingGroup."
        )


def launch(self: Any, count_needed: int, propagated_tags: dict[str, str]) -> None:
    """Start instances, one after the other in the subnet with the fewest, of the template's version."""
    from moto.autoscaling.models import ASG_NAME_TAG, InstanceState

    tags = propagated_tags | self.instance_tags | {ASG_NAME_TAG: self.name}
    subnets = [one for one in (self.vpc_zone_identifier or "").split(",") if one] or [None]
    used = Counter(state.instance.subnet_id for state in self.instance_states)
    ec2 = self.autoscaling_backend.ec2_backend
    template = None
    if self.ec2_launch_template:
        version = self.ec2_launch_template.get_version(self.launch_template_version)
        template = {"LaunchTemplateId": self.ec2_launch_template.id, "Version": str(version.number)}
    for _ in range(count_needed):
        subnet_id = min(subnets, key=lambda one: used[one])
        used[subnet_id] += 1
        reservation = ec2.run_instances(
            self.image_id,
            1,
            self.user_data,
            [one for one in self.security_groups if not one.startswith("sg-")],
            security_group_ids=[one for one in self.security_groups if one.startswith("sg-")],
            instance_type=self.instance_type,
            tags={"instance": tags},
            placement=ec2.get_subnet(subnet_id).availability_zone if subnet_id else self.availability_zones[0],
            launch_config=self.launch_config,
            launch_template=template,
            is_instance_type_default=False,
            associate_public_ip=self.launch_config.associate_public_ip_address if self.launch_config else None,
            subnet_id=subnet_id,
        )
        for instance in reservation.instances:
            instance.autoscaling_group = self
            protected = self.new_instances_protected_from_scale_in
            self.instance_states.append(InstanceState(instance, protected_from_scale_in=protected))


def change_group(backend: Any, group: Any, new: dict[str, Any]) -> None:
    """Bring a group to the properties of a template; its instances stay."""
    least, most = number(new.get("MinSize")), number(new.get("MaxSize"))
    desired = number(new.get("DesiredCapacity"))
    check_sizes(desired, least, most)
    group.tags = stack_tags(new, **group.senza_tagging)
    group.load_balancer_names = list(new.get("LoadBalancerNames") or ())
    group.target_group_arns = list(new.get("TargetGroupARNs") or ())
    group.termination_policies = list(new.get("TerminationPolicies") or ["Default"])
    backend.update_auto_scaling_group(
        name=group.name,
        availability_zones=new.get("AvailabilityZones") or [],
        desired_capacity=desired,
        max_size=most,
        min_size=least,
        launch_config_name=new.get("LaunchConfigurationName"),
        launch_template=new.get("LaunchTemplate") or {},
        vpc_zone_identifier=",".join(new.get("VPCZoneIdentifier") or ()) or None,
        health_check_period=number(new.get("HealthCheckGracePeriod")),
        health_check_type=new.get("HealthCheckType"),
        mixed_instances_policy=new.get("MixedInstancesPolicy"),
    )


def stack_methods(model: Any, backends: Any) -> None:
    """Create and update as CloudFormation does them."""
    create_from = model.create_from_cloudformation_json.__func__

    def create(
        cls: Any, /, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> Any:
        properties = cloudformation_json["Properties"]
        tagging = {
            "stack_id": kwargs["StackId"],
            "logical_id": kwargs["LogicalId"],
            "tags": kwargs.get("StackTags") or {},
        }
        sizes = {key: number(properties.get(key)) for key in ("MinSize", "MaxSize", "DesiredCapacity")}
        check_sizes(sizes["DesiredCapacity"], sizes["MinSize"], sizes["MaxSize"])
        wanted = properties | sizes | {"Tags": stack_tags(properties, **tagging)}
        group = create_from(cls, resource_name, {"Properties": wanted}, account_id, region_name, **kwargs)
        group.senza_tagging = tagging
        return group

    def update(
        cls: Any,
        /,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Any:
        group, new = original_resource, cloudformation_json["Properties"]
        if new.get("AutoScalingGroupName", group.name) == group.name:
            change_group(backends[account_id][region_name], group, new)
            return group
        named = {"StackId": group.senza_tagging["stack_id"], "LogicalId": group.senza_tagging["logical_id"]}
        tags = {"StackTags": group.senza_tagging["tags"]}
        return create(cls, new_resource_name, cloudformation_json, account_id, region_name, **named, **tags)

    model.create_from_cloudformation_json = classmethod(create)
    model.update_from_cloudformation_json = classmethod(update)


def apply() -> None:
    from moto.autoscaling import models, responses

    group = models.FakeAutoScalingGroup
    set_capacity, set_desired = group.set_desired_capacity, responses.AutoScalingResponse.set_desired_capacity

    def set_desired_capacity(self: Any, new_capacity: int | None) -> None:
        """Mixed policies count instances like others do, and the order of the instances stays theirs."""
        before = list(getattr(self, "instance_states", ()))
        mixed, self.mixed_instances_policy = self.mixed_instances_policy, None
        try:
            set_capacity(self, new_capacity)
        finally:
            self.mixed_instances_policy = mixed
        self.instance_states.sort(key=lambda one: before.index(one) if one in before else len(before))

    def checked(self: Any) -> Any:
        found = self.autoscaling_backend.autoscaling_groups.get(self._get_param("AutoScalingGroupName"))
        if found is not None:
            check_sizes(number(self._get_param("DesiredCapacity")), found.min_size, found.max_size)
        return set_desired(self)

    group.replace_autoscaling_group_instances = launch
    group.set_desired_capacity = set_desired_capacity
    responses.AutoScalingResponse.set_desired_capacity = checked
    stack_methods(group, models.autoscaling_backends)
