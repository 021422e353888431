"""What the journal of an environment says about how a version was made there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from senza.discretion import HIDDEN
from senza.journal import Journal
from senza.stacks.summaries import Stack

KINDS = ("rollout", "create", "update")
SLACK = 24 * 3600.0
"""Seconds that an operation may have begun before its stack: it waits for a lock, and clocks differ."""
MOST = 20
"""Operations that are looked at; each costs a call."""


def recorded(journal: Journal, stack: Stack) -> Mapping[str, Any]:
    """The facts of the newest operation that made the stack what it is; {} where the journal has none."""
    begun = journal.beginnings(stack.name, KINDS, since=stack.created.timestamp() - SLACK)
    for _, entry in zip(range(MOST), begun, strict=False):
        if entry.facts.get("version") == stack.version and agrees(entry.facts, stack):
            return entry.facts
    return {}


def agrees(facts: Mapping[str, Any], stack: Stack) -> bool:
    """Whether an operation sent the parameters that the stack has; one that failed did not leave its own behind."""
    values = dict(stack.parameters)
    sent: Mapping[str, Any] = facts.get("parameters") or {}
    return all(name in values and (value == values[name] or HIDDEN in str(value)) for name, value in sent.items())
