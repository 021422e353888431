"""What stays behind when a stack is deleted: what its template keeps, and what cannot be deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from senza.stacks.resources import Resource

KEEPING = ("Retain", "RetainExceptOnCreate")
"""Deletion policies with which CloudFormation leaves a resource alone ("DeletionPolicy attribute")."""
SNAPSHOT = "Snapshot"
CLUSTER, DATABASE = "AWS::RDS::DBCluster", "AWS::RDS::DBInstance"
"""Of these CloudFormation makes a snapshot unless the template says otherwise, but for members of a cluster."""


@dataclass(frozen=True)
class Leftover:
    """why: the deletion policy, or the reason for which it could not be deleted."""

    logical_id: str
    type: str
    physical_id: str
    why: str

    def __str__(self) -> str:
        return f"{self.logical_id} ({self.type}) {self.physical_id}: {self.why}"


def kept_by_policy(resources: Sequence[Resource], template: Mapping[str, Any]) -> list[Leftover]:
    """What the template says is to be kept, or a snapshot of it, of what there is. Pure."""
    declared = template.get("Resources") or {}
    found = []
    for one in resources:
        policy = policy_of(declared.get(one.logical_id) or {})
        if policy in (*KEEPING, SNAPSHOT) and one.physical_id and one.status != "DELETE_COMPLETE":
            why = f"DeletionPolicy {policy}" if policy in KEEPING else "a snapshot of it"
            found.append(Leftover(one.logical_id, one.type, one.physical_id, why))
    return found


def policy_of(resource: Mapping[str, Any]) -> str:
    """What becomes of a resource that its stack no longer has; "" for what the template does not say."""
    cluster = (resource.get("Properties") or {}).get("DBClusterIdentifier")
    snapshot = resource.get("Type") == CLUSTER or (resource.get("Type") == DATABASE and not cluster)
    return str(resource.get("DeletionPolicy") or (SNAPSHOT if snapshot else ""))


def failed_to_go(resources: Sequence[Resource]) -> list[Leftover]:
    """What an earlier deletion of the stack failed to delete. Pure."""
    return [
        Leftover(one.logical_id, one.type, one.physical_id, one.reason or "it could not be deleted")
        for one in resources
        if one.status == "DELETE_FAILED"
    ]
