"""Checks properties against what CloudFormation knows (as troposphere tells) and makes resources of them.

Names are checked at every depth, values are brought to the type that is expected where no meaning is lost (``"2"`` is a
number, ``7`` is a text), functions are let through everywhere.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any

from troposphere import AWSObject, BaseAWSObject
from troposphere import elasticloadbalancing as elb

from senza.components.functions import Function, is_function
from senza.components.settings import Settings, shown
from senza.definition.model import Source
from senza.definition.suggest import did_you_mean
from senza.errors import DefinitionError

UNTYPED: dict[tuple[type[Any], str], type[Any]] = {
    (elb.LoadBalancer, "Listeners"): elb.Listener,
    (elb.LoadBalancer, "Policies"): elb.Policy,
    (elb.LoadBalancer, "AppCookieStickinessPolicy"): elb.AppCookieStickinessPolicy,
    (elb.LoadBalancer, "LBCookieStickinessPolicy"): elb.LBCookieStickinessPolicy,
}
"""Lists that troposphere does not look into, and what is in them."""

Unknown = Callable[[DefinitionError], None]
"""What to do about an unknown property: raise the error, or warn and go on without the property."""


class Shaper:
    """Makes troposphere objects of the properties of one component.

    unknown: told of each unknown property.
    """

    def __init__(self, settings: Settings, unknown: Unknown) -> None:
        self._settings = settings
        self._unknown = unknown

    def resource(
        self, kind: type[AWSObject], logical_id: str, values: Mapping[str, Any], raw: Mapping[str, Any] | None = None
    ) -> AWSObject:
        """A resource. ``raw`` are properties that go into it unchecked.

        Raises DefinitionError where a name or value is wrong, or a required property is missing.
        """
        checked = self._properties(kind, values, ())
        settings = self._settings
        try:
            made = kind(logical_id, **checked)
            made.properties.update(raw or {})
            made.to_dict()  # asks troposphere for what is missing and for what excludes each other
        except (ValueError, TypeError, AttributeError) as error:
            raise settings.wrong(f"{settings.name} is no valid {kind.resource_type}: {error}") from error
        return made

    def part(self, kind: type[BaseAWSObject], values: Mapping[str, Any], *path: Any) -> dict[str, Any]:
        """Values of a property that becomes one part of another resource, checked as the kind of the part.

        path: where they were given. Raises DefinitionError as :meth:`resource`.
        """
        made: dict[str, Any] = self._object(kind, values, path).to_dict()
        return made

    def _properties(
        self, kind: type[BaseAWSObject], values: Mapping[str, Any], path: tuple[Any, ...]
    ) -> dict[str, Any]:
        made = {}
        for name, value in values.items():
            if value is None:
                continue
            if name not in kind.props:
                message = f"{kind.__name__ if path else self._settings.name} has no property {name}"
                self._unknown(self._settings.wrong(message, *path, name, hint=did_you_mean(str(name), kind.props)))
                continue
            made[name] = self._value(kind, name, value, (*path, name))
        return made

    def _value(self, kind: type[BaseAWSObject], name: str, value: Any, path: tuple[Any, ...]) -> Any:
        expected = kind.props[name][0]
        if isinstance(value, Function) or is_function(value):
            return as_function(value)
        if (kind, name) in UNTYPED:
            expected = [UNTYPED[kind, name]]
        if isinstance(expected, list) or expected is list:
            items = value if isinstance(value, list) else [value]
            of = expected[0] if isinstance(expected, list) else None
            return [self._item(of, item, (*path, number)) for number, item in enumerate(items)]
        if isinstance(expected, types.FunctionType):
            return self._validated(expected, value, path)
        return self._item(expected, value, path)

    def _item(self, expected: Any, value: Any, path: tuple[Any, ...]) -> Any:
        if isinstance(value, Function) or is_function(value):
            return as_function(value)
        if isinstance(expected, types.FunctionType):
            return self._validated(expected, value, path)
        if isinstance(expected, type) and issubclass(expected, BaseAWSObject):
            if not isinstance(value, Mapping):
                raise self._settings.wrong(f"{path_text(path)} must be a mapping, not {shown(value)}", *path)
            return self._object(expected, value, path)
        if expected is str:
            if isinstance(value, bool):
                return str(value).lower()
            if isinstance(value, int | float):
                return str(value)
            if not isinstance(value, str):
                raise self._settings.wrong(f"{path_text(path)} must be a text, not {shown(value)}", *path)
        return plain(value)

    def _object(self, expected: type[BaseAWSObject], value: Mapping[str, Any], path: tuple[Any, ...]) -> Any:
        try:
            return expected(None, **self._properties(expected, value, path))
        except (ValueError, TypeError, AttributeError) as error:
            raise self._settings.wrong(f"{path_text(path)} is no valid {expected.__name__}: {error}", *path) from error

    def _validated(self, validator: Callable[[Any], Any], value: Any, path: tuple[Any, ...]) -> Any:
        """What troposphere's validator makes of the value (asked here, since troposphere writes to stderr)."""
        value = plain(value)
        try:
            validator(value)
        except (ValueError, TypeError) as error:
            reason = f": {error}" if str(error) else ""
            kind = validator.__name__.replace("_", " ")
            message = f"{path_text(path)} cannot be {shown(value)} ({kind}){reason}"
            raise self._settings.wrong(message, *path) from error
        return value


def as_function(value: Any) -> Function:
    return value if isinstance(value, Function) else Function(value)


def path_text(path: tuple[Any, ...]) -> str:
    return str(next((part for part in reversed(path) if isinstance(part, str)), "it"))


def plain(value: Any) -> Any:
    """The same in dicts and lists of its own."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def section_of(tree: dict[str, Any], name: str, source: Source, *path: str) -> dict[str, Any]:
    """The mapping of that name in a part of the template; made where it is missing or null.

    path: where the part stands. Raises DefinitionError where it is no mapping.
    """
    section = tree.get(name)
    if section is None:
        section = tree[name] = {}
    if not isinstance(section, dict):
        raise DefinitionError(f"{name} must be a mapping, not {shown(section)}", where=source.where(*path, name))
    return section
