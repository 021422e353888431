"""What other stacks made: ``{Stack: other-1, LogicalId: Bucket}`` and ``{Stack: other-1, Output: Url}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from senza.account import Account


def is_reference(value: object) -> bool:
    return isinstance(value, Mapping) and set(value) in ({"Stack", "LogicalId"}, {"Stack", "Output"})


def resolved(reference: Mapping[str, Any], account: Account) -> str:
    """The physical id or the output's value. Raises NotFound where the stack is not complete or lacks it."""
    stack = str(reference["Stack"])
    if "Output" in reference:
        return account.stack_output(stack, str(reference["Output"]))
    return account.stack_resource(stack, str(reference["LogicalId"]))


def resolve_outputs(value: Any, account: Account) -> Any:
    """The same tree with every ``{Stack, Output}`` in it replaced by the output's value."""
    if is_reference(value) and "Output" in value:
        return resolved(value, account)
    if isinstance(value, Mapping):
        return {key: resolve_outputs(item, account) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve_outputs(item, account) for item in value]
    return value
