"""What has no form of a template, found before AWS is asked (User Guide, "CloudFormation template sections").

CloudFormation would refuse the whole template, after everything that comes before a stack is done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from senza.definition.model import KeyPath
from senza.definition.suggest import did_you_mean

Fault = tuple[KeyPath, str, str]
"""Path, what is wrong, and a suggestion."""

SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources", "Outputs", "Metadata", "Rules", "Hooks", "Transform",
            "Description", "AWSTemplateFormatVersion")  # fmt: skip
OURS = ("SenzaInfo", "SenzaComponents")
ENTRIES = {
    "Parameters": ("Type", "Default", "Description", "NoEcho", "AllowedValues", "AllowedPattern", "MinLength",
                   "MaxLength", "MinValue", "MaxValue", "ConstraintDescription"),
    "Outputs": ("Value", "Description", "Export", "Condition"),
    "Resources": ("Type", "Properties", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy",
                  "CreationPolicy", "UpdatePolicy", "Metadata"),
}  # fmt: skip
"""Section -> what its entries may have; the first one they must have."""
NAMES = {"Parameters": "parameter", "Outputs": "output", "Resources": "resource", "Mappings": "map"}


def misshapen(template: Mapping[str, Any]) -> Iterator[Fault]:
    """Everything in a template without macros that CloudFormation can make nothing of."""
    for section in template:
        if section not in SECTIONS:
            yield (section,), f"a template has no section {section}", did_you_mean(section, [*OURS, *SECTIONS])
    if not template.get("Resources"):
        yield (), "there is nothing in it that would be created", "Give it SenzaComponents or Resources."
    for section, what in NAMES.items():
        for name, entry in (template.get(section) or {}).items():
            if str(name).startswith("Fn::"):  # Fn::Transform and Fn::ForEach make entries
                continue
            if isinstance(entry, Mapping):
                yield from of_entry(section, str(name), entry)
            else:
                yield (section, name), f"the {what} {name} must be a mapping", example(section)


def of_entry(section: str, name: str, entry: Mapping[str, Any]) -> Iterator[Fault]:
    known = ENTRIES.get(section, ())
    if (known and known[0] not in entry) or (section == "Resources" and not isinstance(entry.get("Type"), str)):
        yield (section, name), f"the {NAMES[section]} {name} has no {known[0]}", example(section)
        return
    for key in entry:
        if known and key not in known:
            place = (section, name, str(key))
            yield place, f"a {NAMES[section]} has no {key}", did_you_mean(str(key), known)
    if section == "Resources" and not isinstance(entry.get("Properties") or {}, Mapping):
        yield (section, name, "Properties"), f"the Properties of {name} must be a mapping", ""


def example(section: str) -> str:
    kinds = {"Parameters": "{Type: String}", "Outputs": "{Value: ...}", "Resources": "{Type: AWS::SQS::Queue}"}
    return f"Write e.g. {kinds[section]}." if section in kinds else ""
