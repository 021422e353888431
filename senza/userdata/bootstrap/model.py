"""What is said about the keys of ``TaupageConfig``, and what is wrong with a configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

OSES = ("AmazonLinux2023", "Ubuntu", "Flatcar")
"""The stock images for which there is a bootstrap, by the name that ``Image`` has in a definition."""

IsFunction = Callable[[object], bool]
"""Whether a value is a CloudFormation function, so that only CloudFormation knows what it stands for."""

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """path: keys and indices from TaupageConfig on, e.g. ``("mounts", "/data", "partition")``.

    fatal: whether no user data can be made; what is not fatal is worth a warning.
    """

    path: Path
    message: str
    hint: str = ""
    fatal: bool = True

    def __str__(self) -> str:
        place = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path).lstrip(".")
        text = f"{place}: {self.message}" if place else self.message
        return f"{text} {self.hint}".rstrip()


@dataclass(frozen=True)
class Shape:
    """name: of the type, for people. fits: whether a literal value is one. open: whether a function may stand there."""

    name: str
    fits: Callable[[Any], bool]
    open: bool = True


@dataclass(frozen=True)
class Listing:
    """A list, each item of that shape; where ``single``, one item may stand without the list."""

    item: Shape
    single: bool = True

    @property
    def name(self) -> str:
        return f"list of {self.item.name}"


@dataclass(frozen=True)
class Table:
    """A mapping from what the definition says to values of one shape. key: what the keys are, for people."""

    key: str
    value: Shape | Listing | Record
    key_fits: Callable[[str], bool] = lambda key: bool(key)

    @property
    def name(self) -> str:
        return f"mapping of {self.key} to {self.value.name}"


@dataclass(frozen=True)
class Record:
    """A mapping with known keys."""

    fields: Mapping[str, Shape | Listing | Table | Record]
    required: frozenset[str] = field(default_factory=frozenset)

    @property
    def name(self) -> str:
        return "{" + ", ".join(key if key in self.required else f"{key}?" for key in self.fields) + "}"


AnyShape = Shape | Listing | Table | Record
