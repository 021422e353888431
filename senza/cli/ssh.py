"""``senza ssh``"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from senza.cli.context import Context
from senza.cli.options import common_options, pass_context
from senza.cli.types import stack_refs
from senza.errors import UsageError
from senza.stacks.references import StackRef

if TYPE_CHECKING:
    from senza.fleet.ssh import Session

TOOLS = {"aws": "the AWS command line", "session-manager-plugin": "its Session Manager plugin"}


@click.command("ssh")
@stack_refs(required=True)
@click.option("--reason", metavar="TEXT", help="Why; kept in the history of sessions.")
@click.option("--instance", metavar="ID", help="This one; else the running one that was launched last.")
@click.option("--print", "only_print", is_flag=True, help="Print the command instead of running it.")
@common_options
@pass_context
def command(
    context: Context, refs: tuple[StackRef, ...], reason: str | None, instance: str | None, only_print: bool
) -> None:
    """Open a session on an instance, through SSM Session Manager.

    Needs the AWS command line with its Session Manager plugin; without them, or without a terminal, the command is
    printed.

    \b
    Examples:
      senza ssh hello-world 1
      senza ssh hello-world 1 --reason 'disk is full, see OPS-123'
      eval "$(senza ssh hello-world 1 --print)"
    """
    from senza.fleet.ssh import MAX_REASON, Session, check_managed, choose_instance

    if reason is not None and not 1 <= len(reason) <= MAX_REASON:
        raise UsageError(f"--reason has {len(reason)} characters", hint=f"Give 1 to {MAX_REASON}.")
    aws = context.aws()
    chosen = choose_instance(aws, refs, instance)
    check_managed(aws, chosen)
    environment = context.environment
    by_role = environment is not None and bool(environment.roles)
    profile = context.profile or (environment.profile if environment else None)
    session = Session(chosen.id, aws.region, None if by_role else profile, reason)
    context.say(f"{chosen.id} of {chosen.stack} ({chosen.private_ip})")
    obstacle = "" if only_print else why_not(local=aws.local)
    if only_print or obstacle:
        if obstacle:
            context.say(f"{obstacle}; this is the command:")
        if environment and by_role:
            context.say(f"It needs credentials of {environment.roles[-1].arn}.")
        click.echo(str(session))
        return
    if environment:
        run(replace(session, profile=None), with_keys(os.environ, aws.keys()))
    else:
        run(session, os.environ)


def why_not(*, local: bool) -> str:
    """What stands in the way of running the command here, or ""."""
    if local:
        return "Instances of the sandbox have no shell"
    missing = [f"{what} ({tool})" for tool, what in TOOLS.items() if shutil.which(tool) is None]
    if missing:
        return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed"
    return "" if sys.stdin.isatty() and sys.stdout.isatty() else "This is no terminal"


def with_keys(environ: Mapping[str, str], keys: Mapping[str, str]) -> dict[str, str]:
    """The environment variables with these credentials, and nothing that would bring others in."""
    others = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN")
    return {name: value for name, value in environ.items() if name not in others} | dict(keys)


def run(session: Session, environ: Mapping[str, str]) -> None:
    """Become the AWS command line: it owns the terminal from here on."""
    path = shutil.which(session.argv[0])
    assert path is not None
    sys.stdout.flush()
    os.execve(path, session.argv, dict(environ))  # noqa: S606 - no shell is meant; the arguments are passed as they are
