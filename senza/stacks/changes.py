"""The steps that change stacks. Each carries a client request token, so that a retried call is one operation."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from senza.aws import Aws
from senza.clock import Clock
from senza.components import Compiled
from senza.errors import AwsError, Conflict, OperationFailed
from senza.plan import Outcome, Step, World, perform
from senza.stacks.events import Event
from senza.stacks.references import split_name
from senza.stacks.sending import template_arguments
from senza.stacks.summaries import REVIEWED, Stack
from senza.stacks.triggers import triggers_of
from senza.stacks.watch import INTERVAL, READY, TIMEOUT, wait

SECOND_START = "Resource creation Initiated"
"""Reason of the second IN_PROGRESS event of every resource, which tells people nothing."""
PROTECTED = "TerminationProtection is enabled"
NOTHING_TO_UPDATE = "No updates are to be performed"


DEAD = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "DELETE_IN_PROGRESS", REVIEWED})
"""Statuses in which CloudFormation allows nothing but to delete the stack (User Guide, "Stack status codes")."""
HALF_BACK = "UPDATE_ROLLBACK_FAILED"


def new_token() -> str:
    """A client request token (CloudFormation API reference: letters, digits and dashes, at most 128)."""
    return f"senza-{uuid.uuid4()}"


@dataclass(frozen=True)
class CreateStack(Step):
    compiled: Compiled
    disable_rollback: bool = False
    token: str = field(default_factory=new_token)

    @property
    def says(self) -> str:
        return f"Create stack {self.compiled.full_name}"

    @property
    def undone_by(self) -> str:
        return f"senza delete {self.compiled.stack_name} {self.compiled.version}"


@dataclass(frozen=True)
class ReplaceTemplate(Step):
    """Give a stack another template with its parameters as they are, and wait until that is done.

    template: None only waits for an update that is under way already. values: of parameters that are not to stay.
    """

    stack: Stack
    template: Mapping[str, Any] | None = field(repr=False)
    parameters: tuple[str, ...]
    why: str
    capabilities: tuple[str, ...] = ()
    token: str = field(default_factory=new_token)
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def says(self) -> str:
        return f"Update stack {self.stack.full_name}: {self.why}"


@dataclass(frozen=True)
class DeleteStack(Step):
    """retain: logical ids of what stays; CloudFormation allows that where an earlier deletion failed."""

    stack: Stack
    token: str = field(default_factory=new_token)
    retain: tuple[str, ...] = ()

    @property
    def says(self) -> str:
        left = f", leaving {', '.join(self.retain)} behind" if self.retain else ""
        return f"Delete stack {self.stack.full_name}{left}"


@dataclass(frozen=True)
class AwaitStacks(Step):
    """Wait until all of the stacks have one of the wanted statuses, see :func:`senza.stacks.watch.wait`."""

    stacks: tuple[Stack, ...]
    wanted: frozenset[str]
    token: str = ""
    timeout: float = TIMEOUT
    interval: float = INTERVAL

    @property
    def says(self) -> str:
        return f"Wait for {', '.join(stack.full_name for stack in self.stacks)}"

    @property
    def if_interrupted(self) -> str:
        refs = " ".join(f"{stack.name} {stack.version}" for stack in self.stacks)
        deletion = "" if self.wanted & READY else " --deletion"
        return f"CloudFormation goes on by itself; to wait again: senza wait {refs}{deletion}"


def request(aws: Aws, clock: Clock, compiled: Compiled, *, arn: str = "") -> dict[str, Any]:
    """The parameters that CreateStack and CreateChangeSet share; a large template is in S3 by then.

    arn: of anything in the account, where one is known.
    """
    return {
        "StackName": compiled.full_name,
        **template_arguments(aws, clock, compiled.full_name, compiled.template_body(), arn=arn),
        "Parameters": [{"ParameterKey": key, "ParameterValue": text} for key, text in compiled.parameters.items()],
        "Tags": [{"Key": key, "Value": text} for key, text in compiled.tags.items()],
        "Capabilities": list(compiled.capabilities),
        "NotificationARNs": list(compiled.notification_arns),
    }


@perform.register
def create_stack(step: CreateStack, world: World) -> Outcome:
    name = step.compiled.full_name
    try:
        answer = world.aws.call(
            "cloudformation",
            "create_stack",
            **request(world.aws, world.clock, step.compiled),
            **triggers_of(world.aws, step.compiled),
            ClientRequestToken=step.token,
            OnFailure="DO_NOTHING" if step.disable_rollback else "ROLLBACK",
        )
    except AwsError as error:
        if error.code == "AlreadyExistsException":
            raise already_exists(name) from error
        raise
    return Outcome("started", {"stack_id": answer["StackId"]})


def already_exists(name: str, status: str = "") -> Conflict:
    app, version = split_name(name)
    said = f" ({status})" if status else ""
    usable = "" if status in DEAD or status == HALF_BACK else "senza update, "
    return Conflict(
        f"stack {name} exists already{said}",
        hint=f"Use another version, {usable}or senza delete {app} {version} first.",
    )


def check_updatable(stack: Stack) -> None:
    """Raises Conflict in a status in which CloudFormation is known to update nothing."""
    if stack.status in DEAD or stack.status == HALF_BACK or stack.status.endswith("_IN_PROGRESS"):
        raise not_updatable(stack)


def not_updatable(stack: Stack) -> Conflict:
    name, ref = stack.full_name, f"{stack.name} {stack.version}"
    hint = f"Delete it (senza delete {ref}) and create it again."
    if stack.status == "DELETE_IN_PROGRESS":
        hint = f"Wait until it is gone (senza wait {ref} --deletion) and create it again."
    elif stack.status == HALF_BACK:
        hint = (
            f"Mend what senza events {ref} names, then: aws cloudformation continue-update-rollback --stack-name {name}"
        )
    elif stack.status == REVIEWED:
        hint = f"Nothing was made of it yet. {hint}"
    elif stack.status.endswith("_IN_PROGRESS"):
        hint = f"Wait for it first: senza wait {ref}"
    return Conflict(f"stack {name} is {stack.status} and cannot be updated", hint=hint)


@perform.register
def replace_template(step: ReplaceTemplate, world: World) -> Outcome:
    token = ""
    if step.template is not None:
        stack, body = step.stack, json.dumps(step.template, separators=(",", ":"), ensure_ascii=False)
        try:
            world.aws.call(
                "cloudformation",
                "update_stack",
                StackName=stack.stack_id,
                **template_arguments(world.aws, world.clock, stack.full_name, body, arn=stack.stack_id),
                Parameters=[parameter(key, step.values) for key in step.parameters],
                Capabilities=list(step.capabilities),
                ClientRequestToken=step.token,
            )
            token = step.token
        except AwsError as error:
            if NOTHING_TO_UPDATE not in error.message:
                raise
            return Outcome("was so already")
    try:
        wait(world.aws, [step.stack], READY, world.clock, token=token)
    except OperationFailed as error:
        error.hint = "The stack was not deleted. " + error.hint
        raise
    return Outcome("done")


def parameter(key: str, values: Mapping[str, str]) -> dict[str, Any]:
    if key in values:
        return {"ParameterKey": key, "ParameterValue": values[key]}
    return {"ParameterKey": key, "UsePreviousValue": True}


def protect(aws: Aws, stack: str, *, on: bool) -> None:
    """Switch the termination protection of the stack of that name or id. Raises AwsError."""
    aws.call("cloudformation", "update_termination_protection", StackName=stack, EnableTerminationProtection=on)


@perform.register
def delete_stack(step: DeleteStack, world: World) -> Outcome:
    stack = step.stack
    wanted: dict[str, Any] = {"StackName": stack.stack_id}
    if step.retain:
        wanted["RetainResources"] = list(step.retain)
    try:
        world.aws.call("cloudformation", "delete_stack", **wanted, ClientRequestToken=step.token)
    except AwsError as error:
        if PROTECTED not in error.message:
            raise
        world.say(f"{stack.full_name} is protected against deletion; switching that off")
        protect(world.aws, stack.stack_id, on=False)
        world.aws.call("cloudformation", "delete_stack", **wanted, ClientRequestToken=step.token)
    return Outcome("started", {"stack_id": stack.stack_id})


@perform.register
def await_stacks(step: AwaitStacks, world: World) -> Outcome:
    def tell(stack: Stack, event: Event) -> None:
        if event.reason == SECOND_START:
            return
        whose = f"{stack.full_name} " if len(step.stacks) > 1 else ""
        reason = f": {event.reason}" if event.reason else ""
        world.say(f"{whose}{event.logical_id} {event.status}{reason}")

    wait(
        world.aws,
        step.stacks,
        step.wanted,
        world.clock,
        token=step.token,
        timeout=step.timeout,
        interval=step.interval,
        listener=tell,
    )
    return Outcome("done")
