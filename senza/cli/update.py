"""``senza update``"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from senza.cli.compiling import Request, check_before_sending, definition_arguments, secrets_of
from senza.cli.context import Context
from senza.cli.options import common_options, pass_context
from senza.cli.recorded import Recording, facts_of, force_unlock_option, recorded
from senza.cli.waiting import wait_option, waited
from senza.errors import NotFound

if TYPE_CHECKING:
    from senza.components import Compiled
    from senza.stacks.change_sets import ChangeSet
    from senza.stacks.summaries import Stack
    from senza.traffic.guards import PlannedUpdate

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Manner:
    """How to create or update, as the options say. secrets: what must not be shown for a review."""

    dry_run: bool
    review: bool
    disable_rollback: bool
    wait: bool
    force_unlock: str
    force: bool = False
    secrets: frozenset[str] = frozenset()


def manner_options(verb: str) -> Callable[[F], F]:
    """The options that create and update share, but for ``--wait`` and ``--force-unlock``."""

    def decorate(function: F) -> F:
        options = (
            click.option("--dry-run", is_flag=True, help="Show what would be done, and change nothing."),
            click.option("--review", is_flag=True, help=f"Show what would be {verb}, and ask."),
            click.option(
                "--keep-failed",
                "--disable-rollback",
                "disable_rollback",
                is_flag=True,
                help=f"Keep what was {verb} when it fails, to find out why.",
            ),
        )
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


@click.command("update")
@definition_arguments(tags=True)
@manner_options("changed")
@wait_option
@force_unlock_option
@common_options
@pass_context
def command(context: Context, request: Request, **options: Any) -> None:
    """Update the stack of an existing version. Never changes traffic.

    CloudFormation says first what it would change; where that touches a DNS record that has traffic, or replaces the
    load balancer behind it, nothing is done without --force.

    \b
    Examples:
      senza update definitions/hello-world.yaml 1 0.1
      senza update definitions/hello-world.yaml 1 ImageVersion=0.1 --review
    """
    from senza.stacks.summaries import describe_stack

    bound = request.bind(context)
    compiled = request.compile(context, bound)
    check_before_sending(context, request, compiled)
    stack = describe_stack(context.aws(), compiled.full_name)
    if stack is None:
        raise NotFound(f"there is no stack {compiled.full_name}", hint="senza create makes a new version.")
    how = Manner(**options, force=request.force, secrets=frozenset(secrets_of(bound, compiled)))
    carry_out_update(context, compiled, stack, how)


def carry_out_update(context: Context, compiled: Compiled, stack: Stack, how: Manner) -> None:
    """Update through a change set that was looked at. Raises Refused, Conflict, and what waiting raises."""
    from senza.stacks.change_sets import ChangeSet, ExecuteChangeSet
    from senza.stacks.changes import check_updatable
    from senza.stacks.watch import UPDATED
    from senza.traffic.guards import plan_update

    check_updatable(stack)
    app, arn = compiled.stack_name, stack.stack_id
    with recorded(context, app, "update", arn=arn, force_unlock=how.force_unlock, dry_run=how.dry_run) as recording:
        planned = plan_update(context.aws(), context.account().zones, compiled, stack, force=how.force)
        if how.dry_run:
            recording.carry_out([ExecuteChangeSet(ChangeSet("", stack))])  # there is none before the real run
            context.say("senza diff shows what that would change.")
            return
        change_set = looked_at(context, recording, planned, stack, how)
        if change_set is None:
            return
        update = ExecuteChangeSet(change_set, how.disable_rollback)
        effects = {one.logical_id: one.effect for one in change_set.changes}
        recording.step({**facts_of(planned.compiled), "effects": effects}, [update])
        outcomes = recording.carry_out([update])
        recording.outcome = dict(outcomes[-1].facts)
    if how.wait:
        waited(context, stack.full_name, UPDATED, update.token)


def looked_at(
    context: Context, recording: Recording, planned: PlannedUpdate, stack: Stack, how: Manner
) -> ChangeSet | None:
    """The change set that may be executed, None where nothing changes. Raises Refused, after deleting it."""
    from senza.cli.differing import summary
    from senza.stacks.change_sets import discard, make_change_set
    from senza.traffic.guards import plan_update

    aws = context.aws()
    change_set = make_change_set(aws, recording, planned.compiled, stack)
    try:
        if change_set.empty:
            context.say(f"Update stack {stack.full_name}: nothing to update")
            discard(aws, change_set.id)
            return None
        check_traffic(context, planned, stack, change_set, how)
        context.say(f"{stack.full_name}: {summary(change_set) or 'only outputs change'}")
        if how.review:
            review_update(context, planned, stack, change_set, how.secrets)
            recording.keep_lock()  # and traffic may have come while somebody thought
            plan_update(aws, context.account().zones, planned.compiled, stack, force=how.force)
            check_traffic(context, planned, stack, change_set, how)
    except BaseException:  # Ctrl-C, too
        discard(aws, change_set.id)
        raise
    return change_set


def check_traffic(context: Context, planned: PlannedUpdate, stack: Stack, change_set: ChangeSet, how: Manner) -> None:
    """Raises Refused, without ``--force``, where the update would touch a record that has traffic."""
    from senza.traffic.update_guard import check_change_set

    if not how.force:
        check_change_set(context.aws(), context.account().zones, stack, change_set, planned.deployed)


def review_update(
    context: Context, planned: PlannedUpdate, stack: Stack, change_set: ChangeSet, secrets: frozenset[str]
) -> None:
    """Show what changes and ask. Raises Refused."""
    from senza.cli.diff import sides
    from senza.cli.differing import show
    from senza.stacks.differences import compare

    old, new = sides(stack, planned.deployed, planned.compiled)
    show(compare(old, new, change_set=change_set, secrets=secrets))
    ask(context, f"Update {stack.full_name}?")


def ask(context: Context, question: str) -> None:
    """Return when the user says yes. Raises Refused."""
    from senza.errors import Refused

    if not context.agrees(question, "Leave out --review, or run the command in a terminal."):
        raise Refused("nothing was done, as you wished")
