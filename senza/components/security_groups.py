"""``SecurityGroups``: ids, names, functions, and groups that other stacks made."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from senza.components.functions import is_function
from senza.components.model import Site
from senza.components.references import is_reference, resolved
from senza.components.settings import Settings, shown


def is_group_name(item: object) -> bool:
    return isinstance(item, str) and not item.startswith("sg-")


def group_names(items: Iterable[Any]) -> frozenset[str]:
    """The items that must be looked up by name."""
    return frozenset(item for item in items if is_group_name(item))


def resolve_security_groups(settings: Settings, site: Site, key: str = "SecurityGroups") -> list[Any]:
    """Every item of the property as an id or a function. Raises DefinitionError, NotFound, UsageError.

    Groups are a set to AWS. They come in an order of their own (by name, then ids, then functions), so that shuffling
    them in the definition does not make a new version of a launch template.
    """
    found: dict[str, Any] = {}
    for number, item in enumerate(settings.items(key)):
        with settings.blaming(key, number):
            group = _resolve(settings, site, item, (key, number))
        kind = 2 if isinstance(group, dict) else 0 if is_group_name(item) else 1
        found[f"{kind} {json.dumps(item if kind == 0 else group, sort_keys=True)}"] = group
    return [found[order] for order in sorted(found)]


def _resolve(settings: Settings, site: Site, item: Any, path: tuple[str | int, ...]) -> Any:
    if is_reference(item):
        return resolved(item, site.account)
    if is_function(item):
        return dict(item)
    if not isinstance(item, str) or isinstance(item, Mapping):
        raise settings.wrong(
            f"a security group must be an id, a name or a function, not {shown(item)}",
            *path,
            hint="Write e.g. sg-0123abcd, app-hello-world, {Ref: MyGroup} or {Stack: other-1, LogicalId: Group}.",
        )
    if not is_group_name(item):
        return item
    several = len(site.account.security_groups([item])[item]) > 1
    return site.account.security_group(item, site.vpc_id() if several else None).id
