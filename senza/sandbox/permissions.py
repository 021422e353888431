"""What the sandbox's user may not do: the setting ``denied``, heeded by every request and by IAM's policy simulator."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from senza.sandbox.world import world

PREFIXES = {
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "resourcegroupstaggingapi": "tag",
    "tagging": "tag",
}
"""The service as actions name it where boto3's client has another name ("Service Authorization Reference")."""
CODES = {"ec2": "UnauthorizedOperation"}
JSON_CODE = "AccessDeniedException"


def action(service: str, operation: str) -> str:
    """``elbv2``, ``DescribeTargetHealth`` as ``elasticloadbalancing:DescribeTargetHealth``."""
    return f"{PREFIXES.get(service, service)}:{operation}"


def is_denied(name: str, patterns: Iterable[str] | None = None) -> bool:
    """Whether a pattern (those of the setting, unless given) matches the action; case does not matter there either."""
    patterns = world.settings.denied if patterns is None else patterns
    return any(fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns)


def code(service: str, json_protocol: bool) -> str:
    """The error code with which that service says no."""
    return CODES.get(service) or (JSON_CODE if json_protocol else "AccessDenied")
