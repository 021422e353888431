"""cfn-lint on the template, its findings told in places of the definition.

cfn-lint is optional (``senza[lint]``): its rules and schemas of all of AWS take seconds to import. So a template that
it found nothing wrong with is not given to it again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from senza._version import __version__
from senza.checks.model import Finding, Hit, Severity, Subject, located
from senza.definition import did_you_mean
from senza.definition.model import KeyPath
from senza.errors import SenzaError, UsageError

GET_IT = "cfn-lint is not installed, so the template was checked by our own rules only: pip install 'senza[lint]'"
LEVELS: dict[str, Severity] = {"error": "error", "warning": "warning"}
"""cfn-lint's levels that are told; ``informational`` is not."""

REFERENCES = {"E1010", "E1020", "E3005"}
"""Fn::GetAtt, Ref and DependsOn that lead nowhere."""
NOTHING = "E1001"
"""A template without resources."""
MOST_CHOICES = 10
"""Values that a message lists; of instance types there are a thousand."""
_CHOICES = re.compile(r"'(?P<value>[^']*)' is not one of \[(?P<choices>'.*')\](?P<rest>.*)", re.DOTALL)


def installed() -> bool:
    return find_spec("cfnlint") is not None


class Clean(Protocol):
    """Digests of templates that nothing is wrong with."""

    def __contains__(self, digest: object, /) -> bool: ...

    def add(self, digest: str, /) -> None: ...


def lint(subject: Subject, clean: Clean | None = None, left_out: Iterable[str] = ()) -> list[Finding]:
    """What cfn-lint says, without what comes from how our own components are made.

    clean: what it need not look at again, and is told of what it finds nothing in. left_out: components that are not in
    the template because something is wrong with them; that they are missed is not told.
    Raises SenzaError where cfn-lint fails.
    """
    known = None if clean is None or own_configuration() else digest(subject)
    if clean is not None and known is not None and known in clean:
        return []
    missed = [f"'{name}" for name in left_out]
    found = [
        one
        for one in dict.fromkeys(finding(match, subject) for match in matches(subject))
        if one is not None and not (missed and follows(one, missed))
    ]
    if clean is not None and known is not None and not found and not missed:
        clean.add(known)
    return found


def follows(found: Finding, missed: Iterable[str]) -> bool:
    """Whether there would be nothing to find if nothing was missed. missed: beginnings of names in quotes."""
    return found.rule == NOTHING or (found.rule in REFERENCES and any(name in found.message for name in missed))


def matches(subject: Subject) -> list[Any]:
    """As cfn-lint has them. Raises SenzaError."""
    try:
        from cfnlint.api import lint as lint_with_cfn_lint
        from cfnlint.helpers import REGIONS

        if subject.region not in REGIONS:
            raise UsageError(
                f"cfn-lint knows no region {subject.region}",
                hint=f"{did_you_mean(subject.region, REGIONS)} --no-lint leaves it out.".strip(),
            )
        return list(lint_with_cfn_lint(subject.compiled.template_body(), regions=[subject.region]))
    except SenzaError:
        raise
    except (Exception, SystemExit) as error:  # its own exceptions have no common class, and some of them end Python
        files = ", ".join(map(str, own_configuration()))
        hint = f"Correct {files}, which it reads" if files else "Install another version of it"
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise SenzaError(f"cfn-lint failed: {lines[0]}", hint=f"{hint}; --no-lint leaves it out.") from error


def own_configuration() -> list[Path]:
    """Files that tell cfn-lint what to look for: rules of one's own can change unseen."""
    names = (".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml")
    return [folder / name for folder in (Path.home(), Path.cwd()) for name in names if (folder / name).is_file()]


def digest(subject: Subject) -> str:
    """Of everything that the findings depend on."""
    maps = subject.bound.template.get("Mappings")
    parts = [
        *(__version__, version("cfn-lint"), subject.region, subject.compiled.template_body()),
        sorted(map(str, maps)) if isinstance(maps, dict) else [],
        [parameter.name for parameter in subject.bound.parameters],
    ]
    return sha256(json.dumps(parts).encode()).hexdigest()


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
