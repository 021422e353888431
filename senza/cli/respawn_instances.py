"""``senza respawn-instances``"""

from __future__ import annotations

import click

from senza.cli.context import Context
from senza.cli.groups import group_option
from senza.cli.options import common_options, pass_context
from senza.cli.types import stack_refs
from senza.stacks.references import StackRef


@click.command("respawn-instances")
@stack_refs(required=True)
@click.option("--inplace", is_flag=True, help="Terminate first, then launch: never one instance more than now.")
@click.option("-f", "--force", is_flag=True, help="Also replace instances that are up to date.")
@click.option("--cancel", is_flag=True, help="Stop what is under way; instances stay as they are by then.")
@click.option(
    "-t", "--timeout", type=click.IntRange(1, 86_400), default=7200, metavar="SECS", help="For each group (7200)."
)
@group_option
@click.option("--dry-run", is_flag=True, help="Show what would be done, and change nothing.")
@common_options
@pass_context
def command(
    context: Context,
    refs: tuple[StackRef, ...],
    inplace: bool,
    force: bool,
    cancel: bool,
    timeout: int,
    group: str | None,
    dry_run: bool,
) -> None:
    """Replace instances that are not what their group launches now, without losing capacity.

    Groups with a launch template do it by their own instance refresh, which is rolled back if it fails, and which goes
    on when this command is interrupted; run again, it watches on. Others are replaced one by one, with one
    instance more meanwhile; interrupted or killed, the same command finishes it.

    \b
    Examples:
      senza respawn-instances hello-world 1
      senza respawn-instances hello-world 1 --force --timeout 3600
      senza respawn-instances hello-world 1 --cancel
    """
    from senza.fleet.groups import groups_of
    from senza.fleet.respawn import Manner, plan_cancel, plan_respawn

    aws = context.aws()
    groups = groups_of(aws, refs, group)
    manner = Manner(inplace, force, timeout)
    steps = [
        step
        for one in groups
        for step in (plan_cancel(aws, one, timeout) if cancel else plan_respawn(aws, one, manner))
    ]
    if not steps:
        context.say(f"{', '.join(map(str, groups))}: all instances are up to date; nothing to do.")
    context.carry_out(steps, dry_run=dry_run)
