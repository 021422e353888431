"""``senza create``"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from senza.cli.compiling import Request, check_before_sending, definition_arguments, secrets_of
from senza.cli.context import Context
from senza.cli.options import common_options, pass_context
from senza.cli.recorded import account_arn, facts_of, force_unlock_option, recorded
from senza.cli.update import Manner, ask, carry_out_update, manner_options
from senza.cli.waiting import wait_option, waited
from senza.discretion import harmless

if TYPE_CHECKING:
    from senza.components import Compiled


@click.command("create")
@definition_arguments(tags=True)
@manner_options("created")
@click.option("--update-if-exists", is_flag=True, help="Update the stack if there is one of that version already.")
@wait_option
@force_unlock_option
@common_options
@pass_context
def command(context: Context, request: Request, update_if_exists: bool, **options: Any) -> None:
    """Create a new version as a stack of its own, without traffic.

    Returns when CloudFormation has begun; see --wait and "senza wait".

    \b
    Examples:
      senza create definitions/hello-world.yaml 1 0.1
      senza create definitions/hello-world.yaml 2 ImageVersion=0.2 --tag Team=shop --wait
      senza create definitions/hello-world.yaml 3 0.3 --review
    """
    from senza.stacks.changes import CreateStack, already_exists
    from senza.stacks.summaries import describe_stack
    from senza.stacks.triggers import triggers_of
    from senza.stacks.watch import CREATED
    from senza.traffic.guards import before_create

    bound = request.bind(context)
    compiled = request.compile(context, bound)
    check_before_sending(context, request, compiled)
    how = Manner(**options, force=request.force, secrets=frozenset(secrets_of(bound, compiled)))
    aws = context.aws()
    existing = describe_stack(aws, compiled.full_name)
    if existing and update_if_exists:
        carry_out_update(context, compiled, existing, how)
        return
    if existing:
        raise already_exists(compiled.full_name, existing.status)
    create = CreateStack(compiled, how.disable_rollback)
    app, arn = compiled.stack_name, account_arn(compiled)
    with recorded(context, app, "create", arn=arn, force_unlock=how.force_unlock, dry_run=how.dry_run) as recording:
        triggers_of(aws, compiled)  # wrong ones are said before weights are moved
        plan = [*before_create(aws, context.account().zones, compiled, force=request.force), create]
        if how.review and not how.dry_run:
            review_creation(context, compiled, set(how.secrets))
            recording.keep_lock()  # and the weights may have changed while somebody thought
            plan = [*before_create(aws, context.account().zones, compiled, force=request.force), create]
        recording.step(facts_of(compiled), plan)
        outcomes = recording.carry_out(plan)
        recording.outcome = dict(outcomes[-1].facts) if outcomes else {}
    if how.wait and not how.dry_run:
        waited(context, compiled.full_name, CREATED, create.token)


def review_creation(context: Context, compiled: Compiled, secrets: set[str]) -> None:
    """Show how the new version differs from the newest one, or what it consists of, and ask. Raises Refused."""
    from senza.cli.diff import compare_with, find_other
    from senza.cli.differing import show
    from senza.errors import NotFound

    try:
        newest = find_other(context, compiled, None)
    except NotFound:
        for logical_id, resource in sorted(compiled.template["Resources"].items()):
            shown = click.style(harmless(f"+ {logical_id}"), fg="green", bold=True)
            click.echo(shown + harmless(f"  {resource.get('Type')}"))
    else:
        click.echo(f"Compared with {newest.full_name}:")
        comparison, _ = compare_with(context, compiled, newest, secrets)
        show(comparison)
    ask(context, f"Create {compiled.full_name}?")
