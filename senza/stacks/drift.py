"""Drift: what somebody changed in a running stack without CloudFormation ("Detect unmanaged configuration changes").

Weights of DNS records are no drift: senza moves traffic in Route 53 and not through templates.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from senza.aws import Aws
from senza.clock import Clock
from senza.discretion import HIDDEN
from senza.errors import AwsError, Conflict, OperationFailed, TimedOut
from senza.stacks.differences import no_echo
from senza.stacks.summaries import REVIEWED, Stack
from senza.stacks.templates import RECORD_SET, deployed_template, references

TIMEOUT = 900.0
INTERVAL = 2.0
LIVE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED")
"""Statuses in which a stack can be compared (User Guide, "Detect drift on an entire stack")."""
MASKED = "****"
"""What CloudFormation tells of the value of a NoEcho parameter."""
FILTERS = ("MODIFIED", "DELETED")


@dataclass(frozen=True)
class PropertyDrift:
    """path: as CloudFormation writes it, ``/HealthCheck/Interval``. kind: ``NOT_EQUAL``, ``ADD`` or ``REMOVE``."""

    path: str
    expected: str
    actual: str
    kind: str


@dataclass(frozen=True)
class ResourceDrift:
    """status: ``MODIFIED`` or ``DELETED``."""

    stack: Stack
    logical_id: str
    physical_id: str
    type: str
    status: str
    properties: tuple[PropertyDrift, ...] = ()

    @property
    def expected(self) -> bool:
        """Whether only the weight of a record differs, which senza itself moves."""
        paths = {one.path for one in self.properties}
        return self.type == RECORD_SET and self.status == "MODIFIED" and paths == {"/Weight"}


def find_drift(
    aws: Aws,
    clock: Clock,
    stacks: Sequence[Stack],
    *,
    doubt: Callable[[str], None],
    timeout: float = TIMEOUT,
    interval: float = INTERVAL,
) -> list[ResourceDrift]:
    """Have CloudFormation compare the stacks with what there is, all at the same time, and wait for it.

    doubt: told what could not be compared, a stack or some resources of one, while others could.
    Raises Conflict where no stack is in a state in which it can be, OperationFailed, TimedOut, AwsError.
    """
    begins = aws.parallel({stack: partial(begun, aws, stack) for stack in stacks})
    refused = [one for one in begins.values() if isinstance(one, Conflict)]
    running = {stack: one for stack, one in begins.items() if not isinstance(one, Conflict)}
    if refused and not running:
        raise refused[0]
    for conflict in refused:
        doubt(conflict.message)
    compared = list(running)
    until = clock.now() + timeout
    while running:
        answers = aws.parallel({stack: partial(status_of, aws, ident) for stack, ident in running.items()})
        for stack, answer in answers.items():
            if answer["DetectionStatus"] == "DETECTION_IN_PROGRESS":
                continue
            if answer["DetectionStatus"] == "DETECTION_FAILED":
                doubt(partly(stack, answer))
            del running[stack]
        if running and clock.now() >= until:
            names = ", ".join(stack.full_name for stack in running)
            raise TimedOut(f"after {timeout:g} seconds CloudFormation still compares {names}", hint="Try again.")
        if running:
            clock.sleep(interval)
    found = aws.parallel({stack: partial(drifts_of, aws, stack) for stack in compared})
    return without_secrets(aws, [one for stack in compared for one in found[stack]])


def without_secrets(aws: Aws, found: Sequence[ResourceDrift]) -> list[ResourceDrift]:
    """The same, but for values of properties that NoEcho parameters are part of.

    One call for each stack that drifted and may have such parameters. Raises NotFound, AwsError.
    """
    drifted = {one.stack for one in found if one.properties and not one.expected and may_have_secrets(one.stack)}
    templates = aws.parallel({stack: partial(deployed_template, aws, stack.stack_id) for stack in drifted})
    return [hidden(one, templates[one.stack]) if one.stack in templates else one for one in found]


def may_have_secrets(stack: Stack) -> bool:
    """Whether one of its parameters is masked by AWS, or its parameters are not known."""
    return not stack.parameters or any(value == MASKED for _, value in stack.parameters)


def hidden(one: ResourceDrift, template: Mapping[str, Any]) -> ResourceDrift:
    secret = no_echo(template)
    given = ((template.get("Resources") or {}).get(one.logical_id) or {}).get("Properties") or {}
    spoilt = {name for name, value in given.items() if references(value) & secret}
    return replace(
        one,
        properties=tuple(
            replace(each, expected=HIDDEN, actual=HIDDEN) if each.path.lstrip("/").split("/")[0] in spoilt else each
            for each in one.properties
        ),
    )


def begun(aws: Aws, stack: Stack) -> str | Conflict:
    """The id of the detection, or why there is none: only stacks at rest and not broken can be compared."""
    try:
        answer = aws.call("cloudformation", "detect_stack_drift", StackName=stack.stack_id)
    except AwsError as error:
        if error.code != "ValidationError" or stack.status in LIVE:
            raise
        now, hint = "", "Only a stack that was created or updated can be."
        if stack.status == REVIEWED:
            hint = "Nothing was made of it yet."
        elif stack.status.endswith("_IN_PROGRESS"):
            now, hint = " now", f"Wait for it first: senza wait {stack.name} {stack.version}"
        return Conflict(f"stack {stack.full_name} is {stack.status} and cannot be compared{now}", hint=hint)
    return str(answer["StackDriftDetectionId"])


def partly(stack: Stack, answer: Mapping[str, Any]) -> str:
    """What to say of a detection that failed for some resources; for the others there are results.

    ("DescribeStackDriftDetectionStatus" in the API reference.) Raises OperationFailed where there are none.
    """
    reason = str(answer.get("DetectionStatusReason") or "no reason given").rstrip(".")
    if "StackDriftStatus" not in answer:
        raise OperationFailed(
            f"CloudFormation could not compare {stack.full_name}: {reason}",
            hint="It needs permission to read each resource of the stack.",
        )
    return f"not all of {stack.full_name} could be compared: {reason}"


def status_of(aws: Aws, ident: str) -> dict[str, Any]:
    return aws.call("cloudformation", "describe_stack_drift_detection_status", StackDriftDetectionId=ident)


def drifts_of(aws: Aws, stack: Stack) -> list[ResourceDrift]:
    """One call per 100 resources that drifted; botocore has no paginator for it."""
    found: list[ResourceDrift] = []
    wanted: dict[str, Any] = {"StackName": stack.stack_id, "StackResourceDriftStatusFilters": list(FILTERS)}
    while True:
        answer = aws.call("cloudformation", "describe_stack_resource_drifts", **wanted)
        found += [parsed(stack, item) for item in answer["StackResourceDrifts"]]
        if not answer.get("NextToken"):
            return found
        wanted["NextToken"] = answer["NextToken"]


def parsed(stack: Stack, item: Mapping[str, Any]) -> ResourceDrift:
    return ResourceDrift(
        stack,
        item["LogicalResourceId"],
        item.get("PhysicalResourceId") or "",
        item["ResourceType"],
        item["StackResourceDriftStatus"],
        tuple(
            PropertyDrift(
                one["PropertyPath"], one.get("ExpectedValue", ""), one.get("ActualValue", ""), one["DifferenceType"]
            )
            for one in item.get("PropertyDifferences", ())
        ),
    )


def readable(value: str) -> str:
    """A value as CloudFormation gives it, JSON or text, on one line."""
    try:
        return json.dumps(json.loads(value), ensure_ascii=False) if value[:1] in "[{" and value else value
    except ValueError:
        return value
