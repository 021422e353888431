"""Values of the section with their place in the file, read by their types."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from senza.definition.model import KeyPath
from senza.definition.suggest import did_you_mean
from senza.errors import DefinitionError, Where
from senza.rollout.settings.quantities import Wrong, duration, fraction, latency, weight

Chosen = TypeVar("Chosen", bound=StrEnum)
Read = TypeVar("Read")


@dataclass(frozen=True)
class Key:
    """One key of a mapping, as it is checked and documented. kind and default are as a person reads them."""

    name: str
    kind: str
    default: str
    text: str


@dataclass(frozen=True)
class Node:
    """A value of the definition. path: its keys from the root. place: finds file and line of a path."""

    value: Any
    path: KeyPath
    place: Callable[..., Where]

    @property
    def name(self) -> str:
        """How messages call it: the last key of the path."""
        return str(next((key for key in reversed(self.path) if isinstance(key, str)), "it"))

    def wrong(self, message: str, hint: str = "") -> DefinitionError:
        return DefinitionError(message, hint=hint, where=self.place(*self.path))

    def child(self, key: str | int, value: Any) -> Node:
        return Node(value, (*self.path, key), self.place)

    def mapping(self, keys: Iterable[Key], what: str = "") -> dict[str, Node]:
        """The keys that have a value. what: how the mapping is called. Raises DefinitionError for an unknown key."""
        names = [key.name for key in keys]
        what = what or self.name
        if not isinstance(self.value, Mapping):
            raise self.wrong(f"{what} must be a mapping, not {shown(self.value)}", f"Its keys are {', '.join(names)}.")
        for key in self.value:
            if key not in names:
                hint = did_you_mean(key, names) or f"Its keys are {', '.join(names)}."
                raise self.child(key if isinstance(key, int) else str(key), None).wrong(
                    f"{what} has no key {key}", hint
                )
        return {key: self.child(key, value) for key, value in self.value.items() if value is not None}

    def items(self) -> list[Node]:
        """A list; something that is no list counts as its only item."""
        if isinstance(self.value, list):
            return [self.child(number, value) for number, value in enumerate(self.value)]
        return [self]

    def text(self) -> str:
        """A text that is not empty; numbers count as text."""
        if isinstance(self.value, bool) or not isinstance(self.value, str | int | float):
            raise self.wrong(f"{self.name} must be a text, not {shown(self.value)}")
        text = str(self.value).strip()
        if not text:
            raise self.wrong(f"{self.name} is empty")
        if not text.isprintable():
            raise self.wrong(f"{self.name} must be one line of printable characters")
        return text

    def command(self) -> str:
        """A text that may have several lines."""
        if not isinstance(self.value, str) or not self.value.strip() or "\0" in self.value:
            raise self.wrong(f"{self.name} must be a command line, not {shown(self.value)}")
        return self.value.strip()

    def boolean(self) -> bool:
        text = str(self.value).lower()
        if text not in ("true", "false"):
            raise self.wrong(f"{self.name} must be true or false, not {shown(self.value)}")
        return text == "true"

    def whole(self, least: int) -> int:
        """A whole number of at least that (text of one counts)."""
        text = "" if isinstance(self.value, bool) else str(self.value).strip()
        if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < least:
            raise self.wrong(f"{self.name} must be a whole number of at least {least}, not {shown(self.value)}")
        return int(text)

    def number(self) -> float:
        """A number, or percent: ``0.3``, ``30%``."""
        return self._quantity(lambda value: fraction(value, bare=True))

    def percent(self) -> float:
        """``5%`` as 0.05. The sign is needed, as 0.5 could mean half or half a percent."""
        return self._quantity(fraction)

    def duration(self) -> float:
        """Seconds."""
        return self._quantity(duration)

    def latency(self) -> float:
        """Seconds of ``250ms`` or ``1.5s``."""
        return self._quantity(latency)

    def weight(self) -> int:
        """Half percents, 1 to 200."""
        return self._quantity(weight)

    def choice(self, choices: type[Chosen]) -> Chosen:
        """One of an enumeration; case does not matter."""
        by_fold = {str(one).casefold(): one for one in choices}
        found = by_fold.get(str(self.value).strip().casefold())
        if found is None:
            known = ", ".join(choices)
            raise self.wrong(
                f"{self.name} must be one of {known}, not {shown(self.value)}", did_you_mean(str(self.value), choices)
            )
        return found

    def url(self) -> str:
        """An http or https URL. Messages do not show it, as it may hold a secret."""
        text = self.text()
        if not re.fullmatch(r"https?://[^\s/?#]+([/?][^\s#]*)?", text, re.IGNORECASE):
            raise self.wrong(f"{self.name} must be a URL that begins with https:// or http:// and has no #fragment")
        return text

    def _quantity(self, read: Callable[[Any], Read]) -> Read:
        try:
            return read(self.value)
        except Wrong as wrong:
            raise self.wrong(f"{self.name} must be {wrong}, not {shown(self.value)}", wrong.hint) from None


def shown(value: object) -> str:
    """A value in a message; long ones are named by their kind."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
