"""Planning the replacement of a group's instances: which, and in which way."""

from __future__ import annotations

from dataclasses import dataclass

from senza.aws import Aws
from senza.aws.failures import DENIED
from senza.errors import AwsError, NotFound, Refused
from senza.fleet.groups import Group, Member
from senza.fleet.launch import wanted_versions
from senza.fleet.one_by_one import TIMEOUT, ReplaceOneByOne, Restore, memory_of
from senza.fleet.outdated import outdated, replaceable
from senza.fleet.refresh import (
    CancelRefresh,
    Mark,
    Refresh,
    RefreshInstances,
    mark_of,
    newest_refresh,
    previous_version,
)
from senza.plan import Step

NEEDED = ("Launch", "Terminate")


@dataclass(frozen=True)
class Manner:
    """inplace: without an instance more. everything: also instances that are up to date. timeout: seconds a group."""

    inplace: bool = False
    everything: bool = False
    timeout: float = TIMEOUT


def plan_respawn(aws: Aws, group: Group, manner: Manner) -> list[Step]:
    """Replace what is out of date. Nothing where nothing is, and nothing is left to finish.

    A run that was interrupted is finished in the way in which it began. Raises Refused where the group cannot launch or
    terminate instances, or a refresh is under way and ``inplace`` is wanted.
    """
    memory = memory_of(group)
    marked = mark_of(group)
    old = tuple(one.id for one in (replaceable(group) if manner.everything else old_ones(aws, group, marked)))
    if memory or old or marked:
        check_processes(group)
    if memory or not group.template:
        step = ReplaceOneByOne(group, old, manner.inplace, manner.everything, manner.timeout)
        return [step] if memory or old else []
    try:
        newest = newest_refresh(aws, group.name)
    except AwsError as error:
        if error.code not in DENIED:
            raise
        return [ReplaceOneByOne(group, old, manner.inplace, manner.everything, manner.timeout)] if old else []
    active = newest is not None and not newest.ended
    if manner.inplace and (active or marked):
        raise Refused(
            f"an instance refresh of {group} is under way",
            hint="Wait for it (the same command without --inplace), or stop it with --cancel.",
        )
    if manner.inplace:
        return [ReplaceOneByOne(group, old, True, manner.everything, manner.timeout)] if old else []
    if not (old or active or marked):
        return []
    return [by_refresh(aws, group, old, marked, newest, manner)]


def old_ones(aws: Aws, group: Group, marked: Mark | None) -> tuple[Member, ...]:
    """Outdated by what the group launches, or will launch after the refresh that it is marked for."""
    if marked and group.template:
        return outdated(group, {(group.template.id, marked.target)})
    return outdated(group, wanted_versions(aws, group))


def by_refresh(
    aws: Aws, group: Group, old: tuple[str, ...], marked: Mark | None, newest: Refresh | None, manner: Manner
) -> RefreshInstances:
    assert group.template is not None
    follows_only = newest is not None and (not newest.ended or (marked is not None and newest.id != marked.after))
    target = marked.target if marked else group.template.version
    previous = "" if follows_only else previous_version(aws, group, target)
    return RefreshInstances(group, () if follows_only else old, previous, manner.everything, manner.timeout)


def check_processes(group: Group) -> None:
    stopped = [process for process in NEEDED if process in group.suspended]
    if stopped:
        raise Refused(
            f"{' and '.join(stopped)} of {group} {'is' if len(stopped) == 1 else 'are'} suspended, "
            "so its instances cannot be replaced",
            hint=f"Resume: aws autoscaling resume-processes --auto-scaling-group-name {group.name}",
        )


def plan_cancel(aws: Aws, group: Group, timeout: float = TIMEOUT) -> list[Step]:
    """Stop what is under way. Raises NotFound where nothing is."""
    if memory_of(group):
        return [Restore(group)]
    newest = newest_refresh(aws, group.name) if group.template else None
    if newest and not newest.ended:
        return [CancelRefresh(group, timeout)]
    raise NotFound(f"the instances of {group} are not being replaced")
