"""Gap: moto's change sets compare logical ids only: no replacements, no reasons, no failures, no old ones that expire;
and it has no drift.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from senza.sandbox.cloudformation import drift, parameters
from senza.sandbox.cloudformation.change_sets import ChangeSet, ChangeSets
from senza.sandbox.cloudformation.differences import Change, Detail
from senza.sandbox.cloudformation.drift import Detection, differences
from senza.sandbox.cloudformation.errors import Refusal
from senza.sandbox.cloudformation.resources import value_of
from senza.sandbox.cloudformation.service import Service
from senza.sandbox.cloudformation.stack import Blueprint, Stack
from senza.sandbox.patches.cloudformation import handling, page
from senza.sandbox.world import world

LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"
CHECKABLE = {
    *("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"),
    *("IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE", "UPDATE_FAILED"),
}
"""Statuses in which drift can be detected (User Guide, "Detect unmanaged configuration changes")."""


def sets_of(service: Service) -> ChangeSets:
    found: ChangeSets = service.__dict__.setdefault("senza_change_sets", None) or ChangeSets(service)
    service.__dict__["senza_change_sets"] = found
    return found


def describe(service: Service, given: dict[str, Any]) -> dict[str, Any]:
    found = sets_of(service).get(given)
    assert found is not None
    wanted = str(given.get("IncludePropertyValues")).lower() == "true"
    values = Values(found) if wanted else None
    changes, token = page(given, found.changes, world.settings.change_set_page)
    blueprint = found.blueprint
    return {
        "ChangeSetName": found.name,
        "ChangeSetId": found.id,
        "StackId": found.stack.stack_id,
        "StackName": found.stack.name,
        "Description": found.given.get("Description"),
        "Parameters": parameters.shown(blueprint.template, blueprint.parameters),
        "CreationTime": found.created,
        "ExecutionStatus": found.execution,
        "Status": found.status,
        "StatusReason": found.reason,
        "NotificationARNs": blueprint.notification_arns,
        "RollbackConfiguration": found.given.get("RollbackConfiguration") or found.stack.triggers.described(),
        "Capabilities": blueprint.capabilities,
        "Tags": [{"Key": key, "Value": value} for key, value in blueprint.tags.items()],
        "Changes": [{"Type": "Resource", "ResourceChange": resource_change(found, one, values)} for one in changes],
        "NextToken": token,
        "IncludeNestedStacks": False,
    }


class Values:
    """Property values before and after, secrets masked, and what is not known yet marked."""

    def __init__(self, found: ChangeSet) -> None:
        moving = {one.logical_id for one in found.changes if one.replacement in ("True", "Conditional")}

        def before(name: str, attribute: str | None) -> Any:
            return value_of(found.stack, name, attribute)

        def after(name: str, attribute: str | None) -> Any:
            if name in moving or name not in found.stack.resources or found.stack.resources[name].model is None:
                return LATER
            return value_of(found.stack, name, attribute)

        self._found = found
        self._sides = {"Before": (found.before, before), "After": (found.blueprint, after)}

    def of(self, when: str, logical_id: str) -> dict[str, Any] | None:
        """The attributes of a resource, None where it is not there."""
        blueprint, lookup = self._sides[when]
        definition = blueprint.template["Resources"].get(logical_id)
        if definition is None:
            return None
        resolver = self._found.stack.resolver(masked(blueprint), lookup)
        try:
            resolved: dict[str, Any] = resolver.resolve(definition)
        except Refusal:
            return {}
        return {key: whole(value) for key, value in resolved.items() if key not in ("Type", "DependsOn", "Condition")}


def whole(node: Any) -> Any:
    """A text of which a part is not known yet is not known at all."""
    if isinstance(node, dict):
        return {key: whole(value) for key, value in node.items()}
    if isinstance(node, list):
        return [whole(value) for value in node]
    return LATER if isinstance(node, str) and LATER in node else node


def masked(blueprint: Blueprint) -> Blueprint:
    declared = blueprint.template.get("Parameters") or {}
    hidden = {key: "****" if parameters.secret(declared[key]) else value for key, value in blueprint.parameters.items()}
    return replace(blueprint, parameters=hidden)


def resource_change(found: ChangeSet, change: Change, values: Values | None) -> dict[str, Any]:
    there = found.stack.resources.get(change.logical_id)
    described: dict[str, Any] = {
        "Action": change.action,
        "LogicalResourceId": change.logical_id,
        "PhysicalResourceId": there.physical_id if there is not None and change.action != "Add" else None,
        "ResourceType": change.type,
        "Replacement": change.replacement or None,
        "Scope": change.scope,
        "Details": [detail(one) for one in change.details],
        "PolicyAction": change.policy or None,
    }
    if values is None:
        return described
    sides = {when: values.of(when, change.logical_id) for when in ("Before", "After")}
    for when, side in sides.items():
        absent = "Add" if when == "Before" else "Remove"
        if side is not None and change.action != absent:
            described[f"{when}Context"] = json.dumps(side, sort_keys=True, default=str)
    for one, shown in zip(change.details, described["Details"], strict=True):
        if one.attribute == "Properties":
            shown["Target"] |= target_values(one.name, sides)
    return described


def target_values(name: str, sides: dict[str, dict[str, Any] | None]) -> dict[str, Any]:
    said: dict[str, Any] = {"Path": f"/Properties/{name}"}
    there = {when: ((side or {}).get("Properties") or {}) for when, side in sides.items()}
    for when, properties in there.items():
        if name in properties:
            value = properties[name]
            said[f"{when}Value"] = value if isinstance(value, str) else json.dumps(value, default=str)
    kinds = {(True, True): "Modify", (False, True): "Add", (True, False): "Remove"}
    said["AttributeChangeType"] = kinds.get((name in there["Before"], name in there["After"]), "Modify")
    return said


def detail(one: Detail) -> dict[str, Any]:
    target: dict[str, Any] = {"Attribute": one.attribute, "RequiresRecreation": one.recreation}
    if one.name:
        target["Name"] = one.name
    return {
        "Target": target,
        "Evaluation": one.evaluation,
        "ChangeSource": one.source,
        "CausingEntity": one.cause or None,
    }


def listed(service: Service, given: dict[str, Any]) -> dict[str, Any]:
    stack = service.get(given["StackName"], "Stack [{}] does not exist")
    there = [one for one in sets_of(service).of(stack) if not one.execution.startswith("EXECUTE_")]
    found, token = page(given, there, world.settings.page_size)
    return {
        "Summaries": [
            {
                "StackId": stack.stack_id,
                "StackName": stack.name,
                "ChangeSetId": one.id,
                "ChangeSetName": one.name,
                "ExecutionStatus": one.execution,
                "Status": one.status,
                "StatusReason": one.reason,
                "CreationTime": one.created,
                "Description": one.given.get("Description"),
            }
            for one in found
        ],
        "NextToken": token,
    }


def detections_of(service: Service) -> dict[str, Detection]:
    found: dict[str, Detection] = service.__dict__.setdefault("senza_detections", {})
    return found


def detect(service: Service, given: dict[str, Any]) -> dict[str, Any]:
    from moto.moto_api._internal import mock_random

    stack = service.get(given["StackName"], "Stack [{}] does not exist")
    if stack.status not in CHECKABLE:
        raise Refusal(
            f"Drift detection cannot be performed on stack [{stack.stack_id}] while it is in {stack.status} state"
        )
    made = Detection(str(mock_random.uuid4()), stack)
    detections_of(service)[made.id] = made
    world.timeline.start(drift.detect(made))
    return {"StackDriftDetectionId": made.id}


def detection_status(service: Service, given: dict[str, Any]) -> dict[str, Any]:
    ident = given["StackDriftDetectionId"]
    found = detections_of(service).get(ident)
    if found is None:
        raise Refusal(f"Drift detection with id {ident} does not exist")
    answer: dict[str, Any] = {
        "StackId": found.stack.stack_id,
        "StackDriftDetectionId": ident,
        "DetectionStatus": found.status,
        "Timestamp": found.at,
    }
    if found.status == "DETECTION_COMPLETE":
        answer |= {
            "StackDriftStatus": "DRIFTED" if found.drifted else "IN_SYNC",
            "DriftedStackResourceCount": found.drifted,
        }
    return answer


def resource_drifts(service: Service, given: dict[str, Any]) -> dict[str, Any]:
    stack = service.get(given["StackName"], "Stack [{}] does not exist")
    wanted = given.get("StackResourceDriftStatusFilters")
    there = [one for one in stack.drift.by_resource.values() if not wanted or one.status in wanted]
    size = min(int(given.get("MaxResults") or 100), 100)
    found, token = page(given, there, size)
    return {"StackResourceDrifts": [shown_drift(stack, one) for one in found], "NextToken": token}


def shown_drift(stack: Stack, found: drift.Found) -> dict[str, Any]:
    gone = found.actual is None
    differing = [] if gone else differences("", found.expected, found.actual)
    return {
        "StackId": stack.stack_id,
        "LogicalResourceId": found.resource.logical_id,
        "PhysicalResourceId": found.resource.physical_id,
        "ResourceType": found.resource.type,
        "ExpectedProperties": json.dumps(found.expected),
        "ActualProperties": None if gone else json.dumps(found.actual),
        "PropertyDifferences": [as_text(one) for one in differing],
        "StackResourceDriftStatus": found.status,
        "Timestamp": found.at,
    }


def as_text(difference: dict[str, Any]) -> dict[str, str]:
    return {
        key: value if isinstance(value, str) else json.dumps(value) if value is not None else ""
        for key, value in difference.items()
    }


HANDLERS = {
    "create_change_set": lambda service, given: sets_of(service).create(given),
    "delete_change_set": lambda service, given: sets_of(service).delete(given),
    "execute_change_set": lambda service, given: sets_of(service).execute(given),
    "describe_change_set": describe,
    "list_change_sets": listed,
    "detect_stack_drift": detect,
    "describe_stack_drift_detection_status": detection_status,
    "describe_stack_resource_drifts": resource_drifts,
}


def apply() -> None:
    from moto.cloudformation.responses import CloudFormationResponse

    # an answer of ours has its parts as the API has them
    for part in ("Changes", "Parameters"):
        CloudFormationResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER.pop(f"DescribeChangeSetOutput.{part}")
    for name, handler in HANDLERS.items():
        setattr(CloudFormationResponse, name, handling(handler))
