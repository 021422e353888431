"""Keys of a definition that nothing reads, and rules of parameters that are none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from senza.checks.kinds import UNREAD
from senza.checks.model import Finding, mapping
from senza.definition import constraints
from senza.definition.model import Definition, KeyPath
from senza.definition.suggest import did_you_mean
from senza.errors import DefinitionError, SenzaError, UsageError

INFO = ("StackName", "Parameters", "Tags", "OperatorTopicId", "SpotinstAccessToken", "SpotinstAccountId", "Checks",
        "RollbackTriggers", "Rollout")  # fmt: skip
"""What ``SenzaInfo`` may have; other keys may be there for ``{{SenzaInfo.KEY}}``."""
RULES = ("Type", "Default", "Description", "NoEcho", "AllowedValues", "AllowedPattern", "MinLength", "MaxLength",
         "MinValue", "MaxValue", "ConstraintDescription")  # fmt: skip
"""What a parameter may have (User Guide, "Parameters section")."""


class Notes(Protocol):
    """What was found so far, see :class:`senza.checks.gather.Gathered`."""

    findings: list[Finding]

    def wrong(self, error: SenzaError, file: str) -> None: ...


def look_at(definition: Definition, notes: Notes) -> None:
    """Note everything that this module finds."""
    notes.findings += unread(definition)
    for error in wrong_rules(definition):
        notes.wrong(error, definition.source.file)


def unread(definition: Definition) -> Iterator[Finding]:
    """Keys of ``SenzaInfo`` that look like one that is read and is not there, and all unknown ones of parameters."""
    info = mapping(definition.tree.get("SenzaInfo"))
    for key in info:
        missing = [name for name in INFO if name not in info]
        if key not in INFO and (hint := did_you_mean(str(key), missing)):
            yield finding(definition, ("SenzaInfo", str(key)), f"SenzaInfo.{key} has no meaning of its own", hint)
    for index, parameter in enumerate(definition.parameters):
        for key in parameter.settings:
            if key not in RULES:
                place = ("SenzaInfo", "Parameters", index, parameter.name, str(key))
                hint = did_you_mean(str(key), RULES)
                yield finding(definition, place, f"{key} of the parameter {parameter.name} means nothing", hint)


def finding(definition: Definition, place: KeyPath, message: str, hint: str) -> Finding:
    return Finding(UNREAD.id, UNREAD.severity, message, definition.source.where(*place), hint)


def wrong_rules(definition: Definition) -> Iterator[DefinitionError]:
    """What ``create`` would say of a parameter, whatever its value."""
    for index, parameter in enumerate(definition.parameters):
        where = definition.source.where("SenzaInfo", "Parameters", index, parameter.name)
        try:
            constraints.check(parameter, "1", where, is_default=False)
        except DefinitionError as error:
            yield error
        except UsageError:
            pass  # that value is not allowed, which is no mistake
