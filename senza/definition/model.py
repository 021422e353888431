"""What a definition file says, as values. Nothing here knows about AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from senza.errors import Where

KeyPath = tuple[str | int, ...]

ENCRYPTED = "senza:kms:"
"""Begins values that are base64 KMS ciphertext."""


@dataclass(frozen=True)
class Source:
    """Where a tree came from: file name and the line (1-based) of every key path."""

    file: str
    lines: Mapping[KeyPath, int] = field(default_factory=dict)

    def where(self, *path: str | int) -> Where:
        """The place of a key path; of its nearest known parent's line where the path itself has none."""
        for length in range(len(path), -1, -1):
            line = self.lines.get(path[:length])
            if line is not None:
                return Where(self.file, path, line)
        return Where(self.file, path)


@dataclass(frozen=True)
class Parameter:
    """One entry of ``SenzaInfo.Parameters``."""

    name: str
    settings: Mapping[str, Any]
    """Description, Default, AllowedPattern... as CloudFormation names them."""

    @property
    def no_echo(self) -> bool:
        return str(self.settings.get("NoEcho", "")).lower() == "true"


@dataclass(frozen=True)
class Component:
    """One entry of ``SenzaComponents``."""

    name: str
    type: str
    """As written: ``Senza::AutoScalingGroup``."""
    settings: Mapping[str, Any]
    """Everything but ``Type``."""
    path: KeyPath
    """Its place in the file, e.g. ``("SenzaComponents", 1, "AppServer")``."""


@dataclass(frozen=True)
class Definition:
    """A file that was loaded and is not bound to arguments yet."""

    tree: Mapping[str, Any]
    parameters: tuple[Parameter, ...]
    source: Source
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bound:
    """A definition with its arguments filled in: no Mustache is left in it.

    arguments: every parameter as text, plus ``region`` and ``version``. Values of NoEcho parameters are in here, so
    this is never printed.
    info: ``SenzaInfo``, rendered, without the ``StackVersion`` and ``Tags`` that the compiler adds.
    template: the plain CloudFormation of the file, rendered (everything but the two Senza keys).
    warnings: what the user should be told and what does not stop the work.
    """

    stack_name: str
    version: str
    arguments: Mapping[str, str]
    parameters: tuple[Parameter, ...]
    info: Mapping[str, Any]
    components: tuple[Component, ...]
    template: Mapping[str, Any]
    source: Source
    warnings: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """The stack's name in AWS, e.g. ``hello-world-1``."""
        return f"{self.stack_name}-{self.version}"
