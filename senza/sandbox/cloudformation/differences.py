"""What an update would do to a stack, as change sets tell it: actions, replacements and where each change comes from.

Rules: "ResourceChange", "ResourceTargetDefinition" and "ResourceChangeDetail" in the CloudFormation API reference.
Which property replaces what is in ``senza/sandbox/data/replacements.json`` (see ``scripts/replacements.py``).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from senza.sandbox.cloudformation.template import attributes_of, order, references

ATTRIBUTES = ("CreationPolicy", "DeletionPolicy", "Metadata", "UpdatePolicy", "UpdateReplacePolicy")
IMPACT = ("Never", "Conditionally", "Always")
RETAINED = ("Retain", "RetainExceptOnCreate")
UNKNOWN = "\\u0000"
"""In JSON: begins and ends a value that is only known when a resource exists."""
Known = Mapping[str, dict[str, Any]]
"""Logical id to definition with every value that can be known."""


@dataclass(frozen=True)
class Detail:
    """One reason of a change. attribute: ``Properties``, ``Tags``... name: of the property."""

    attribute: str
    name: str = ""
    recreation: str = "Never"
    source: str = "DirectModification"
    evaluation: str = "Static"
    cause: str = ""


@dataclass(frozen=True)
class Change:
    """replacement: ``True``, ``False`` or ``Conditional`` of a Modify, else ""."""

    action: str
    logical_id: str
    type: str
    replacement: str = ""
    details: tuple[Detail, ...] = ()
    policy: str = ""
    """What becomes of the thing itself: ``Delete``, ``Retain``, ``ReplaceAndDelete``..."""

    @property
    def scope(self) -> list[str]:
        return sorted({one.attribute for one in self.details})


@dataclass(frozen=True)
class Side:
    """One of the two templates: raw resources, known ones, and parameters with their values."""

    raw: Mapping[str, dict[str, Any]]
    known: Known
    parameters: Mapping[str, str] = field(repr=False)
    tags: Mapping[str, str] = field(default_factory=dict)


@functools.cache
def rules() -> dict[str, dict[str, Any]]:
    body = (files("senza.sandbox") / "data" / "replacements.json").read_text()
    found: dict[str, dict[str, Any]] = json.loads(body)
    return found


def recreation(resource_type: str, name: str) -> str:
    """RequiresRecreation of a property."""
    said = rules().get(resource_type) or {}
    if name in said.get("always", ()):
        return "Always"
    return "Conditionally" if name in said.get("conditionally", ()) else "Never"


def changes(old: Side, new: Side) -> list[Change]:
    """In the order of the logical ids, as DescribeChangeSet lists them."""
    found: dict[str, Change] = {}
    for name in order(dict(new.raw)):
        if name not in new.known:
            continue
        if name not in old.known:
            found[name] = Change("Add", name, new.raw[name]["Type"])
        elif details := modified(name, old, new, found):
            found[name] = modify(name, new.raw[name], details)
    for name in old.known.keys() - new.known.keys():
        policy = "Retain" if old.raw[name].get("DeletionPolicy") in RETAINED else "Delete"
        found[name] = Change("Remove", name, old.raw[name]["Type"], policy=policy)
    return [found[name] for name in sorted(found)]


def modify(name: str, raw: Mapping[str, Any], details: list[Detail]) -> Change:
    """With the replacement of the change that has the most impact: Always needs a Static evaluation to be certain."""
    certain = any(one.recreation == "Always" and one.evaluation == "Static" for one in details)
    possible = any(one.recreation != "Never" for one in details)
    replacement = "True" if certain else "Conditional" if possible else "False"
    policy = ""
    if replacement != "False":
        kept = raw.get("UpdateReplacePolicy") in RETAINED
        policy = "ReplaceAndRetain" if kept else "ReplaceAndDelete"
    return Change("Modify", name, raw["Type"], replacement, tuple(details), policy)


def modified(name: str, old: Side, new: Side, earlier: Mapping[str, Change]) -> list[Detail]:
    """Why the resource of that name is changed; [] where it is not."""
    before, after = old.known[name], new.known[name]
    raw_before, raw_after = old.raw[name], new.raw[name]
    details: list[Detail] = []
    for key in sorted({*(before.get("Properties") or {}), *(after.get("Properties") or {})}):
        values = [(one.get("Properties") or {}).get(key) for one in (before, after)]
        raw = [(one.get("Properties") or {}).get(key) for one in (raw_before, raw_after)]
        needs = recreation(raw_after["Type"], key)
        if values[0] != values[1]:
            details += direct(key, needs, raw, values[1], old, new)
        details += [
            Detail("Properties", key, needs, source, "Dynamic", cause) for source, cause in caused(raw[1], earlier)
        ]
    details += [Detail(one) for one in ATTRIBUTES if before.get(one) != after.get(one)]
    if old.tags != new.tags and (rules().get(raw_after["Type"]) or {}).get("tagged"):
        details.append(Detail("Tags"))
    return details


def direct(key: str, needs: str, raw: list[Any], after: Any, old: Side, new: Side) -> list[Detail]:
    """A value that differs: because the template says something else, or because of parameters, or both."""
    shared = old.parameters.keys() & new.parameters.keys()
    causes = sorted(one for one in references(raw[1]) & shared if old.parameters[one] != new.parameters[one])
    found = [Detail("Properties", key, needs, "ParameterReference", "Static", cause) for cause in causes]
    known = UNKNOWN not in json.dumps(after, default=str)
    static = known and (raw[0] != raw[1] or not causes)
    return [*found, Detail("Properties", key, needs, evaluation="Static" if static else "Dynamic")]


def caused(raw: Any, earlier: Mapping[str, Change]) -> Iterable[tuple[str, str]]:
    """(source, cause) of changes that follow from those of other resources."""
    attributes = attributes_of(raw)
    for name in sorted(references(raw) & earlier.keys()):
        if earlier[name].action != "Modify":
            continue
        if name in attributes:
            yield from (("ResourceAttribute", f"{name}.{one}") for one in sorted(asked(raw, name)))
        elif earlier[name].replacement != "False":
            yield "ResourceReference", name


def asked(raw: Any, name: str) -> set[str]:
    """The attributes of that resource which Fn::GetAtt asks for in this part of a template."""
    if isinstance(raw, list):
        return {one for part in raw for one in asked(part, name)}
    if not isinstance(raw, dict):
        return set()
    found = {one for part in raw.values() for one in asked(part, name)}
    argument = raw.get("Fn::GetAtt")
    if argument is not None:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        if parts[0] == name:
            found.add(str(parts[1]))
    return found
