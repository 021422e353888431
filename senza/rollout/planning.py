"""From a strategy and what there is, to the steps: forward, all at once, and back. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from senza.errors import Refused
from senza.rollout.feasible import check_feasible
from senza.rollout.model import Hook, Rollout, Stage, Strategy, When
from senza.rollout.steps import (
    AwaitHealthy,
    AwaitVersion,
    Bake,
    CallHook,
    CreateVersion,
    DeleteOld,
    Prescale,
    RefreshVersion,
    RememberSizes,
    RestoreSizes,
    RestoreVersion,
    RolloutStep,
    ScaleDown,
    Shift,
    ShiftBack,
    StartVersion,
    StopVersion,
    UpdateVersion,
)
from senza.rollout.untold import in_words
from senza.traffic.weighted import RULE, Place
from senza.traffic.weights import TOTAL, percent

RESTORE_AFTER = 10 * 60.0
"""Seconds after the last increase until the group may have its own minimum again."""
COLD = TOTAL // 2
"""A first share above this may be more than a new load balancer takes: AWS advises to grow by half in five minutes."""

Weights = Mapping[str, Mapping[str, int]]
"""By domain and set identifier."""
Sizes = Mapping[str, Mapping[str, Sequence[int]]]
"""Minimum, desired and maximum by full name of the stack and logical id of the group."""


@dataclass(frozen=True)
class Ground:
    """What a rollout starts from, as the journal holds it: the snapshot that it can go back to.

    app, version: of the new version. others: full names of the other versions with traffic, most first.
    exists: whether the stack of the new version was there already. weighted: whether it shares a domain by weight.
    shared: whether only listener rules give it its share: then at once, and on a load balancer that it does not bring.
    both: the names at which versions have weights in Route 53 and in a listener rule. weights: see :meth:`key`.
    untold: built-in gates that the new version's load balancer tells nothing of, and why. far: who has traffic of its
    names in other regions, and in which.
    """

    app: str
    version: str
    others: tuple[str, ...] = ()
    exists: bool = False
    weighted: bool = True
    weights: Weights = field(default_factory=dict)
    sizes: Sizes = field(default_factory=dict)
    shared: bool = False
    both: tuple[str, ...] = ()
    untold: Mapping[str, str] = field(default_factory=dict)
    far: Mapping[str, str] = field(default_factory=dict)

    def key(self, domain: Place) -> str:
        """What the weights of a domain are called in the journal."""
        return domain.name + RULE if domain.type == "rule" and domain.name in self.both else domain.name

    @property
    def stack(self) -> str:
        return f"{self.app}-{self.version}"

    @property
    def baseline(self) -> str:
        """The version to compare with, "" where there is none."""
        return self.others[0] if self.others else ""

    @property
    def share(self) -> int:
        """The weight that the new version has before, in the domain where it has least."""
        had = [weights.get(self.stack, 0) for weights in self.weights.values()]
        return min(had, default=0)

    @property
    def asleep(self) -> bool:
        """Whether the new version is there and was stopped, by an earlier Recreate: it may have no instance."""
        sizes = self.sizes.get(self.stack, {}).values()
        return self.exists and bool(sizes) and not any(most for _, _, most in sizes)

    @property
    def capacity(self) -> int:
        """Instances that carried the traffic before."""
        return sum(sizes[1] for stack in self.others for sizes in self.sizes.get(stack, {}).values())

    def to_json(self) -> dict[str, Any]:
        return {
            **{"app": self.app, "version": self.version, "others": list(self.others), "exists": self.exists},
            **{"weighted": self.weighted, "weights": self.weights, "sizes": self.sizes},
            **({"shared": True} if self.shared else {}),
            **({"both": list(self.both)} if self.both else {}),
            **({"untold": self.untold} if self.untold else {}),
            **({"far": self.far} if self.far else {}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Ground:
        return cls(**{**data, "others": tuple(data["others"]), "both": tuple(data.get("both", ()))})


def plan_forward(rollout: Rollout, ground: Ground) -> tuple[RolloutStep, ...]:
    """The steps of the strategy. Raises Refused where it makes no sense for this app."""
    check_feasible(rollout, ground)
    plan = {Strategy.ROLLING: rolling, Strategy.RECREATE: recreate, Strategy.BLUE_GREEN: blue_green}
    return tuple(plan.get(rollout.strategy, gradual)(rollout, ground))


def gradual(rollout: Rollout, ground: Ground) -> Iterator[RolloutStep]:
    yield from arrival(rollout, ground)
    stages = rollout.stages if ground.others else rollout.stages[-1:]
    for number, stage in enumerate(one for one in stages if one.weight > ground.share or one.weight == TOTAL):
        yield from increase(rollout, ground, stage, first=number == 0)
    yield RestoreSizes(ground.stack, RESTORE_AFTER)
    yield from (ScaleDown(stack) for stack in ground.others)
    yield from departure(rollout, ground)


def blue_green(rollout: Rollout, ground: Ground) -> Iterator[RolloutStep]:
    yield from arrival(rollout, ground)
    yield from increase(rollout, ground, rollout.stages[-1], first=True)
    yield RestoreSizes(ground.stack, RESTORE_AFTER)
    yield from departure(rollout, ground)


def recreate(rollout: Rollout, ground: Ground) -> Iterator[RolloutStep]:
    yield from (StopVersion(stack) for stack in ground.others)
    yield from arrival(rollout, ground)
    if ground.asleep:
        yield StartVersion(ground.stack)
    yield AwaitHealthy(ground.stack)
    yield from hooks(rollout, ground, When.BEFORE_TRAFFIC)
    if ground.weighted:
        yield Shift(ground.stack, TOTAL)
    yield Bake(ground.stack, TOTAL, rollout.stages[-1].bake)
    yield from hooks(rollout, ground, When.AFTER_STEP, TOTAL)
    yield from departure(rollout, ground)


def rolling(rollout: Rollout, ground: Ground) -> Iterator[RolloutStep]:
    yield from hooks(rollout, ground, When.BEFORE_TRAFFIC)
    yield UpdateVersion(ground.stack)
    yield AwaitVersion(ground.stack, updated=True)
    yield RefreshVersion(ground.stack)
    yield AwaitHealthy(ground.stack)
    yield Bake(ground.stack, ground.share, rollout.stages[-1].bake)
    yield from hooks(rollout, ground, When.AFTER_STEP, ground.share)
    yield from hooks(rollout, ground, When.AFTER_ROLLOUT, ground.share)


def arrival(rollout: Rollout, ground: Ground) -> Iterator[RolloutStep]:
    if not ground.exists:
        yield CreateVersion(ground.stack)
    yield AwaitVersion(ground.stack)
    yield RememberSizes(ground.stack)


def increase(rollout: Rollout, ground: Ground, stage: Stage, *, first: bool) -> Iterator[RolloutStep]:
    if rollout.prescale:
        yield Prescale(ground.stack, stage.weight)
    yield AwaitHealthy(ground.stack)
    if first:
        yield from hooks(rollout, ground, When.BEFORE_TRAFFIC)
    yield Shift(ground.stack, stage.weight)
    yield Bake(ground.stack, stage.weight, stage.bake)
    yield from hooks(rollout, ground, When.AFTER_STEP, stage.weight)


def departure(rollout: Rollout, ground: Ground) -> Iterator[RolloutStep]:
    yield DeleteOld(ground.stack, rollout.keep.versions, rollout.keep.seconds)
    yield from hooks(rollout, ground, When.AFTER_ROLLOUT, TOTAL)


def hooks(rollout: Rollout, ground: Ground, when: When, weight: int = 0) -> Iterator[RolloutStep]:
    for number, hook in enumerate(rollout.hooks):
        if hook.when == when and number not in rollout.unknown:
            yield CallHook(ground.stack, number, shown(hook), weight)


def shown(hook: Hook) -> str:
    """A hook as it may be shown: a URL may hold a token behind its host."""
    if hook.run:
        return hook.run
    scheme, _, rest = hook.url.partition("://")
    return f"{scheme}://{rest.partition('/')[0].rpartition('@')[2]}"


def plan_promotion(rollout: Rollout, ground: Ground, done: Sequence[RolloutStep]) -> tuple[RolloutStep, ...]:
    """All traffic at once, without further watching: what a person decided who knows more than the gates.

    done: the steps that are done. Raises Refused before the version is there, and where there is nothing to promote.
    """
    if rollout.strategy in (Strategy.ROLLING, Strategy.RECREATE):
        raise Refused(f"{rollout.strategy} moves no traffic step by step, so there is nothing to promote")
    if not any(isinstance(step, RememberSizes) for step in done):
        raise Refused(
            f"{ground.stack} is not there yet, so it cannot have traffic",
            hint=f"Look again later: senza rollout status {ground.app}",
        )
    steps: list[RolloutStep] = [Prescale(ground.stack, TOTAL)] if rollout.prescale else []
    steps += [AwaitHealthy(ground.stack), Shift(ground.stack, TOTAL), RestoreSizes(ground.stack, RESTORE_AFTER)]
    if rollout.strategy != Strategy.BLUE_GREEN:
        steps += [ScaleDown(stack) for stack in ground.others]
    return (*steps, *departure(rollout, ground))


def plan_back(rollout: Rollout, ground: Ground, begun: Sequence[RolloutStep]) -> tuple[RolloutStep, ...]:
    """Back to the snapshot. The new version stays, without traffic, for a post mortem.

    begun: the steps that were begun so far, done or not.
    """
    kinds = {type(step) for step in begun}
    steps: list[RolloutStep] = []
    if rollout.strategy == Strategy.ROLLING:
        if UpdateVersion in kinds:
            steps = [RestoreVersion(ground.stack), AwaitVersion(ground.stack, updated=True)]
            steps += [RefreshVersion(ground.stack)]
        return (*steps, *hooks(rollout, ground, When.AFTER_ABORT))
    if rollout.strategy == Strategy.RECREATE and (CreateVersion in kinds or ground.asleep):
        steps.append(StopVersion(ground.stack))
    stopped = [step.stack for step in begun if isinstance(step, (StopVersion, ScaleDown))]
    for stack in ground.others:
        if stack in stopped:
            steps += [StartVersion(stack), AwaitHealthy(stack)]
    if Shift in kinds:
        steps.append(ShiftBack(ground.stack))
    if Prescale in kinds:
        steps.append(RestoreSizes(ground.stack))
    return (*steps, *hooks(rollout, ground, When.AFTER_ABORT))


def warnings(rollout: Rollout, ground: Ground, steps: Sequence[RolloutStep]) -> list[str]:
    """What the user should know before it begins."""
    first = next((step.weight for step in steps if isinstance(step, Shift)), 0)
    told = []
    if ground.others and first > max(COLD, ground.share) and not ground.exists and not ground.shared:
        told.append(
            f"the load balancer of {ground.stack} is new and starts cold; its first share is {percent(first)} %. "
            "With much traffic, let it grow in steps (Canary, Linear), or ask AWS to warm it up."
        )
    if rollout.strategy == Strategy.RECREATE and ground.others:
        told.append(f"nobody serves from the moment {ground.others[0]} stops until {ground.stack} is healthy")
    for because in dict.fromkeys(ground.untold.values()):
        silent = [gate.name for gate in rollout.gates if ground.untold.get(str(gate.source)) == because]
        told += [in_words(silent, ground.stack, because)] if silent else []
    return told
