"""User data as a person reads it: what CloudFormation will fill in stands there as ``${Resource.Attribute}``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def readable(value: Any) -> str:
    """The text, with functions as ``Fn::Sub`` would write them; those that it cannot write, as JSON."""
    if not isinstance(value, Mapping):
        return str(value)
    if len(value) != 1:
        return shown(value)
    name, argument = next(iter(value.items()))
    if name == "Ref":
        return f"${{{argument}}}"
    if name == "Fn::GetAtt":
        return f"${{{'.'.join(map(str, argument)) if isinstance(argument, list) else argument}}}"
    if name == "Fn::Sub" and isinstance(argument, str):
        return argument
    if name == "Fn::Join" and isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], list):
        return str(argument[0]).join(map(readable, argument[1]))
    return shown(value)


def shown(value: Any) -> str:
    return f"${{{json.dumps(value, ensure_ascii=False, default=str)}}}"
