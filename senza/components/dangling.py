"""References that lead nowhere and parts that are none of a template, found before AWS is asked.

CloudFormation would refuse the whole template, after everything that comes before a stack is done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from senza.components.template_shapes import misshapen
from senza.definition.model import KeyPath
from senza.definition.suggest import did_you_mean

VARIABLE = re.compile(r"\$\{([^!{}][^{}]*)\}")
"""``${Name}``; ``${!Name}`` is text."""
SECTIONS = ("Conditions", "Resources", "Outputs")
"""Where functions count (User Guide, "Intrinsic function reference")."""


def dangling(template: Mapping[str, Any], region: Callable[[], str]) -> Iterator[tuple[KeyPath, str, str]]:
    """Path, what is wrong and a suggestion, for each Ref, Fn::GetAtt, Fn::Sub, Fn::FindInMap and DependsOn without a
    target, and for what has no form of a template.

    region: looked up only where it matters. A template with a Transform is not looked at: macros may add what is
    missing.
    """
    if "Transform" in template:
        return
    yield from misshapen(template)
    resources = template.get("Resources") or {}
    names = {*resources, *(template.get("Parameters") or {})}
    for section in SECTIONS:
        for path, function, argument in functions(template.get(section), (section,)):
            if function == "Ref" and isinstance(argument, str) and not argument.startswith("AWS::"):
                if argument not in names:
                    yield path, f"there is no resource or parameter {argument}", did_you_mean(argument, names)
            elif function == "Fn::GetAtt" and (target := resource_of(argument)) and target not in resources:
                yield path, f"there is no resource {target}", did_you_mean(target, resources)
            elif function == "Fn::Sub":
                for name, dot, _ in (variable.partition(".") for variable in sorted(variables(argument))):
                    if not name.startswith("AWS::") and name not in names:
                        what = "resource" if dot else "resource or parameter"
                        yield path, f"there is no {what} {name}", did_you_mean(name, names)
            elif function == "Fn::FindInMap":
                yield from missing_entry(path, argument, template.get("Mappings") or {}, region)
    for name, resource in resources.items():
        needed = resource.get("DependsOn") if isinstance(resource, Mapping) else None
        for target in needed if isinstance(needed, list) else [needed]:
            if isinstance(target, str) and target not in resources:
                place = ("Resources", name, "DependsOn")
                yield place, f"there is no resource {target}", did_you_mean(target, resources)


def functions(node: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str, Any]]:
    """The intrinsic functions in a tree: where, which, and their argument."""
    if isinstance(node, Mapping):
        if len(node) == 1:
            name, argument = next(iter(node.items()))
            if name in ("Ref", "Fn::GetAtt", "Fn::Sub", "Fn::FindInMap"):
                yield path, name, argument
        for key, value in node.items():
            yield from functions(value, (*path, key))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from functions(value, (*path, number))


def resource_of(argument: Any) -> str | None:
    """The resource that an Fn::GetAtt names, as ``[name, attribute]`` or ``name.attribute``."""
    first = argument[0] if isinstance(argument, list) and argument else argument
    return first.partition(".")[0] if isinstance(first, str) else None


def variables(argument: Any) -> set[str]:
    """``Name`` and ``Name.Attribute`` in an Fn::Sub, but for the variables that it defines itself."""
    text, own = argument, {}
    if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], Mapping):
        text, own = argument
    found = VARIABLE.findall(text) if isinstance(text, str) else []
    return {name.strip() for name in found} - own.keys()


def missing_entry(
    path: KeyPath, argument: Any, mappings: Mapping[str, Any], region: Callable[[], str]
) -> Iterator[tuple[KeyPath, str, str]]:
    """An entry of a map that is not there, as far as map and keys are literal or the region."""
    if not isinstance(argument, list) or len(argument) != 3:  # a fourth one is a default
        return
    node: Any = mappings
    trail = "Mappings"
    for key in argument:
        key = region() if key == {"Ref": "AWS::Region"} else key
        if not isinstance(key, str) or not isinstance(node, Mapping):
            return
        if key not in node:
            yield path, f"{trail} has no {key}", _instead(key, trail, [str(name) for name in node])
            return
        node, trail = node[key], f"{trail}.{key}"


def _instead(key: str, trail: str, names: list[str]) -> str:
    if trail.startswith("Mappings.Images") and key.startswith("ami-"):
        return f"Image is a name in that map. The id of an image goes into another property: ImageId: {key}"
    return did_you_mean(key, names)
