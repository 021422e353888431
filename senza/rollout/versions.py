"""The steps that make, change and renew the stack of a version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from senza.errors import Conflict, NotFound, OperationFailed, TimedOut
from senza.fleet.respawn import Manner, plan_respawn
from senza.plan import Outcome, perform
from senza.rollout.capacity import groups_by_stack
from senza.rollout.running import NotGood, Prepared, Run, already, prepare
from senza.rollout.steps import AwaitVersion, CreateVersion, RefreshVersion, RestoreVersion, UpdateVersion
from senza.stacks.change_sets import ChangeSet, ExecuteChangeSet
from senza.stacks.changes import (
    DEAD,
    AwaitStacks,
    CreateStack,
    ReplaceTemplate,
    already_exists,
    not_updatable,
)
from senza.stacks.summaries import Stack, describe_stack
from senza.stacks.templates import deployed_template
from senza.stacks.watch import READY
from senza.traffic.guards import before_create, plan_update
from senza.traffic.update_guard import guarded_change_set

TAG = "senza:rollout"
"""Tag of a stack that a rollout made: the rollout's id. Tells our stack from somebody else's of that name."""
ROLLED_BACK = frozenset({"UPDATE_ROLLBACK_COMPLETE"})
"""A version whose last update failed runs what it ran before."""
FORMER = "former-template.json"
"""The attachment with the template that a version had before it was updated."""


@prepare.register
def prepare_create(step: CreateVersion, run: Run) -> Prepared:
    existing = describe_stack(run.aws, step.stack)
    if existing and dict(existing.tags).get(TAG) == run.operation.id:
        return already("was begun already")
    if existing:
        raise already_exists(step.stack, existing.status)
    compiled = run.compiled()
    compiled = replace(compiled, tags={**compiled.tags, TAG: run.operation.id})
    guards = before_create(run.aws, run.zones, compiled)

    def act() -> Outcome:
        for guard in guards:
            perform(guard, run.world)
        return perform(CreateStack(compiled, token=token(run, "create")), run.world)

    return Prepared(act, {"first": [guard.says for guard in guards]})


def token(run: Run, action: str) -> str:
    """The same client request token whenever the step is repeated, so that AWS takes it for one request."""
    return f"senza-{run.operation.id}-{action}"[:128]


@prepare.register
def prepare_await(step: AwaitVersion, run: Run) -> Prepared:
    stack = present(run, step.stack)
    # by status alone: the operation may be ours, or of whoever made the version that is rolled out
    wanted = READY if step.updated or not run.ground.exists else READY | ROLLED_BACK
    return Prepared(partial(await_version, AwaitStacks((stack,), wanted), run), {"status": stack.status})


def await_version(step: AwaitStacks, run: Run) -> Outcome:
    try:
        return perform(step, run.world)
    except (OperationFailed, TimedOut) as error:
        raise NotGood(error.message, hint=error.hint) from error


def present(run: Run, name: str) -> Stack:
    stack = describe_stack(run.aws, name)
    if stack is None:
        raise NotFound(
            f"stack {name} has disappeared",
            hint=f"Somebody deleted it. Take the rollout back: senza rollout abort {run.ground.app}",
        )
    return stack


@prepare.register
def prepare_update(step: UpdateVersion, run: Run) -> Prepared:
    stack = present(run, step.stack)
    if dict(stack.tags).get(TAG) == run.operation.id:
        return already("was begun already")
    if stack.status in DEAD:
        raise not_updatable(stack)
    if run.operation.attachment(FORMER) is None:
        run.operation.attach(FORMER, json.dumps(former_of(run, stack)).encode(), "application/json")
    planned = plan_update(run.aws, run.zones, run.compiled(), stack)
    marked = replace(planned.compiled, tags={**planned.compiled.tags, TAG: run.operation.id})
    try:
        change_set = guarded_change_set(run.aws, run.clock, run.zones, replace(planned, compiled=marked), stack)
    except Conflict as error:  # over the stack, and not over who carries the rollout on
        raise OperationFailed(error.message, hint=error.hint) from error
    if change_set.empty:
        return already("nothing to update", {"unchanged": True})
    effects = {one.logical_id: one.effect for one in change_set.changes}
    return Prepared(partial(executed, change_set, run), {"status": stack.status, "effects": effects})


def executed(change_set: ChangeSet, run: Run) -> Outcome:
    """Raises OperationFailed where somebody else changed the stack since."""
    try:
        return perform(ExecuteChangeSet(change_set, token=token(run, "update")), run.world)
    except Conflict as error:
        raise OperationFailed(error.message, hint=error.hint) from error


def former_of(run: Run, stack: Stack) -> dict[str, Any]:
    """What it takes to go back. CloudFormation tells no NoEcho values, so those would stay as they are by then."""
    template = deployed_template(run.aws, stack.stack_id)
    declared = (template.get("Parameters") or {}).items()
    hidden = [name for name, one in declared if str(one.get("NoEcho")).lower() == "true"]
    described = run.aws.call("cloudformation", "describe_stacks", StackName=stack.stack_id)["Stacks"][0]
    values = {one["ParameterKey"]: one.get("ParameterValue", "") for one in described.get("Parameters", ())}
    return {"template": template, "values": {name: value for name, value in values.items() if name not in hidden}}


@prepare.register
def prepare_restore(step: RestoreVersion, run: Run) -> Prepared:
    stack = present(run, step.stack)
    if stack.status in DEAD:
        raise not_updatable(stack)
    body = run.operation.attachment(FORMER)
    if body is None:
        return already("had not been updated")
    former: Mapping[str, Any] = json.loads(body)
    template = former["template"]
    back = ReplaceTemplate(
        stack,
        template,
        tuple(template.get("Parameters") or {}),
        "take the rollout back",
        ("CAPABILITY_NAMED_IAM", *(("CAPABILITY_AUTO_EXPAND",) if "Transform" in template else ())),
        token(run, "restore"),
        former["values"],
    )

    def act() -> Outcome:
        if stack.status.endswith("_IN_PROGRESS"):
            perform(AwaitStacks((stack,), READY | ROLLED_BACK), run.world)
        return perform(back, run.world)

    return Prepared(act, {"status": stack.status})


@prepare.register
def prepare_refresh(step: RefreshVersion, run: Run) -> Prepared:
    groups = groups_by_stack(run.aws, [step.stack])[step.stack]
    plans = [one for group in groups.values() for one in plan_respawn(run.aws, group, Manner())]
    if not plans:
        return already("all instances are up to date")

    def act() -> Outcome:
        for one in plans:
            try:
                run.say(perform(one, run.world).says)
            except (OperationFailed, TimedOut) as error:
                raise NotGood(error.message, hint=error.hint) from error
        return Outcome("all instances are up to date")

    return Prepared(act, {"groups": sorted(groups)})
