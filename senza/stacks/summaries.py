"""Which stacks there are: one call per 100 stacks, or one per stack that is named exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from senza.aws import Aws
from senza.errors import AwsError, NotFound
from senza.stacks.references import StackRef, split_name

REVIEWED = "REVIEW_IN_PROGRESS"
"""Of a stack that has a change set and nothing else, as a first change set leaves it: nothing goes on there."""

# Every status of the API reference (CloudFormation, "StackSummary") but DELETE_COMPLETE: ListStacks otherwise lists
# the stacks deleted in the last 90 days as well, and those fill the pages of a busy account.
LIVE = (
    *(f"{action}_{state}" for action in ("CREATE", "DELETE", "ROLLBACK") for state in ("IN_PROGRESS", "FAILED")),
    "CREATE_COMPLETE",
    "ROLLBACK_COMPLETE",
    *(f"UPDATE_{state}" for state in ("IN_PROGRESS", "COMPLETE_CLEANUP_IN_PROGRESS", "COMPLETE", "FAILED")),
    *(f"UPDATE_ROLLBACK_{state}" for state in ("IN_PROGRESS", "FAILED", "COMPLETE_CLEANUP_IN_PROGRESS", "COMPLETE")),
    REVIEWED,
    *(
        f"IMPORT_{state}"
        for state in ("IN_PROGRESS", "COMPLETE", "ROLLBACK_IN_PROGRESS", "ROLLBACK_FAILED", "ROLLBACK_COMPLETE")
    ),
)


@dataclass(frozen=True)
class Stack:
    """One stack as AWS lists it.

    created: when; for a deleted stack too.
    notification_arns: SNS topics; only known where AWS was asked for this stack alone, else empty.
    updated: when its last update began, None where there was none.
    tags: pairs; known where the notification ARNs are.
    """

    full_name: str
    stack_id: str
    status: str
    created: datetime
    description: str = ""
    notification_arns: tuple[str, ...] = ()
    updated: datetime | None = None
    tags: tuple[tuple[str, str], ...] = ()
    parameters: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Pairs, NoEcho ones masked by AWS; known where the tags are."""

    @property
    def name(self) -> str:
        return split_name(self.full_name)[0]

    @property
    def version(self) -> str:
        return split_name(self.full_name)[1]


def list_stacks(aws: Aws, refs: Sequence[StackRef] = (), *, deleted: bool = False) -> list[Stack]:
    """The stacks that any of the references matches (all where there are none), oldest first.

    deleted: those that were deleted in the last 90 days, too.
    """
    exact = [ref.exact for ref in refs]
    if exact and None not in exact and not deleted:
        names = dict.fromkeys(name for name in exact if name)
        found = aws.parallel({name: partial(describe_stack, aws, name) for name in names})
        stacks: Iterable[Stack | None] = found.values()
    else:
        chosen = {} if deleted else {"StackStatusFilter": list(LIVE)}
        stacks = (
            parsed(item)
            for item in aws.pages("cloudformation", "list_stacks", "StackSummaries", **chosen)
            if not refs or any(ref.matches(item["StackName"]) for ref in refs)
        )
    return sorted((stack for stack in stacks if stack), key=lambda stack: (stack.created, stack.full_name))


def describe_stack(aws: Aws, name: str) -> Stack | None:
    """The stack of that full name or id, None where there is none (any more)."""
    try:
        answer = aws.call("cloudformation", "describe_stacks", StackName=name)
    except AwsError as error:
        if error.code == "ValidationError" and "does not exist" in error.message:
            return None
        raise
    return parsed(answer["Stacks"][0])


def parsed(item: Mapping[str, Any]) -> Stack:
    return Stack(
        full_name=item["StackName"],
        stack_id=item["StackId"],
        status=item["StackStatus"],
        created=item["CreationTime"],
        description=item.get("Description") or item.get("TemplateDescription") or "",
        notification_arns=tuple(item.get("NotificationARNs", ())),
        updated=item.get("LastUpdatedTime"),
        tags=tuple((tag["Key"], tag["Value"]) for tag in item.get("Tags", ())),
        parameters=tuple((one["ParameterKey"], one.get("ParameterValue", "")) for one in item.get("Parameters", ())),
    )


def find_latest(aws: Aws, refs: Sequence[StackRef], *, deleted: bool = False) -> list[Stack]:
    """Like :func:`find_stacks`, but of several stacks of one name, which were deleted before, only the latest."""
    return list({stack.full_name: stack for stack in find_stacks(aws, refs, deleted=deleted)}.values())


def not_there(ref: StackRef) -> None:
    raise NotFound(f"there is no stack {ref}", hint="senza list shows the stacks of this region.")


def find_stacks(
    aws: Aws,
    refs: Sequence[StackRef],
    *,
    deleted: bool = False,
    absent: Callable[[StackRef], None] = not_there,
) -> list[Stack]:
    """Like :func:`list_stacks`. Raises NotFound where references were given and one of them matches nothing.

    absent: what is done then instead.
    """
    stacks = list_stacks(aws, refs, deleted=deleted)
    for ref in refs:
        if not any(ref.matches(stack.full_name) for stack in stacks):
            absent(ref)
    return stacks
