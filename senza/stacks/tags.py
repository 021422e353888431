"""The tags that CloudFormation puts on what it makes ("Resource tags" in its user guide)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

STACK_TAG = "aws:cloudformation:stack-name"
LOGICAL_ID_TAG = "aws:cloudformation:logical-id"


def tags_of(described: Mapping[str, Any]) -> dict[str, str]:
    """The tags of whatever AWS describes with a list of ``Key`` and ``Value`` under ``Tags``."""
    return {str(tag["Key"]): str(tag["Value"]) for tag in described.get("Tags", ())}
