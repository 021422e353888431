"""How differences are shown: coloured text for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import unified_diff
from typing import TYPE_CHECKING, Any

import click

from senza.discretion import harmless, visible_json

if TYPE_CHECKING:
    from senza.stacks.change_sets import ChangeSet
    from senza.stacks.comparison import Comparison, Difference, ResourceDifference

MARKS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}
EFFECTS = {
    "replace": ("replaces it", "red"),
    "may replace": ("may replace it", "red"),
    "interrupt": ("interrupts it", "yellow"),
    "delete": ("deletes it", "red"),
    "leave": ("leaves it behind", "yellow"),
    "none": ("in place", None),
}
CONTEXT = 1
"""Lines around a changed line of a text."""


def show(comparison: Comparison) -> None:
    """Print it on stdout."""
    for line in lines(comparison):
        click.echo(line)


def lines(comparison: Comparison) -> Iterator[str]:
    for one in comparison.resources:
        yield from resource_lines(one)
    for title, found in (
        ("Parameters", comparison.parameters),
        ("Tags", comparison.tags),
        ("Other parts of the template", comparison.other),
    ):
        if found:
            yield click.style(title, bold=True)
            for each in found:
                yield from difference_lines(each)


def resource_lines(one: ResourceDifference) -> Iterator[str]:
    mark, colour = MARKS[one.change]
    says, warning = EFFECTS.get(one.effect, ("", None))
    says = ", ".join(filter(None, (says, one.note)))
    effect = "  " + click.style(f"({says})", fg=warning) if says else ""
    yield click.style(harmless(f"{mark} {one.logical_id}"), fg=colour, bold=True) + harmless(f"  {one.type}") + effect
    for each in one.differences:
        yield from difference_lines(each)
    if one.because and not one.differences:
        yield harmless(f"    follows from {', '.join(one.because)}")


def difference_lines(one: Difference) -> Iterator[str]:
    from senza.stacks.comparison import MISSING

    path = harmless(one.key_path.removeprefix("Properties."))
    if any(isinstance(value, str) and "\n" in value for value in (one.old, one.new)):
        yield f"    {path}:"
        yield from text_lines(one.old, one.new)
    elif one.old is MISSING:
        yield click.style(f"    + {path}: {short(one.new)}", fg="green")
    elif one.new is MISSING:
        yield click.style(f"    - {path}: {short(one.old)}", fg="red")
    else:
        yield f"    {path}: {click.style(short(one.old), fg='red')} → {click.style(short(one.new), fg='green')}"


def text_lines(old: Any, new: Any) -> Iterator[str]:
    """Long texts, e.g. user data, line by line."""
    before, after = (harmless(value).splitlines() if isinstance(value, str) else [] for value in (old, new))
    for line in list(unified_diff(before, after, n=CONTEXT, lineterm=""))[2:]:
        if line.startswith("@@"):
            yield "      …"
            continue
        colour = {"+": "green", "-": "red"}.get(line[0])
        yield "      " + (click.style(line, fg=colour) if colour else line)


def short(value: Any) -> str:
    return harmless(value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False, default=str))


def as_json(comparison: Comparison, **about: Any) -> str:
    """With stable keys. about: further facts, which come first."""
    found = {
        **about,
        "different": comparison.different,
        "resources": [
            {
                "logical_id": one.logical_id,
                "type": one.type,
                "change": one.change,
                "effect": one.effect or None,
                "note": one.note or None,
                "because": list(one.because),
                "differences": [plain(each) for each in one.differences],
            }
            for one in comparison.resources
        ],
        "parameters": [plain(each) for each in comparison.parameters],
        "tags": [plain(each) for each in comparison.tags],
        "other": [plain(each) for each in comparison.other],
        "folded": comparison.folded,
        "unknown_parameters": list(comparison.unknown),
    }
    return visible_json(json.dumps(found, indent=2, ensure_ascii=False))


def plain(one: Difference) -> dict[str, Any]:
    """old or new is left out where there is nothing."""
    from senza.stacks.comparison import MISSING

    sides = {"old": one.old, "new": one.new}
    return {"path": one.key_path, **{name: value for name, value in sides.items() if value is not MISSING}}


def summary(change_set: ChangeSet) -> str:
    """``perhaps replaced: AppServer; changed in place: AppServerConfig``, what is worst first but for what is new."""
    words = {"create": "created", "delete": "deleted", "leave": "left behind"}
    words |= {"replace": "replaced", "may replace": "perhaps replaced"}
    words |= {"interrupt": "interrupted", "none": "changed in place"}
    groups: dict[tuple[str, str], list[str]] = {}
    for one in change_set.changes:
        groups.setdefault((one.effect, change_set.note_of(one)), []).append(one.logical_id)

    def place(group: tuple[str, str]) -> tuple[int, bool, bool]:
        effect, note = group
        return list(words).index(effect), bool(note), note == "if at all"

    told = ((*group, ", ".join(groups[group])) for group in sorted(groups, key=place))
    return "; ".join(f"{', '.join(filter(None, (words[effect], note)))}: {ids}" for effect, note, ids in told)
