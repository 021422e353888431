"""Whether groups still launch what their stack says: ``senza patch``, or a hand, changes that past the template.

A version of a launch template that the stack made is not younger than the last change of that resource, which
CloudFormation writes down when it is done (CloudFormation API reference, "StackResourceSummary"). The first version is
always the stack's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from senza.aws import Aws
from senza.fleet.groups import Group, TemplateUse, describe
from senza.fleet.instances import STACK_TAG
from senza.promotion.running import Running
from senza.stacks.resources import Resource, resources_of

GROUP = "AWS::AutoScaling::AutoScalingGroup"
TEMPLATE = "AWS::EC2::LaunchTemplate"
CONFIGURATION = "AWS::AutoScaling::LaunchConfiguration"
SHOWN = {"ImageId": "image", "InstanceType": "instance type"}
"""Settings whose values are told; others may hold secrets."""
FIRST = "1"


@dataclass(frozen=True)
class Patched:
    """A group that launches something else than its stack says. changed: what, in words without secrets."""

    group: str
    changed: tuple[str, ...]
    only_image: bool = False

    def __str__(self) -> str:
        return f"{self.group} ({', '.join(self.changed)})"


def look_up_patched(aws: Aws, running: Running) -> tuple[Patched, ...]:
    """Nothing is asked for a template without groups; else two calls, and one for each launch template of which the
    first version is not in use any more.
    """
    types = {one.get("Type") for one in running.template.get("Resources", {}).values()}
    if GROUP not in types:
        return ()
    stack = running.stack
    filters = [{"Name": f"tag:{STACK_TAG}", "Values": [stack.full_name]}]
    jobs: dict[str, Callable[[], Any]] = {
        "groups": partial(describe, aws, Filters=filters),
        "resources": partial(resources_of, aws, stack.stack_id),
    }
    looked = aws.parallel(jobs)
    found: dict[str, Patched | None] = aws.parallel(
        {group.name: partial(patched, aws, group, looked["resources"]) for group in looked["groups"]}
    )
    return tuple(one for one in found.values() if one)


def patched(aws: Aws, group: Group, resources: Iterable[Resource]) -> Patched | None:
    """What of the group's launch settings is not its stack's; None where all is, or the stack has none of its own."""
    own = {one.physical_id: one for one in resources if one.type in (TEMPLATE, CONFIGURATION)}
    used = group.template.id if group.template else group.configuration
    if not own:
        return None
    if used not in own:
        return Patched(str(group), (f"{'launch template' if group.template else 'launch configuration'} {used}",))
    if group.template is None or group.template.version == FIRST:
        return None
    listed = aws.pages(
        "ec2", "describe_launch_template_versions", "LaunchTemplateVersions", LaunchTemplateId=group.template.id
    )
    return compared(group, group.template, list(listed), own[used].updated)


def compared(
    group: Group, template: TemplateUse, versions: Sequence[Mapping[str, Any]], changed: datetime
) -> Patched | None:
    """Pure. versions: as EC2 describes them. changed: when the stack last changed its launch template."""
    now = in_use(template, versions)
    of_stack = [one for one in versions if one["CreateTime"] <= changed]
    if now is None or not of_stack or now in of_stack:
        return None
    before = newest(of_stack)["LaunchTemplateData"]
    after = now["LaunchTemplateData"]
    keys = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
    told = tuple(described(key, before.get(key), after.get(key)) for key in keys)
    return Patched(str(group), told, keys == ["ImageId"]) if told else None


def in_use(template: TemplateUse, versions: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    if template.version == "$Latest":
        return newest(versions)
    if template.version == "$Default":
        return next((one for one in versions if one["DefaultVersion"]), None)
    return next((one for one in versions if str(one["VersionNumber"]) == template.version), None)


def newest(versions: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return max(versions, key=lambda one: int(one["VersionNumber"]))


def described(key: str, before: Any, after: Any) -> str:
    if key in SHOWN:
        return f"{SHOWN[key]} {before or 'none'} → {after or 'none'}"
    return "user data" if key == "UserData" else key
