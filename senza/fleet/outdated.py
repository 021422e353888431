"""Which instances of a group are not what the group launches now."""

from __future__ import annotations

from collections.abc import Collection

from senza.aws import Aws
from senza.fleet.groups import Group, Member, Version
from senza.fleet.launch import wanted_versions

REPLACEABLE = ("Pending", "InService")
"""How lifecycle states begin of instances that can be replaced; those in standby are somebody's."""


def replaceable(group: Group) -> tuple[Member, ...]:
    return tuple(member for member in group.members if member.state.startswith(REPLACEABLE))


def outdated(group: Group, versions: Collection[Version]) -> tuple[Member, ...]:
    """The instances that were launched with something else: none of these versions, or another configuration."""
    if group.template:
        return tuple(member for member in replaceable(group) if member.launched not in versions)
    return tuple(member for member in replaceable(group) if member.configuration != group.configuration)


def look_up_outdated(aws: Aws, group: Group) -> tuple[Member, ...]:
    return outdated(group, wanted_versions(aws, group))
