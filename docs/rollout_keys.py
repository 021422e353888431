"""mkdocs hook: put the tables of keys into ``rollout-settings.md``, from what the section is checked with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from senza.rollout.settings.gates import BUILT_IN_KEYS, OWN_KEYS
from senza.rollout.settings.reading import Key
from senza.rollout.settings.section import HOOK_KEYS, KEEP_KEYS, NOTIFY_KEYS, SECTION_KEYS
from senza.rollout.settings.sources import METRIC_KEYS, PROMETHEUS_KEYS
from senza.rollout.settings.strategies import STEP_KEYS

PAGE = "rollout-settings.md"
TABLES: Mapping[str, Sequence[Key]] = {
    "section": SECTION_KEYS,
    "step": STEP_KEYS,
    **BUILT_IN_KEYS,
    "own": OWN_KEYS,
    "metric": METRIC_KEYS,
    "Prometheus": PROMETHEUS_KEYS,
    "hook": HOOK_KEYS,
    "keep": KEEP_KEYS,
    "notify": NOTIFY_KEYS,
}
MARKER = re.compile(r"<!-- keys: (\w+) -->")


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """mkdocs calls this for every page."""
    return with_tables(markdown) if page.file.src_uri == PAGE else markdown


def with_tables(markdown: str) -> str:
    """Raises KeyError for a marker without a table."""
    return MARKER.sub(lambda match: table(TABLES[match[1]]), markdown)


def table(keys: Sequence[Key]) -> str:
    rows = "".join(f"| `{key.name}` | {key.kind} | {key.default or '–'} | {cell(key.text)} |\n" for key in keys)
    return f"| key | value | default | |\n|---|---|---|---|\n{rows}".rstrip("\n")


def cell(text: str) -> str:
    return text.replace("|", "\\|")
