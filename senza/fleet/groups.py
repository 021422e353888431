"""The auto scaling groups of stacks: sizes, launch settings, members, and what load balancers they stand behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from senza.aws import Aws
from senza.errors import NotFound
from senza.fleet.instances import LOGICAL_ID_TAG, STACK_TAG, tags_of
from senza.stacks.references import StackRef
from senza.stacks.summaries import find_stacks

FILTER_VALUES = 50
LEAVING = ("Terminating", "Terminated", "Detaching", "Detached")
"""How lifecycle states begin of instances that no longer count ("Amazon EC2 Auto Scaling instance lifecycle")."""

Version = tuple[str, str]
"""Launch template id and number of the version, e.g. ``("lt-0123", "3")``."""


@dataclass(frozen=True)
class TemplateUse:
    """How a group names its launch template.

    version: a number, ``$Latest`` or ``$Default``; a group that names none follows ``$Default``.
    """

    id: str
    version: str

    @property
    def follows(self) -> bool:
        """Whether the version is one that moves."""
        return self.version.startswith("$")


@dataclass(frozen=True)
class Member:
    """One instance of a group.

    state: its lifecycle state, e.g. ``InService``, ``Pending:Wait``. launched: template and version it was launched
    with, else None. configuration: name of the launch configuration it was launched with, "" without one.
    """

    id: str
    state: str
    healthy: bool
    launched: Version | None
    configuration: str
    protected: bool = False

    @property
    def in_service(self) -> bool:
        return self.state == "InService" and self.healthy


@dataclass(frozen=True)
class Group:
    """One auto scaling group of a stack. Sizes are instances, or units of weight where a mixed group has weights.

    template: of the group itself, or of its mixed instances policy. configuration: name of the launch configuration,
    "" without one. policy: the mixed instances policy as AWS describes it, None without one.
    """

    name: str
    stack: str
    logical_id: str
    minimum: int
    desired: int
    maximum: int
    template: TemplateUse | None
    configuration: str
    policy: Mapping[str, Any] | None
    members: tuple[Member, ...]
    balancers: tuple[str, ...]
    target_groups: tuple[str, ...]
    suspended: frozenset[str]
    tags: Mapping[str, str]
    leaving: int = 0
    """Instances that are being terminated or detached; the members are those that stay."""

    def __str__(self) -> str:
        """``hello-world-1 AppServer``."""
        return f"{self.stack} {self.logical_id}" if self.logical_id else f"{self.stack} {self.name}"

    @property
    def overrides(self) -> Sequence[Mapping[str, Any]]:
        """What a mixed instances policy says about single instance types."""
        found: Sequence[Mapping[str, Any]] = ((self.policy or {}).get("LaunchTemplate") or {}).get("Overrides") or ()
        return found


def parsed(item: Mapping[str, Any]) -> Group:
    tags = tags_of(item)
    policy = item.get("MixedInstancesPolicy") or None
    specification = policy["LaunchTemplate"]["LaunchTemplateSpecification"] if policy else item.get("LaunchTemplate")
    return Group(
        name=item["AutoScalingGroupName"],
        stack=tags.get(STACK_TAG, ""),
        logical_id=tags.get(LOGICAL_ID_TAG, ""),
        minimum=item["MinSize"],
        desired=item["DesiredCapacity"],
        maximum=item["MaxSize"],
        template=used(specification) if specification else None,
        configuration=item.get("LaunchConfigurationName") or "",
        policy=policy,
        members=tuple(
            member(one) for one in item.get("Instances", ()) if not one["LifecycleState"].startswith(LEAVING)
        ),
        balancers=tuple(item.get("LoadBalancerNames", ())),
        target_groups=tuple(item.get("TargetGroupARNs", ())),
        suspended=frozenset(one["ProcessName"] for one in item.get("SuspendedProcesses", ())),
        tags=tags,
        leaving=sum(one["LifecycleState"].startswith(LEAVING) for one in item.get("Instances", ())),
    )


def used(specification: Mapping[str, Any]) -> TemplateUse:
    return TemplateUse(specification["LaunchTemplateId"], str(specification.get("Version") or "$Default"))


def member(item: Mapping[str, Any]) -> Member:
    template = item.get("LaunchTemplate")
    return Member(
        id=item["InstanceId"],
        state=item["LifecycleState"],
        healthy=item["HealthStatus"].lower() == "healthy",
        launched=(template["LaunchTemplateId"], str(template["Version"])) if template else None,
        configuration=item.get("LaunchConfigurationName") or "",
        protected=bool(item.get("ProtectedFromScaleIn")),
    )


def describe(aws: Aws, **chosen: Any) -> list[Group]:
    found = aws.pages(
        "autoscaling",
        "describe_auto_scaling_groups",
        "AutoScalingGroups",
        PaginationConfig={"PageSize": 100},
        **chosen,
    )
    return [parsed(item) for item in found]


def groups_of(aws: Aws, refs: Sequence[StackRef], logical_id: str | None = None) -> list[Group]:
    """The groups of the stacks that are meant, by stack and logical id; only those of that logical id where given.

    Raises NotFound for a reference to no stack, and for one to stacks without such a group.
    """
    stacks = [stack.full_name for stack in find_stacks(aws, refs)]
    filtered = [{"Name": f"tag:{STACK_TAG}", "Values": stacks}] if len(stacks) <= FILTER_VALUES else []
    found = [
        group
        for group in describe(aws, Filters=filtered)
        if group.stack in stacks and logical_id in (None, group.logical_id)
    ]
    for ref in refs:
        if not any(ref.matches(group.stack) for group in found):
            named = f" {logical_id}" if logical_id else ""
            raise NotFound(
                f"stack {ref} has no auto scaling group{named}",
                hint="senza resources shows what a stack consists of.",
            )
    return sorted(found, key=lambda group: (stacks.index(group.stack), group.logical_id, group.name))


def group_named(aws: Aws, name: str) -> Group:
    """The group as it is now. Raises NotFound."""
    found = describe(aws, AutoScalingGroupNames=[name])
    if not found:
        raise NotFound(f"there is no auto scaling group {name} (any more)")
    return found[0]
