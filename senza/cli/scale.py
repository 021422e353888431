"""``senza scale``"""

from __future__ import annotations

from collections.abc import Iterable

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

    A version with traffic is not scaled to 0 without a warning, and in a terminal not without asking.

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
    if capacity == 0 and steps and not force:
        lost = traffic_of_nobody(context, {one.stack for one in groups})
        for warning in lost:
            context.warn(warning)
        if lost and context.interactive and not dry_run:
            context.confirm("Scale to 0 all the same?")
    if not force and not dry_run:
        ask_once(context, steps)
    context.carry_out(steps, dry_run=dry_run)


def traffic_of_nobody(context: Context, stacks: Iterable[str]) -> list[str]:
    """The shares of traffic that no instance would answer, for people. stacks: full names."""
    from senza.errors import AwsError
    from senza.stacks.references import split_name
    from senza.traffic.app import shares

    told = []
    names = set(stacks)
    for app in sorted({split_name(name)[0] for name in names}):
        try:
            found = shares(context.aws(), context.account().zones, app)
        except AwsError as error:  # whoever may scale need not be allowed to look at DNS
            context.warn(f"nobody knows what traffic {app} has: {error.message}")
            continue
        told += [
            f"{one.identifier} has {one.effective:.3g} % of the traffic of {one.domain}, and nobody would answer it"
            for one in found
            if one.effective and f"{app}-{one.version}" in names
        ]
    return list(dict.fromkeys(told))
