"""Mappings inside a component's properties: which names they have, and which of them must be given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from senza.components.functions import is_function
from senza.components.model import Property
from senza.components.settings import Settings
from senza.definition.suggest import did_you_mean
from senza.errors import DefinitionError

Tolerate = Callable[[DefinitionError], None]
"""Raises the error, or with ``--force`` warns of it."""


def checked(section: Settings, properties: Sequence[Property], tolerate: Tolerate) -> Settings:
    """The section without unknown names. Raises DefinitionError for those and for what is missing."""
    known = [item.name for item in properties]
    for name in section.values:
        if name not in known:
            hint = did_you_mean(str(name), known) or f"It has {', '.join(known)}."
            tolerate(section.wrong(f"{section.name} has no property {name}", name, hint=hint))
    for item in properties:
        if item.required:
            section.require(item.name, f"<{item.type}>" if item.default is None else str(item.default))
    kept = {name: value for name, value in section.values.items() if name in known}
    return Settings(section.name, kept, section.path, section.source)


def checked_section(
    settings: Settings, name: str, properties: Sequence[Property], tolerate: Tolerate
) -> Settings | None:
    """As :func:`checked`, of a property; None where it is not given."""
    section = settings.section(name)
    return checked(section, properties, tolerate) if section else None


def entries(settings: Settings, name: str, properties: Sequence[Property], tolerate: Tolerate) -> list[Settings]:
    """The mappings of a list; a mapping alone counts as its only item."""
    found = []
    for number, item in enumerate(settings.items(name)):
        if not isinstance(item, Mapping) or is_function(item):
            raise settings.wrong(f"an entry of {name} must be a mapping", name, number)
        path = (*settings.path, name, number) if isinstance(settings.get(name), list) else (*settings.path, name)
        found.append(checked(Settings(name, item, path, settings.source), properties, tolerate))
    return found


def one_of(settings: Settings, name: str, choices: Sequence[str], default: str | None = None) -> str:
    """A text that must be one of the choices, whatever its case. Raises DefinitionError."""
    text = settings.text(name, default or "")
    for choice in choices:
        if choice.lower() == text.lower():
            return choice
    hint = did_you_mean(text, choices) or f"Write {', '.join(choices[:-1])} or {choices[-1]}."
    raise settings.wrong(f"there is no {name} {text}", name, hint=hint)


def without_nothing(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
