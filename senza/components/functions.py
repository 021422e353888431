"""CloudFormation functions inside a definition: they are carried through to the template untouched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troposphere import AWSHelperFn


class Function(AWSHelperFn):  # type: ignore[misc]
    """A function as it was written, in a form that troposphere takes wherever a value may stand."""

    def __init__(self, data: Mapping[str, Any] | None) -> None:
        self.data = data if data is None else dict(data)


NULL = Function(None)
"""A value that is left open on purpose."""


def is_function(value: object) -> bool:
    """Whether this is ``{Ref: …}`` or ``{Fn::…: …}``."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return False
    name = next(iter(value))
    return name == "Ref" or (isinstance(name, str) and name.startswith("Fn::"))


def is_dynamic(value: object) -> bool:
    """Whether CloudFormation puts something from elsewhere into this text: ``{{resolve:ssm:NAME}}``."""
    return isinstance(value, str) and "{{resolve:" in value


def ref(logical_id: str) -> dict[str, Any]:
    return {"Ref": logical_id}


def get_att(logical_id: str, attribute: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [logical_id, attribute]}


def in_region(mapping: str, key: Any) -> dict[str, Any]:
    """What the template's own mapping says about the stack's region."""
    return {"Fn::FindInMap": [mapping, ref("AWS::Region"), key]}
