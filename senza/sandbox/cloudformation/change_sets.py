"""Change sets: made from what an update or a create would be, looked at, executed or thrown away.

Statuses and rules: "Update CloudFormation stacks using change sets" in the User Guide; CreateChangeSet,
DescribeChangeSet and ExecuteChangeSet in the API reference.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from senza.sandbox.cloudformation import operations
from senza.sandbox.cloudformation.differences import Change, Side, changes
from senza.sandbox.cloudformation.errors import Refusal, constraint
from senza.sandbox.cloudformation.exports import missing
from senza.sandbox.cloudformation.given import MAX_NAME, NAME, Given, check_name, fingerprint, new_id, truth
from senza.sandbox.cloudformation.rollback import triggers_of
from senza.sandbox.cloudformation.service import UPDATABLE, Service, check_values, same_types, symbols, unchanged
from senza.sandbox.cloudformation.stack import Blueprint, Stack, moment
from senza.sandbox.timeline import Operation
from senza.sandbox.world import world

TYPES = ("CREATE", "UPDATE")
NOTHING = "The submitted information didn't contain changes. Submit different information to create a change set."
NO_UPDATES = "No updates are to be performed."
IN_REVIEW = "REVIEW_IN_PROGRESS"


@dataclass
class ChangeSet:
    """given: the request. blueprint: what the stack becomes. before: what it was when the change set was made."""

    id: str
    name: str
    stack: Stack
    type: str
    given: Given
    blueprint: Blueprint
    before: Blueprint
    created: datetime
    status: str = "CREATE_PENDING"
    reason: str | None = None
    execution: str = "UNAVAILABLE"
    changes: list[Change] = field(default_factory=list)
    operation: Operation | None = None


class ChangeSets:
    """The change sets of one account and region. By id, in the order of their creation."""

    def __init__(self, service: Service) -> None:
        self._service = service
        service.updated = self.outdated
        self.all: dict[str, ChangeSet] = {}

    def get(self, given: Given, *, missing_is_fine: bool = False) -> ChangeSet | None:
        """By its id, or by its name and its stack. Raises Refusal."""
        name = given["ChangeSetName"]
        if name.startswith("arn:"):
            found = self.all.get(name)
        else:
            if not given.get("StackName"):
                raise Refusal("StackName must be specified if ChangeSetName is not specified as an ARN.")
            stack = self._service.get(given["StackName"], "Stack [{}] does not exist")
            found = self.named(stack, name)
        if found is None and not missing_is_fine:
            raise Refusal(f"ChangeSet [{name}] does not exist", "ChangeSetNotFound")
        return found

    def named(self, stack: Stack, name: str) -> ChangeSet | None:
        return next((one for one in self.of(stack) if one.name == name), None)

    def of(self, stack: Stack) -> list[ChangeSet]:
        return [one for one in self.all.values() if one.stack is stack]

    def create(self, given: Given) -> dict[str, Any]:
        """CreateChangeSet. Raises Refusal."""
        name, kind = given["ChangeSetName"], given.get("ChangeSetType") or "UPDATE"
        if not NAME.fullmatch(name) or len(name) > MAX_NAME:
            raise constraint(name, "changeSetName", f"satisfy regular expression pattern: {NAME.pattern}")
        if kind not in TYPES:
            raise Refusal(f"the senza sandbox has no change sets of type {kind}")
        stack = self._stack_for(given, kind)
        if (before := self.named(stack, name)) is not None:
            token = given.get("ClientToken")
            if token and before.given.get("ClientToken") == token and fingerprint(before.given) == fingerprint(given):
                return {"Id": before.id, "StackId": stack.stack_id}
            raise Refusal(f"ChangeSet {name} already exists for stack {stack.name}", "AlreadyExistsException")
        old = stack.blueprint
        new = self._service.blueprint(given, old if kind == "UPDATE" else None)
        stack.exports = self._service.exports()
        check_values(stack, new)
        if kind == "UPDATE":
            same_types(stack, old, new)
        ident = new_id(name, stack.account_id, stack.region).replace(":stack/", ":changeSet/")
        made = ChangeSet(ident, name, stack, kind, dict(given), new, old, moment())
        self.all[ident] = made
        if kind == "CREATE" and stack.stack_id not in self._service.stacks:
            stack.blueprint = new
            self._service.stacks[stack.stack_id] = stack
            stack.say(IN_REVIEW, "User Initiated")
        made.operation = self._examine(made)
        world.timeline.start(made.operation)
        return {"Id": ident, "StackId": stack.stack_id}

    def _stack_for(self, given: Given, kind: str) -> Stack:
        name = given["StackName"]
        stack = self._service.find(name)
        if kind == "UPDATE":
            if stack is None:
                raise Refusal(f"Stack [{name}] does not exist")
            if stack.status not in UPDATABLE:
                raise Refusal(f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")
            return stack
        if stack is not None:
            if stack.status != IN_REVIEW:
                raise Refusal(f"Stack [{name}] already exists and cannot be created again with the changeSet.")
            return stack
        check_name(name)
        empty = Blueprint("", {"Resources": {}}, {}, {}, [], [])
        ident = new_id(name, self._service.account_id, self._service.region)
        family = self._service.stacks
        where = (self._service.account_id, self._service.region)
        return Stack(ident, name, *where, empty, "ROLLBACK", moment(), family=family)

    def _examine(self, made: ChangeSet) -> Operation:
        made.status = "CREATE_IN_PROGRESS"
        yield world.settings.change_set_seconds
        old, new, stack = made.before, made.blueprint, made.stack
        if made.type == "UPDATE" and stack.blueprint is not old:
            made.status, made.reason = "FAILED", "The stack was updated while the change set was being created."
            return
        if made.type == "UPDATE" and unchanged(stack, old, new):
            same = (old.body, old.parameters) == (new.body, new.parameters)
            made.status, made.reason = "FAILED", NOTHING if same else NO_UPDATES
            return
        if lost := missing(stack, new):
            made.status, made.reason = "FAILED", lost.strip()
            return
        made.changes = changes(side(stack, old), side(stack, new))
        made.status, made.execution = "CREATE_COMPLETE", "AVAILABLE"

    def delete(self, given: Given) -> dict[str, Any]:
        """DeleteChangeSet; fine where there is none. Raises Refusal."""
        found = self.get(given, missing_is_fine=True)
        if found is None:
            return {}
        if found.status == "CREATE_IN_PROGRESS" or found.execution == "EXECUTE_IN_PROGRESS":
            raise Refusal(f"ChangeSet [{found.id}] cannot be deleted while it is in progress", "InvalidChangeSetStatus")
        del self.all[found.id]
        return {}

    def execute(self, given: Given) -> dict[str, Any]:
        """ExecuteChangeSet. Raises Refusal."""
        if (before := self._service.once("ExecuteChangeSet", given)) is not None:
            return before
        found = self.get(given)
        assert found is not None
        if found.status != "CREATE_COMPLETE" or found.execution != "AVAILABLE":
            raise Refusal(
                f"ChangeSet [{found.id}] cannot be executed in its current status of [{found.status}] "
                f"and execution status [{found.execution}]",
                "InvalidChangeSetStatus",
            )
        stack, new = found.stack, found.blueprint
        wanted = {IN_REVIEW} if found.type == "CREATE" else UPDATABLE
        if stack.status not in wanted:
            raise Refusal(f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")
        old = stack.blueprint
        stack.exports = self._service.exports()
        stack.blueprint, stack.token = new, given.get("ClientRequestToken")
        self.outdated(stack, besides=found)
        disable = truth(given.get("DisableRollback"))
        if found.type == "CREATE":
            failing = found.given.get("OnStackFailure") or ("DO_NOTHING" if disable else "ROLLBACK")
            stack.on_failure = failing
            stack.triggers = triggers_of(found.given, stack.triggers)
            self._service.run(stack, noted(found, operations.create(stack)))
        else:
            stack.updated = moment()
            stack.signals.clear()
            stack.triggers = triggers_of(found.given, stack.triggers)
            self._service.run(stack, noted(found, operations.update(stack, old, disable_rollback=disable)))
        return self._service.remember("ExecuteChangeSet", given, {})

    def outdated(self, stack: Stack, *, besides: ChangeSet | None = None) -> None:
        """After an update: executing one deletes the others, a direct update leaves them, of no use any more."""
        for one in self.of(stack):
            if one is besides:
                one.execution = "EXECUTE_IN_PROGRESS"
            elif besides is not None and one.execution in ("AVAILABLE", "UNAVAILABLE", "OBSOLETE"):
                del self.all[one.id]
            elif one.execution == "AVAILABLE":
                one.execution = "OBSOLETE"


def noted(found: ChangeSet, operation: Operation) -> Operation:
    """The operation, and at its end what the change set says of it."""
    yield from operation
    good = found.stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    found.execution = "EXECUTE_COMPLETE" if good else "EXECUTE_FAILED"


def side(stack: Stack, blueprint: Blueprint) -> Side:
    known = symbols(stack, blueprint) if blueprint.template["Resources"] else {}
    resources = {name.removeprefix("Resources/"): one for name, one in known.items() if name.startswith("Resources/")}
    return Side(blueprint.template["Resources"], resources, blueprint.parameters, blueprint.tags)
