"""``senza delete``"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from senza.cli.context import Context
from senza.cli.options import common_options, pass_context
from senza.cli.recorded import force_unlock_option, recorded
from senza.cli.types import stack_refs
from senza.cli.waiting import wait_option, waited
from senza.errors import Refused
from senza.stacks.references import StackRef

if TYPE_CHECKING:
    from senza.cli.recorded import Recording
    from senza.stacks.summaries import Stack


@click.command("delete")
@stack_refs(required=True)
@click.option("--dry-run", is_flag=True, help="Show what would be done, and change nothing.")
@click.option("-f", "--force", is_flag=True, help="Delete several stacks, and stacks that have traffic.")
@click.option("-i", "--interactive", is_flag=True, help="Ask before each stack.")
@click.option("--stuck", is_flag=True, help="Of a stack that is DELETE_FAILED, leave behind what cannot be deleted.")
@click.option("-g", "--ignore-non-existent", is_flag=True, help="No error where there is no such stack.")
@wait_option
@force_unlock_option
@common_options
@pass_context
def command(
    context: Context,
    refs: tuple[StackRef, ...],
    dry_run: bool,
    force: bool,
    interactive: bool,
    stuck: bool,
    ignore_non_existent: bool,
    wait: bool,
    force_unlock: str,
) -> None:
    """Delete a version. One that has traffic, or more than one, only with --force.

    What stays behind in the account is listed: what the template retains and, with --stuck, what cannot be deleted.

    \b
    Examples:
      senza delete hello-world 1
      senza delete hello-world 1 --wait
      senza delete hello-world 'test.*' --force --interactive
      senza delete hello-world 1 --stuck
    """
    from senza.stacks.summaries import find_stacks, list_stacks
    from senza.stacks.watch import DELETED

    aws = context.aws()
    stacks = list_stacks(aws, refs) if ignore_non_existent else find_stacks(aws, refs)
    if not stacks:
        context.say("There is no such stack; nothing to delete.")
    if len(stacks) > 1 and not force:
        names = ", ".join(stack.full_name for stack in stacks)
        raise Refused(f"this means {len(stacks)} stacks: {names}", hint="Name one of them, or use --force for all.")
    if stuck:
        check_stuck(stacks)
    started = []
    for app in dict.fromkeys(stack.name for stack in stacks):
        leaving = [
            stack
            for stack in stacks
            if stack.name == app
            and (not interactive or context.agrees(f"Delete {stack.full_name}?", "Leave out --interactive."))
        ]
        if leaving:
            arn = leaving[0].stack_id
            with recorded(context, app, "delete", arn=arn, force_unlock=force_unlock, dry_run=dry_run) as recording:
                started += [(stack, removed(context, recording, stack, force, stuck)) for stack in leaving]
    if wait and not dry_run:
        for stack, token in started:
            waited(context, stack, DELETED, token)


def check_stuck(stacks: Sequence[Stack]) -> None:
    """Raises Refused for a stack that is not: CloudFormation leaves things behind only after a failed deletion."""
    for stack in stacks:
        if stack.status != "DELETE_FAILED":
            raise Refused(
                f"stack {stack.full_name} is {stack.status}, not DELETE_FAILED",
                hint=f"Try it without --stuck first: senza delete {stack.name} {stack.version} --wait",
            )


def removed(context: Context, recording: Recording, stack: Stack, force: bool, stuck: bool) -> str:
    """Begin to delete a stack, and say what stays behind; the token of the deletion."""
    from senza.traffic.deleting import before_delete

    removal = before_delete(context.aws(), context.account().zones, stack, force=force, stuck=stuck)
    for warning in removal.warnings:
        context.warn(warning)
    left = [str(one) for one in removal.left]
    facts = {"version": stack.version, "stack": stack.full_name, "warnings": list(removal.warnings), "left": left}
    recording.step(facts, removal.steps)
    recording.carry_out(removal.steps)
    if left:
        context.say(f"{stack.full_name} leaves behind:\n" + "\n".join(f"  {one}" for one in left))
    return removal.token
