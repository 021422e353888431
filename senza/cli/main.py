"""``senza``: the table of commands and the group that imports a command only when it is used."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any, NoReturn

import click

from senza._version import __version__
from senza.cli import failure
from senza.cli.abbreviations import AbbreviatingGroup
from senza.cli.options import common_options

COMMANDS: dict[str, str] = {
    "print": "Print the CloudFormation template that a definition becomes.",
    "check": "Check a definition: what is wrong with it, what is unwise, and where.",
    "userdata": "Print what instances are told at boot, or run their container here.",
    "create": "Create a new version as a stack of its own, without traffic.",
    "deploy": "Create a version and move the traffic to it, watched, and back if it is worse.",
    "promote": "Deploy to an environment exactly what runs in another one: version, parameters, image digests.",
    "rollout": 'Look at a rollout that "senza deploy" began, stop it, go on with it, take it back.',
    "traffic": "Show the traffic of an app, or give a version a percentage of it.",
    "diff": 'Show what "senza update" would change, or how a new version differs from the newest one.',
    "update": "Update the stack of an existing version.",
    "delete": "Delete a version.",
    "wait": "Wait until stacks are created or updated, or deleted, and show what happens meanwhile.",
    "list": "List the stacks.",
    "scale": "Set how many instances a stack has.",
    "patch": "Change image, instance type or user data of running stacks, without a new version.",
    "respawn-instances": "Replace instances that are not what their group launches now, without losing capacity.",
    "ssh": "Open a session on an instance, through SSM Session Manager.",
    "drift": "Show what somebody changed in running stacks, behind CloudFormation's back.",
    "resources": "Show what stacks consist of.",
    "events": "Show what happened to stacks, oldest first.",
    "history": "Show what was done to the apps, by whom and with what result.",
    "instances": "List the EC2 instances of stacks, with what their load balancers say about them.",
    "status": "Show whether stacks are well: their instances, load balancers, web server and DNS.",
    "health": "Show how the load balancers of stacks are doing, from CloudWatch.",
    "images": "Show the machine images in use, and the Taupage images there are.",
    "console": "Print the console output of instances, given by id, private address or stack.",
    "domains": "List the DNS names of stacks as Route 53 has them; weights are out of 200.",
    "dump": "Print the template of a running stack.",
    "init": "Write a first definition, and create what it needs in the account.",
    "config": "Show or change your settings.",
    "completion": "Print the script that completes senza's commands, options, stacks and versions in a shell.",
    "doctor": "Check the account: access, permissions, network, DNS, certificates, stuck and forgotten stacks.",
    "sandbox": "Start and stop a local AWS with a seeded account, to try things on.",
}
"""Command → the first line of its help, in the order in which ``senza --help`` shows them."""


class LazyGroup(AbbreviatingGroup):
    """A group that knows its commands by name and help line, and imports ``<package>.<command>`` on use.

    Failures end as in :mod:`senza.cli.failure`, under ``senza`` and under click's test runner alike.
    """

    def __init__(self, *args: Any, table: Mapping[str, str], package: str, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.table = table
        self.package = package

    def known(self) -> Mapping[str, str]:
        return self.table

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None where ``cmd_name`` is neither a command nor a clear abbreviation of one."""
        candidates = self.candidates(cmd_name)
        if len(candidates) != 1:
            return None
        module = import_module(f"{self.package}.{candidates[0].replace('-', '_')}")
        command: click.Command = module.command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        commands = [CompletionItem(name, help=self.table[name]) for name in self.table if name.startswith(incomplete)]
        return commands + click.Command.shell_complete(self, ctx, incomplete)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        with failure.closed_pipes_are_fine():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with failure.closed_pipes_are_fine():
            return super().invoke(ctx)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        extra.setdefault("color", failure.colour_wish())
        commands = partial(super().main, args, prog_name, complete_var, standalone_mode=False, **extra)
        if not standalone_mode:
            return commands()
        sys.exit(failure.exit_code_of(commands))


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    package="senza.cli",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="senza", message="%(prog)s %(version)s")
@common_options
def cli() -> None:
    """Immutable, versioned AWS stacks from a compact definition, and traffic between them.

    A command may be abbreviated: "senza li" is "senza list".

    \b
    Examples:
      senza sandbox start
      senza create definitions/hello-world.yaml 1 0.1 --sandbox --wait
      senza traffic hello-world 1 100 --sandbox
      senza list -e live
    """


def run() -> NoReturn:
    """The ``senza`` of the shell."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # the shell closed it, e.g. with ">&-"
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - open until the process ends
    if sys.stdin is None:  # with "<&-"
        sys.stdin = open(os.devnull)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # a stream that somebody replaced need not be reconfigurable
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a poor locale must not end a command
    cli.main(prog_name="senza")
    raise AssertionError("main exits")
