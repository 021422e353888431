"""The properties of a component, read with their types and blamed with their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from senza.components.functions import is_function
from senza.definition.model import Component, Source
from senza.definition.suggest import did_you_mean
from senza.errors import DefinitionError, SenzaError, Where


class Settings:
    """A mapping of the definition and its place: the properties of a component, or a mapping inside them.

    A property without a value (``null``) counts as not given.
    """

    def __init__(self, name: str, values: Mapping[str, Any], path: tuple[str | int, ...], source: Source) -> None:
        self.name = name
        self.values = {key: value for key, value in values.items() if value is not None}
        self.path = path
        self.source = source

    @classmethod
    def of(cls, component: Component, source: Source) -> Settings:
        return cls(component.name, component.settings, component.path, source)

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def where(self, *path: str | int) -> Where:
        return self.source.where(*self.path, *path)

    def wrong(self, message: str, *path: str | int, hint: str = "") -> DefinitionError:
        return DefinitionError(message, hint=hint, where=self.where(*path))

    @contextmanager
    def blaming(self, *path: str | int) -> Iterator[None]:
        """Say of errors raised inside that they are about this place."""
        try:
            yield
        except SenzaError as error:
            if error.where is None:
                error.where = self.where(*path)
            raise

    def get(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)

    def require(self, name: str, example: str) -> Any:
        """The value. Raises DefinitionError where it is missing; the example is what to write after the name."""
        if name not in self.values:
            near = did_you_mean(name, self.values)
            raise self.wrong(f"{self.name} needs {name}", hint=f"{near} Write e.g. {name}: {example}".strip())
        return self.values[name]

    def section(self, name: str) -> Settings | None:
        """A mapping inside, or None where it is not given."""
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, Mapping) or is_function(value):
            raise self.wrong(f"{name} must be a mapping, not {shown(value)}", name)
        return Settings(name, value, (*self.path, name), self.source)

    def items(self, name: str) -> list[Any]:
        """A list; something that is no list counts as its only item, an empty text as none."""
        value = self.values.get(name)
        if value is None or value == "":
            return []
        return list(value) if isinstance(value, list) else [value]

    def text(self, name: str, default: str = "") -> str:
        """A plain text; numbers count as text. Raises DefinitionError for functions, lists, mappings."""
        value = self.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.wrong(f"{name} must be a text, not {shown(value)}", name)
        return str(value)

    def integer(self, name: str, default: int | None = None) -> Any:
        """A whole number (text of one counts), a function as it is, or the default."""
        value = self.values.get(name, default)
        if value is None or is_function(value):
            return value
        try:
            if isinstance(value, bool) or (isinstance(value, float) and value != int(value)):
                raise ValueError
            return int(value)
        except (TypeError, ValueError):
            raise self.wrong(f"{name} must be a whole number, not {shown(value)}", name) from None

    def boolean(self, name: str, default: bool) -> bool:
        """true or false (text of them counts)."""
        value = self.values.get(name, default)
        text = str(value).lower()
        if text not in ("true", "false"):
            raise self.wrong(f"{name} must be true or false, not {shown(value)}", name)
        return text == "true"


def shown(value: object) -> str:
    """A value in a message; long ones are named by their kind."""
    if isinstance(value, Mapping):
        return "a function" if is_function(value) else "a mapping"
    if isinstance(value, list):
        return "a list"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
