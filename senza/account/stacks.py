"""What other stacks made: their resources and outputs, once they are complete."""

from __future__ import annotations

from typing import Any

from senza.aws import Aws
from senza.errors import AwsError, NotFound

COMPLETE = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "IMPORT_COMPLETE",
}


class NoStack(NotFound):
    """There is no stack of that name; it is not one that is not complete yet."""


def look_up_stack(aws: Aws, name: str) -> dict[str, Any]:
    """The description of a complete stack. Raises NotFound."""
    try:
        stacks = aws.call("cloudformation", "describe_stacks", StackName=name)["Stacks"]
    except AwsError as error:
        if error.code != "ValidationError":
            raise
        stacks = []
    if not stacks:
        raise NoStack(
            f'there is no stack "{name}" in this account and region', hint="senza list shows those there are."
        )
    stack: dict[str, Any] = stacks[0]
    if stack["StackStatus"] not in COMPLETE:
        raise NotFound(
            f'stack "{name}" is not complete ({stack["StackStatus"]}), so what it made cannot be used',
            hint=f"Wait for it: senza wait {name}.",
        )
    return stack


def look_up_resource(aws: Aws, stack: str, logical_id: str) -> str:
    """The physical id of a resource. Raises NotFound."""
    try:
        answer = aws.call("cloudformation", "describe_stack_resource", StackName=stack, LogicalResourceId=logical_id)
    except AwsError as error:
        if error.code != "ValidationError":
            raise
        raise NotFound(
            f'stack "{stack}" has no resource "{logical_id}"', hint=f"senza resources {stack} shows them."
        ) from error
    return str(answer["StackResourceDetail"]["PhysicalResourceId"])


def output_of(stack: dict[str, Any], output: str) -> str:
    """The value of an output. Raises NotFound."""
    outputs = {item["OutputKey"]: str(item["OutputValue"]) for item in stack.get("Outputs", ())}
    if output not in outputs:
        known = ", ".join(sorted(outputs)) or "none"
        raise NotFound(f'stack "{stack["StackName"]}" has no output "{output}"', hint=f"Its outputs: {known}.")
    return outputs[output]
