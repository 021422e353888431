"""Exports and who imports them ("Get exported outputs from a deployed CloudFormation stack" in its guide).

An export has a name that is unique in the region; while another stack imports it, it is neither changed nor deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from senza.sandbox.cloudformation.intrinsics import symbolic
from senza.sandbox.cloudformation.stack import Blueprint, Stack

NOTHING_LEFT = ("DELETE_COMPLETE", "ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS")
Outputs = Iterable[Mapping[str, Any]]


def exported(outputs: Outputs) -> dict[str, str]:
    """Name to value."""
    return {one["ExportName"]: one["OutputValue"] for one in outputs if "ExportName" in one}


def imported(stack: Stack, blueprint: Blueprint) -> set[str]:
    """The names that the stack imports, if it is made of that blueprint. Raises Refusal."""
    resolver = stack.resolver(blueprint, symbolic)
    for block in ("Resources", "Outputs"):
        for one in (blueprint.template.get(block) or {}).values():
            if "Condition" not in one or resolver.holds(one["Condition"]):
                resolver.resolve({key: value for key, value in one.items() if key != "Condition"})
    return resolver.imported


def missing(stack: Stack, blueprint: Blueprint) -> str:
    """What is said of an import that nobody exports, "" where there is none. Raises Refusal."""
    lost = sorted(imported(stack, blueprint) - stack.exports.keys())
    return f"No export named {lost[0]} found. " if lost else ""


def importers(stack: Stack) -> dict[str, list[str]]:
    """Which other stacks import what this one exports: export to their names."""
    own = exported(stack.outputs)
    found: dict[str, list[str]] = {}
    for other in stack.family.values():
        if own and other is not stack and other.status not in NOTHING_LEFT:
            for name in sorted(imported(other, other.blueprint) & own.keys()):
                found.setdefault(name, []).append(other.name)
    return found


def undeletable(stack: Stack) -> str:
    """Why the stack stays, "" where it may go."""
    for name, others in importers(stack).items():
        return f"Delete canceled. Cannot delete export {name} as it is in use by {' and '.join(others)}."
    return ""


def clash(stack: Stack, new: Outputs) -> str:
    """Why the stack cannot have these outputs, "" where it can."""
    wanted, before = exported(new), exported(stack.outputs)
    for name, others in importers(stack).items():
        if wanted.get(name) != before[name]:
            verb = "updated" if name in wanted else "deleted"
            return f"Export {name} cannot be {verb} as it is in use by {' and '.join(others)}. "
    for other in stack.family.values():
        if other is not stack:
            for name in sorted(wanted.keys() & exported(other.outputs).keys()):
                return f"Export with name {name} is already exported by stack {other.name}. "
    return ""
