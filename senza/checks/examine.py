"""All rules on one definition, and the exceptions that it makes. Pure: ``create`` runs the same, too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from senza.account import Account
from senza.checks.ignores import Ignored, applied, ignores_of
from senza.checks.kinds import ALWAYS, WRONG
from senza.checks.model import Finding, Kind, Severity, Subject, located, mapping
from senza.checks.online.kinds import ONLINE
from senza.checks.rules import RULES
from senza.components import Compiled
from senza.definition.model import Bound

KINDS: tuple[Kind, ...] = (*ALWAYS, *RULES, *ONLINE)
"""Everything that has an id of ours."""


@dataclass(frozen=True)
class Report:
    """findings: by file and line, errors first where they stand at the same one. ignored: what is not told, and why."""

    findings: tuple[Finding, ...]
    ignored: tuple[Ignored, ...] = ()

    def count(self, severity: Severity) -> int:
        return sum(finding.severity == severity for finding in self.findings)


def by_rules(subject: Subject) -> list[Finding]:
    """What our own rules find."""
    return [located(rule.id, rule.severity, rule.link, hit, subject) for rule in RULES for hit in rule.find(subject)]


def report(findings: Iterable[Finding], bound: Bound | None, looked_for: Iterable[str] = ()) -> Report:
    """The findings without those that the definition makes an exception of.

    bound: None where the definition could not be read so far. looked_for: ids besides our own rules that were asked;
    ``E`` and ``W`` for all of cfn-lint's.
    """
    findings = list(findings)
    wrong = {finding.where for finding in findings if finding.rule == WRONG.id}  # nothing else is to be said there
    findings = [finding for finding in findings if finding.rule == WRONG.id or finding.where not in wrong]
    if bound is None:
        return Report(in_order(findings))
    ignores, faults = ignores_of(bound.info, bound.source, KINDS)
    asked = {*(rule.id for rule in RULES), *looked_for}
    names = [*(component.name for component in bound.components), *map(str, mapping(bound.template.get("Resources")))]
    kept, ignored = applied(findings, ignores, bound.source, asked, names)
    return Report(in_order([*kept, *faults]), tuple(ignored))


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    def order(finding: Finding) -> tuple[str, int, bool, str, str]:
        where = finding.where
        return where.file, where.line or 0, finding.severity != "error", finding.rule, finding.message

    return tuple(sorted(dict.fromkeys(findings), key=order))


def before_sending(bound: Bound, compiled: Compiled, region: str, zones: Mapping[str, str] | None = None) -> Report:
    """What ``create`` and ``update`` look at: our own rules, which take a millisecond or two."""
    return report(by_rules(Subject(bound, compiled, region, zones or {})), bound)


def known_zones(account: Account, bound: Bound) -> dict[str, str]:
    """Zone of each subnet where a component has looked for them, so that nothing is asked for this; else nothing."""
    if not any(component.type.endswith("AutoConfiguration") for component in bound.components):
        return {}
    return {subnet.id: subnet.zone for subnet in account.all_subnets()}


def lines(findings: Sequence[Finding], most: int) -> list[str]:
    """One line for each finding; of more than ``most`` the rest is counted."""
    told = [f"{finding.where}: {finding.message} ({finding.rule})" for finding in findings[:most]]
    rest = len(findings) - len(told)
    return [*told, f"and {rest} more, see senza check"] if rest else told
