"""Who asks, where, and when: what every call depends on."""

from __future__ import annotations

from collections.abc import Iterator

from senza.doctor.facts import Facts
from senza.doctor.model import Check, Finding, Level

REFUSED_FROM = 300.0
"""Seconds: AWS takes no request whose time is further off ("Troubleshoot AWS signed requests")."""
WARNED_FROM = 30.0
CLOCK_ADVICE = "Let the machine keep its clock: sudo timedatectl set-ntp true (in a virtual machine, restart it)."


def region(facts: Facts) -> Iterator[Finding]:
    name = facts.aws.region
    known = facts.aws.known_regions()
    if name not in known:
        from difflib import get_close_matches

        near = get_close_matches(name, known, n=1)
        meant = f"Did you mean {near[0]}? " if near else ""
        yield Finding(
            "warning",
            f"{name} is no region that the installed botocore knows",
            f"{meant}Correct --region or AWS_DEFAULT_REGION; for a new region: pip install --upgrade boto3.",
            name,
        )


def credentials(facts: Facts) -> Iterator[Finding]:
    caller = facts.caller()
    if caller.is_root:
        yield Finding(
            "warning",
            f"these are the credentials of the root user of account {caller.account}",
            "Delete the root user's access keys and log in with a role: aws configure sso.",
            caller.arn,
        )
    if facts.environment:
        _, path = facts.aws.arrive()
        message = f"environment {facts.environment.name} is account {caller.account} in {facts.aws.region}"
        yield Finding("ok", message, f"Entered by {path}.", facts.environment.name)


def clock(facts: Facts) -> Iterator[Finding]:
    ahead = facts.caller().ahead
    if ahead is None:
        yield Finding("info", "the answer had no Date header to compare the clock with")
    elif abs(ahead) >= WARNED_FROM:
        direction = "ahead of" if ahead > 0 else "behind"
        level: Level = "error" if abs(ahead) >= REFUSED_FROM else "warning"
        message = f"this machine's clock is {abs(ahead):.0f} s {direction} AWS's"
        yield Finding(level, f"{message}; from {REFUSED_FROM:.0f} s on AWS refuses its requests", CLOCK_ADVICE)


REGION = Check(
    "region",
    "A region is chosen, and there is one of that name",
    "options, environment and AWS config file",
    "https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html",
    region,
)
CREDENTIALS = Check(
    "credentials",
    "AWS accepts the credentials",
    "sts:GetCallerIdentity",
    "https://docs.aws.amazon.com/sdkref/latest/guide/access.html",
    credentials,
)
CLOCK = Check(
    "clock",
    "This machine's clock agrees with AWS's",
    "the Date header of an answer",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html",
    clock,
)
