"""How a context gets into the account of an environment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from senza.errors import UsageError

if TYPE_CHECKING:
    from senza.aws import Aws
    from senza.cli.context import Context
    from senza.environments import Environment, Role

SANDBOX_ROLE = "senza-sandbox"
"""Leads into the account of an environment without roles: a sandbox takes any."""


def enter(context: Context, aws: Aws, environment: Environment) -> Aws:
    """AWS in the account and region of the environment. aws: as without one. Nothing is called yet.

    Raises UsageError for a ``--region`` that is not the environment's.
    """
    from senza.aws import Way

    if environment.region and context.region and context.region != environment.region:
        raise UsageError(
            f"environment {environment.name} is in {environment.region}, and --region says {context.region}",
            hint="Leave out --region, or name another environment in senza.yaml for that region.",
        )
    way = Way(
        environment=environment.name,
        account=environment.account,
        roles=sandbox_roles(environment) if aws.local else environment.roles,
        session_name=session_name(),
        now=lambda: context.clock.now(),
        profile=None if aws.local else environment.profile,
        ask=ask_code if context.interactive else None,
    )
    return aws.entering(way, environment.region)


def sandbox_roles(environment: Environment) -> tuple[Role, ...]:
    """The same ones, without devices: whoever may use the sandbox may do everything there."""
    from dataclasses import replace

    from senza.environments import Role

    own = Role(f"arn:{environment.partition}:iam::{environment.account}:role/{SANDBOX_ROLE}")
    return tuple(replace(role, mfa=None, seconds=None) for role in environment.roles) or (own,)


def session_name() -> str:
    """``senza-alice``: within what STS takes, 64 letters, digits and ``_+=,.@-``."""
    from senza.journal.origin import user

    return f"senza-{re.sub(r'[^0-9A-Za-z_+=,.@-]', '-', user())}"[:64]


def ask_code(question: str) -> str:
    def six_digits(text: str) -> str:
        if not re.fullmatch(r"[0-9]{6}", text.strip()):
            raise click.BadParameter("a code has six digits")
        return text.strip()

    code: str = click.prompt(question, err=True, value_proc=six_digits)
    return code
