"""Templates: reading them, and refusing what CloudFormation refuses before it does anything.

Rules and limits: "Template anatomy", "Understand CloudFormation quotas" and ValidateTemplate in the AWS documentation.
"""

from __future__ import annotations

import functools
import importlib
import json
import re
from typing import Any

import yaml

from senza.sandbox.cloudformation import shapes
from senza.sandbox.cloudformation.errors import Refusal, constraint

MAX_BYTES = 51_200
MAX_URL_BYTES = 1_000_000
MAX_RESOURCES = 500
MAX_DESCRIPTION = 1024
SECTIONS = {
    *("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Mappings", "Conditions", "Transform"),
    *("Resources", "Outputs", "Rules", "Hooks"),
}
ATTRIBUTES = {
    *("Type", "Properties", "DependsOn", "Condition", "CreationPolicy", "UpdatePolicy", "DeletionPolicy"),
    *("UpdateReplacePolicy", "Metadata"),
}
PSEUDO = {
    *("AWS::AccountId", "AWS::NotificationARNs", "AWS::NoValue", "AWS::Partition", "AWS::Region", "AWS::StackId"),
    *("AWS::StackName", "AWS::URLSuffix"),
}
SUB_VARIABLE = re.compile(r"\$\{([^!{}][^{}]*)\}")
UNSUPPORTED = {"AWS::CloudFormation::Stack", "AWS::CloudFormation::Macro"}

Template = dict[str, Any]


class Loader(yaml.SafeLoader):
    """YAML with the short forms of the intrinsic functions; dates stay text."""


