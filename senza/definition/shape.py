"""Is this tree a definition? The two keys of senza's own, and nothing about what stands in plain CloudFormation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from senza.definition.model import Parameter, Source
from senza.definition.suggest import suggest
from senza.errors import DefinitionError

if TYPE_CHECKING:
    from senza.definition.yamltree import Tree

RESERVED = ("region", "version")
"""Names under ``Arguments`` that are no parameters."""

_SMALLEST = "The smallest one is:\nSenzaInfo:\n  StackName: my-app"
_PARAMETERS_HINT = "Write:\nParameters:\n  - ImageVersion:\n      Description: Docker image version"
_COMPONENT_HINT = "Write:\nSenzaComponents:\n  - AppServer:\n      Type: Senza::TaupageAutoScalingGroup"


def check(tree: Tree) -> tuple[Parameter, ...]:
    """Return the parameters that the definition declares; raise DefinitionError where its shape is wrong."""
    value, source = tree.value, tree.source
    if value is None:
        raise DefinitionError("this file is empty", hint=_SMALLEST, where=source.where())
    if not isinstance(value, dict):
        raise DefinitionError("a definition is a YAML mapping, this is not", hint=_SMALLEST, where=source.where())
    if "SenzaInfo" not in value:
        near = suggest("SenzaInfo", [key for key in value if isinstance(key, str)], limit=1)
        hint = f"Is {near[0]} meant to be SenzaInfo?" if near else _SMALLEST
        raise DefinitionError("SenzaInfo is missing", hint=hint, where=source.where(*near))
    info = value["SenzaInfo"]
    if not isinstance(info, dict):
        raise DefinitionError("SenzaInfo must be a mapping", hint=_SMALLEST, where=source.where("SenzaInfo"))
    _check_stack_name(info, source)
    _check_components(value.get("SenzaComponents"), source)
    return _parameters(info.get("Parameters"), source)


def _check_stack_name(info: dict[Any, Any], source: Source) -> None:
    if "StackName" not in info:
        near = suggest("StackName", [key for key in info if isinstance(key, str)], limit=1)
        hint = f"Is {near[0]} meant to be StackName?" if near else _SMALLEST
        raise DefinitionError("SenzaInfo.StackName is missing", hint=hint, where=source.where("SenzaInfo", *near))
    if not isinstance(info["StackName"], str) or not info["StackName"]:
        raise DefinitionError(
            "SenzaInfo.StackName must be a text",
            hint="Write e.g. StackName: my-app",
            where=source.where("SenzaInfo", "StackName"),
        )


def _check_components(components: Any, source: Source) -> None:
    if components is None:
        return
    if not isinstance(components, list):
        raise DefinitionError(
            "SenzaComponents must be a list", hint=_COMPONENT_HINT, where=source.where("SenzaComponents")
        )
    for index, entry in enumerate(components):
        name, settings = _only_entry(entry, source, ("SenzaComponents", index), "component", _COMPONENT_HINT)
        where = source.where("SenzaComponents", index, name)
        if not isinstance(settings, dict):
            raise DefinitionError(f"the component {name} has no Type", hint=_COMPONENT_HINT, where=where)
        if not isinstance(settings.get("Type"), str):
            near = suggest("Type", [key for key in settings if isinstance(key, str)], limit=1)
            hint = f"Is {near[0]} meant to be Type?" if near and "Type" not in settings else _COMPONENT_HINT
            problem = "a Type that is no text" if "Type" in settings else "no Type"
            raise DefinitionError(f"the component {name} has {problem}", hint=hint, where=where)


def _parameters(entries: Any, source: Source) -> tuple[Parameter, ...]:
    place = ("SenzaInfo", "Parameters")
    if entries is None:
        return ()
    if not isinstance(entries, list):
        raise DefinitionError("Parameters must be a list", hint=_PARAMETERS_HINT, where=source.where(*place))
    parameters: dict[str, Parameter] = {}
    for index, entry in enumerate(entries):
        name, settings = _only_entry(entry, source, (*place, index), "parameter", _PARAMETERS_HINT)
        where = source.where(*place, index, name)
        if settings is None:
            settings = {}
        if not isinstance(settings, dict):
            raise DefinitionError(f"the parameter {name} must be a mapping", hint=_PARAMETERS_HINT, where=where)
        if name in RESERVED:
            raise DefinitionError(
                f"a parameter cannot be called {name}: {{{{Arguments.{name}}}}} has a meaning already",
                hint="Give it another name.",
                where=where,
            )
        if name in parameters:
            raise DefinitionError(f"the parameter {name} is there twice", hint="Remove one of them.", where=where)
        parameters[name] = Parameter(name, settings)
    return tuple(parameters.values())


def _only_entry(entry: Any, source: Source, path: tuple[str | int, ...], what: str, hint: str) -> tuple[str, Any]:
    """The name and value of a one-key mapping."""
    where = source.where(*path)
    if not isinstance(entry, dict) or not entry:
        raise DefinitionError(f"each {what} must be a mapping of its name to its settings", hint=hint, where=where)
    if len(entry) > 1:
        names = ", ".join(str(key) for key in entry)
        first = next(iter(entry))
        if entry[first] is None:
            hint = f"Indent what follows {first}: by two more spaces, so that it belongs to {first}."
        else:
            hint = f"Start each {what} with a dash of its own.\n{hint}"
        raise DefinitionError(f"one {what} has several names: {names}", hint=hint, where=where)
    ((name, settings),) = entry.items()
    return str(name), settings
