"""What a parameter allows, checked before AWS does.

User guide, "Parameters section": AllowedValues, AllowedPattern (a Java regular expression that must match all of the
value), MinLength/MaxLength for String, MinValue/MaxValue for Number; a list type is text with commas.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

from senza.definition.model import ENCRYPTED, Parameter
from senza.errors import DefinitionError, UsageError, Where

_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)


def check(parameter: Parameter, value: str, where: Where, *, is_default: bool) -> list[str]:
    """Check one value; return warnings for what could not be checked.

    parameter: with its settings rendered. where: the place of the parameter in the file.
    Raises UsageError for a value that was given, DefinitionError for a default or for a rule that is none.
    """
    if parameter.no_echo and value.startswith(ENCRYPTED):
        return []  # the rules are about the plaintext, and CloudFormation checks that
    rules, told = parameter.settings, []
    problem = ""
    kind = str(rules.get("Type", "String"))
    items = [item.strip() for item in value.split(",")] if _is_list(kind) else [value]
    if kind in ("Number", "List<Number>"):
        wrong = [item for item in items if not _NUMBER.fullmatch(item)]
        problem = "must be a number" if kind == "Number" else "must be numbers with commas between them"
        problem = problem if wrong else ""
    if not problem and "AllowedValues" in rules:
        allowed = _allowed(parameter, where)
        if not set(items) <= {spelling for spellings in allowed for spelling in spellings}:
            problem = f"must be one of: {', '.join(names[0] for names in allowed)}"
    if not problem and "AllowedPattern" in rules:
        problem, untold = _pattern(parameter, items, where)
        told += untold
    if not problem and kind == "String":
        problem = _between(len(value), parameter, "Length", " characters long", where)
    if not problem and kind == "Number":
        problem = _between(float(value), parameter, "Value", "", where)
    if not problem:
        return told
    shown = "" if parameter.no_echo else f" {value!r}"
    whose = "default" if is_default else "value"
    message = f"the {whose}{shown} of the parameter {parameter.name} {problem}"
    if is_default and not value:  # a habit of old files, which the classic tool lets pass
        return [*told, f"{where}: {message}; CloudFormation may refuse it"]
    raise (DefinitionError if is_default else UsageError)(message, hint=_hint(parameter), where=where)


def _hint(parameter: Parameter) -> str:
    about = parameter.settings.get("ConstraintDescription") or parameter.settings.get("Description")
    return f"{parameter.name}: {' '.join(str(about).split())}" if about else ""


def _is_list(kind: str) -> bool:
    return kind == "CommaDelimitedList" or kind.startswith("List<")


def _allowed(parameter: Parameter, where: Where) -> list[tuple[str, ...]]:
    """Each allowed value in its spellings: a YAML ``true`` is ``true`` for AWS and ``True`` as a default."""
    allowed = parameter.settings["AllowedValues"]
    if not isinstance(allowed, list) or any(isinstance(item, (list, dict)) for item in allowed):
        raise DefinitionError(
            f"AllowedValues of the parameter {parameter.name} must be a list of values",
            hint="Write e.g. AllowedValues: [small, large]",
            where=where,
        )
    return [(str(item).lower(), str(item)) if isinstance(item, bool) else (str(item),) for item in allowed]


def _pattern(parameter: Parameter, items: list[str], where: Where) -> tuple[str, list[str]]:
    pattern = str(parameter.settings["AllowedPattern"])
    try:
        with warnings.catch_warnings():
            # Python warns of what Java reads as something else, such as [a-z&&[^b]]
            warnings.simplefilter("error")
            compiled = re.compile(pattern, re.ASCII)
    except (re.error, Warning, OverflowError, RecursionError):
        return "", [
            f"{where}: the AllowedPattern of {parameter.name} is not checked here, as it is one that only Java "
            f"understands; CloudFormation checks it: {pattern}"
        ]
    if all(compiled.fullmatch(item) for item in items):
        return "", []
    return f"must match {pattern}", []


def _between(measured: float, parameter: Parameter, what: str, unit: str, where: Where) -> str:
    low, high = (_bound(parameter, f"{end}{what}", where) for end in ("Min", "Max"))
    if low is not None and measured < low:
        return f"must be at least {low:g}{unit}"
    if high is not None and measured > high:
        return f"must be at most {high:g}{unit}"
    return ""


def _bound(parameter: Parameter, name: str, where: Where) -> float | None:
    limit: Any = parameter.settings.get(name)
    if limit is None:
        return None
    if isinstance(limit, bool) or not _NUMBER.fullmatch(str(limit)):
        raise DefinitionError(f"{name} of the parameter {parameter.name} must be a number", where=where)
    return float(limit)
