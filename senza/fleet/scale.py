"""Setting the size of a group."""

from __future__ import annotations

from dataclasses import dataclass

from senza.errors import Refused, UsageError
from senza.fleet.groups import Group
from senza.fleet.marks import RESPAWN_TAG
from senza.plan import Outcome, Step, World, perform


@dataclass(frozen=True)
class Sizes:
    """minimum ≤ desired ≤ maximum, in instances (in units where a mixed group has weights)."""

    minimum: int
    desired: int
    maximum: int


def sizes_of(group: Group) -> Sizes:
    return Sizes(group.minimum, group.desired, group.maximum)


def changes(before: Sizes, after: Sizes) -> str:
    """``desired 1 -> 3, maximum 2 -> 3``; "" where nothing changes."""
    pairs = (
        ("desired", before.desired, after.desired),
        ("minimum", before.minimum, after.minimum),
        ("maximum", before.maximum, after.maximum),
    )
    return ", ".join(f"{name} {old} -> {new}" for name, old, new in pairs if old != new)


@dataclass(frozen=True)
class Resize(Step):
    group: str
    label: str
    before: Sizes
    after: Sizes

    @property
    def says(self) -> str:
        return f"Scale {self.label}: {changes(self.before, self.after)}"

    @property
    def undone_by(self) -> str:
        before = self.before
        return f"its sizes were: desired {before.desired}, minimum {before.minimum}, maximum {before.maximum}"


def plan_scale(group: Group, desired: int, minimum: int | None = None) -> list[Resize]:
    """Give the group that many instances; a bound that is in the way moves. Nothing where it is so already.

    Raises UsageError for a minimum above the capacity, and Refused while the group is being respawned: the sizes that
    it has then are not its own, and will be restored.
    """
    if minimum is not None and minimum > desired:
        raise UsageError(
            f"a minimum of {minimum} is above the wanted capacity of {desired}",
            hint="Give a --min-size of at most N.",
        )
    if RESPAWN_TAG in group.tags:
        name, _, version = group.stack.rpartition("-")
        raise Refused(
            f"the instances of {group} are being respawned, or that was interrupted; its sizes are restored afterwards",
            hint=f"Wait for it, or finish it: senza respawn-instances {name} {version}",
        )
    least = min(group.minimum, desired) if minimum is None else minimum
    after = Sizes(least, desired, max(group.maximum, desired))
    before = sizes_of(group)
    return [] if after == before else [Resize(group.name, str(group), before, after)]


@perform.register
def resize(step: Resize, world: World) -> Outcome:
    world.aws.call(
        "autoscaling",
        "update_auto_scaling_group",
        AutoScalingGroupName=step.group,
        MinSize=step.after.minimum,
        DesiredCapacity=step.after.desired,
        MaxSize=step.after.maximum,
    )
    return Outcome("done")
