"""``senza scale``"""

from __future__ import annotations

import click

from senza.cli.context import Context
from senza.cli.groups import ask_once, group_option
from senza.cli.options import common_options, pass_context
from senza.cli.types import stack_refs
from senza.stacks.references import StackRef


@click.command("scale")
@stack_refs(required=True)
@click.argument("capacity", metavar="N", type=click.IntRange(0, 10_000))
@click.option("--min-size", type=click.IntRange(0, 10_000), metavar="N", help="Set the minimum, too.")
@group_option
@click.option("-f", "--force", is_flag=True, help="Scale several groups without asking.")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and change nothing.")
@common_options
@pass_context
def command(
    context: Context,
    refs: tuple[StackRef, ...],
    capacity: int,
    min_size: int | None,
    group: str | None,
    force: bool,
    dry_run: bool,
) -> None:
    """Set how many instances a stack has. A minimum or maximum in the way moves along.

    \b
    Examples:
      senza scale hello-world 1 3
      senza scale hello-world 1 3 --min-size 2
      senza scale 'hello-.*' 'test.*' 0 --force
    """
    from senza.fleet.groups import groups_of
    from senza.fleet.scale import plan_scale

    groups = groups_of(context.aws(), refs, group)
    steps = [step for one in groups for step in plan_scale(one, capacity, min_size)]
    if not steps:
        context.say(f"{', '.join(map(str, groups))}: so already; nothing to change.")
    if not force and not dry_run:
        ask_once(context, steps)
    context.carry_out(steps, dry_run=dry_run)
