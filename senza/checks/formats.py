"""A report as text for people, JSON, SARIF 2.1.0 and GitHub's workflow commands. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from senza.checks.examine import KINDS, Report
from senza.checks.ignores import Ignored
from senza.checks.model import Finding
from senza.errors import Where

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LIKELY_LINE = 1
"""GitHub's code scanning wants a line for every finding; what has none is told at the top of the file."""


def key_path(where: Where) -> str:
    """``SenzaComponents[1].AppServer.InstanceType``, "" for the whole file."""
    return str(Where("", where.path)).removeprefix(": ")


def as_text(report: Report, version: str) -> str:
    blocks = []
    for finding in report.findings:
        where = finding.where
        place = where.file if where.line is None else f"{where.file}:{where.line}"
        lines = [f"{place}: {finding.severity} {finding.rule}: {finding.message}"]
        lines += [f"  {line}" for part in (key_path(where), finding.hint, finding.link) for line in part.splitlines()]
        blocks.append("\n".join(lines))
    return "\n".join(blocks)


def as_json(report: Report, version: str) -> str:
    """A list of objects: findings first, then what is ignored, which alone has ``because``."""
    rows = [as_object(finding) for finding in report.findings]
    rows += [{**as_object(one.finding), "because": one.because} for one in report.ignored]
    return json.dumps(rows, indent=2, ensure_ascii=False)


def as_object(finding: Finding) -> dict[str, Any]:
    where = finding.where
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "message": finding.message,
        "hint": finding.hint,
        "file": where.file,
        "line": where.line,
        "path": list(where.path),
        "component": finding.component,
        "resource": finding.resource,
        "link": finding.link,
    }


def as_github(report: Report, version: str) -> str:
    """Workflow commands, which GitHub shows beside the lines (GitHub docs, "Workflow commands for GitHub Actions")."""
    lines = []
    for finding in report.findings:
        where = finding.where
        properties = {"file": where.file, "line": where.line, "title": f"senza check {finding.rule}"}
        given = ",".join(f"{name}={property_text(value)}" for name, value in properties.items() if value is not None)
        text = "\n".join(filter(None, [finding.message, key_path(where), finding.hint]))
        lines.append(f"::{finding.severity} {given}::{data_text(text)}")
    return "\n".join(lines)


def data_text(text: object) -> str:
    return str(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def property_text(text: object) -> str:
    return data_text(text).replace(":", "%3A").replace(",", "%2C")


def as_sarif(report: Report, version: str) -> str:
    """SARIF 2.1.0 (OASIS standard), as GitHub's code scanning takes it. What is ignored is told as suppressed."""
    every = [*report.findings, *(one.finding for one in report.ignored)]
    rules = sarif_rules(every)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    results = [sarif_result(finding, index) for finding in report.findings]
    results += [sarif_suppressed(one, index) for one in report.ignored]
    driver = {"name": "senza check", "version": version, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def sarif_rules(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """The rules that have found something: ours with their reasons, cfn-lint's with their link."""
    own = {kind.id: kind for kind in KINDS}
    rules: dict[str, dict[str, Any]] = {}
    for finding in findings:
        kind = own.get(finding.rule)
        rule: dict[str, Any] = {"id": finding.rule}
        if kind:
            rule["shortDescription"] = {"text": kind.title}
            rule["fullDescription"] = {"text": kind.why}
        else:
            rule["shortDescription"] = {"text": f"cfn-lint {finding.rule}"}
        if finding.link:
            rule["helpUri"] = finding.link
        rule["defaultConfiguration"] = {"level": kind.severity if kind else finding.severity}
        rules.setdefault(finding.rule, rule)
    return [rules[name] for name in sorted(rules)]


def sarif_result(finding: Finding, index: Mapping[str, int]) -> dict[str, Any]:
    where = finding.where
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": uri(where.file)},
            "region": {"startLine": where.line or LIKELY_LINE},
        }
    }
    if where.path:
        location["logicalLocations"] = [{"fullyQualifiedName": key_path(where)}]
    return {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": finding.severity,
        "message": {"text": " ".join(filter(None, [f"{finding.message}.", finding.hint]))},
        "locations": [location],
    }


def sarif_suppressed(one: Ignored, index: Mapping[str, int]) -> dict[str, Any]:
    suppression = {"kind": "inSource", "justification": one.because}
    return {**sarif_result(one.finding, index), "suppressions": [suppression]}


def uri(file: str) -> str:
    """A path as a URI reference (RFC 3986); a URL as it is."""
    if "://" in file and urlsplit(file).scheme in ("https", "file"):
        return file
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


FORMATS: dict[str, Callable[[Report, str], str]] = {
    "text": as_text,
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
}
"""Name → what writes a report, given senza's version."""
