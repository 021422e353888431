"""Differences between templates, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Path = tuple[str | int, ...]


class Missing:
    """Where there is nothing."""

    def __repr__(self) -> str:
        return "missing"


MISSING: Final = Missing()


@dataclass(frozen=True)
class Difference:
    """One place that differs. old, new: what is there, :data:`MISSING` for nothing."""

    path: Path
    old: Any
    new: Any

    @property
    def key_path(self) -> str:
        text = ""
        for key in self.path:
            text += f"[{key}]" if isinstance(key, int) or text.endswith("Tags") else f".{key}" if text else str(key)
        return text


@dataclass(frozen=True)
class ResourceDifference:
    """change: ``added``, ``removed`` or ``changed``. effect: see ResourceChange.effect; "" where it is not known."""

    logical_id: str
    type: str
    change: str
    differences: tuple[Difference, ...] = ()
    effect: str = ""
    because: tuple[str, ...] = ()
    """Parameters and other resources that it follows from, where the change set says so."""
    note: str = ""
    """See ResourceChange.note."""


@dataclass(frozen=True)
class Side:
    """One of the two that are compared. parameters: without values that nobody may know."""

    template: Mapping[str, Any]
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    name: str
    version: str

    @property
    def full_name(self) -> str:
        return f"{self.name}-{self.version}"


@dataclass(frozen=True)
class Comparison:
    """folded: how many places differ by nothing but the version."""

    resources: tuple[ResourceDifference, ...] = ()
    parameters: tuple[Difference, ...] = ()
    tags: tuple[Difference, ...] = ()
    other: tuple[Difference, ...] = ()
    folded: int = 0
    unknown: tuple[str, ...] = field(default=())
    """NoEcho parameters of which nobody can say whether they differ."""

    @property
    def different(self) -> bool:
        return bool(self.resources or self.parameters or self.tags or self.other)


def plain(node: Any) -> Any:
    """With every scalar as text: templates say ``"20"`` and ``20``, ``"true"`` and ``true`` for the same."""
    if isinstance(node, dict):
        return {str(key): plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain(value) for value in node]
    return str(node).lower() if isinstance(node, bool) else node if node in (None, MISSING) else str(node)
