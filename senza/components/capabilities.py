"""What CloudFormation must be told that we know it may do (API reference, CreateStack, Capabilities)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

NAMES = ("RoleName", "GroupName", "UserName", "ManagedPolicyName", "InstanceProfileName")


def resources_of(template: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Logical id, type and properties of every resource that has the shape of one."""
    resources = template.get("Resources")
    found = resources.items() if isinstance(resources, Mapping) else ()
    for logical_id, resource in sorted(found, key=lambda item: str(item[0])):  # YAML has names that are no text
        if isinstance(resource, Mapping):
            properties = resource.get("Properties")
            yield str(logical_id), str(resource.get("Type")), properties if isinstance(properties, Mapping) else {}


def capabilities_of(template: Mapping[str, Any]) -> tuple[str, ...]:
    needed = set()
    for _, resource_type, properties in resources_of(template):
        if resource_type.startswith("AWS::IAM"):
            needed.add("CAPABILITY_IAM")
            if any(name in properties for name in NAMES):
                needed.add("CAPABILITY_NAMED_IAM")
    if template.get("Transform"):
        needed.add("CAPABILITY_AUTO_EXPAND")
    return tuple(sorted(needed))
