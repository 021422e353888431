"""mkdocs hook: put the tables of TaupageConfig's keys into ``docker-contract.md``, from what it is checked with."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from senza.userdata.bootstrap.keys import FAMILIES, KEYS, Becomes, Key

PAGE = "docker-contract.md"
MARKER = re.compile(r"<!-- keys: (\w+) -->")


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """mkdocs calls this for every page."""
    return with_tables(markdown) if page.file.src_uri == PAGE else markdown


def with_tables(markdown: str) -> str:
    """Raises ValueError for a marker that names no table."""
    return MARKER.sub(lambda match: table(Becomes(match[1])), markdown)


def table(becomes: Becomes) -> str:
    keys = [key for key in KEYS.values() if key.becomes is becomes]
    if becomes is Becomes.REFUSED:
        rows = [(key.name, key.meaning, key.instead) for key in keys]
        rows += [(f"{prefix}…", was, instead) for prefix, (was, instead) in FAMILIES.items()]
        return rendered(("key", "what it was", "instead"), rows)
    if becomes is Becomes.NEEDLESS:
        return rendered(("key", "why it has no effect"), [(key.name, key.meaning) for key in keys])
    return rendered(("key", "value", "what becomes of it"), [(key.name, key.shape.name, meaning(key)) for key in keys])


def meaning(key: Key) -> str:
    return f"{key.meaning} Not on {' and '.join(key.not_on)}." if key.not_on else key.meaning


def rendered(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *((f"`{name}`", *map(cell, others)) for name, *others in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(text: str) -> str:
    return text.replace("|", "\\|")
