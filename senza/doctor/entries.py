"""The environments of senza.yaml: can each be entered, and is it the account that it should be?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from senza.aws import Aws
from senza.doctor.facts import Facts
from senza.doctor.model import Check, Finding
from senza.environments import Environment
from senza.errors import SenzaError


@dataclass(frozen=True)
class Entry:
    """An environment, and AWS by its way. asks: for the code of an MFA device."""

    environment: Environment
    aws: Aws
    asks: bool = False


def environments(facts: Facts) -> Iterator[Finding]:
    entries = {entry.environment.name: entry for entry in facts.environments()}
    found = facts.aws.parallel({name: partial(entered, entry) for name, entry in entries.items()})
    for findings in found.values():
        yield from findings


def entered(entry: Entry) -> list[Finding]:
    environment = entry.environment
    name, account = environment.name, environment.account
    if entry.asks:
        device = next(role.mfa for role in environment.roles if role.mfa)
        advice = f"Try it by itself: senza doctor -e {name}"
        return [Finding("info", f"{name} asks for a code of {device}, and was not tried", advice, name)]
    try:
        region = entry.aws.region
        _, path = entry.aws.arrive()
    except SenzaError as error:
        return [Finding("error", error.message, error.hint, name)]
    found = []
    if region not in entry.aws.known_regions():
        advice = f"Correct it in {environment.where}; for a new region: pip install --upgrade boto3."
        found.append(
            Finding("warning", f"{name}: {region} is no region that the installed botocore knows", advice, name)
        )
    return [*found, Finding("ok", f"{name} is account {account} in {region}", f"Entered by {path}.", name)]


CHECK = Check(
    "environments",
    "Every environment of senza.yaml can be entered",
    "sts:AssumeRole and sts:GetCallerIdentity of each",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use.html",
    environments,
)
