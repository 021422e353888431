"""How a context gets into the account of an environment."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import click

from senza.errors import UsageError

if TYPE_CHECKING:
    from senza.aws import Aws
    from senza.cli.context import Context
    from senza.definition import Definition
    from senza.environments import Environment, Environments, Role

NEAR = 0.85
"""How alike names are that are likely to be a slip of the other; those of other parameters often look alike."""
ASKING = threading.Lock()
"""Held while a question is open: several environments may be entered at the same time."""
SANDBOX_ROLE = "senza-sandbox"
"""Leads into the account of an environment without roles: a sandbox takes any."""


def read_environments(context: Context) -> Environments:
    """What senza.yaml says. Raises UsageError where there is none, DefinitionError where it is wrong."""
    from senza.environments import FILE, is_definition, read

    path = context.environments_file()
    if path is None:
        hint = "Write one beside the definitions or at the root of their repository: docs/environments.md."
        if is_definition(Path(FILE)):
            hint = f"The {FILE} in this directory is a definition. Give that another name.\n{hint}"
        raise UsageError(f"there is no {FILE} that says which environments there are", hint=hint)
    found = read(path)
    for warning in found.warnings:
        context.warn(warning)
    return found


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


def defaults_for(context: Context, definition: Definition) -> Mapping[str, str]:
    """The environment's values for parameters of the definition. Those that it does not have are not for it.

    Warns of names that are nearly right, and of secrets.
    """
    from senza.definition.model import ENCRYPTED

    environment = context.environment
    if environment is None:
        return {}
    declared = {parameter.name: parameter for parameter in definition.parameters}
    for name, value in environment.parameters.items():
        place = f"{environment.where}: " if environment.where else ""
        if name not in declared:
            open_names = [one for one in declared if one not in environment.parameters]
            for near in get_close_matches(name, open_names, n=1, cutoff=NEAR):
                context.warn(f"{place}the parameter {name} is not one of this definition. Is {near} meant?")
        elif declared[name].no_echo and value and not value.startswith(ENCRYPTED):
            context.warn(f"{place}the secret parameter {name} stands in clear text where everybody can read it")
    return {name: value for name, value in environment.parameters.items() if name in declared}


def place_of(environment: Environment | None) -> str:
    """``environment live (senza.yaml:4: environments.live)``, for messages; "" for none."""
    return f"environment {environment.name} ({environment.where})" if environment else ""


def session_name() -> str:
    """``senza-alice``: within what STS takes, 64 letters, digits and ``_+=,.@-``."""
    from senza.journal.origin import user

    return f"senza-{re.sub(r'[^0-9A-Za-z_+=,.@-]', '-', user())}"[:64]


def ask_code(question: str) -> str:
    def six_digits(text: str) -> str:
        if not re.fullmatch(r"[0-9]{6}", text.strip()):
            raise click.BadParameter("a code has six digits")
        return text.strip()

    with ASKING:
        code: str = click.prompt(question, err=True, value_proc=six_digits)
    return code
