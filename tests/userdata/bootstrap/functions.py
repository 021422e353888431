"""CloudFormation functions, as much of them as these tests need."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any


def is_function(value: object) -> bool:
    return isinstance(value, dict) and len(value) == 1 and str(next(iter(value))).startswith(("Ref", "Fn::"))


def evaluated(value: Any, references: Mapping[str, str]) -> str:
    """The text that CloudFormation makes of a value."""
    if isinstance(value, str):
        return value
    ((name, argument),) = value.items()
    if name == "Ref":
        return references[argument]
    if name == "Fn::Base64":
        return base64.b64encode(evaluated(argument, references).encode()).decode()
    assert name == "Fn::Join"
    delimiter, parts = argument
    return str(delimiter).join(evaluated(part, references) for part in parts)
