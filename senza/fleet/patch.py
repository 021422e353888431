"""Changing image, instance type or user data of a group: for the instances that it launches from now on."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from senza.aws import Aws
from senza.errors import AwsError, NotFound, Refused, UsageError
from senza.fleet.groups import Group, TemplateUse
from senza.fleet.instances import STACK_TAG
from senza.fleet.launch import Data, as_template_data, configuration_named, versions_of
from senza.fleet.marks import REFRESH_TAG
from senza.plan import Outcome, Step, World, perform
from senza.userdata.merge import merged
from senza.userdata.text import MAX_BYTES

MADE_BY_US = re.compile(r"-senza-[0-9a-f]{12}$")
MAX_NAME = 128
"""Characters of a launch template's name; those of launch configurations may be longer (API references)."""


@dataclass(frozen=True)
class Wish:
    """What is to be changed; None is left as it is. user_data: YAML to merge, see :mod:`senza.userdata.merge`.

    image: its id, or what says it by the launch settings there are; may raise UsageError and NotFound.
    """

    image: str | Callable[[Data], str] | None = None
    instance_type: str | None = None
    user_data: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Patch(Step):
    """Give the group other launch settings. changes: properties of launch templates and configurations alike.

    configuration: all properties of the group's launch configuration, None where it has a launch template.
    changed: what changes, in words without secrets.
    """

    group: Group
    changes: Data = field(repr=False)
    changed: tuple[str, ...]
    configuration: Data | None = field(default=None, repr=False)

    @property
    def says(self) -> str:
        return f"Patch {self.group}: {', '.join(self.changed)}"


def plan_patch(aws: Aws, group: Group, wish: Wish) -> list[Patch]:
    """Nothing where the group has it all already. Raises UsageError for what does not fit, Refused for mixed groups
    whose instance types have settings of their own.
    """
    configuration = None
    if group.template:
        check_not_refreshing(group, group.template)
        check_mixed(group, wish)
        data: Data = versions_of(aws, group.template)[0].data
        if wish.instance_type and "InstanceRequirements" in data:
            raise UsageError(f"{group} chooses its instances by requirements, so --instance-type cannot be set")
    else:
        data = configuration = configuration_named(aws, group.configuration)
    changes, changed = difference(group, data, wish)
    return [Patch(group, changes, changed, configuration)] if changed else []


def check_not_refreshing(group: Group, template: TemplateUse) -> None:
    """While a refresh that can be rolled back runs, the group has the version before; see senza.fleet.refresh."""
    target = group.tags.get(REFRESH_TAG, "").partition(" ")[0]
    if target not in ("", template.version):
        name, _, version = group.stack.rpartition("-")
        raise Refused(
            f"the instances of {group} are being replaced by those of version {target}, or that was interrupted",
            hint=f"Wait for it: senza respawn-instances {name} {version}; --cancel stops it.",
        )


def check_mixed(group: Group, wish: Wish) -> None:
    types = [one["InstanceType"] for one in group.overrides if "InstanceType" in one]
    if wish.instance_type and group.overrides:
        named = f" ({', '.join(types)})" if types else ""
        raise UsageError(
            f"{group} has a mixed instances policy, which names its instance types itself{named}",
            hint="Leave out --instance-type; change the policy in the definition.",
        )
    if any("LaunchTemplateSpecification" in one for one in group.overrides):
        raise Refused(
            f"the mixed instances policy of {group} gives single instance types launch templates of their own",
            hint="Change those in the definition.",
        )


def difference(group: Group, data: Data, wish: Wish) -> tuple[dict[str, Any], tuple[str, ...]]:
    changes: dict[str, Any] = {}
    changed = []
    for key, name, value in (
        ("ImageId", "image", wanted_image(group, data, wish)),
        ("InstanceType", "instance type", wish.instance_type),
    ):
        if value is not None and data.get(key) != value:
            changes[key] = value
            changed.append(f"{name} {data.get(key) or 'none'} -> {value}")
    if wish.user_data is not None:
        text, keys = merged_user_data(group, data, wish.user_data)
        if keys:
            changes["UserData"] = text
            changed.append(f"user data ({', '.join(keys)})")
    return changes, tuple(changed)


def wanted_image(group: Group, data: Data, wish: Wish) -> str | None:
    if not callable(wish.image):
        return wish.image
    try:
        return wish.image(data)
    except (UsageError, NotFound) as error:
        raise type(error)(f"{group}: {error.message}", hint=error.hint) from None


def merged_user_data(group: Group, data: Data, patch: str) -> tuple[str, tuple[str, ...]]:
    """The new user data in base64, and the key paths that change. Raises UsageError, also where it is too large."""
    try:
        text = base64.b64decode(data.get("UserData") or "").decode()
    except ValueError:  # binary, e.g. compressed
        text = ""
    try:
        result = merged(text, patch)
    except UsageError as error:
        raise UsageError(f"{group}: {error.message}", hint=error.hint) from None
    raw = result.text.encode()
    if len(raw) > MAX_BYTES:
        raise UsageError(
            f"{group}: the user data would have {len(raw):,} bytes, and EC2 takes {MAX_BYTES:,}",
            hint="Take something out of it (null removes a key).",
        )
    return base64.b64encode(raw).decode(), result.changed


