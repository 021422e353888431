"""A stack, its resources and its events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from senza.sandbox.cloudformation.intrinsics import Lookup, Resolver
from senza.sandbox.cloudformation.parameters import referenced
from senza.sandbox.cloudformation.rollback import Triggers
from senza.sandbox.timeline import Operation
from senza.sandbox.world import world

STACK_TYPE = "AWS::CloudFormation::Stack"


def moment() -> datetime:
    """Now, as moto's answers want it: UTC, without a zone."""
    return datetime.fromtimestamp(world.timeline.now, UTC).replace(tzinfo=None)


@dataclass
class Event:
    event_id: str
    stack_id: str
    stack_name: str
    logical_resource_id: str
    physical_resource_id: str
    resource_type: str
    timestamp: datetime
    resource_status: str
    resource_status_reason: str | None
    client_request_token: str | None


@dataclass
class Resource:
    """definition: as the template has it. properties: with everything resolved, as it was last applied.

    model: moto's object, None until there is one.
    """

    logical_id: str
    definition: dict[str, Any]
    properties: dict[str, Any] = field(default_factory=dict)
    model: Any = None
    physical_id: str = ""
    status: str = ""
    reason: str | None = None
    changed: datetime = field(default_factory=moment)

    @property
    def type(self) -> str:
        kind: str = self.definition["Type"]
        return kind


@dataclass
class Drift:
    """The last drift detection. status: ``NOT_CHECKED``, ``IN_SYNC`` or ``DRIFTED``; at: when, None before."""

    status: str = "NOT_CHECKED"
    at: datetime | None = None
    by_resource: dict[str, Any] = field(default_factory=dict)
    """Logical id to what was found, see :mod:`senza.sandbox.cloudformation.drift`."""


@dataclass
class Blueprint:
    """What a stack is to be: a template with the values that it is filled with."""

    body: str
    template: dict[str, Any]
    parameters: dict[str, str]
    tags: dict[str, str]
    notification_arns: list[str]
    capabilities: list[str]
    role_arn: str | None = None


@dataclass
class Stack:
    """One stack, deleted ones included. blueprint: what it is, or is becoming."""

    stack_id: str
    name: str
    account_id: str
    region: str
    blueprint: Blueprint
    on_failure: str
    created: datetime
    termination_protection: bool = False
    updated: datetime | None = None
    deleted: datetime | None = None
    status: str = ""
    reason: str | None = None
    events: list[Event] = field(default_factory=list)
    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    operation: Operation | None = None
    token: str | None = None
    signals: dict[str, dict[str, str]] = field(default_factory=dict)
    """By logical id: unique id of the sender to SUCCESS or FAILURE."""
    exports: Mapping[str, str] = field(default_factory=dict)
    """Of all stacks in the region, for Fn::ImportValue."""
    family: Mapping[str, Stack] = field(default_factory=dict, repr=False, compare=False)
    """All stacks of the region by id, this one included."""
    triggers: Triggers = field(default_factory=Triggers)
    drift: Drift = field(default_factory=Drift)

    @property
    def busy(self) -> bool:
        return self.status.endswith("_IN_PROGRESS")

    # -- events -----------------------------------------------------------------------------------------------------
    def say(self, status: str, reason: str | None = None) -> None:
        """A status of the stack itself."""
        self.status, self.reason = status, reason
        if status == "DELETE_COMPLETE":
            self.deleted = moment()
        self._event(self.name, self.stack_id, STACK_TYPE, status, reason)

    def say_of(self, resource: Resource, status: str, reason: str | None = None) -> None:
        """A status of one of its resources."""
        resource.status, resource.reason, resource.changed = status, reason, moment()
        self._event(resource.logical_id, resource.physical_id, resource.type, status, reason)

    def _event(self, logical_id: str, physical_id: str, kind: str, status: str, reason: str | None) -> None:
        from moto.moto_api._internal import mock_random

        event = Event(
            event_id=str(mock_random.uuid4()),
            stack_id=self.stack_id,
            stack_name=self.name,
            logical_resource_id=logical_id,
            physical_resource_id=physical_id,
            resource_type=kind,
            timestamp=moment(),
            resource_status=status,
            resource_status_reason=reason,
            client_request_token=self.token,
        )
        self.events.append(event)
        publish(self, event)

    # -- values -----------------------------------------------------------------------------------------------------
    def resolver(self, blueprint: Blueprint, lookup: Lookup) -> Resolver:
        """Computes the values of a template in this stack. Raises Refusal."""
        names = {
            "AWS::AccountId": self.account_id,
            "AWS::NotificationARNs": blueprint.notification_arns,
            "AWS::Partition": "aws",
            "AWS::Region": self.region,
            "AWS::StackId": self.stack_id,
            "AWS::StackName": self.name,
            "AWS::URLSuffix": "amazonaws.com",
            **referenced(blueprint.template, blueprint.parameters, self.account_id, self.region),
        }
        return Resolver(blueprint.template, names, lookup, self.exports)


def publish(stack: Stack, event: Event) -> None:
    """Tell the stack's notification topics, in the format of "Monitor stack progress" (values in single quotes)."""
    if not stack.blueprint.notification_arns:
        return
    from moto.sns.models import sns_backends

    lines = {
        "StackId": event.stack_id,
        "Timestamp": event.timestamp.strftime("%Y-%m-%dT%H:%M:%S.") + f"{event.timestamp.microsecond // 1000:03}Z",
        "EventId": event.event_id,
        "LogicalResourceId": event.logical_resource_id,
        "Namespace": stack.account_id,
        "PhysicalResourceId": event.physical_resource_id,
        "ResourceStatus": event.resource_status,
        "ResourceStatusReason": event.resource_status_reason or "",
        "ResourceType": event.resource_type,
        "StackName": event.stack_name,
        "ClientRequestToken": event.client_request_token or "null",
    }
    message = "".join(f"{key}='{value}'\n" for key, value in lines.items())
    for arn in stack.blueprint.notification_arns:
        topics = sns_backends[stack.account_id][stack.region]
        if arn in topics.topics:
            topics.publish(message, arn=arn, subject="AWS CloudFormation Notification")
