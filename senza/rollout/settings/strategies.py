"""Strategies and their steps: by name, by a preset whose name says it all, or written out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from senza.definition.suggest import did_you_mean
from senza.rollout.model import DEFAULT_STAGES, MINUTE, Stage, Strategy
from senza.rollout.settings.quantities import SECONDS, Wrong, weight
from senza.rollout.settings.reading import Key, Node
from senza.traffic.weights import TOTAL, percent

BAKE = 10 * MINUTE
"""Seconds that a step is watched where it does not say."""
LAST_BAKE = DEFAULT_STAGES[-1].bake
"""Seconds that all of the traffic is watched."""

STEP_KEYS = (
    Key("Weight", "percent", "required", "Share of the traffic: 0.5 to 100 in steps of 0.5, each more than the last."),
    Key("Bake", "time", "10m", "How long this share is watched, at least, before the next step."),
)
ALL_AT_ONCE = "AllAtOnce"
PRESETS = (
    "Canary10Percent5Minutes",
    "Canary10Percent30Minutes",
    "Linear10PercentEvery1Minute",
    "Linear10PercentEvery10Minutes",
    ALL_AT_ONCE,
)
"""Examples of names; any number may stand in them. As the deployment configurations of AWS CodeDeploy are called."""

GRADUAL = (Strategy.CANARY, Strategy.LINEAR)

_PRESET = re.compile(
    r"(?P<kind>canary|linear)(?P<weight>\d{1,3}(?:\.\d)?)percent(?P<every>every)?(?P<time>\d{1,6})(?P<unit>second|minute|hour)s?"
)


@dataclass(frozen=True)
class Shape:
    """What a strategy's name says. preset: whether it says the stages, too."""

    strategy: Strategy
    stages: tuple[Stage, ...]
    preset: bool = False


def shape(name: str) -> Shape:
    """A strategy or a preset; case, ``-``, ``_`` and spaces do not matter. Raises Wrong."""
    folded = re.sub(r"[-_\s]", "", name).casefold()
    for strategy in Strategy:
        if folded == strategy.casefold():
            return Shape(strategy, USUAL[strategy])
    if folded == ALL_AT_ONCE.casefold():
        return Shape(Strategy.BLUE_GREEN, USUAL[Strategy.BLUE_GREEN])
    match = _PRESET.fullmatch(folded)
    if match is None or (match["kind"] == "linear") != bool(match["every"]):
        known = (*Strategy, *PRESETS)
        raise Wrong(f"one of {', '.join(Strategy)}, or a preset such as {PRESETS[0]}", did_you_mean(name, known))
    first, pause = weight(match["weight"]), int(match["time"]) * SECONDS[match["unit"][0]]
    if match["kind"] == "linear":
        return Shape(Strategy.LINEAR, linear(first, pause), preset=True)
    if first == TOTAL:
        raise Wrong("a preset of less than 100 percent", f"{ALL_AT_ONCE} moves all of the traffic at once.")
    return Shape(Strategy.CANARY, (Stage(first, pause), Stage(TOTAL, LAST_BAKE)), preset=True)


def linear(step: int, pause: float) -> tuple[Stage, ...]:
    """Equal increases. step: half percents. pause: seconds between two of them."""
    return (*(Stage(one, pause) for one in range(step, TOTAL, step)), Stage(TOTAL, LAST_BAKE))


USUAL: Mapping[Strategy, tuple[Stage, ...]] = {
    Strategy.RECREATE: (Stage(TOTAL, LAST_BAKE),),
    Strategy.ROLLING: (Stage(TOTAL, LAST_BAKE),),
    Strategy.BLUE_GREEN: (Stage(TOTAL, LAST_BAKE),),
    Strategy.CANARY: DEFAULT_STAGES,
    Strategy.LINEAR: linear(TOTAL // 10, BAKE),
}
"""The stages of a strategy that says nothing else."""


def with_last_bake(stages: tuple[Stage, ...], bake: float) -> tuple[Stage, ...]:
    return (*stages[:-1], Stage(stages[-1].weight, bake))


def read_shape(node: Node) -> Shape:
    name = node.text()
    try:
        return shape(name)
    except Wrong as wrong:
        raise node.wrong(f"Strategy must be {wrong}, not {name}", wrong.hint) from None


def read_stages(entries: Mapping[str, Node]) -> Shape:
    """Strategy, Steps and Bake of the section."""
    found = read_shape(entries["Strategy"]) if "Strategy" in entries else Shape(Strategy.CANARY, DEFAULT_STAGES)
    steps, bake = entries.get("Steps"), entries.get("Bake")
    if steps is None:
        stages = with_last_bake(found.stages, bake.duration()) if bake else found.stages
        return Shape(found.strategy, stages, found.preset)
    if found.preset or found.strategy not in GRADUAL:
        name = entries["Strategy"].text()
        raise steps.wrong(
            f"{name} says its steps by itself; Steps stand only with Canary or Linear",
            "Remove Steps, or write Strategy: Canary."
            + ("" if found.preset else " Bake says how long all of the traffic is watched."),
        )
    if bake:
        raise bake.wrong("Bake stands only where there are no Steps; each step has its own")
    return Shape(found.strategy, read_steps(steps))


def read_steps(node: Node) -> tuple[Stage, ...]:
    stages: list[Stage] = []
    if node.value == [] or not isinstance(node.value, list):
        raise node.wrong("Steps must be a list", "Write e.g. Steps: [{Weight: 5, Bake: 10m}, {Weight: 100, Bake: 15m}]")
    for item in node.items():
        entries = item.mapping(STEP_KEYS, "a step")
        if "Weight" not in entries:
            raise item.wrong("a step needs a Weight", "Write e.g. {Weight: 5, Bake: 10m}")
        share = entries["Weight"].weight()
        if stages and share <= stages[-1].weight:
            raise entries["Weight"].wrong(
                f"Weight {percent(share)} is not more than the {percent(stages[-1].weight)} of the step before",
                "The traffic of the new version grows from step to step.",
            )
        stages.append(Stage(share, entries["Bake"].duration() if "Bake" in entries else BAKE))
    if stages[-1].weight != TOTAL:
        raise node.wrong(
            f"the last step has a Weight of {percent(stages[-1].weight)}, and must have 100",
            "Add {Weight: 100, Bake: 15m}: a rollout ends with all of the traffic on the new version.",
        )
    return tuple(stages)
