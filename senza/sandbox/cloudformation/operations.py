"""What CloudFormation does to a stack, as generators on the time line: create, update, delete, and their rollbacks.

Statuses and their order are those of "Stack status codes" and "Stack failure options" in the CloudFormation guide.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import replace
from typing import Any

from senza.sandbox.cloudformation import resources as work
from senza.sandbox.cloudformation.errors import Refusal, ResourceFailed
from senza.sandbox.cloudformation.exports import clash, missing
from senza.sandbox.cloudformation.rollback import alarmed, watch
from senza.sandbox.cloudformation.signals import await_signals
from senza.sandbox.cloudformation.stack import Blueprint, Resource, Stack
from senza.sandbox.cloudformation.template import dependencies, order
from senza.sandbox.cloudformation.work import Needs, Work
from senza.sandbox.timeline import Operation
from senza.sandbox.world import world

RETAINED = ("Retain", "RetainExceptOnCreate")
REPLACING = "Requested update requires the creation of a new physical resource; hence creating one."


def listed(names: list[str]) -> str:
    return f"[{', '.join(names)}]"


def active(stack: Stack, blueprint: Blueprint) -> Needs:
    """The resources whose condition holds, in order, with what each of them needs. Raises Refusal."""
    resources = blueprint.template["Resources"]
    resolver = stack.resolver(blueprint, lambda name, _: name)
    wanted = [name for name in order(resources) if holds(resolver, resources[name])]
    needs = dependencies(resources)
    return {name: needs[name] & set(wanted) for name in wanted}


def holds(resolver: Any, definition: dict[str, Any]) -> bool:
    return "Condition" not in definition or bool(resolver.holds(definition["Condition"]))


def reversed_needs(needs: Needs) -> Needs:
    """For deleting: each resource after those that need it."""
    turned: Needs = {name: set() for name in reversed(needs)}
    for name, needed in needs.items():
        for one in needed & turned.keys():
            turned[one].add(name)
    return turned


class Making:
    """Create resources of a stack; shared by creates and updates."""

    def __init__(self, stack: Stack, blueprint: Blueprint) -> None:
        self.stack = stack
        self.blueprint = blueprint
        self.begun: dict[str, float] = {}

    def begin(self, name: str) -> float:
        stack = self.stack
        resource = Resource(name, self.blueprint.template["Resources"][name])
        stack.resources[name] = resource
        self.begun[name] = world.timeline.now
        stack.say_of(resource, "CREATE_IN_PROGRESS")
        work.make(stack, resource, work.definition_of(stack, self.blueprint, name))
        stack.say_of(resource, "CREATE_IN_PROGRESS", "Resource creation Initiated")
        return work.seconds(resource)

    def finish(self, name: str) -> float:
        stack, resource = self.stack, self.stack.resources[name]
        work.injected(stack, name, "create")
        left = await_signals(stack, resource, self.begun[name])
        if not left:
            stack.say_of(resource, "CREATE_COMPLETE")
        return left

    def failed(self, name: str, reason: str) -> None:
        self.stack.say_of(self.stack.resources[name], "CREATE_FAILED", reason or "Resource creation cancelled")


def set_outputs(stack: Stack, blueprint: Blueprint) -> str:
    """Why the stack cannot have its outputs, "" where it has them now. Raises Refusal."""
    resolver = stack.resolver(blueprint, lambda name, attribute: work.value_of(stack, name, attribute))
    outputs = []
    for key, output in (blueprint.template.get("Outputs") or {}).items():
        if not holds(resolver, output):
            continue
        found = {"OutputKey": key, "OutputValue": str(resolver.resolve(output["Value"]))}
        if "Description" in output:
            found["Description"] = output["Description"]
        if "Export" in output:
            found["ExportName"] = str(resolver.resolve(output["Export"]["Name"]))
        outputs.append(found)
    if why := clash(stack, outputs):
        return why
    stack.outputs = outputs
    return ""


def verdict(stack: Stack, blueprint: Blueprint, broken: list[str], verb: str) -> Generator[float, None, str]:
    """Why what was made has to go again, "" where it may stay: failures, outputs, and the alarms watched meanwhile."""
    if broken:
        return f"The following resource(s) failed to {verb}: {listed(broken)}. "
    try:
        if why := set_outputs(stack, blueprint):
            return why
    except Refusal as error:
        return error.message
    return (yield from watch(stack.triggers, stack.account_id, stack.region))


def create(stack: Stack) -> Operation:
    """Build it; on a failure roll back, delete or leave it, as on_failure says."""
    blueprint = stack.blueprint
    stack.say("CREATE_IN_PROGRESS", "User Initiated")
    making = Making(stack, blueprint)
    reason = missing(stack, blueprint) or alarmed(stack.triggers, stack.account_id, stack.region)
    if not reason:
        made = yield from Work(active(stack, blueprint), making.begin, making.finish, making.failed, cancel=True).run()
        reason = yield from verdict(stack, blueprint, made, "create")
    if not reason:
        stack.say("CREATE_COMPLETE")
        return
    if stack.on_failure == "DO_NOTHING":
        stack.say("CREATE_FAILED", reason)
        return
    stack.outputs = []
    phase = "ROLLBACK" if stack.on_failure == "ROLLBACK" else "DELETE"
    stack.say(f"{phase}_IN_PROGRESS", f"{reason}Rollback requested by user.")
    left = yield from remove(stack, phase="rollback")
    if left:
        stack.say(f"{phase}_FAILED", f"The following resource(s) failed to delete: {listed(left)}. ")
    else:
        stack.say(f"{phase}_COMPLETE")


def delete(stack: Stack, retain: list[str], *, forced: bool = False) -> Operation:
    """Take it down; what fails can be tried again. forced: what cannot be deleted is left behind."""
    stack.say("DELETE_IN_PROGRESS", "User Initiated")
    broken = yield from remove(stack, retain=retain)
    if broken and forced:
        for name in broken:
            stack.say_of(stack.resources[name], "DELETE_SKIPPED")
    elif broken:
        stack.say("DELETE_FAILED", f"The following resource(s) failed to delete: {listed(broken)}. ")
        return
    stack.outputs = []
    stack.say("DELETE_COMPLETE")


def remove(
    stack: Stack, names: set[str] | None = None, *, retain: list[str] | None = None, phase: str = "delete"
) -> Generator[float, None, list[str]]:
    """Delete resources of a stack (all, unless named), each after what needs it; returns those that failed."""
    there = {
        name: one.definition
        for name, one in stack.resources.items()
        if one.status != "DELETE_COMPLETE" and (names is None or name in names)
    }

    def begin(name: str) -> float | None:
        resource = stack.resources[name]
        if resource.model is None:
            if resource.status != "CREATE_FAILED":
                return None
            stack.say_of(resource, "DELETE_COMPLETE")
            return None
        policy = resource.definition.get("DeletionPolicy")
        kept = policy in RETAINED and not (policy == "RetainExceptOnCreate" and phase == "rollback")
        if kept or name in (retain or ()):
            stack.say_of(resource, "DELETE_SKIPPED")
            return None
        stack.say_of(resource, "DELETE_IN_PROGRESS")
        return work.seconds(resource)

    def finish(name: str) -> float:
        resource = stack.resources[name]
        work.injected(stack, name, "delete")
        work.destroy(stack, resource)
        resource.model = None
        stack.say_of(resource, "DELETE_COMPLETE")
        return 0.0

    def failed(name: str, reason: str) -> None:
        stack.say_of(stack.resources[name], "DELETE_FAILED", reason)

    needs = reversed_needs(dependencies(there))
    return (yield from Work(needs, begin, finish, failed, cancel=False).run())


class Changing(Making):
    """Bring resources from one blueprint to another: create, change or leave alone."""

    def __init__(self, stack: Stack, blueprint: Blueprint) -> None:
        super().__init__(stack, blueprint)
        self.created: set[str] = set()
        self.replaced: dict[str, Resource] = {}
        """Logical id to the resource that a new one took the place of; it still exists."""

    def begin(self, name: str) -> float | None:  # type: ignore[override]
        stack = self.stack
        resource = stack.resources.get(name)
        raw = self.blueprint.template["Resources"][name]
        if resource is None or resource.model is None or resource.type != raw["Type"]:
            if resource is not None and resource.model is not None:
                self.replaced[name] = replace(resource)
            self.created.add(name)
            return super().begin(name)
        definition = work.definition_of(stack, self.blueprint, name)
        before = replace(resource)
        resource.definition = raw
        if definition["Properties"] == resource.properties:
            return None
        stack.say_of(resource, "UPDATE_IN_PROGRESS")
        self.begun[name] = world.timeline.now
        if work.change(stack, resource, definition):
            self.replaced[name] = before
            stack.say_of(resource, "UPDATE_IN_PROGRESS", REPLACING)
        return work.seconds(resource)

    def finish(self, name: str) -> float:
        if name in self.created:
            return super().finish(name)
        work.injected(self.stack, name, "update")
        self.stack.say_of(self.stack.resources[name], "UPDATE_COMPLETE")
        return 0.0

    def failed(self, name: str, reason: str) -> None:
        if name in self.created:
            super().failed(name, reason)
        else:
            self.stack.say_of(self.stack.resources[name], "UPDATE_FAILED", reason or "Resource update cancelled")


def update(stack: Stack, old: Blueprint, *, disable_rollback: bool) -> Operation:
    """Bring it from ``old`` to its blueprint; on a failure bring it back."""
    new = stack.blueprint
    stack.say("UPDATE_IN_PROGRESS", "User Initiated")
    changing = Changing(stack, new)
    wanted = active(stack, new)
    reason = missing(stack, new) or alarmed(stack.triggers, stack.account_id, stack.region)
    if not reason:
        broken = yield from Work(wanted, changing.begin, changing.finish, changing.failed, cancel=True).run()
        reason = yield from verdict(stack, new, broken, "update")
    if reason and disable_rollback:
        stack.say("UPDATE_FAILED", reason)
        return
    if reason:
        yield from roll_back(stack, old, changing, reason)
        return
    stack.say("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    yield from clear_away(stack, changing.replaced.values(), stack.resources.keys() - wanted.keys())
    stack.say("UPDATE_COMPLETE")


def roll_back(stack: Stack, old: Blueprint, failed: Changing, reason: str) -> Generator[float, None, None]:
    """Undo a failed update: what was changed gets its old values, what was created goes."""
    stack.blueprint = old
    stack.say("UPDATE_ROLLBACK_IN_PROGRESS", reason)
    useless = []
    for name, resource in failed.replaced.items():
        useless.append(stack.resources[name])
        stack.resources[name] = resource
        stack.say_of(resource, "UPDATE_COMPLETE")
    back = Changing(stack, old)
    broken = yield from Work(active(stack, old), back.begin, back.finish, back.failed, cancel=False).run()
    if broken:
        stack.say("UPDATE_ROLLBACK_FAILED", f"The following resource(s) failed to update: {listed(broken)}. ")
        return
    stack.say("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    yield from clear_away(stack, [*useless, *back.replaced.values()], failed.created - failed.replaced.keys())
    stack.say("UPDATE_ROLLBACK_COMPLETE")


def clear_away(stack: Stack, replaced: Iterable[Resource], names: set[str]) -> Generator[float, None, None]:
    """Delete what an update no longer needs; a failure here leaves the thing behind, but the update is complete."""
    for resource in replaced:
        if resource.model is None:
            continue
        stack.say_of(resource, "DELETE_IN_PROGRESS")
        yield work.seconds(resource)
        try:
            work.destroy(stack, resource)
            stack.say_of(resource, "DELETE_COMPLETE")
        except ResourceFailed as error:
            stack.say_of(resource, "DELETE_FAILED", str(error))
    if names:
        yield from remove(stack, names)
    for name in names:
        stack.resources.pop(name, None)
