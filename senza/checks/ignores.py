"""``SenzaInfo.Checks``: what is not to be told, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from senza.checks.kinds import NOT_IGNORED, SETTINGS, UNUSED
from senza.checks.model import Finding, Kind
from senza.definition import did_you_mean
from senza.definition.model import KeyPath, Source

KEYS = ("Ignore", "RequiredTags")
ENTRY_KEYS = ("Rule", "Because", "Component")
PLACE: KeyPath = ("SenzaInfo", "Checks")
HINT = 'Write: Ignore: [{Rule: SZ101, Because: "the bastion is meant for everybody"}]'
CFN_LINT = re.compile(r"[EWI]\d{4}")
"""Ids of cfn-lint's rules."""


@dataclass(frozen=True)
class Ignore:
    """An exception. component: "" for the whole definition. path: its place."""

    rule: str
    because: str
    component: str
    path: KeyPath

    def covers(self, finding: Finding) -> bool:
        return finding.rule == self.rule and self.component in ("", finding.component, finding.resource)


@dataclass(frozen=True)
class Ignored:
    """A finding that is not to be told."""

    finding: Finding
    because: str


class Faults:
    """Collects what is wrong with the section."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.found: list[Finding] = []

    def add(self, message: str, path: KeyPath, hint: str = HINT) -> None:
        where = self.source.where(*path)
        self.found.append(Finding(SETTINGS.id, SETTINGS.severity, message, where, hint, link=SETTINGS.link))


def ignores_of(
    info: Mapping[str, Any], source: Source, known: Iterable[Kind]
) -> tuple[tuple[Ignore, ...], tuple[Finding, ...]]:
    """The exceptions that ``SenzaInfo`` makes, and what is wrong with how it says so. known: all rules of ours."""
    section = info.get("Checks")
    faults = Faults(source)
    if section is None:
        return (), ()
    if not isinstance(section, Mapping):
        faults.add("SenzaInfo.Checks must be a mapping", PLACE)
        return (), tuple(faults.found)
    for key in section:
        if key not in KEYS:
            near = did_you_mean(str(key), KEYS) or f"There are {' and '.join(KEYS)}."
            faults.add(f"SenzaInfo.Checks has no {key}", (*PLACE, str(key)), near)
    tags = section.get("RequiredTags")
    if tags is not None and not (isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)):
        faults.add("RequiredTags must be a list of names", (*PLACE, "RequiredTags"), "Write: RequiredTags: [Team]")
    entries = section.get("Ignore")
    if entries is not None and not isinstance(entries, list):
        faults.add("Ignore must be a list", (*PLACE, "Ignore"))
        entries = None
    ids = {kind.id for kind in known}
    made = [_entry(entry, (*PLACE, "Ignore", number), ids, faults) for number, entry in enumerate(entries or ())]
    return tuple(ignore for ignore in made if ignore), tuple(faults.found)


def _entry(entry: Any, path: KeyPath, known: set[str], faults: Faults) -> Ignore | None:
    if not isinstance(entry, Mapping):
        faults.add("each entry of Ignore must be a mapping with Rule and Because", path)
        return None
    for key in entry:
        if key not in ENTRY_KEYS:
            near = did_you_mean(str(key), ENTRY_KEYS) or f"There are {', '.join(ENTRY_KEYS)}."
            faults.add(f"an entry of Ignore has no {key}", (*path, str(key)), near)
    rule, because = str(entry.get("Rule") or ""), str(entry.get("Because") or "").strip()
    if not rule:
        faults.add("an entry of Ignore names no Rule", path)
        return None
    fixed = {kind.id for kind in NOT_IGNORED}
    if rule in fixed:
        faults.add(f"{rule} cannot be ignored", (*path, "Rule"), "Correct what it says.")
    elif rule not in known and not CFN_LINT.fullmatch(rule):
        near = did_you_mean(rule, known - fixed) or "senza check shows the id of each finding."
        faults.add(f"there is no rule {rule}", (*path, "Rule"), near)
    if not because:
        faults.add(f"the entry for {rule} gives no reason", path)
        return None
    return Ignore(rule, because, str(entry.get("Component") or ""), path)


def applied(
    findings: Sequence[Finding],
    ignores: Sequence[Ignore],
    source: Source,
    looked_for: Iterable[str],
    names: Iterable[str],
) -> tuple[list[Finding], list[Ignored]]:
    """What is left to tell, unused exceptions included, and what is not told.

    looked_for: ids of the rules that were asked, which alone tell that an exception is not needed (all of cfn-lint's
    are ``E``, ``W`` and ``I``). names: of components and resources.
    """
    kept: list[Finding] = []
    ignored: list[Ignored] = []
    fixed = {kind.id for kind in NOT_IGNORED}
    used: set[Ignore] = set()
    for finding in findings:
        cover = next((one for one in ignores if one.covers(finding)), None) if finding.rule not in fixed else None
        if cover is None:
            kept.append(finding)
        else:
            used.add(cover)
            ignored.append(Ignored(finding, cover.because))
    asked = set(looked_for)
    unused = (one for one in ignores if one not in used and ({one.rule, one.rule[:1]} & asked))
    kept.extend(_unused(unused, source, list(names)))
    return kept, ignored


def _unused(ignores: Iterable[Ignore], source: Source, names: list[str]) -> Iterator[Finding]:
    for ignore in ignores:
        about = f" of {ignore.component}" if ignore.component else ""
        hint = "Remove the entry."
        if ignore.component and ignore.component not in names:
            hint = f"There is no component {ignore.component}. {did_you_mean(ignore.component, names)}".strip()
        message = f"nothing is found by {ignore.rule}{about} that the entry would hide"
        yield Finding(UNUSED.id, UNUSED.severity, message, source.where(*ignore.path), hint, link=UNUSED.link)
