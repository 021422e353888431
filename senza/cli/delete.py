"""``senza delete``"""

from __future__ import annotations

import click

from senza.cli.context import Context
from senza.cli.options import common_options, pass_context
from senza.cli.types import stack_refs
from senza.cli.waiting import wait_option, waited
from senza.errors import Refused
from senza.stacks.references import StackRef


@click.command("delete")
@stack_refs(required=True)
@click.option("--dry-run", is_flag=True, help="Show what would be done, and change nothing.")
@click.option("-f", "--force", is_flag=True, help="Delete several stacks, and stacks that have traffic.")
@click.option("-i", "--interactive", is_flag=True, help="Ask before each stack.")
@click.option("-g", "--ignore-non-existent", is_flag=True, help="No error where there is no such stack.")
@wait_option
@common_options
@pass_context
def command(
    context: Context,
    refs: tuple[StackRef, ...],
    dry_run: bool,
    force: bool,
    interactive: bool,
    ignore_non_existent: bool,
    wait: bool,
) -> None:
    """Delete a version. One that has traffic, or more than one, only with --force.

    \b
    Examples:
      senza delete hello-world 1
      senza delete hello-world 1 --wait
      senza delete hello-world 'test.*' --force --interactive
    """
    from senza.stacks.summaries import find_stacks, list_stacks
    from senza.stacks.watch import DELETED
    from senza.traffic.guards import before_delete

    aws = context.aws()
    stacks = list_stacks(aws, refs) if ignore_non_existent else find_stacks(aws, refs)
    if not stacks:
        context.say("There is no such stack; nothing to delete.")
    if len(stacks) > 1 and not force:
        names = ", ".join(stack.full_name for stack in stacks)
        raise Refused(f"this means {len(stacks)} stacks: {names}", hint="Name one of them, or use --force for all.")
    started = []
    for stack in stacks:
        if interactive and not context.agrees(f"Delete {stack.full_name}?", "Leave out --interactive."):
            continue
        removal = before_delete(aws, context.account().zones, stack, force=force)
        for warning in removal.warnings:
            context.warn(warning)
        context.carry_out(removal.steps, dry_run=dry_run)
        started.append((stack, removal.token))
    if wait and not dry_run:
        for stack, token in started:
            waited(context, stack, DELETED, token)
