"""What CloudFormation must be told that we know it may do (API reference, CreateStack, Capabilities)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAMES = ("RoleName", "GroupName", "UserName", "ManagedPolicyName", "InstanceProfileName")


def capabilities_of(template: Mapping[str, Any]) -> tuple[str, ...]:
    needed = set()
    for resource in (template.get("Resources") or {}).values():
        if isinstance(resource, Mapping) and str(resource.get("Type")).startswith("AWS::IAM"):
            needed.add("CAPABILITY_IAM")
            if any(name in (resource.get("Properties") or {}) for name in NAMES):
                needed.add("CAPABILITY_NAMED_IAM")
    if template.get("Transform"):
        needed.add("CAPABILITY_AUTO_EXPAND")
    return tuple(sorted(needed))
