"""Whether a strategy makes sense for an app: asked before anything is made. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from senza.errors import Refused
from senza.rollout.model import Rollout, Strategy
from senza.traffic.shift_rule import MOST_GROUPS
from senza.traffic.weighted import RULE
from senza.traffic.weights import TOTAL

if TYPE_CHECKING:
    from senza.rollout.planning import Ground


def check_feasible(rollout: Rollout, ground: Ground) -> None:
    """Raises Refused."""
    if rollout.strategy == Strategy.ROLLING and not ground.exists:
        raise Refused(
            f"there is no stack {ground.stack}, and Rolling replaces the instances of a version that runs",
            hint="Name a version that exists, or choose another --strategy for a new one.",
        )
    if rollout.strategy in (Strategy.CANARY, Strategy.LINEAR, Strategy.BLUE_GREEN) and not ground.weighted:
        raise Refused(
            f"{ground.stack} has neither a weighted DNS record nor a weighted target group, so no traffic can be moved "
            "to it step by step",
            hint="Add a Senza::WeightedDnsElasticLoadBalancer or a Senza::WeightedTargetGroup, or use "
            "--strategy recreate.",
        )
    if rollout.strategy not in (Strategy.ROLLING, Strategy.RECREATE) and ground.asleep:
        raise Refused(
            f"{ground.stack} was stopped by an earlier Recreate: its groups may have no instance",
            hint="Use --strategy recreate, which starts it again, or deploy it as a new version.",
        )
    if rollout.strategy != Strategy.ROLLING and ground.far:
        name, region = next(iter(ground.far.items()))
        raise Refused(
            f"{name} in {region} has traffic of the same name, and {ground.stack} would take it from there",
            hint="Give each region a MainDomain of its own. Who knows what the other region bears creates the version "
            f"(senza create) and moves traffic by hand (senza traffic {ground.app} {ground.version} PERCENT --force).",
        )
    if rollout.strategy in (Strategy.CANARY, Strategy.LINEAR) and any(one.weight < TOTAL for one in rollout.stages):
        check_room(ground)
    if rollout.strategy != Strategy.ROLLING and ground.exists and ground.others == () and ground.share == TOTAL:
        raise Refused(
            f"{ground.stack} has all of the traffic already",
            hint="Name a new version; senza update changes the stack of an existing one.",
        )


def check_room(ground: Ground) -> None:
    """Raises Refused where a listener rule has as many versions as it takes, before the new one is made for nothing."""
    for domain, weights in ground.weights.items():
        others = [name for name, weight in weights.items() if weight and name != ground.stack]
        if len(others) >= MOST_GROUPS and (ground.shared or domain.endswith(RULE)):
            raise Refused(
                f"{domain} has {len(others)} versions with traffic ({', '.join(others)}), and a listener rule forwards "
                f"to at most {MOST_GROUPS} target groups",
                hint=f"Take the traffic away from one of them first (senza traffic {ground.app} VERSION 0), or use "
                "--strategy blue-green, which switches at once.",
            )
