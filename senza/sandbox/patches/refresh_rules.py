"""What a group launches with, and what an instance refresh may be asked for: the rules of :mod:`instance_refresh`."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def refused(message: str, code: str = "ValidationError") -> Exception:
    from moto.autoscaling.exceptions import AutoscalingClientError

    error: Exception = AutoscalingClientError(code, message)
    return error


def launch_of(group: Any) -> dict[str, Any]:
    """The group's own launch settings, as UpdateAutoScalingGroup takes them."""
    if group.mixed_instances_policy:
        return {"MixedInstancesPolicy": copy.deepcopy(group.mixed_instances_policy)}
    if group.ec2_launch_template is not None:
        return {"LaunchTemplate": dict(group.launch_template)}
    return {"LaunchConfigurationName": group.launch_configuration_name}


def set_launch(group: Any, settings: dict[str, Any]) -> None:
    configuration, mixed = settings.get("LaunchConfigurationName"), copy.deepcopy(settings.get("MixedInstancesPolicy"))
    template = dict(settings.get("LaunchTemplate") or {})
    for specification in (template, mixed["LaunchTemplate"]["LaunchTemplateSpecification"] if mixed else {}):
        if "LaunchTemplateId" in specification:
            specification.pop("LaunchTemplateName", None)  # moto takes one of them, and shows both
    if configuration:
        group.ec2_launch_template = None
    else:
        group.launch_config, group.launch_configuration_name = None, None
    group.mixed_instances_policy = mixed
    group._set_launch_configuration(configuration, template, mixed)


def irreversible(group: Any) -> str:
    """Why a rollback to the group's settings is impossible, or ""."""
    template = group.ec2_launch_template
    if template is None:
        return "The Auto Scaling group uses a launch configuration."
    if str(group.launch_template_version).startswith("$"):
        return "The Auto Scaling group uses the $Latest or $Default version of the launch template."
    if template.get_version(group.launch_template_version).image_id.startswith("resolve:ssm:"):
        return "The launch template uses a Systems Manager parameter instead of an AMI ID."
    return ""


@contextmanager
def launching_with(group: Any, settings: dict[str, Any]) -> Iterator[None]:
    """The group launches with these settings inside, and shows its own again afterwards.

    AWS changes what the group shows when the refresh has succeeded, and launches with the desired settings before.
    """
    own = launch_of(group)
    set_launch(group, settings)
    try:
        yield
    finally:
        set_launch(group, own)


def check(group: Any, preferences: dict[str, Any], desired: dict[str, Any] | None) -> None:
    """Raises what StartInstanceRefresh refuses."""
    least, most = preferences.get("MinHealthyPercentage"), preferences.get("MaxHealthyPercentage")
    if most is not None and least is None:
        raise refused("MinHealthyPercentage must be specified when MaxHealthyPercentage is specified.")
    if least is not None and not 0 <= least <= 100:
        raise refused("MinHealthyPercentage must be between 0 and 100.")
    if most is not None and not 100 <= most <= 200:
        raise refused("MaxHealthyPercentage must be between 100 and 200.")
    if least is not None and most is not None and most - least > 100:
        raise refused("The difference between MaxHealthyPercentage and MinHealthyPercentage cannot exceed 100.")
    if least == most == 100:
        raise refused("Instances cannot be replaced when MinHealthyPercentage and MaxHealthyPercentage are both 100.")
    if preferences.get("AutoRollback"):
        if not desired:
            raise refused(
                "The request isn't valid. The AutoRollback parameter cannot be set to true when the "
                "DesiredConfiguration parameter is empty. Set AutoRollback to false or specify a desired "
                "configuration and try again."
            )
        if reason := irreversible(group):
            raise refused(f"AutoRollback cannot be set to true. {reason}")
    if desired and len(desired) != 1:
        raise refused("DesiredConfiguration must contain either LaunchTemplate or MixedInstancesPolicy.")
