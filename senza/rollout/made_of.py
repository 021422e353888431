"""What a rollout was begun with, as its journal keeps it, so that another machine can go on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from senza.components import Compiled, WeightedRecord, WeightedTarget
from senza.errors import Refused, Where
from senza.journal import Operation
from senza.rollout.model import Rollout
from senza.rollout.settings import override, parse
from senza.rollout.withheld import unknown_hooks, usable

STACK = "stack.json"
"""The attachment of a rollout with what the new stack is made of."""


def sendable(compiled: Compiled) -> dict[str, Any]:
    """As JSON, without the values of NoEcho parameters: those go to CloudFormation and nowhere else."""
    declared = compiled.template.get("Parameters") or {}
    secret = [name for name in compiled.parameters if str((declared.get(name) or {}).get("NoEcho")).lower() == "true"]
    return {
        "template": json.loads(compiled.template_body()),
        "stack_name": compiled.stack_name,
        "version": compiled.version,
        "tags": compiled.tags,
        "parameters": {name: value for name, value in compiled.parameters.items() if name not in secret},
        "withheld": secret,
        "capabilities": list(compiled.capabilities),
        "notification_arns": list(compiled.notification_arns),
        "weighted_records": [vars(record) for record in compiled.weighted_records],
        "weighted_targets": [vars(target) for target in compiled.weighted_targets],
    }


def stored(operation: Operation) -> Compiled:
    """What the stack is made of, from the journal. Raises Refused where secrets are missing."""
    body = operation.attachment(STACK)
    facts = operation.entries[0].facts
    again = f"Give the definition once more: senza deploy DEFINITION {facts['version']} ... goes on with this rollout."
    if body is None:
        raise Refused("the journal does not hold what the stack is made of", hint=again)
    data = json.loads(body)
    if missing := data.pop("withheld"):
        raise Refused(f"the values of {', '.join(missing)} are secret, so the journal does not hold them", hint=again)
    records: Sequence[Mapping[str, Any]] = data["weighted_records"]
    targets: Sequence[Mapping[str, Any]] = data.get("weighted_targets", ())
    return Compiled(
        **{name: data[name] for name in ("template", "stack_name", "version", "tags", "parameters")},
        capabilities=tuple(data["capabilities"]),
        notification_arns=tuple(data["notification_arns"]),
        warnings=(),
        weighted_records=tuple(WeightedRecord(**record) for record in records),
        weighted_targets=tuple(WeightedTarget(**target) for target in targets),
    )


def settings_of(operation: Operation) -> Rollout:
    """The settings as they were when the rollout began."""
    first = operation.entries[0].facts
    rollout = parse(usable(first), lambda *path: Where(f"journal entry {operation.id}", path))
    rollout = replace(rollout, unknown=unknown_hooks(first))
    return override(rollout, first["asked"]) if first["asked"] else rollout
