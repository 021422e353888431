"""STACK_REF: what people type to name stacks, e.g. ``hello-world 1``, ``'hello.*'``, ``hello-world v1 v2``. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from senza.errors import UsageError

FURTHER_VERSION = re.compile(r"v[0-9]")
LITERAL = re.compile(r"[A-Za-z0-9-]+")


def split_name(full_name: str) -> tuple[str, str]:
    """``hello-world-1`` as ``("hello-world", "1")``; the version is "" where there is no dash."""
    name, dash, version = full_name.rpartition("-")
    return (name, version) if dash else (full_name, "")


@dataclass(frozen=True)
class StackRef:
    """Regular expressions that match the whole name and the whole version (None: any version)."""

    name: str
    version: str | None = None

    def matches(self, full_name: str) -> bool:
        name, version = split_name(full_name)
        if not re.fullmatch(self.name, name):
            return False
        return self.version is None or re.fullmatch(self.version, version) is not None

    @property
    def exact(self) -> str | None:
        """The stack's full name, where the reference can only mean one."""
        if self.version is not None and LITERAL.fullmatch(self.name) and LITERAL.fullmatch(self.version):
            return f"{self.name}-{self.version}"
        return None

    def __str__(self) -> str:
        return self.name if self.version is None else f"{self.name} {self.version}"


def parse_refs(words: Sequence[str], name_in: Callable[[str], str | None] = lambda word: None) -> tuple[StackRef, ...]:
    """Read ``[name [version [further versions]]]...``.

    name_in: the stack name that a definition file of that name holds, None where the word is no such file.

    Raises UsageError for what is no regular expression.
    """
    refs: list[StackRef] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        known = name_in(word)
        name = checked(word) if known is None else re.escape(known).replace(r"\-", "-")
        if not rest:
            refs.append(StackRef(name))
            continue
        refs.append(StackRef(name, checked(rest.pop(0))))
        while rest and FURTHER_VERSION.match(rest[0]):
            refs.append(StackRef(name, checked(rest.pop(0))))
    return tuple(refs)


def checked(pattern: str) -> str:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(
            f"{pattern!r} is no regular expression: {error}",
            hint="Stacks are named by regular expressions that match the whole name, e.g. 'hello-.*'.",
        ) from error
    return pattern
