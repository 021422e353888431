"""All checks, and how they are run: what every call depends on first, then the rest at the same time."""

from __future__ import annotations

from functools import partial

from senza.doctor import access, entries, environment, estate, permissions, records
from senza.doctor.facts import Facts
from senza.doctor.model import Check, Finding, Level
from senza.errors import SenzaError

FIRST = (access.REGION, access.CREDENTIALS)
CHECKS = (
    *FIRST,
    access.CLOCK,
    permissions.CHECK,
    environment.NETWORK,
    environment.ZONES,
    environment.CERTIFICATES,
    environment.SERVER_CERTIFICATES,
    records.ORPHANED,
    records.UNWEIGHTED,
    estate.STUCK,
    estate.IDLE,
    estate.LAUNCH_CONFIGURATIONS,
)

Result = tuple[Check, Finding]


def examine(facts: Facts) -> list[Result]:
    """What each check found, in the order of the checks, and ``ok`` for those that found nothing.

    Without a region or credentials that work the other checks are left out, but for the environments, which are not
    entered here.
    """
    first = [result for check in FIRST for result in carried_out(check, facts)]
    others = (entries.CHECK,) if facts.read_environments else ()
    if any(finding.level == "error" for _, finding in first):
        return first + [result for check in others for result in carried_out(check, facts)]
    rest = (*CHECKS[len(FIRST) :], *others)
    answers = facts.aws.parallel({check.id: partial(carried_out, check, facts) for check in rest})
    return first + [result for check in rest for result in answers[check.id]]


def carried_out(check: Check, facts: Facts) -> list[Result]:
    try:
        found = list(check.examine(facts))
    except SenzaError as error:
        # nothing works without these; the others say nothing about the account by not having been able to look
        level: Level = "error" if check in (*FIRST, entries.CHECK) else "warning"
        found = [Finding(level, f"could not look: {error.message}", error.hint)]
    return [(check, finding) for finding in found or [Finding("ok", check.title)]]
