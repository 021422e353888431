"""What the journal tells of an app's versions: since when one has no traffic, and which were no good. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from senza.journal import Summary
from senza.rollout.progress import ABORTED, TAKEN_BACK


def taken_back(history: Sequence[Summary], stack: str) -> bool:
    """Whether the version was rolled out and taken back, and had no traffic since.

    history: operations of the app, newest first.
    """
    for operation in history:
        if operation.first.facts.get("stack") == stack and operation.kind == "rollout":
            return operation.result in (TAKEN_BACK, ABORTED)
        if had(operation.last.facts, stack) or had(operation.first.facts, stack):
            return False
    return False


def last_traffic(history: Sequence[Summary], stack: str) -> float | None:
    """Until when the version had traffic at most, in seconds since the epoch, as far as the journal knows; else None.

    history: operations of the app, newest first. Between operations weights do not change, or not by us.
    """
    known = None
    for operation in history:
        begin, end = had(operation.first.facts, stack), had(operation.last.facts, stack)
        if begin or end or operation.first.facts.get("stack") == stack:
            return operation.last.at
        if begin is not None or end is not None:
            known = operation.first.at
    return known


def had(facts: Mapping[str, Any], stack: str) -> bool | None:
    """Whether the version had traffic when this was written down; None where it says nothing about it."""
    weights = facts.get("weights") or (facts.get("ground") or {}).get("weights") or {}
    told = [siblings[stack] > 0 or sum(siblings.values()) == 0 for siblings in weights.values() if stack in siblings]
    return any(told) if told else None
