"""From what stands on the command line to a value for each parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from senza.definition import mustache
from senza.definition.model import Definition, Parameter
from senza.definition.suggest import did_you_mean, suggest
from senza.definition.templating import account_names
from senza.errors import DefinitionError, UsageError

MASK = "****"
"""What is shown of a NoEcho value."""


def assign(
    definition: Definition,
    arguments: Sequence[str],
    values: Mapping[str, object],
    defaults: Mapping[str, str],
) -> dict[str, str]:
    """Return the parameters that are given a value.

    arguments: positional values in the order of declaration, then ``Name=value``. values: those of the parameter file.
    defaults: of the environment, for which neither has to name a parameter.
    Raises UsageError: too many, unknown, twice, or one that has no default is missing.
    """
    declared = {parameter.name: parameter for parameter in definition.parameters}
    given: dict[str, str] = {}
    for name, value in values.items():
        if name not in declared:
            raise _usage(definition, f"the parameter file sets {name}, which this definition does not have", name)
        given[name] = str(value)
    named = False
    for position, argument in enumerate(arguments):
        name, sign, value = argument.partition("=")
        if sign and name in declared:
            named = True
        elif sign:
            raise _not_a_keyword(definition, name, argument, position)
        elif named:
            raise _usage(definition, f"argument {position + 1} comes after Name=value and has no name of its own")
        elif position >= len(declared):
            raise _usage(definition, f"too many arguments: {len(arguments)} given, {len(declared)} needed at most")
        else:
            name, value = definition.parameters[position].name, argument
        if name in given:
            raise _usage(definition, f"the parameter {name} is given twice")
        given[name] = value
    needed = [name for name, parameter in declared.items() if parameter.settings.get("Default") is None]
    missing = [name for name in needed if name not in given and name not in defaults]
    if missing:
        raise _usage(definition, f"no value for the parameter{'s' if len(missing) > 1 else ''} {', '.join(missing)}")
    return given


def with_defaults(definition: Definition, given: Mapping[str, str], account_info: object) -> dict[str, str]:
    """Return a value for each parameter, in the order of declaration.

    account_info: what ``{{AccountInfo.…}}`` in a default stands for; asked only where such a default is used.
    Raises DefinitionError for a default that cannot be rendered.
    """
    names = [parameter.name for parameter in definition.parameters]
    return {
        name: given[name] if name in given else _default(definition, index, account_info)
        for index, name in enumerate(names)
    }


def _default(definition: Definition, index: int, account_info: object) -> str:
    """A default as text: with AccountInfo filled in, and the Python way (``False``) where it is not text."""
    parameter = definition.parameters[index]
    default = parameter.settings["Default"]
    if not isinstance(default, str) or "{{" not in default:
        return str(default)
    try:
        return mustache.render(default, {"AccountInfo": account_names(account_info)})
    except mustache.MustacheFault as fault:
        raise DefinitionError(
            f"in the default of the parameter {parameter.name}: {fault.message}",
            hint=f"A default may use AccountInfo only. {fault.hint}".strip(),
            where=definition.source.where("SenzaInfo", "Parameters", index, parameter.name, "Default"),
        ) from fault


def _not_a_keyword(definition: Definition, name: str, argument: str, position: int) -> UsageError:
    """``text=…`` where text is no parameter: a misspelt name, or a value that has a = in it."""
    names = [parameter.name for parameter in definition.parameters]
    near = suggest(name, names)
    if not near and any(parameter.no_echo for parameter in definition.parameters):
        # it may be somebody's password
        message, value = f"argument {position + 1} has a = in it, and what stands before it is no parameter", "VALUE"
    else:
        message, value = f"this definition has no parameter {name}", argument
    if near:
        return _usage(definition, message, name)
    target = names[position] if position < len(names) else "Name"
    return _usage(definition, message, hint=f"If all of it is a value, write {target}={value}")


def _usage(definition: Definition, message: str, meant: str = "", hint: str = "") -> UsageError:
    """A usage error that lists the parameters. meant: a name that was given, to find the nearest ones."""
    names = [parameter.name for parameter in definition.parameters]
    lines = [did_you_mean(meant, names) if meant else hint, describe(definition.parameters)]
    return UsageError(f"{definition.source.file}: {message}", hint="\n".join(line for line in lines if line))


def describe(parameters: tuple[Parameter, ...]) -> str:
    """The parameters as the user should give them: name, description and default, a line each."""
    if not parameters:
        return "This definition has no parameters."
    width = max(len(parameter.name) for parameter in parameters)
    lines = [f"  {parameter.name:{width}}  {_about(parameter)}".rstrip() for parameter in parameters]
    return "\n".join(["Parameters, in this order or as Name=value:", *lines])


def _about(parameter: Parameter) -> str:
    description: Any = parameter.settings.get("Description") or ""
    parts = [" ".join(str(description).split())]
    if parameter.settings.get("Default") is not None:
        default = MASK if parameter.no_echo else str(parameter.settings["Default"])
        parts.append(f"(default: {default})" if default else "(default: empty)")
    return " ".join(part for part in parts if part)
