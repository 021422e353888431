"""The stacks of one account and region, and what the API's operations do to them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from senza.sandbox.cloudformation import operations, parameters, template
from senza.sandbox.cloudformation.errors import Refusal, constraint
from senza.sandbox.cloudformation.exports import exported, undeletable
from senza.sandbox.cloudformation.given import (
    MAX_NAME,
    Given,
    check_name,
    checked_tags,
    fingerprint,
    new_id,
    on_failure,
    truth,
)
from senza.sandbox.cloudformation.intrinsics import symbolic
from senza.sandbox.cloudformation.rollback import Triggers, triggers_of
from senza.sandbox.cloudformation.signals import receive
from senza.sandbox.cloudformation.stack import Blueprint, Resource, Stack, moment
from senza.sandbox.timeline import Operation
from senza.sandbox.world import world

TOKEN = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9]*")
MAX_TOPICS = 5
UPDATABLE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_FAILED"}
UNDELETABLE = re.compile(r"UPDATE_.*IN_PROGRESS")


@dataclass(frozen=True)
class Answered:
    """What a client request token was used for, and what was answered."""

    operation: str
    fingerprint: str
    answer: dict[str, Any]


class Service:
    def __init__(self, account_id: str, region: str) -> None:
        self.account_id = account_id
        self.region = region
        self.stacks: dict[str, Stack] = {}
        """By stack id, in the order of their creation, deleted ones included."""
        self.updated: Callable[[Stack], None] = lambda stack: None
        """Told of every direct update."""
        self._tokens: dict[str, Answered] = {}

    # -- finding ----------------------------------------------------------------------------------------------------
    def find(self, name_or_id: str) -> Stack | None:
        """By id (deleted ones too) or by the name of one that exists."""
        if name_or_id in self.stacks:
            return self.stacks[name_or_id]
        named = (one for one in self.stacks.values() if one.name == name_or_id and one.status != "DELETE_COMPLETE")
        return next(named, None)

    def get(self, name_or_id: str, sentence: str = "Stack with id {} does not exist") -> Stack:
        """Raises Refusal."""
        stack = self.find(name_or_id)
        if stack is None:
            raise Refusal(sentence.format(name_or_id))
        return stack

    def exports(self) -> dict[str, str]:
        return {name: value for stack in self.stacks.values() for name, value in exported(stack.outputs).items()}

    # -- create, update, delete -------------------------------------------------------------------------------------
    def once(self, operation: str, given: Given) -> dict[str, Any] | None:
        """The answer given before to the same request with the same token. Raises Refusal where it is another one."""
        token = given.get("ClientRequestToken")
        if not token:
            return None
        if len(token) > MAX_NAME or not TOKEN.fullmatch(token):
            raise constraint(token, "clientRequestToken", f"satisfy regular expression pattern: {TOKEN.pattern}")
        before = self._tokens.get(token)
        if before is None:
            return None
        if (before.operation, before.fingerprint) != (operation, fingerprint(given)):
            raise Refusal(
                f"Token {token} already exists for an operation with other parameters", "TokenAlreadyExistsException"
            )
        return before.answer

    def remember(self, operation: str, given: Given, answer: dict[str, Any]) -> dict[str, Any]:
        if token := given.get("ClientRequestToken"):
            self._tokens[token] = Answered(operation, fingerprint(given), answer)
        return answer

    def create(self, given: Given) -> dict[str, Any]:
        """CreateStack. Raises Refusal."""
        if (before := self.once("CreateStack", given)) is not None:
            return before
        name = given["StackName"]
        check_name(name)
        if self.find(name):
            raise Refusal(f"Stack [{name}] already exists", "AlreadyExistsException")
        blueprint = self.blueprint(given)
        stack = Stack(
            stack_id=new_id(name, self.account_id, self.region),
            name=name,
            account_id=self.account_id,
            region=self.region,
            blueprint=blueprint,
            on_failure=on_failure(given),
            created=moment(),
            termination_protection=truth(given.get("EnableTerminationProtection")),
            token=given.get("ClientRequestToken"),
            exports=self.exports(),
            family=self.stacks,
            triggers=triggers_of(given, Triggers()),
        )
        check_values(stack, blueprint)
        self.stacks[stack.stack_id] = stack
        self.run(stack, operations.create(stack))
        return self.remember("CreateStack", given, {"StackId": stack.stack_id})

    def update(self, given: Given) -> dict[str, Any]:
        """UpdateStack. Raises Refusal."""
        if (before := self.once("UpdateStack", given)) is not None:
            return before
        stack = self.get(given["StackName"], "Stack [{}] does not exist")
        if stack.status not in UPDATABLE:
            raise Refusal(f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")
        old = stack.blueprint
        new = self.blueprint(given, old)
        stack.exports = self.exports()
        check_values(stack, new)
        same_types(stack, old, new)
        triggers = triggers_of(given, stack.triggers)
        if unchanged(stack, old, new):
            raise Refusal("No updates are to be performed.")
        stack.triggers = triggers
        stack.blueprint, stack.updated, stack.token = new, moment(), given.get("ClientRequestToken")
        stack.signals.clear()
        disable = truth(given.get("DisableRollback"))
        self.updated(stack)
        self.run(stack, operations.update(stack, old, disable_rollback=disable))
        return self.remember("UpdateStack", given, {"StackId": stack.stack_id})

    def delete(self, given: Given) -> dict[str, Any]:
        """DeleteStack; fine where there is none. Raises Refusal."""
        if (before := self.once("DeleteStack", given)) is not None:
            return before
        retain = list(given.get("RetainResources") or ())
        stack = self.find(given["StackName"])
        if stack is None or stack.status in ("DELETE_COMPLETE", "DELETE_IN_PROGRESS"):
            return self.remember("DeleteStack", given, {})
        if stack.termination_protection:
            raise Refusal(f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
        if UNDELETABLE.fullmatch(stack.status):
            raise Refusal(f"Stack [{stack.name}] cannot be deleted while in status {stack.status}")
        if retain and stack.status != "DELETE_FAILED":
            raise Refusal(
                f"Invalid operation on stack [{stack.stack_id}]. RetainResources can only be specified when the stack "
                "is in the DELETE_FAILED state"
            )
        if unknown := sorted(set(retain) - stack.resources.keys()):
            raise Refusal(f"The following resources to retain do not exist in the stack: [{', '.join(unknown)}]")
        stack.token = given.get("ClientRequestToken")
        if stack.status == "REVIEW_IN_PROGRESS":
            stack.say("DELETE_COMPLETE")
            return self.remember("DeleteStack", given, {})
        if why := undeletable(stack):
            stack.say(stack.status, why)
            return self.remember("DeleteStack", given, {})
        mode = given.get("DeletionMode") or "STANDARD"
        if mode not in ("STANDARD", "FORCE_DELETE_STACK"):
            raise constraint(mode, "deletionMode", "satisfy enum value set: [FORCE_DELETE_STACK, STANDARD]")
        if mode == "FORCE_DELETE_STACK" and stack.status != "DELETE_FAILED":
            raise Refusal(
                f"Invalid operation on stack [{stack.stack_id}]. FORCE_DELETE_STACK can only be specified when the "
                "stack is in the DELETE_FAILED state"
            )
        self.run(stack, operations.delete(stack, retain, forced=mode != "STANDARD"))
        return self.remember("DeleteStack", given, {})

    def run(self, stack: Stack, operation: Operation) -> None:
        """Begin it, in place of what goes on with the stack."""
        if stack.operation is not None:
            world.timeline.cancel(stack.operation)
        stack.operation = operation
        world.timeline.start(operation)

    def blueprint(self, given: Given, old: Blueprint | None = None) -> Blueprint:
        """What a request asks for, checked. Raises Refusal."""
        body = self.body(given, old)
        found = template.load(body, template.MAX_URL_BYTES if given.get("TemplateURL") else template.MAX_BYTES)
        template.check(found)
        capabilities = list(given.get("Capabilities") or ())
        template.check_capabilities(found, capabilities)
        topics = given.get("NotificationARNs")
        if topics is None:
            topics = old.notification_arns if old else []
        if len(topics) > MAX_TOPICS:
            raise constraint(str(topics), "notificationARNs", f"have length less than or equal to {MAX_TOPICS}")
        tags = given.get("Tags")
        return Blueprint(
            body=body,
            template=found,
            parameters=parameters.effective(found, given.get("Parameters") or [], old.parameters if old else None),
            tags=checked_tags(tags) if tags is not None else dict(old.tags) if old else {},
            notification_arns=list(topics),
            capabilities=capabilities,
            role_arn=given.get("RoleARN") or (old.role_arn if old else None),
        )

    def body(self, given: Given, old: Blueprint | None) -> str:
        from moto.cloudformation.utils import get_stack_from_s3_url

        previous = truth(given.get("UsePreviousTemplate"))
        if sum((bool(given.get("TemplateBody")), bool(given.get("TemplateURL")), previous)) != 1:
            raise Refusal("Either Template URL or Template Body must be specified.")
        if given.get("TemplateURL"):
            body: str = get_stack_from_s3_url(given["TemplateURL"], self.account_id, "aws")
            return body
        if given.get("TemplateBody"):
            return str(given["TemplateBody"])
        if old is None:
            raise Refusal("UsePreviousTemplate cannot be used for a stack that does not exist")
        return old.body

    # -- the rest ---------------------------------------------------------------------------------------------------
    def signal(self, given: Given) -> None:
        """SignalResource. Raises Refusal."""
        stack = self.get(given["StackName"])
        resource = stack.resources.get(given["LogicalResourceId"])
        if resource is None:
            raise Refusal(f"Resource {given['LogicalResourceId']} does not exist for stack {stack.name}")
        if not resource.status.endswith("_IN_PROGRESS"):
            raise Refusal(f"Signal cannot be sent: resource {resource.logical_id} is in {resource.status} state")
        receive(stack, resource, given["UniqueId"], given["Status"])
        if stack.operation is not None:
            world.timeline.hurry(stack.operation)

    def protect(self, given: Given) -> dict[str, Any]:
        """UpdateTerminationProtection. Raises Refusal."""
        stack = self.get(given["StackName"])
        stack.termination_protection = truth(given["EnableTerminationProtection"])
        return {"StackId": stack.stack_id}

    def resources_of(self, name_or_id: str) -> tuple[Stack, list[Resource]]:
        """Raises Refusal."""
        stack = self.get(name_or_id)
        return stack, list(stack.resources.values())


def check_values(stack: Stack, blueprint: Blueprint) -> None:
    """Compute every value as far as it is known before anything is made. Raises Refusal."""
    symbols(stack, blueprint)


def same_types(stack: Stack, old: Blueprint, new: Blueprint) -> None:
    """Raises Refusal where a logical id stays and its type does not."""
    before, after = old.template["Resources"], new.template["Resources"]
    changed = sorted(name for name in before.keys() & after.keys() if before[name]["Type"] != after[name]["Type"])
    if changed:
        raise Refusal(
            "Update of resource type is not permitted. The new template modifies resource type of the following "
            f"resources: [{', '.join(changed)}]"
        )


def symbols(stack: Stack, blueprint: Blueprint) -> dict[str, Any]:
    """What the resources and outputs are to be, with symbols for what is only known when they exist. Raises Refusal."""
    resolver = stack.resolver(blueprint, symbolic)
    found: dict[str, Any] = {}
    for block in ("Resources", "Outputs"):
        for name, one in (blueprint.template.get(block) or {}).items():
            if operations.holds(resolver, one):
                known = resolver.resolve({key: value for key, value in one.items() if key != "Condition"})
                found[f"{block}/{name}"] = known
                if block == "Outputs" and isinstance(known.get("Value"), list | dict | None):
                    said = f"The Value field of every Outputs member must evaluate to a String ({name})."
                    raise Refusal(f"Template format error: {said}")
    return found


def unchanged(stack: Stack, old: Blueprint, new: Blueprint) -> bool:
    """Whether an update would do nothing: mappings, descriptions and metadata alone are no change."""
    same = (old.tags, old.notification_arns) == (new.tags, new.notification_arns)
    return same and symbols(stack, old) == symbols(stack, new)
