"""``senza update``"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from senza.cli.compiling import Request, check_before_sending, definition_arguments
from senza.cli.context import Context
from senza.cli.options import common_options, pass_context
from senza.cli.recorded import facts_of, force_unlock_option, recorded
from senza.cli.waiting import wait_option, waited
from senza.errors import NotFound

if TYPE_CHECKING:
    from senza.components import Compiled
    from senza.stacks.summaries import Stack


@click.command("update")
@definition_arguments(tags=True)
@click.option("--dry-run", is_flag=True, help="Show what would be done, and change nothing.")
@click.option("--disable-rollback", is_flag=True, help="Keep what was changed when the update fails.")
@wait_option
@force_unlock_option
@common_options
@pass_context
def command(
    context: Context, request: Request, dry_run: bool, disable_rollback: bool, wait: bool, force_unlock: str
) -> None:
    """Update the stack of an existing version. Never changes traffic.

    \b
    Examples:
      senza update definitions/hello-world.yaml 1 0.1
      senza update definitions/hello-world.yaml 1 ImageVersion=0.1 --wait
    """
    from senza.stacks.summaries import describe_stack

    compiled = request.compile(context)
    check_before_sending(context, request, compiled)
    stack = describe_stack(context.aws(), compiled.full_name)
    if stack is None:
        raise NotFound(f"there is no stack {compiled.full_name}", hint="senza create makes a new version.")
    carry_out_update(context, compiled, stack, request.force, dry_run, disable_rollback, wait, force_unlock)


def carry_out_update(
    context: Context,
    compiled: Compiled,
    stack: Stack,
    force: bool,
    dry_run: bool,
    disable_rollback: bool,
    wait: bool,
    force_unlock: str,
) -> None:
    from senza.stacks.changes import DEAD, UpdateStack, not_updatable
    from senza.stacks.watch import UPDATED
    from senza.traffic.guards import before_update

    if stack.status in DEAD:
        raise not_updatable(stack)
    app, arn = compiled.stack_name, stack.stack_id
    with recorded(context, app, "update", arn=arn, force_unlock=force_unlock, dry_run=dry_run) as recording:
        planned = before_update(context.aws(), context.account().zones, compiled, stack, force=force)
        update = UpdateStack(planned, disable_rollback)
        recording.step(facts_of(planned), [update])
        outcomes = recording.carry_out([update])
        recording.outcome = dict(outcomes[-1].facts) if outcomes else {}
    unchanged = any(outcome.facts.get("unchanged") for outcome in outcomes)
    if wait and not dry_run and not unchanged:
        waited(context, stack.full_name, UPDATED, update.token)
