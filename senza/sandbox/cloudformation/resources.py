"""Making, changing and deleting one resource on moto's models."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from senza.sandbox.cloudformation.differences import recreation
from senza.sandbox.cloudformation.errors import Refusal, ResourceFailed
from senza.sandbox.cloudformation.stack import Blueprint, Resource, Stack
from senza.sandbox.world import world


@contextmanager
def failing() -> Iterator[None]:
    """Whatever a service of moto refuses becomes the resource's failure."""
    from moto.core.exceptions import ServiceException
    from werkzeug.exceptions import HTTPException

    try:
        yield
    except ResourceFailed:
        raise
    except Refusal as error:
        raise ResourceFailed(error.message) from error
    except (ServiceException, HTTPException) as error:
        raise ResourceFailed(str(getattr(error, "message", None) or error)) from error
    except Exception as error:
        known = type(error).__module__.startswith("senza.")
        if not known:
            traceback.print_exc()  # a gap of moto or of a patch: the developer of the sandbox wants to see where
        raise ResourceFailed(str(error) if known else f"{type(error).__name__}: {error}") from error


def definition_of(stack: Stack, blueprint: Blueprint, logical_id: str) -> dict[str, Any]:
    """The resource's definition with all values. Raises ResourceFailed."""
    with failing():
        resolver = stack.resolver(blueprint, lambda name, attribute: value_of(stack, name, attribute))
        resolved: dict[str, Any] = resolver.resolve(blueprint.template["Resources"][logical_id])
    resolved.setdefault("Properties", {})
    return resolved


def value_of(stack: Stack, logical_id: str, attribute: str | None) -> Any:
    """What Ref (attribute None) or Fn::GetAtt gives. Raises Refusal."""
    resource = stack.resources.get(logical_id)
    if resource is None or resource.model is None:
        raise Refusal(f"Unresolved resource dependencies [{logical_id}] in the Resources block of the template")
    if attribute is None:
        return resource.physical_id
    from moto.cloudformation.exceptions import UnformattedGetAttTemplateException

    try:
        return resource.model.get_cfn_attribute(attribute)
    except (UnformattedGetAttTemplateException, KeyError, NotImplementedError, AttributeError) as error:
        raise Refusal(
            f"Template error: resource {logical_id} does not support attribute type {attribute} in Fn::GetAtt"
        ) from error


def injected(stack: Stack, logical_id: str, phase: str) -> None:
    """Raises ResourceFailed where the settings want this resource to fail."""
    import re

    failures = world.settings.failures
    for number, one in enumerate(failures):
        if one.logical_id == logical_id and one.phase == phase and re.fullmatch(one.stack, stack.name):
            if one.times == 1:
                del failures[number]
            elif one.times is not None:
                failures[number] = replace(one, times=one.times - 1)
            raise ResourceFailed(one.reason)


def seconds(resource: Resource) -> float:
    """How long an operation on it takes."""
    return world.settings.seconds.get(resource.type, world.settings.default_seconds)


def model_of(resource_type: str) -> Any:
    from moto.cloudformation import parsing

    return parsing.resource_class_from_type(resource_type)


def name_for(stack: Stack, resource: Resource) -> str:
    """The name given, or one made of stack, logical id and chance."""
    from moto.cloudformation import parsing

    given = parsing.resource_name_property_from_type(resource.type)
    if given and given in resource.properties:
        return str(resource.properties[given])
    name: str = parsing.generate_resource_name(resource.type, stack.name, resource.logical_id)
    return name


def make(stack: Stack, resource: Resource, definition: dict[str, Any]) -> None:
    """Create it. Raises ResourceFailed."""
    resource.properties = definition["Properties"]
    with failing():
        resource.model = model_of(resource.type).create_from_cloudformation_json(
            name_for(stack, resource),
            copied(definition),
            stack.account_id,
            stack.region,
            LogicalId=resource.logical_id,
            StackId=stack.stack_id,
            ResourceType=resource.type,
            StackTags=stack.blueprint.tags,
        )
    adopt(stack, resource)


def change(stack: Stack, resource: Resource, definition: dict[str, Any]) -> bool:
    """Update it; whether a new object took its place and the old one has to go. Raises ResourceFailed."""
    model = model_of(resource.type)
    old, old_id = resource.model, resource.physical_id
    before = resource.properties
    resource.properties = definition["Properties"]
    replaced = must_be_replaced(resource.type, before, resource.properties)
    if replaced and not named_anew(resource.type, before, resource.properties):
        resource.properties = before
        raise ResourceFailed(
            "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
            f"Rename {old_id} and update the stack again."
        )
    if replaced or hasattr(model.update_from_cloudformation_json, "__isabstractmethod__"):
        try:
            make(stack, resource, definition)
        except ResourceFailed:
            resource.properties, resource.model = before, old
            raise
        return True
    try:
        with failing():
            resource.model = model.update_from_cloudformation_json(
                original_resource=old,
                new_resource_name=name_for(stack, resource),
                cloudformation_json=copied(definition),
                account_id=stack.account_id,
                region_name=stack.region,
            )
    except ResourceFailed:
        resource.properties = before
        raise
    adopt(stack, resource)
    return resource.model is not old and resource.physical_id != old_id


def must_be_replaced(resource_type: str, before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether a property changed of which the registry says that it can only be set when the resource is created."""
    names = before.keys() | after.keys()
    return any(recreation(resource_type, name) == "Always" and before.get(name) != after.get(name) for name in names)


def named_anew(resource_type: str, before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether a new one can be made beside the old one: it has no name of its own, or another one."""
    from moto.cloudformation import parsing

    name = parsing.resource_name_property_from_type(resource_type)
    if not name or name not in after or resource_type.startswith("AWS::Route53::"):
        return True
    return bool(before.get(name) != after[name])


def adopt(stack: Stack, resource: Resource) -> None:
    """Take over the physical id, and tag what EC2 can tag."""
    from moto.ec2.models import ec2_backends
    from moto.ec2.models.core import TaggedEC2Resource

    resource.physical_id = str(resource.model.physical_resource_id)
    if isinstance(resource.model, TaggedEC2Resource):
        tags = stack.blueprint.tags | {
            "aws:cloudformation:stack-name": stack.name,
            "aws:cloudformation:stack-id": stack.stack_id,
            "aws:cloudformation:logical-id": resource.logical_id,
        }
        ec2_backends[stack.account_id][stack.region].create_tags([resource.physical_id], tags)


def destroy(stack: Stack, resource: Resource) -> None:
    """Delete it. Raises ResourceFailed."""
    model = resource.model
    kind = model_of(resource.type)
    with failing():
        if callable(getattr(model, "delete", None)):
            model.delete(stack.account_id, stack.region)
        elif not hasattr(kind.delete_from_cloudformation_json, "__isabstractmethod__"):
            definition = {**resource.definition, "Properties": resource.properties}
            kind.delete_from_cloudformation_json(
                model.physical_resource_id, copied(definition), stack.account_id, stack.region
            )


def copied(definition: dict[str, Any]) -> dict[str, Any]:
    """moto's models write into what they are given."""
    import copy

    return copy.deepcopy(definition)
