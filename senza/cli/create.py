"""``senza create``"""

from __future__ import annotations

import click

from senza.cli.compiling import Request, check_before_sending, definition_arguments
from senza.cli.context import Context
from senza.cli.options import common_options, pass_context
from senza.cli.recorded import account_arn, facts_of, force_unlock_option, recorded
from senza.cli.update import carry_out_update
from senza.cli.waiting import wait_option, waited


@click.command("create")
@definition_arguments(tags=True)
@click.option("--dry-run", is_flag=True, help="Show what would be done, and change nothing.")
@click.option("--disable-rollback", is_flag=True, help="Keep what was created when the creation fails.")
@click.option("--update-if-exists", is_flag=True, help="Update the stack if there is one of that version already.")
@wait_option
@force_unlock_option
@common_options
@pass_context
def command(
    context: Context,
    request: Request,
    dry_run: bool,
    disable_rollback: bool,
    update_if_exists: bool,
    wait: bool,
    force_unlock: str,
) -> None:
    """Create a new version as a stack of its own, without traffic.

    Returns when CloudFormation has begun; see --wait and "senza wait".

    \b
    Examples:
      senza create definitions/hello-world.yaml 1 0.1
      senza create definitions/hello-world.yaml 2 ImageVersion=0.2 --tag Team=shop --wait
    """
    from senza.stacks.changes import CreateStack, already_exists
    from senza.stacks.summaries import describe_stack
    from senza.stacks.watch import CREATED
    from senza.traffic.guards import before_create

    compiled = request.compile(context)
    check_before_sending(context, request, compiled)
    aws = context.aws()
    existing = describe_stack(aws, compiled.full_name)
    if existing and update_if_exists:
        carry_out_update(context, compiled, existing, request.force, dry_run, disable_rollback, wait, force_unlock)
        return
    if existing:
        raise already_exists(compiled.full_name, existing.status)
    create = CreateStack(compiled, disable_rollback)
    app, arn = compiled.stack_name, account_arn(compiled)
    with recorded(context, app, "create", arn=arn, force_unlock=force_unlock, dry_run=dry_run) as recording:
        plan = [*before_create(aws, context.account().zones, compiled, force=request.force), create]
        recording.step(facts_of(compiled), plan)
        outcomes = recording.carry_out(plan)
        recording.outcome = dict(outcomes[-1].facts) if outcomes else {}
    if wait and not dry_run:
        waited(context, compiled.full_name, CREATED, create.token)