@perform.register
def patch(step: Patch, world: World) -> Outcome:
    if step.configuration is not None:
        return patch_configuration(step, step.configuration, world)
    assert step.group.template is not None
    in_use, latest = versions_of(world.aws, step.group.template)
    wanted = {**in_use.data, **step.changes}
    if wanted == in_use.data:
        return Outcome("was so already")
    number = latest.number
    if latest.data != wanted:  # else it was made by a run that was interrupted before the group got it
        answer = world.aws.call(
            "ec2",
            "create_launch_template_version",
            LaunchTemplateId=step.group.template.id,
            SourceVersion=in_use.number,
            VersionDescription="senza patch",
            LaunchTemplateData=dict(step.changes),
        )
        number = str(answer["LaunchTemplateVersion"]["VersionNumber"])
    use_version(world.aws, step.group, step.group.template, number)
    return Outcome(f"version {in_use.number} -> {number} of its launch template", {"version": number})


def use_version(aws: Aws, group: Group, template: TemplateUse, number: str) -> None:
    """Make the group launch with that version. One that follows ``$Default`` goes on doing so: the default moves."""
    if template.version == "$Latest":
        return
    if template.version == "$Default":
        aws.call("ec2", "modify_launch_template", LaunchTemplateId=template.id, DefaultVersion=number)
        return
    aws.call(
        "autoscaling", "update_auto_scaling_group", AutoScalingGroupName=group.name, **launch_settings(group, number)
    )


def launch_settings(group: Group, number: str) -> dict[str, Any]:
    """The group's launch template or mixed instances policy with that version, as AWS takes it: without the name,
    which must not be given beside the id.
    """
    assert group.template is not None
    specification = {"LaunchTemplateId": group.template.id, "Version": number}
    if group.policy is None:
        return {"LaunchTemplate": specification}
    template: dict[str, Any] = {**group.policy["LaunchTemplate"], "LaunchTemplateSpecification": specification}
    return {"MixedInstancesPolicy": {**group.policy, "LaunchTemplate": template}}


def patch_configuration(step: Patch, configuration: Data, world: World) -> Outcome:
    """Launch configurations cannot be changed: the group gets a new one with a name that says what is in it."""
    wanted = {**configuration, **step.changes}
    name = name_for(step.group.configuration, wanted)
    plain = {"UserData": base64.b64decode(wanted["UserData"])} if "UserData" in wanted else {}  # botocore encodes it
    try:
        world.aws.call("autoscaling", "create_launch_configuration", LaunchConfigurationName=name, **(wanted | plain))
    except AwsError as error:
        if error.code == "UnsupportedOperation":
            return convert(step, wanted, name, world)
        if error.code != "AlreadyExists":
            raise
    world.aws.call(
        "autoscaling",
        "update_auto_scaling_group",
        AutoScalingGroupName=step.group.name,
        LaunchConfigurationName=name,
    )
    return Outcome(f"launch configuration {name}")


def name_for(old: str, wanted: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(wanted, sort_keys=True, default=str).encode()).hexdigest()[:12]
    suffix = f"-senza-{digest}"
    return MADE_BY_US.sub("", old)[: MAX_NAME - len(suffix)] + suffix


def convert(step: Patch, wanted: Data, name: str, world: World) -> Outcome:
    """Give the group a launch template made from its configuration."""
    world.say(
        "This account can no longer create launch configurations (AWS closed them to new accounts in 2024), "
        "so the group gets a launch template with the same settings."
    )
    try:
        answer = world.aws.call(
            "ec2",
            "create_launch_template",
            LaunchTemplateName=name,
            VersionDescription="senza patch",
            LaunchTemplateData=as_template_data(wanted),
            TagSpecifications=[
                {
                    "ResourceType": "launch-template",
                    "Tags": [{"Key": "senza:stack", "Value": step.group.tags.get(STACK_TAG, step.group.stack)}],
                }
            ],
        )
        made = answer["LaunchTemplate"]["LaunchTemplateId"]
    except AwsError as error:
        if error.code != "InvalidLaunchTemplateName.AlreadyExistsException":
            raise
        found = world.aws.call("ec2", "describe_launch_templates", LaunchTemplateNames=[name])
        made = found["LaunchTemplates"][0]["LaunchTemplateId"]
    world.aws.call(
        "autoscaling",
        "update_auto_scaling_group",
        AutoScalingGroupName=step.group.name,
        LaunchTemplate={"LaunchTemplateId": made, "Version": "1"},
    )
    return Outcome(f"launch template {name}", {"version": "1"})
