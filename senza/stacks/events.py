"""What happened to a stack, and which failure was the cause of the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from senza.aws import Aws

STACK_TYPE = "AWS::CloudFormation::Stack"
STARTS = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "REVIEW_IN_PROGRESS", "IMPORT_IN_PROGRESS"}


@dataclass(frozen=True)
class Event:
    """One line of a stack's history; reason is AWS's, "" where it gave none."""

    event_id: str
    time: datetime
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str
    stack_id: str
    token: str
    """The client request token of the call that caused it, "" where that carried none."""

    @property
    def of_stack(self) -> bool:
        """Whether it is about the stack itself (a nested stack is a resource)."""
        return self.type == STACK_TYPE and self.physical_id == self.stack_id

    @property
    def starts_operation(self) -> bool:
        return self.of_stack and self.status in STARTS

    @property
    def failed(self) -> bool:
        return self.status.endswith("_FAILED")


def newest_first(aws: Aws, stack_id: str) -> Iterator[Event]:
    """The events of a stack as AWS gives them; a page is only fetched when its events are asked for."""
    for item in aws.pages("cloudformation", "describe_stack_events", "StackEvents", StackName=stack_id):
        yield Event(
            event_id=item["EventId"],
            time=item["Timestamp"],
            logical_id=item.get("LogicalResourceId", ""),
            physical_id=item.get("PhysicalResourceId", ""),
            type=item.get("ResourceType", ""),
            status=item.get("ResourceStatus", ""),
            reason=item.get("ResourceStatusReason", ""),
            stack_id=item["StackId"],
            token=item.get("ClientRequestToken", ""),
        )


def history(aws: Aws, stack_id: str) -> list[Event]:
    """All events, oldest first; those of the same second in the order in which they happened."""
    return list(newest_first(aws, stack_id))[::-1]


def first_failure(events: Sequence[Event]) -> Event | None:
    """The failure that caused the others: the earliest one of a resource that was not merely cancelled.

    CloudFormation cancels what is under way when something fails and reports those as failures as well.
    """
    failures = [event for event in events if event.failed]
    causes = [event for event in failures if not event.of_stack and "cancelled" not in event.reason.lower()]
    return next(iter(causes or failures), None)
