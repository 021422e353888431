"""A definition and its arguments become a :class:`Bound`: no Mustache left, every value checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from senza.definition import constraints, naming, parameters
from senza.definition.model import Bound, Component, Definition, Parameter
from senza.definition.templating import Arguments, Templating
from senza.errors import DefinitionError, UsageError

OWN_KEYS = ("SenzaInfo", "SenzaComponents")
"""The keys of a definition that are not CloudFormation."""


def bind(
    definition: Definition,
    version: str,
    arguments: Sequence[str],
    *,
    region: str | Callable[[], str],
    account_info: object,
    parameter_values: Mapping[str, object] | None = None,
    defaults: Mapping[str, str] | None = None,
    defaults_of: str = "the environment",
) -> Bound:
    """Fill in version and arguments.

    arguments: what follows the version on the command line. parameter_values: of the parameter file.
    defaults: of the environment, which go before those of the definition; a name that it does not have is ignored.
    defaults_of: how messages call it.
    region: its name, or how to find it out (asked only when something needs it).
    account_info: has the attributes :data:`senza.definition.templating.ACCOUNT_NAMES`; each is read when a tag asks for
    it, and what it raises is passed on.
    Raises UsageError and DefinitionError before anything is sent to AWS.
    """
    naming.check_version(version)
    said = parameters.assign(definition, arguments, parameter_values or {}, defaults or {})
    names = {parameter.name for parameter in definition.parameters}
    given = {name: value for name, value in (defaults or {}).items() if name in names} | said
    values = parameters.with_defaults(definition, given, account_info)
    bound_arguments = Arguments({**values, "version": version}, region)
    templating = Templating(definition.tree, definition.source, bound_arguments, definition.parameters, account_info)
    info = templating.info()
    rendered = _rendered_parameters(info)
    origins = {name: defaults_of for name in given if name not in said}
    told = _check(definition, rendered, values, given, origins)
    stack_name = str(info["StackName"])
    naming.check_stack_name(stack_name, version, definition.source.where("SenzaInfo", "StackName"))
    components = _components(definition, templating)
    template = templating.tree({key: value for key, value in definition.tree.items() if key not in OWN_KEYS}, ())
    return Bound(
        stack_name=stack_name,
        version=version,
        arguments=bound_arguments,
        parameters=rendered,
        info=info,
        components=components,
        template=template,
        source=templating.source(),
        warnings=(*definition.warnings, *told, *templating.warnings),
    )


def _rendered_parameters(info: Mapping[str, Any]) -> tuple[Parameter, ...]:
    entries = info.get("Parameters") or []
    return tuple(Parameter(str(name), settings or {}) for entry in entries for name, settings in entry.items())


def _check(
    definition: Definition,
    rendered: tuple[Parameter, ...],
    values: Mapping[str, str],
    given: Mapping[str, str],
    origins: Mapping[str, str],
) -> list[str]:
    """origins: of given values that were not said for this run."""
    told: list[str] = []
    for index, (declared, parameter) in enumerate(zip(definition.parameters, rendered, strict=True)):
        where = definition.source.where("SenzaInfo", "Parameters", index, declared.name)
        value = values[declared.name]
        try:
            told += constraints.check(parameter, value, where, is_default=declared.name not in given)
        except UsageError as error:
            if isinstance(error, DefinitionError) or declared.name not in origins:
                raise
            hint = f"The value comes from {origins[declared.name]}.\n{error.hint}".strip()
            raise UsageError(error.message, hint=hint, where=error.where) from error
    return told


def _components(definition: Definition, templating: Templating) -> tuple[Component, ...]:
    entries = templating.tree(definition.tree.get("SenzaComponents") or [], ("SenzaComponents",))
    components = []
    for index, entry in enumerate(entries):
        ((name, settings),) = entry.items()
        path = ("SenzaComponents", index, name)
        kind = settings.get("Type")
        if not isinstance(kind, str):
            # only where a key that is templated became another one
            raise DefinitionError(f"the component {name} has no Type", where=definition.source.where(*path))
        rest = {key: value for key, value in settings.items() if key != "Type"}
        components.append(Component(str(name), kind, rest, path))
    return tuple(components)
