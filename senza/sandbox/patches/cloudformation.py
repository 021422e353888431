"""Gap: moto runs stacks at once and without resource events, rollback, checks, tokens, limits or true paging.

The operations on stacks are answered by the engine in ``senza.sandbox.cloudformation`` instead; for change sets and
drift see the patch ``change_sets``. Stack policies are refused; stack sets stay moto's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from senza.sandbox.cloudformation import parameters, template
from senza.sandbox.cloudformation.errors import Refusal
from senza.sandbox.cloudformation.exports import exported, importers
from senza.sandbox.cloudformation.service import Service
from senza.sandbox.cloudformation.stack import Resource, Stack, moment
from senza.sandbox.world import world

Handler = Callable[[Service, dict[str, Any]], dict[str, Any] | None]
KEPT_DELETED = timedelta(days=90)
"""How long ListStacks remembers a deleted stack (API reference)."""
REFUSED = ("set_stack_policy", "get_stack_policy", "detect_stack_resource_drift")


def service_of(response: Any) -> Service:
    """The stacks of the account and region that a request is for."""
    backend = response.cloudformation_backend
    found: Service = backend.__dict__.setdefault("senza_service", Service(response.current_account, response.region))
    return found


def page(given: dict[str, Any], items: list[Any], size: int) -> tuple[list[Any], str | None]:
    """One page and the token of the next. Raises Refusal for a token that is none."""
    token = given.get("NextToken")
    if token is not None and not (token.startswith("page-") and token[5:].isdigit()):
        raise Refusal("The specified NextToken is invalid")
    start = int(token[5:]) if token else 0
    end = start + size
    return items[start:end], f"page-{end}" if len(items) > end else None


def described(stack: Stack) -> dict[str, Any]:
    """A Stack of DescribeStacks."""
    blueprint = stack.blueprint
    return {
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "Description": blueprint.template.get("Description"),
        "Parameters": parameters.shown(blueprint.template, blueprint.parameters),
        "CreationTime": stack.created,
        "DeletionTime": stack.deleted,
        "LastUpdatedTime": stack.updated,
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason,
        "DisableRollback": stack.on_failure == "DO_NOTHING",
        "NotificationARNs": blueprint.notification_arns,
        "Capabilities": blueprint.capabilities,
        "Outputs": stack.outputs,
        "RoleARN": blueprint.role_arn,
        "Tags": [{"Key": key, "Value": value} for key, value in blueprint.tags.items()],
        "EnableTerminationProtection": stack.termination_protection,
        "RollbackConfiguration": stack.triggers.described(),
        "DriftInformation": drift_of(stack),
    }


def drift_of(stack: Stack) -> dict[str, Any]:
    return {"StackDriftStatus": stack.drift.status, "LastCheckTimestamp": stack.drift.at}


def summary(stack: Stack) -> dict[str, Any]:
    """A StackSummary of ListStacks."""
    return {
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "TemplateDescription": stack.blueprint.template.get("Description"),
        "CreationTime": stack.created,
        "LastUpdatedTime": stack.updated,
        "DeletionTime": stack.deleted,
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason,
        "DriftInformation": drift_of(stack),
    }


def resource_detail(stack: Stack, one: Resource) -> dict[str, Any]:
    """The fields of the three ways to ask for resources; each takes those it has."""
    return {
        "StackName": stack.name,
        "StackId": stack.stack_id,
        "LogicalResourceId": one.logical_id,
        "PhysicalResourceId": one.physical_id,
        "ResourceType": one.type,
        "Timestamp": one.changed,
        "LastUpdatedTimestamp": one.changed,
        "ResourceStatus": one.status,
        "ResourceStatusReason": one.reason,
        "Metadata": None,
        "DriftInformation": {
            "StackResourceDriftStatus": getattr(stack.drift.by_resource.get(one.logical_id), "status", "NOT_CHECKED")
        },
    }


def describe_stacks(service: Service, given: dict[str, Any]) -> dict[str, Any]:
    if given.get("StackName"):
        return {"Stacks": [described(service.get(given["StackName"]))]}
    stacks = [one for one in newest_first(service) if one.status != "DELETE_COMPLETE"]
    found, token = page(given, stacks, world.settings.describe_stacks_page)
    return {"Stacks": [described(one) for one in found], "NextToken": token}


def newest_first(service: Service) -> list[Stack]:
    return list(service.stacks.values())[::-1]


def list_stacks(service: Service, given: dict[str, Any]) -> dict[str, Any]:
    wanted = given.get("StackStatusFilter")
    oldest = moment() - KEPT_DELETED
    stacks = [
        one
        for one in newest_first(service)
        if (not wanted or one.status in wanted) and (one.deleted is None or one.deleted >= oldest)
    ]
    found, token = page(given, stacks, world.settings.page_size)
    return {"StackSummaries": [summary(one) for one in found], "NextToken": token}


def describe_stack_events(service: Service, given: dict[str, Any]) -> dict[str, Any]:
    stack = service.get(given["StackName"], "Stack [{}] does not exist")
    found, token = page(given, stack.events[::-1], world.settings.page_size)
    return {"StackEvents": found, "NextToken": token}


def list_stack_resources(service: Service, given: dict[str, Any]) -> dict[str, Any]:
    stack, resources = service.resources_of(given["StackName"])
    found, token = page(given, resources, world.settings.page_size)
    return {"StackResourceSummaries": [resource_detail(stack, one) for one in found], "NextToken": token}


def describe_stack_resources(service: Service, given: dict[str, Any]) -> dict[str, Any]:
    if not given.get("StackName"):
        return {"StackResources": of_physical_id(service, given.get("PhysicalResourceId") or "")}
    stack, resources = service.resources_of(given["StackName"])
    wanted = given.get("LogicalResourceId")
    found = [one for one in resources if wanted in (None, one.logical_id)]
    if wanted and not found:
        raise Refusal(f"Resource {wanted} does not exist for stack {stack.name}")
    return {"StackResources": [resource_detail(stack, one) for one in found[:100]]}


def of_physical_id(service: Service, physical_id: str) -> list[dict[str, Any]]:
    for stack in newest_first(service):
        if any(one.physical_id == physical_id for one in stack.resources.values()):
            return [resource_detail(stack, one) for one in list(stack.resources.values())[:100]]
    raise Refusal(f"Stack for {physical_id} does not exist")


def describe_stack_resource(service: Service, given: dict[str, Any]) -> dict[str, Any]:
    stack, resources = service.resources_of(given["StackName"])
    for one in resources:
        if one.logical_id == given["LogicalResourceId"]:
            return {"StackResourceDetail": resource_detail(stack, one)}
    raise Refusal(f"Resource {given['LogicalResourceId']} does not exist for stack {stack.name}")


def get_template(service: Service, given: dict[str, Any]) -> dict[str, Any]:
    stack = service.get(given["StackName"])
    return {"TemplateBody": stack.blueprint.body, "StagesAvailable": ["Original", "Processed"]}


def template_given(service: Service, given: dict[str, Any]) -> dict[str, Any]:
    if given.get("StackName"):
        return service.get(given["StackName"]).blueprint.template
    limit = template.MAX_URL_BYTES if given.get("TemplateURL") else template.MAX_BYTES
    found = template.load(service.body(given, None), limit)
    template.check(found)
    return found


def template_parameters(found: dict[str, Any], *, default: str) -> list[dict[str, Any]]:
    return [
        {
            "ParameterKey": key,
            default: parameters.default_text(one["Default"]) if "Default" in one else None,
            "NoEcho": parameters.secret(one),
            "Description": one.get("Description"),
            "ParameterType": one.get("Type", "String"),
            "ParameterConstraints": {"AllowedValues": list(map(str, one.get("AllowedValues") or ()))},
        }
        for key, one in (found.get("Parameters") or {}).items()
    ]


def validate_template(service: Service, given: dict[str, Any]) -> dict[str, Any]:
    found = template_given(service, given)
    needed = template.capabilities(found)
    return {
        "Parameters": template_parameters(found, default="DefaultValue"),
        "Description": found.get("Description"),
        "Capabilities": needed,
        "CapabilitiesReason": needed and "The following resource(s) require capabilities: [AWS::IAM]",
    }


def get_template_summary(service: Service, given: dict[str, Any]) -> dict[str, Any]:
    found = template_given(service, given)
    return {
        "Parameters": template_parameters(found, default="DefaultValue"),
        "Description": found.get("Description"),
        "Capabilities": template.capabilities(found),
        "ResourceTypes": sorted({one["Type"] for one in found["Resources"].values()}),
        "Version": found.get("AWSTemplateFormatVersion"),
    }


def list_exports(service: Service, given: dict[str, Any]) -> dict[str, Any]:
    exports = [
        {"ExportingStackId": stack.stack_id, "Name": one["ExportName"], "Value": one["OutputValue"]}
        for stack in service.stacks.values()
        for one in stack.outputs
        if "ExportName" in one
    ]
    found, token = page(given, exports, world.settings.page_size)
    return {"Exports": found, "NextToken": token}


def list_imports(service: Service, given: dict[str, Any]) -> dict[str, Any]:
    name = given["ExportName"]
    owner = next((stack for stack in service.stacks.values() if name in exported(stack.outputs)), None)
    names = importers(owner).get(name, []) if owner else []
    if not names:
        raise Refusal(f"Export '{name}' is not imported by any stack.")
    found, token = page(given, names, world.settings.page_size)
    return {"Imports": found, "NextToken": token}


HANDLERS: dict[str, Handler] = {
    "create_stack": Service.create,
    "update_stack": Service.update,
    "delete_stack": Service.delete,
    "signal_resource": lambda service, given: service.signal(given),
    "update_termination_protection": Service.protect,
    "describe_stacks": describe_stacks,
    "list_stacks": list_stacks,
    "describe_stack_events": describe_stack_events,
    "list_stack_resources": list_stack_resources,
    "describe_stack_resources": describe_stack_resources,
    "describe_stack_resource": describe_stack_resource,
    "get_template": get_template,
    "validate_template": validate_template,
    "get_template_summary": get_template_summary,
    "list_exports": list_exports,
    "list_imports": list_imports,
}


def handling(handler: Handler) -> Callable[[Any], Any]:
    """A method of moto's response class that asks the engine."""
    from moto.cloudformation.exceptions import CloudFormationError
    from moto.core.responses import ActionResult, EmptyResult

    def method(self: Any) -> Any:
        try:
            answer = handler(service_of(self), dict(self.params))
        except Refusal as refusal:
            raise CloudFormationError(refusal.code, refusal.message) from refusal
        return EmptyResult() if not answer else ActionResult(answer)

    return method


def refusing(name: str) -> Callable[[Any], Any]:
    def method(self: Any) -> Any:
        raise NotImplementedError(f"{name} is not simulated")

    return method


def apply() -> None:
    from moto.cloudformation.responses import CloudFormationResponse

    # an answer of ours has its tags as the API has them
    CloudFormationResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER.pop("DescribeStacksOutput.Stacks.Stack.Tags")
    for name, handler in HANDLERS.items():
        setattr(CloudFormationResponse, name, handling(handler))
    for name in REFUSED:
        setattr(CloudFormationResponse, name, refusing(name))
