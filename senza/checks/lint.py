"""cfn-lint on the template, its findings told in places of the definition.

cfn-lint is optional (``senza[lint]``): its rules and schemas of all of AWS take seconds to import.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Any

from senza.checks.model import Finding, Hit, Severity, Subject, located
from senza.definition import did_you_mean
from senza.definition.model import KeyPath

GET_IT = "cfn-lint is not installed, so the template was checked by our own rules only: pip install 'senza[lint]'"
LEVELS: dict[str, Severity] = {"error": "error", "warning": "warning"}
"""cfn-lint's levels that are told; ``informational`` is not."""

MOST_CHOICES = 10
"""Values that a message lists; of instance types there are a thousand."""
_CHOICES = re.compile(r"'(?P<value>[^']*)' is not one of \[(?P<choices>'.*')\](?P<rest>.*)", re.DOTALL)


def installed() -> bool:
    return find_spec("cfnlint") is not None


def lint(subject: Subject) -> list[Finding]:
    """What cfn-lint says, without what comes from how our own components are made."""
    from cfnlint.api import lint as lint_with_cfn_lint

    matches = lint_with_cfn_lint(subject.compiled.template_body(), regions=[subject.region])
    found = (finding(match, subject) for match in matches)
    return [one for one in dict.fromkeys(found) if one is not None]


def finding(match: Any, subject: Subject) -> Finding | None:
    severity = LEVELS.get(str(match.rule.severity))
    path: KeyPath = tuple(getattr(match, "path", None) or ())
    if severity is None or ours(match.rule.id, path, subject):
        return None
    message, hint = shortened(str(match.message))
    link = str(match.rule.source_url)
    if path[:1] == ("Resources",) and len(path) > 1:
        inner = path[3:] if path[2:3] == ("Properties",) else ()
        return located(match.rule.id, severity, link, Hit(message, str(path[1]), inner, hint=hint), subject)
    return located(match.rule.id, severity, link, Hit(message, place=path, hint=hint), subject)


def shortened(message: str) -> tuple[str, str]:
    """The message without a long list of choices, and the nearest of them as a hint."""
    match = _CHOICES.fullmatch(message)
    choices = re.findall(r"'([^']*)'", match["choices"]) if match else []
    if match is None or len(choices) <= MOST_CHOICES:
        return message, ""
    return f"'{match['value']}' is none of the {len(choices)} values there are{match['rest']}", did_you_mean(
        match["value"], choices
    )


def ours(rule: str, path: KeyPath, subject: Subject) -> bool:
    """Whether this is about a map or parameter that a component makes in case something uses it."""
    if rule == "W7001" and path[:1] == ("Mappings",):
        return path[1:2] != () and path[1] not in (subject.bound.template.get("Mappings") or {})
    if rule == "W2001" and path[:1] == ("Parameters",):
        return any(path[1:2] == (parameter.name,) for parameter in subject.bound.parameters)
    return rule == "W8003"  # a condition on arguments, which are filled in
