"""What stacks consist of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from senza.aws import Aws
from senza.errors import AwsError, NotFound
from senza.stacks.summaries import Stack


@dataclass(frozen=True)
class Resource:
    """One resource of a stack; type as in the template, e.g. ``AWS::Route53::RecordSet``."""

    logical_id: str
    physical_id: str
    type: str
    status: str
    updated: datetime
    reason: str = ""
    """AWS's words for the status, "" where it gave none."""


def resources_of(aws: Aws, stack: str) -> list[Resource]:
    """All resources of the stack of that name or id, in one call per 100. Raises NotFound."""
    try:
        return [
            Resource(
                logical_id=item["LogicalResourceId"],
                physical_id=item.get("PhysicalResourceId", ""),
                type=item["ResourceType"],
                status=item["ResourceStatus"],
                updated=item["LastUpdatedTimestamp"],
                reason=item.get("ResourceStatusReason") or "",
            )
            for item in aws.pages("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=stack)
        ]
    except AwsError as error:
        if error.code == "ValidationError" and "does not exist" in error.message:
            raise NotFound(f"there is no stack {stack}", hint="senza list shows the stacks of this region.") from error
        raise


def resources_by_stack(aws: Aws, stacks: Sequence[Stack]) -> dict[str, list[Resource]]:
    """The resources of several stacks at the same time, by the stacks' full names."""
    return aws.parallel({stack.full_name: partial(resources_of, aws, stack.stack_id) for stack in stacks})
