"""What is not shown of differences: what only names the version, and secrets."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from senza.stacks.comparison import MISSING, Difference, Side, plain

VERSION_KEY = "StackVersion"
SAID = r"(?i:((?:application_version|stack_?version)['\"]?\s*[:=]\s*['\"]?))"
"""How user data says the version."""
DISTINCT = 4
"""Characters from which a version is not found in a text by chance."""
HIDDEN = "***"


class Folding:
    """Tells places that only name the version from real differences. count: how many it found."""

    def __init__(self, old: Side, new: Side) -> None:
        self._versions = (old.version, new.version)
        self._names = (old.full_name, new.full_name)
        self.count = 0

    def hides(self, one: Difference) -> bool:
        if VERSION_KEY in one.path and (plain(one.old), plain(one.new)) == self._versions:
            return True
        return bool(self._renamed(plain(one.old)) == plain(one.new))

    def reduced(self, one: Difference) -> Difference:
        """Of a long text only the lines that differ by more than the version."""
        if isinstance(one.old, str) and isinstance(one.new, str) and "\n" in one.old:
            return Difference(one.path, self._renamed(one.old), one.new)
        return one

    def _renamed(self, node: Any) -> Any:
        """The old value with the new names: of the stack, and of the version where that is no chance word."""
        if isinstance(node, dict):
            return {self._renamed(key): self._renamed(value) for key, value in node.items()}
        if isinstance(node, list):
            return [self._renamed(value) for value in node]
        if not isinstance(node, str):
            return node
        text = replaced(node, *self._names)
        text = replaced(text, self._names[0].lower(), self._names[1].lower())
        old, new = self._versions
        text = re.sub(rf"{SAID}{re.escape(old)}(?=['\"]?\s*$)", lambda found: found[1] + new, text, flags=re.MULTILINE)
        return replaced(text, *self._versions) if len(self._versions[0]) >= DISTINCT else text


def replaced(text: str, old: str, new: str) -> str:
    """The whole word ``old`` as ``new``."""
    return re.sub(rf"(?<![A-Za-z0-9]){re.escape(old)}(?![A-Za-z0-9])", lambda _: new, text) if old else text


class Mask:
    """Hides secrets in what is shown."""

    def __init__(self, secrets: Collection[str]) -> None:
        self._secrets = sorted({one for one in secrets if len(one) >= DISTINCT}, key=len, reverse=True)
        self._exact = set(secrets) - {""}

    def of(self, one: Difference) -> Difference:
        """The same, to be shown. Where the new value holds a secret, the old one may hold a former one."""
        old, new = self._hidden(one.old), self._hidden(one.new)
        if new != one.new:
            old = former(old, new)
        return Difference(one.path, old, new)

    def _hidden(self, node: Any) -> Any:
        if isinstance(node, dict):
            return {key: self._hidden(value) for key, value in node.items()}
        if isinstance(node, list):
            return [self._hidden(value) for value in node]
        if not isinstance(node, str):
            return node
        for secret in self._secrets:
            node = node.replace(secret, HIDDEN)
        return HIDDEN if node in self._exact else node


def former(old: Any, new: Any) -> Any:
    """The old value without what stands where the new one has a secret."""
    if not isinstance(old, str) or not isinstance(new, str):
        return old if old is MISSING else HIDDEN
    if "\n" not in old:
        return HIDDEN
    begun = [line.partition(HIDDEN)[0] for line in new.splitlines() if HIDDEN in line]
    there = set(new.splitlines())
    if not all(one.strip() for one in begun):
        return "\n".join(line if line in there else HIDDEN for line in old.splitlines())
    return "\n".join(next((one + HIDDEN for one in begun if line.startswith(one)), line) for line in old.splitlines())