def _short_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _short_form)
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(body: str, limit: int = MAX_BYTES) -> Template:
    """The template as a mapping. Raises Refusal for one that is too large or not well-formed."""
    if len(body.encode()) > limit:
        raise constraint("...", "templateBody", f"have length less than or equal to {limit}")
    try:
        parsed = json.loads(body) if body.lstrip().startswith("{") else yaml.load(body, Loader)  # noqa: S506 - a SafeLoader
    except json.JSONDecodeError as error:
        place = f"(line {error.lineno}, column {error.colno})"
        raise Refusal(f"Template format error: JSON not well-formed. {place}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise Refusal(f"Template format error: YAML not well-formed.{place}") from error
    if not isinstance(parsed, dict):
        raise Refusal("Template format error: unsupported structure.")
    return parsed


def check(template: Template) -> None:
    """Raises Refusal for what CloudFormation finds wrong without looking at parameter values."""
    unknown = sorted(str(key) for key in template if key not in SECTIONS)
    if unknown:
        raise Refusal(f"Invalid template property or properties [{', '.join(unknown)}]")
    no_nulls(template, "")
    if len(str(template.get("Description", ""))) > MAX_DESCRIPTION:
        raise Refusal(f"Template format error: 'Description' length is greater than {MAX_DESCRIPTION}.")
    resources = template.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise Refusal("Template format error: At least one Resources member must be defined.")
    if len(resources) > MAX_RESOURCES:
        raise Refusal(
            f"Template format error: Number of resources, {len(resources)}, "
            f"is greater than maximum allowed, {MAX_RESOURCES}"
        )
    shapes.check(template)
    for name, resource in resources.items():
        check_names(name, resource)
    check_types({resource["Type"] for resource in resources.values()})
    check_mappings(template.get("Mappings") or {})
    check_references(template)
    order(resources)
    conditions = template.get("Conditions") or {}
    in_order({name: set(shapes.named(one, "Condition")) for name, one in conditions.items()}, "conditions")


def no_nulls(node: Any, path: str) -> None:
    if node is None:
        raise Refusal(f"Template format error: [{path}] 'null' values are not allowed in templates")
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        no_nulls(value, f"{path}/{key}")


def check_names(name: Any, resource: dict[str, Any]) -> None:
    if not re.fullmatch(r"[A-Za-z0-9]+", str(name)):
        raise Refusal(f"Template format error: Resource name {name} is non alphanumeric.")
    for key in resource:
        if key not in ATTRIBUTES:
            raise Refusal(f"Invalid template resource property '{key}'")


def check_types(types: set[str]) -> None:
    unknown = sorted(one for one in types if not known_type(one))
    if unknown:
        raise Refusal(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")
    if found := sorted(types & UNSUPPORTED):
        raise Refusal(f"the senza sandbox does not support {', '.join(found)}")


@functools.cache
def known_type(resource_type: str) -> bool:
    """Whether AWS has such a type: a ``Custom::`` one, or one that moto or troposphere describes."""
    if re.fullmatch(r"Custom::[\w@-]+", resource_type):
        return True
    if not re.fullmatch(r"AWS::\w+::\w+", resource_type):
        return False
    from moto.cloudformation import parsing

    if resource_type in parsing.get_model_map():
        return True
    service = resource_type.split("::")[1].lower()
    for module in (service, f"aws{service}"):
        try:
            found = vars(importlib.import_module(f"troposphere.{module}")).values()
        except ImportError:
            continue
        if any(getattr(one, "resource_type", None) == resource_type for one in found):
            return True
    return False


def check_mappings(mappings: Any) -> None:
    for name, mapping in mappings.items():
        if not re.fullmatch(r"[A-Za-z0-9]+", str(name)):
            raise Refusal(f"Template format error: Mapping name '{name}' is non alphanumeric.")
        if not isinstance(mapping, dict):
            raise Refusal(f"Template format error: [/Mappings/{name}] Every Mappings member must be a map")
        for key, attributes in mapping.items():
            if not isinstance(attributes, dict):
                raise Refusal(f"Template format error: [/Mappings/{name}/{key}] Every Mappings member must be a map")
            for attribute, value in attributes.items():
                if isinstance(value, list):
                    plain = all(not isinstance(one, dict | list) for one in value)
                else:
                    plain = not isinstance(value, dict)
                if not plain:
                    raise Refusal(
                        f"Template format error: [/Mappings/{name}/{key}/{attribute}] "
                        "Every Mappings attribute must be a String or a List."
                    )


def references(node: Any) -> set[str]:
    """The names that Ref, Fn::GetAtt and Fn::Sub in this part of a template mention."""
    found: set[str] = set()
    if isinstance(node, list):
        for one in node:
            found |= references(one)
    if not isinstance(node, dict):
        return found
    for key, value in node.items():
        if key == "Ref" and isinstance(value, str):
            found.add(value)
        elif key == "Fn::GetAtt":
            found.add(value.split(".")[0] if isinstance(value, str) else str(value[0]))
        elif key == "Fn::Sub":
            text, own = (value, {}) if isinstance(value, str) else (value[0], value[1])
            names = {name.strip().split(".")[0] for name in SUB_VARIABLE.findall(str(text))}
            found |= (names - own.keys()) | references(own)
        else:
            found |= references(value)
    return found


def attributes_of(node: Any) -> set[str]:
    """The resources that Fn::GetAtt in this part of a template mentions."""
    if isinstance(node, list):
        return {name for one in node for name in attributes_of(one)}
    if not isinstance(node, dict):
        return set()
    found = {name for value in node.values() for name in attributes_of(value)}
    if "Fn::GetAtt" in node:
        value = node["Fn::GetAtt"]
        found.add(value.split(".")[0] if isinstance(value, str) else str(value[0]))
    return found


def depends_on(resource: dict[str, Any]) -> set[str]:
    given = resource.get("DependsOn") or []
    return {given} if isinstance(given, str) else set(given)


def check_references(template: Template) -> None:
    resources = template["Resources"]
    conditions = template.get("Conditions") or {}
    missing = sorted(attributes_of(resources) - resources.keys())
    if missing:
        raise Refusal(f"Template error: instance of Fn::GetAtt references undefined resource {missing[0]}")
    known = resources.keys() | (template.get("Parameters") or {}).keys() | PSEUDO
    wanted = {name for one in resources.values() for name in references(one) - known}
    wanted |= {name for one in resources.values() for name in depends_on(one) - resources.keys()}
    if wanted:
        raise unresolved(wanted, "Resources")
    wanted = references(template.get("Outputs") or {}) - known
    if wanted:
        raise unresolved(wanted, "Outputs")
    for block in ("Resources", "Outputs"):
        for one in (template.get(block) or {}).values():
            if isinstance(one, dict) and "Condition" in one and one["Condition"] not in conditions:
                raise Refusal(
                    f"Template format error: Unresolved condition dependency {one['Condition']} "
                    f"in the {block} block of the template"
                )


def unresolved(names: set[str], block: str) -> Refusal:
    listed = ", ".join(sorted(names))
    return Refusal(
        f"Template format error: Unresolved resource dependencies [{listed}] in the {block} block of the template"
    )


def dependencies(resources: dict[str, Any]) -> dict[str, set[str]]:
    """What each resource needs before it, by logical id."""
    return {
        name: (references(resource) | depends_on(resource)) & resources.keys() - {name}
        for name, resource in resources.items()
    }


def order(resources: dict[str, Any]) -> list[str]:
    """Logical ids, each after what it needs. Raises Refusal for a circle."""
    return in_order(dependencies(resources), "resources")


def in_order(needs: dict[str, set[str]], what: str) -> list[str]:
    """Names, each after those it needs, of those that are keys themselves. Raises Refusal for a circle."""
    left, ordered = dict(needs), list[str]()
    while left:
        ready = sorted(name for name, needed in left.items() if not needed & left.keys())
        if not ready:
            raise Refusal(f"Circular dependency between {what}: [{', '.join(sorted(left))}]")
        ordered += ready
        for name in ready:
            del left[name]
    return ordered


def capabilities(template: Template) -> list[str]:
    """What a caller must acknowledge ("Acknowledging IAM resources", CreateStack in the API reference)."""
    names = ("RoleName", "UserName", "GroupName", "ManagedPolicyName", "InstanceProfileName")
    needed = []
    identities = [one for one in template["Resources"].values() if one["Type"].startswith("AWS::IAM::")]
    own_name = {"Role", "User", "Group", "ManagedPolicy", "InstanceProfile"}
    named = any(
        one["Type"].split("::")[2] in own_name and any(name in (one.get("Properties") or {}) for name in names)
        for one in identities
    )
    if identities:
        needed.append("CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM")
    if template.get("Transform"):
        needed.append("CAPABILITY_AUTO_EXPAND")
    return needed


def check_capabilities(template: Template, given: list[str]) -> None:
    """Raises Refusal (InsufficientCapabilitiesException)."""
    allowed = set(given) | ({"CAPABILITY_IAM"} if "CAPABILITY_NAMED_IAM" in given else set())
    missing = [one for one in capabilities(template) if one not in allowed]
    if missing:
        raise Refusal(f"Requires capabilities : [{', '.join(missing)}]", "InsufficientCapabilitiesException")
    if template.get("Transform"):
        raise Refusal(f"the senza sandbox does not run transforms ({template['Transform']})")
