"""Whether an update, as its change set tells it, would touch a DNS record or a target group that has traffic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from senza.account.shared import DOMAINS
from senza.aws import Aws
from senza.clock import Clock
from senza.errors import Refused
from senza.stacks.change_sets import ChangeSet, ResourceChange, discard, make_change_set
from senza.stacks.summaries import Stack
from senza.stacks.templates import RECORD_SET, references, weighted_resources
from senza.traffic.edge_guard import listed
from senza.traffic.group_guard import check_groups, endangered_groups
from senza.traffic.guards import PlannedUpdate, check_live
from senza.traffic.parts import parts_of
from senza.traffic.records import Reader, Zones, normal
from senza.traffic.sharing import ANSWERS


def endangered(changes: Mapping[str, ResourceChange], deployed: Mapping[str, Any]) -> dict[str, str]:
    """Logical id of each weighted record that the update touches -> what it would do to it. Pure.

    CloudFormation lists a record already when anything about its load balancer changes, because it only knows the
    balancer's name when it is done. That counts where the balancer may be replaced; otherwise its name stays.
    """
    found: dict[str, str] = {}
    resources = deployed.get("Resources") or {}
    for logical_id in weighted_resources(deployed):
        change = changes.get(logical_id)
        if change is not None and change.action == "Remove":
            found[logical_id] = "remove"
        elif change is not None and change.replacement == "True":
            found[logical_id] = "replace"
        elif change is not None and any(rewrites(one, changes) for one in change.details):
            found[logical_id] = "rewrite"
        else:
            leads = sorted(references(resources[logical_id].get("Properties")) & changes.keys())
            going = [one for one in leads if changes[one].goes]
            if going:
                sure = changes[going[0]].replacement != "Conditional"
                found[logical_id] = f"{'replace' if sure else 'perhaps replace'} {going[0]}, which is behind"
    return found


def lost_names(changes: Mapping[str, ResourceChange], deployed: Mapping[str, Any], stack: Stack) -> dict[str, str]:
    """Name of each record without others beside it that the update takes away, or whose load balancer it replaces ->
    what it would do. Pure.

    All requests for such a name come to this stack. The name of the version itself is left out, as nobody else uses it,
    and so are names that functions make and what CloudFormation may only perhaps replace.
    """
    found: dict[str, str] = {}
    edge = listed(deployed, DOMAINS)
    going = {one for one in changes if changes[one].effect in ("delete", "replace")}
    for logical_id, resource in (deployed.get("Resources") or {}).items():
        properties = resource.get("Properties") or {}
        name = properties.get("Name")
        if resource.get("Type") != RECORD_SET or "SetIdentifier" in properties or not isinstance(name, str):
            continue
        if properties.get("Type") not in ANSWERS:
            continue
        if normal(name).startswith(f"{stack.full_name.lower()}."):
            continue
        leads = sorted(references(properties) & going)
        if logical_id in going and name.rstrip(".") in edge:
            continue  # who lives on it is known: see edge_guard
        if logical_id in going:
            found[normal(name)] = "remove" if changes[logical_id].effect == "delete" else "replace"
        elif leads:
            found[normal(name)] = f"{changes[leads[0]].effect} {leads[0]}, which is behind"
    return found


def rewrites(detail: Any, changes: Mapping[str, ResourceChange]) -> bool:
    """Whether this reason of a change makes CloudFormation write the record, as far as can be known."""
    if detail.source not in ("ResourceAttribute", "ResourceReference"):
        return True
    cause = changes.get(detail.cause.split(".")[0])
    return cause is not None and cause.replacement == "True"


def guarded_change_set(aws: Aws, clock: Clock, zones: Zones, planned: PlannedUpdate, stack: Stack) -> ChangeSet:
    """A change set for the update that nothing speaks against. Raises what making one raises, and Refused as
    :func:`check_change_set`; it is deleted then."""
    change_set = make_change_set(aws, clock, planned.compiled, stack)
    try:
        if change_set.empty:
            discard(aws, change_set.id)
        else:
            check_change_set(aws, zones, stack, change_set, planned.deployed)
    except BaseException:  # Ctrl-C, too
        discard(aws, change_set.id)
        raise
    return change_set


def check_change_set(aws: Aws, zones: Zones, stack: Stack, change_set: ChangeSet, deployed: Mapping[str, Any]) -> None:
    """Raises Refused where the update would touch a record or target group with traffic, or what a record leads to."""
    groups = endangered_groups(change_set.by_id(), deployed)
    if groups:
        check_groups(aws, stack, groups)
    for name, does in lost_names(change_set.by_id(), deployed, stack).items():
        whose = f"and all requests for it come to {stack.full_name}"
        raise Refused(
            f"the update would {does} the record of {name.rstrip('.')}, {whose}",
            hint="Create a new version under a name of its own, or use --force where these requests may be lost.",
        )
    touched = endangered(change_set.by_id(), deployed)
    if not touched:
        return
    names = parts_of(aws, stack.stack_id).names
    wanted = {names[logical_id]: does for logical_id, does in touched.items() if logical_id in names}
    check_live(Reader(aws, zones()).read(wanted), stack, wanted)
