"""What load asks the backends of the account and region that it is about."""

from __future__ import annotations

from typing import Any

from senza.sandbox.load.metrics import Hosts
from senza.sandbox.world import world


def here(backends: Any) -> Any:
    account, region = world.place
    return backends[account][region]


def physical(stack: Any, kind: str) -> list[str]:
    """The physical ids of the resources of that type that a stack has."""
    return [one.physical_id for one in stack.resources.values() if one.type == kind and one.physical_id]


def hosts_in(backend: Any, arn: str) -> Hosts:
    """What is registered in a target group. backend: of elbv2."""
    states = [one.status for one in backend.describe_target_health(arn, [])]
    return Hosts(arn.rpartition(":")[2], states.count("healthy"), states.count("unhealthy"))
