"""What a plan means before it is carried out: when each step begins at the earliest, and what stopping costs. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from senza.rollout.planning import Ground
from senza.rollout.steps import Bake, CreateVersion, RestoreSizes, RolloutStep, ScaleDown, Shift
from senza.traffic.weights import TOTAL, percent


@dataclass(frozen=True)
class Foreseen:
    """earliest: seconds after the beginning at which the step begins at the earliest. stopped: what it means then."""

    step: RolloutStep
    earliest: float
    stopped: str


def foresee(steps: Sequence[RolloutStep], ground: Ground) -> list[Foreseen]:
    """When each step begins at the earliest, and what it costs to stop there."""
    now = last = 0.0
    weight, made, result = ground.share, ground.exists, []
    for step in steps:
        if isinstance(step, (RestoreSizes, ScaleDown)):
            now = max(now, last + step.after)
        result.append(Foreseen(step, now, cost(ground, weight, made)))
        made = made or isinstance(step, CreateVersion)
        if isinstance(step, Shift):
            weight, last = step.weight, now
        if isinstance(step, Bake):
            now += step.seconds
    return result


def cost(ground: Ground, weight: int, made: bool) -> str:
    """What it means to stop: where the traffic is, and what goes on costing money."""
    if not made:
        return "nothing was changed"
    if weight == 0:
        return f"{ground.stack} is there, without traffic"
    if weight == TOTAL:
        return f"{ground.stack} has all traffic" + (", the old version still runs" if ground.others else "")
    return f"{ground.stack} keeps {percent(weight)} % and its instances"
