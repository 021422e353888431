"""mkdocs hook: put the rules of ``senza check`` into ``checks.md``, from the rules themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from senza.checks.kinds import ALWAYS, NOT_IGNORED
from senza.checks.model import Kind, Rule
from senza.checks.online.kinds import ONLINE
from senza.checks.rules import RULES

PAGE = "checks.md"
MARKERS = {"<!-- rules -->": RULES, "<!-- always -->": ALWAYS, "<!-- online -->": ONLINE}


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """mkdocs calls this for every page."""
    return with_rules(markdown) if page.file.src_uri == PAGE else markdown


def with_rules(markdown: str) -> str:
    for marker, kinds in MARKERS.items():
        markdown = markdown.replace(marker, tables(kinds))
    return markdown.replace("<!-- examples -->", "\n".join(section(rule) for rule in RULES))


def tables(kinds: Sequence[Kind]) -> str:
    rows = [f"| {name(kind)} | {kind.severity} | {kind.title} |" for kind in kinds]
    if not isinstance(kinds[0], Rule):
        rows = [f"{row[:-2]}. {why(kind)} |" for row, kind in zip(rows, kinds, strict=True)]
    return "\n".join(["| id | is | what |", "|---|---|---|", *rows])


def name(kind: Kind) -> str:
    return f"[{kind.id}](#{kind.id.lower()})" if isinstance(kind, Rule) else f"`{kind.id}`"


def why(kind: Kind) -> str:
    more = f" ([AWS]({kind.link}))" if kind.link else ""
    return kind.why + more + (" It cannot be ignored." if kind in NOT_IGNORED else "")


def section(rule: Rule) -> str:
    return (
        f"### {rule.id}\n\n**{rule.title}** ({rule.severity}). {rule.why} See [the documentation]({rule.link}).\n\n"
        f"Found:\n\n```yaml\n{rule.bad}```\n\nFine:\n\n```yaml\n{rule.good}```\n"
    )
