"""Of which kind each part of a template must be, before anybody looks at what it says.

Rules: "Template anatomy", "Resource attribute reference", "Intrinsic function reference" in the CloudFormation guide.
Sentences are AWS's own where they are known, and of their form elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from senza.sandbox.cloudformation.errors import Refusal

MAPS = ("Metadata", "Parameters", "Mappings", "Conditions", "Resources", "Outputs", "Rules", "Hooks")
MAP_ATTRIBUTES = ("Properties", "Metadata", "CreationPolicy", "UpdatePolicy")
DELETION_POLICIES = ("Delete", "Retain", "RetainExceptOnCreate", "Snapshot")
UPDATE_REPLACE_POLICIES = ("Delete", "Retain", "Snapshot")
LENGTHS = ("MinLength", "MaxLength")
VALUES = ("MinValue", "MaxValue")


def check(template: dict[str, Any]) -> None:
    """Raises Refusal where a part is of another kind than it must be."""
    for section in MAPS:
        if not isinstance(template.get(section, {}), dict):
            raise malformed(f"[/{section}] {section} must be an object.")
    if not scalar(template.get("Description", "")):
        raise malformed("Every Description member must be a string.")
    for name, parameter in template.get("Parameters", {}).items():
        check_parameter(str(name), parameter)
    for name, resource in template.get("Resources", {}).items():
        check_resource(f"/Resources/{name}", resource)
    for name, output in template.get("Outputs", {}).items():
        check_output(f"/Outputs/{name}", output)
    for block in ("Conditions", "Resources", "Outputs"):
        check_functions(template.get(block, {}))
    for found in named(template.get("Conditions", {}), "Condition"):
        text("Condition", found)


def malformed(rule: str) -> Refusal:
    return Refusal(f"Template format error: {rule}")


def scalar(value: Any) -> bool:
    return not isinstance(value, dict | list)


def text(member: str, value: Any) -> None:
    if not isinstance(value, str):
        raise malformed(f"Every {member} member must be a string.")


def check_parameter(name: str, parameter: Any) -> None:
    if not isinstance(parameter, dict):
        raise malformed("Any Parameters member must be an object.")
    if not isinstance(parameter.get("Type"), str):
        raise malformed("Every Parameters object must contain a Type member.")
    if not scalar(parameter.get("Default", "")):
        raise malformed("Every Default member must be a string.")
    allowed = parameter.get("AllowedValues", [])
    if not isinstance(allowed, list) or not all(map(scalar, allowed)):
        raise malformed("Every AllowedValues member must be a list of strings.")
    for members, pattern in ((LENGTHS, r"\d+"), (VALUES, r"-?\d+(\.\d+)?")):
        for key in members:
            if key in parameter and not re.fullmatch(pattern, str(parameter[key])):
                raise malformed(f"[/Parameters/{name}] Every {key} member must be a number.")
    try:
        re.compile(str(parameter.get("AllowedPattern", "")))
    except re.error as error:
        raise malformed(f"Parameter {name} AllowedPattern is no valid regular expression: {error}.") from error


def check_resource(where: str, resource: Any) -> None:
    if not isinstance(resource, dict):
        raise malformed("Any Resources member must be an object.")
    if not isinstance(resource.get("Type"), str):
        raise malformed(f"[{where}] Every Resources object must contain a Type member.")
    for key in MAP_ATTRIBUTES:
        if not isinstance(resource.get(key, {}), dict):
            raise malformed(f"[{where}/{key}] Every {key} member must be an object.")
    needed = resource.get("DependsOn", [])
    if not isinstance(needed, str | list):
        raise malformed("DependsOn must be a string or list of strings.")
    if not all(isinstance(one, str) for one in needed):
        raise malformed("Every DependsOn value must be a string.")
    text("Condition", resource.get("Condition", ""))
    for key, known in (("DeletionPolicy", DELETION_POLICIES), ("UpdateReplacePolicy", UPDATE_REPLACE_POLICIES)):
        if key in resource and resource[key] not in known:
            raise malformed(f"Unrecognized {key} {resource[key]} for resource {where.rpartition('/')[2]}")
    check_creation_policy(where, resource.get("CreationPolicy", {}))


def check_creation_policy(where: str, policy: dict[str, Any]) -> None:
    signal = policy.get("ResourceSignal", {})
    if not isinstance(signal, dict):
        raise malformed(f"[{where}/CreationPolicy] Every ResourceSignal member must be an object.")


def check_output(where: str, output: Any) -> None:
    if not isinstance(output, dict):
        raise malformed("Any Outputs member must be an object.")
    if "Value" not in output:
        raise malformed(f"[{where}] Every Outputs member must contain a Value object.")
    text("Condition", output.get("Condition", ""))
    if not scalar(output.get("Description", "")):
        raise malformed("Every Description member must be a string.")
    export = output.get("Export", {"Name": ""})
    if not isinstance(export, dict) or set(export) != {"Name"}:
        raise malformed(f"[{where}/Export] Every Export member must be an object with a Name.")


# -- intrinsic functions -----------------------------------------------------------------------------------------------
def value(node: Any) -> bool:
    """A text, or a function that gives one."""
    return not isinstance(node, list)


def listed(node: Any) -> bool:
    """A list, or a function that gives one."""
    return isinstance(node, list | dict)


def get_att(node: Any) -> bool:
    if isinstance(node, str):
        return all(node.partition("."))
    return isinstance(node, list) and len(node) == 2 and isinstance(node[0], str) and value(node[1])


def sub(node: Any) -> bool:
    if isinstance(node, str):
        return True
    return isinstance(node, list) and len(node) == 2 and isinstance(node[0], str) and isinstance(node[1], dict)


def pair(first: Callable[[Any], bool], second: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda node: isinstance(node, list) and len(node) == 2 and first(node[0]) and second(node[1])


def is_text(node: Any) -> bool:
    return isinstance(node, str)


FUNCTIONS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "Ref": (is_text, "every Ref object must have a single String value."),
    "Fn::GetAtt": (
        get_att,
        "every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute",
    ),
    "Fn::Sub": (
        sub,
        "One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, "
        "and an optional second argument to specify a mapping of values to replace in the string",
    ),
    "Fn::Join": (
        pair(is_text, listed),
        "every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined "
        "or a function that returns a list of strings (such as Fn::GetAZs) to be joined.",
    ),
    "Fn::Split": (
        pair(is_text, value),
        "every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a "
        "function that returns a string to be split.",
    ),
    "Fn::Select": (
        pair(value, listed),
        "every Fn::Select object requires two parameters, (1) the index and (2) a list or a function that returns one.",
    ),
    "Fn::FindInMap": (
        lambda node: isinstance(node, list) and len(node) in (3, 4) and all(map(value, node[:3])),
        "every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return "
        "value",
    ),
    "Fn::If": (
        lambda node: isinstance(node, list) and len(node) == 3 and isinstance(node[0], str),
        "Fn::If requires a list argument with three elements, the first of which is the name of a condition",
    ),
    "Fn::Base64": (value, "every Fn::Base64 object must have a String-typed value."),
    "Fn::GetAZs": (value, "every Fn::GetAZs object must have a single String value."),
    "Fn::ImportValue": (value, "every Fn::ImportValue object must have a single String value."),
}
"""What each takes, and what is said of one that takes something else."""


def check_functions(node: Any) -> None:
    """Raises Refusal for a function in this part of a template that cannot be computed, whatever the values."""
    for name, (fits, rule) in FUNCTIONS.items():
        for argument in named(node, name):
            if not fits(argument):
                raise Refusal(f"Template error: {rule}")


def named(node: Any, name: str) -> Iterator[Any]:
    """What stands under that key, anywhere in this part of a template."""
    if isinstance(node, dict) and name in node:
        yield node[name]
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for one in inner:
        yield from named(one, name)
