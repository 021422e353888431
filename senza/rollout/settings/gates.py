"""The gates: the built-in ones with what the definition changes about them, and the definition's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from senza.definition.suggest import did_you_mean
from senza.rollout.model import DEFAULT_GATES, Alarm, Better, BuiltIn, Gate, Metric, MetricMath
from senza.rollout.settings.reading import Key, Node
from senza.rollout.settings.sources import (
    EXPRESSION_KEYS,
    RATIO_STATISTICS,
    place_text,
    read_math,
    read_metric,
    read_prometheus,
    tells_apart,
)

MOST_GATES = 40
"""In one rollout: each costs up to 22 of the 500 queries of one call, and the confidence is shared by all."""
LEAST_OF_RATIO = 50
"""Requests, visits... of each version, before a ratio is judged where the gate does not say how many."""
LEAST_OF_SERIES = Gate.least
LEAST_CONFIDENCE, MOST_CONFIDENCE = 0.5, 0.99999

CONFIDENCE = Key("Confidence", "number", "0.98", "Of the whole rollout. 0.98 means at most 2 % false alarms.")
EFFECT = Key("MinEffect", "percent", "0%", "Smallest worsening that counts, relative to the old version's value.")
LEAST = Key("Least", "number", "50 or 5", "How many requests (of a ratio), else minutes, must be there to judge.")
BOUNDS = (
    Key("Max", "value", "", "The new version's value must not be higher."),
    Key("Min", "value", "", "The new version's value must not be lower."),
)
STATISTIC = Key("Statistic", "text", "both", "`p50` or `p99`: which of the two gates is meant.")

BUILT_IN: Mapping[str, tuple[BuiltIn, ...]] = {
    "ErrorRatio": (BuiltIn.ERRORS,),
    "Latency": (BuiltIn.P50, BuiltIn.P99),
    "HealthyHosts": (BuiltIn.HOSTS,),
}
"""How the built-in gates are called in a definition."""
BUILT_IN_KEYS: Mapping[str, tuple[Key, ...]] = {
    "ErrorRatio": (CONFIDENCE, replace(EFFECT, default="0%"), replace(LEAST, default="50"), BOUNDS[0]),
    "Latency": (STATISTIC, CONFIDENCE, replace(EFFECT, default="10%"), replace(LEAST, default="5"), BOUNDS[0]),
    "HealthyHosts": (CONFIDENCE, replace(LEAST, default="5"), replace(BOUNDS[1], default="100%")),
}
ALARM_KEYS = (
    Key("Name", "text", "alarm NAME", "How the gate is called."),
    Key("Alarm", "text", "required", "Name of a CloudWatch alarm, or its logical id in the stack."),
)
JUDGING_KEYS = (
    Key("Compare", "text", "see below", "`baseline`: with the old version over the same minutes. `none`: not."),
    Key("Direction", "text", "", "`higher is better` or `lower is better`; needed where something is compared."),
    *BOUNDS,
    EFFECT,
    CONFIDENCE,
    LEAST,
)
OWN_KEYS = (
    Key("Name", "text", "required", "How the gate is called."),
    Key("Metric", "mapping", "", "A CloudWatch metric, see below."),
    Key("Of", "mapping", "", "A second one: both are counts, and the gate is the ratio of Metric to this."),
    *EXPRESSION_KEYS,
    Key("Prometheus", "mapping", "", "A query, see below."),
    *JUDGING_KEYS,
)
SOURCES = ("Metric", "Expression", "Prometheus")
DIRECTIONS = {
    "higher is better": Better.HIGHER,
    "higher": Better.HIGHER,
    "lower is better": Better.LOWER,
    "lower": Better.LOWER,
}


def read_gates(node: Node | None) -> tuple[Gate, ...]:
    """The built-in gates that were not switched off, then the own ones in their order."""
    built_in: dict[BuiltIn, Gate | None] = {source: default_of(source) for source in BuiltIn}
    own: list[Gate] = []
    taken = {gate.name.casefold() for gate in DEFAULT_GATES}
    for item in node.items() if node else ():
        named = named_built_in(item)
        if named:
            built_in |= read_built_in(named, built_in)
            continue
        gate = read_own(item)
        if gate.name.casefold() in taken:
            raise item.wrong(f"there are two gates called {gate.name}", "Give one of them another Name.")
        taken.add(gate.name.casefold())
        own.append(gate)
    gates = (*(gate for gate in built_in.values() if gate), *own)
    if node and len(gates) > MOST_GATES:
        raise node.wrong(f"{len(gates)} gates are more than the {MOST_GATES} that one rollout takes")
    return gates


def named_built_in(item: Node) -> Node | None:
    """What a built-in gate is given, under its name; None for an own gate. Raises DefinitionError for neither."""
    if isinstance(item.value, str):
        if item.value in BUILT_IN:
            return item.child(item.value, None)
        known = ", ".join(BUILT_IN)
        raise item.wrong(
            f"there is no gate {item.value}; built in are {known}",
            did_you_mean(item.value, BUILT_IN) or "One of your own is a mapping: {Name: …, Metric: {…}, …}",
        )
    if isinstance(item.value, Mapping) and len(item.value) == 1:
        ((key, value),) = item.value.items()
        if key in BUILT_IN:
            return item.child(str(key), value)
        if key not in {key.name for key in (*OWN_KEYS, *ALARM_KEYS)}:
            names = (*BUILT_IN, *(key.name for key in (*OWN_KEYS, *ALARM_KEYS)))
            known = f"Built in are {', '.join(BUILT_IN)}; one of your own begins with Name."
            raise item.child(str(key), value).wrong(f"there is no gate {key}", did_you_mean(key, names) or known)
    return None


def read_built_in(node: Node, now: Mapping[BuiltIn, Gate | None]) -> dict[BuiltIn, Gate | None]:
    """The gates of that name as the definition wants them; None for one that is switched off."""
    sources = BUILT_IN[node.name]
    if node.value is False or str(node.value).casefold() == "off":  # YAML reads off as false
        return dict.fromkeys(sources)
    if node.value is None or node.value is True or str(node.value).casefold() == "on":
        return {source: now[source] or default_of(source) for source in sources}
    entries = node.mapping(BUILT_IN_KEYS[node.name])
    if "Statistic" in entries:
        wanted = entries["Statistic"].text().casefold()
        sources = tuple(source for source in sources if source.value == wanted)
        if not sources:
            raise entries["Statistic"].wrong(
                f"Statistic must be p50 or p99, not {wanted}", "A gate of your own takes any: {Name: …, Metric: {…}}"
            )
    return {source: changed(now[source] or default_of(source), entries) for source in sources}


def default_of(source: BuiltIn) -> Gate:
    return next(gate for gate in DEFAULT_GATES if gate.source == source)


def changed(gate: Gate, entries: Mapping[str, Node]) -> Gate:
    """A gate with what the definition says about judging it."""
    if "Confidence" in entries:
        confidence = entries["Confidence"].number()
        if not LEAST_CONFIDENCE <= confidence <= MOST_CONFIDENCE:
            raise entries["Confidence"].wrong(
                f"Confidence must be between {LEAST_CONFIDENCE:g} and {MOST_CONFIDENCE:g}, not {confidence:g}"
            )
        gate = replace(gate, confidence=confidence)
    if "MinEffect" in entries:
        effect = entries["MinEffect"].percent()
        if not 0 <= effect <= 100:
            raise entries["MinEffect"].wrong("MinEffect must not be negative, nor more than 10000%")
        gate = replace(gate, effect=effect)
    if "Least" in entries:
        gate = replace(gate, least=entries["Least"].whole(1))
    if "Max" in entries:
        gate = replace(gate, maximum=bound(gate, entries["Max"]))
    if "Min" in entries:
        gate = replace(gate, minimum=bound(gate, entries["Min"]))
    if gate.minimum is not None and gate.maximum is not None and gate.minimum > gate.maximum:
        raise entries["Min"].wrong(f"Min is more than Max, so that {gate.name} could never pass")
    return gate


def bound(gate: Gate, node: Node) -> float:
    if gate.source in (BuiltIn.P50, BuiltIn.P99):
        return node.latency()
    number = node.number()
    if (gate.of or gate.source in (BuiltIn.ERRORS, BuiltIn.HOSTS)) and not 0 <= number <= 1:
        raise node.wrong(f"{node.name} of a ratio must be between 0 and 1, or 0% and 100%")
    return number


@dataclass(frozen=True)
class Own:
    """The keys of an own gate, and its node for what is missing."""

    node: Node
    entries: Mapping[str, Node]

    def given(self, *names: str) -> list[str]:
        return [name for name in names if name in self.entries]


def read_own(item: Node) -> Gate:
    if isinstance(item.value, Mapping) and "Alarm" in item.value:
        return read_alarm(item)
    own = Own(item, item.mapping((*OWN_KEYS, ALARM_KEYS[1]), "a gate"))
    if "Name" not in own.entries:
        raise item.wrong("a gate needs a Name", "Write e.g. {Name: conversion, Metric: {Namespace: …, Name: …}, …}")
    name = own.entries["Name"].text()
    sources = own.given(*SOURCES)
    if len(sources) != 1:
        said = " and ".join(sources) or "nothing"
        raise item.wrong(f"the gate {name} needs one of {', '.join(SOURCES)}, and has {said}")
    return judged(own, read_source(own, name, sources[0]))


def read_alarm(item: Node) -> Gate:
    entries = item.mapping(ALARM_KEYS, "a gate with an Alarm")
    alarm = place_text(entries.get("Alarm") or item.child("Alarm", None))
    name = entries["Name"].text() if "Name" in entries else f"alarm {alarm}"
    return Gate(name, Alarm(alarm), compare=False)


def read_source(own: Own, name: str, kind: str) -> Gate:
    """The gate with where it reads from."""
    for key, of in (("Of", "Metric"), ("Metrics", "Expression")):
        if key in own.entries and kind != of:
            raise own.entries[key].wrong(f"{key} stands only together with {of}")
    node = own.entries[kind]
    if kind == "Prometheus":
        return Gate(name, read_prometheus(node))
    if kind == "Expression":
        return Gate(name, read_math(node, own.entries.get("Metrics")))
    if "Of" not in own.entries:
        return Gate(name, read_metric(node))
    counts = [read_metric(one, "Sum") for one in (node, own.entries["Of"])]
    for one, metric in zip((node, own.entries["Of"]), counts, strict=True):
        if metric.statistic not in RATIO_STATISTICS:
            raise one.wrong(
                f"the Statistic of a ratio must be {' or '.join(RATIO_STATISTICS)}, not {metric.statistic}",
                "Both metrics are counts: how many of how many.",
            )
    return Gate(name, counts[0], of=counts[1], least=LEAST_OF_RATIO)


def judged(own: Own, gate: Gate) -> Gate:
    """The gate with what it asks: a comparison, bounds, or both."""
    entries, bounds = own.entries, own.given("Max", "Min")
    compare = not bounds
    if "Compare" in entries:
        said = "none" if entries["Compare"].value is False else str(entries["Compare"].value).casefold()
        if said not in ("baseline", "none", "off"):
            raise entries["Compare"].wrong("Compare must be baseline or none")
        compare = said == "baseline"
    if not compare and not bounds:
        raise own.node.wrong(
            f"the gate {gate.name} asks nothing", "Give it Max or Min, or Compare: baseline and a Direction."
        )
    gate = changed(replace(gate, compare=compare), entries)
    if "Direction" in entries:
        said = " ".join(str(entries["Direction"].value).casefold().split())
        if said not in DIRECTIONS:
            raise entries["Direction"].wrong("Direction must be `higher is better` or `lower is better`")
        return apart(own, replace(gate, better=DIRECTIONS[said]))
    if compare:
        raise own.node.wrong(
            f"the gate {gate.name} is compared and does not say what is better",
            "Add Direction: higher is better, or Direction: lower is better.",
        )
    return gate


def apart(own: Own, gate: Gate) -> Gate:
    """Raises DefinitionError where both versions would be read from the same place."""
    if gate.compare and not all(tells_apart(one) for one in (gate.source, gate.of) if one):
        cloudwatch = isinstance(gate.source, Metric | MetricMath)
        example = 'Dimensions: {StackVersion: "{version}"}' if cloudwatch else 'orders{version="{version}"}'
        raise own.node.wrong(
            f"nothing in the gate {gate.name} tells the two versions apart, so there is nothing to compare",
            f"Use {{version}} or {{stack}}, e.g. {example}",
        )
    return gate
