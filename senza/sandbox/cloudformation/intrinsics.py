"""Intrinsic functions and conditions ("Intrinsic function reference" in the CloudFormation guide)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from senza.sandbox.cloudformation.errors import Refusal
from senza.sandbox.cloudformation.template import SUB_VARIABLE

Lookup = Callable[[str, str | None], Any]
"""(logical id, attribute or None for Ref) to its value."""
NOTHING = object()
OPERANDS = {"Fn::Equals": (2, 2), "Fn::Not": (1, 1), "Fn::And": (2, 10), "Fn::Or": (2, 10)}
"""Least and most that each takes ("Condition functions" in the CloudFormation User Guide)."""
"""AWS::NoValue: what has it is left out."""


def symbolic(logical_id: str, attribute: str | None) -> str:
    """A value that stands for one which is not known yet: the same reference, the same text."""
    return f"\0{logical_id}.{attribute or 'Ref'}\0"


class Resolver:
    """Computes values of one template.

    names: what Ref gives for parameters and pseudo parameters. lookup: values of resources. exports: by name.
    """

    def __init__(
        self, template: dict[str, Any], names: Mapping[str, Any], lookup: Lookup, exports: Mapping[str, str]
    ) -> None:
        self._mappings: dict[str, Any] = template.get("Mappings") or {}
        self._conditions: dict[str, Any] = template.get("Conditions") or {}
        self._resources: dict[str, Any] = template.get("Resources") or {}
        self._names = names
        self._lookup = lookup
        self._exports = exports
        self.imported: set[str] = set()
        """The names of the exports that were asked for."""
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::FindInMap": self._find_in_map,
            "Fn::If": self._if,
            "Fn::Join": self._join,
            "Fn::Split": self._split,
            "Fn::Select": self._select,
            "Fn::Sub": self._sub,
            "Fn::Base64": lambda value: base64.b64encode(text(self.resolve(value)).encode()).decode(),
            "Fn::GetAZs": self._zones,
            "Fn::ImportValue": self._import,
            "Fn::ToJsonString": lambda value: json.dumps(self.resolve(value)),
        }

    def resolve(self, node: Any) -> Any:
        """The node with every function in it computed. Raises Refusal."""
        if isinstance(node, list):
            return [value for one in node if (value := self.resolve(one)) is not NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            name, argument = next(iter(node.items()))
            if name in self._functions:
                return self._functions[name](argument)
            if name.startswith("Fn::"):
                raise Refusal(f"Template error: the senza sandbox does not know {name}")
        return {key: value for key, one in node.items() if (value := self.resolve(one)) is not NOTHING}

    def holds(self, condition: str) -> bool:
        """Whether that condition is true. Raises Refusal."""
        if condition not in self._conditions:
            raise Refusal(f"Template error: unresolved condition dependency {condition}")
        return self._truth(self._conditions[condition])

    def _truth(self, node: Any) -> bool:
        name, argument = "", node
        if isinstance(node, dict) and len(node) == 1:
            name, argument = next(iter(node.items()))
        if name == "Condition":
            return self.holds(argument)
        least, most = OPERANDS.get(name, (0, 0))
        if most and not (isinstance(argument, list) and least <= len(argument) <= most):
            raise Refusal(f"Template error: every {name} object requires a list of {least} to {most} parameters.")
        if name == "Fn::Equals":
            return text(self.resolve(argument[0])) == text(self.resolve(argument[1]))
        if name == "Fn::Not":
            return not self._truth(argument[0])
        if name == "Fn::And":
            return all(self._truth(one) for one in argument)
        if name == "Fn::Or":
            return any(self._truth(one) for one in argument)
        raise Refusal("Template format error: Conditions can only be boolean operations on parameters and conditions")

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NOTHING
        if name in self._names:
            return self._names[name]
        return self._lookup(name, None)

    def _get_att(self, argument: Any) -> Any:
        name, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        return self._lookup(name, text(self.resolve(attribute)))

    def _find_in_map(self, argument: list[Any]) -> Any:
        name, first, second = (text(self.resolve(one)) for one in argument[:3])
        if name not in self._mappings:
            where = "in the 'Mappings' section of template."
            raise Refusal(f"Template error: Mapping named '{name}' is not present {where}")
        try:
            return self._mappings[name][first][second]
        except KeyError:
            if len(argument) > 3 and "DefaultValue" in argument[3]:
                return self.resolve(argument[3]["DefaultValue"])
            raise Refusal(f"Template error: Unable to get mapping for {name}::{first}::{second}") from None

    def _if(self, argument: list[Any]) -> Any:
        condition, then, otherwise = argument
        return self.resolve(then if self.holds(condition) else otherwise)

    def _join(self, argument: list[Any]) -> str:
        parts = self.resolve(argument[1])
        parts = parts if isinstance(parts, list) else [parts]
        return str(argument[0]).join(text(one) for one in parts)

    def _split(self, argument: list[Any]) -> list[str]:
        return text(self.resolve(argument[1])).split(argument[0])

    def _select(self, argument: list[Any]) -> Any:
        values = self.resolve(argument[1])
        if isinstance(values, str) and values.startswith("\0"):
            return values  # part of a value that is not known yet
        given = text(self.resolve(argument[0]))
        if not given.isdecimal() or not isinstance(values, list):
            raise Refusal("Template error: every Fn::Select object requires an integer and a list.")
        index = int(given)
        if index >= len(values):
            if any(isinstance(one, str) and "\0" in one for one in values):
                return f"\0{values}[{index}]\0"
            raise Refusal(f"Template error: Fn::Select cannot select nonexistent value at index {index}")
        return values[index]

    def _sub(self, argument: Any) -> str:
        template, own = (argument, {}) if isinstance(argument, str) else argument
        variables = {key: self.resolve(value) for key, value in own.items()}

        def value_of(name: str) -> str:
            if name in variables:
                return text(variables[name])
            return text(self._get_att(name) if "." in name else self._ref(name))

        return SUB_VARIABLE.sub(lambda found: value_of(found[1].strip()), template).replace("${!", "${")

    def _zones(self, argument: Any) -> list[str]:
        region = text(self.resolve(argument)) or self._names["AWS::Region"]
        return [region + letter for letter in "abc"]

    def _import(self, argument: Any) -> str:
        name = text(self.resolve(argument))
        self.imported.add(name)
        return self._exports.get(name, f"\0import.{name}\0")


def text(value: Any) -> str:
    """A scalar the way CloudFormation writes it into a string."""
    return str(value).lower() if isinstance(value, bool) else str(value)
