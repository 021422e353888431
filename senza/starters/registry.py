"""Starters by name: ours, imported when they are used, and those of installed packages.

A package adds starters with entry points of the group ``senza.starters``: the entry point's name is what is given as
``-t``, its object a subclass of Starter, e.g. ``acme-queue = acme_senza:QueueStarter``. Our names are ours.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from senza.errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from senza.starters.model import Starter

GROUP = "senza.starters"

BUILT_IN = {
    "webapp": ("webapp", "WebApp"),
    "bgapp": ("bgapp", "BackgroundApp"),
    "postgresapp": ("postgresapp", "PostgresApp"),
    "rediscluster": ("redis", "RedisCluster"),
    "redisnode": ("redis", "RedisNode"),
}
"""Name -> module of this package and class."""


def names() -> list[str]:
    """All names, ours first."""
    return [*BUILT_IN, *(name for name in _entries() if name not in BUILT_IN)]


def starters() -> list[Starter]:
    """All starters, ours first. Raises UsageError for one of a package that cannot be loaded."""
    return [find_starter(name) for name in names()]


def find_starter(name: str) -> Starter:
    """The starter of that name. Raises UsageError."""
    if name in BUILT_IN:
        module, kind = BUILT_IN[name]
        made: Starter = getattr(import_module(f"senza.starters.{module}"), kind)()
        return made
    entries = _entries()
    if name not in entries:
        from senza.definition.suggest import did_you_mean

        known = names()
        hint = did_you_mean(name, known) or f"There are {', '.join(known)}."
        raise UsageError(f"there is no starter {name}", hint=hint)
    return _loaded(name, entries[name])


def _entries() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # slow, and seldom needed

    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _loaded(name: str, entry: EntryPoint) -> Starter:
    from senza.starters.model import Starter

    hint = "Update or uninstall the package that it belongs to."
    try:
        found = entry.load()
    except Exception as error:
        raise UsageError(f"the starter {name} ({entry.value}) cannot be loaded: {error}", hint=hint) from error
    if not isinstance(found, type) or not issubclass(found, Starter):
        raise UsageError(f"the starter {name} ({entry.value}) is not a subclass of Starter", hint=hint)
    return found()
