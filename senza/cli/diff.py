"""``senza diff``"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from senza.cli.compiling import Request, definition_arguments, secrets_of
from senza.cli.context import Context
from senza.cli.options import common_options, pass_context

if TYPE_CHECKING:
    from senza.components import Compiled
    from senza.stacks.comparison import Comparison, Side
    from senza.stacks.summaries import Stack


@click.command("diff")
@definition_arguments(tags=True)
@click.option("--against", metavar="VERSION", help="Compare with this version instead.")
@click.option("--exit-code", "by_exit_code", is_flag=True, help="End with 1 where something differs.")
@click.option("--all", "everything", is_flag=True, help="Show also what differs only by the version itself.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="Format.")
@common_options
@pass_context
def command(
    context: Context, request: Request, against: str | None, by_exit_code: bool, everything: bool, output: str
) -> None:
    """Show what "senza update" would change, or how a new version differs from the newest one.

    Where a stack of VERSION is running, CloudFormation is asked what the change does to each resource; nothing is
    changed.

    \b
    Examples:
      senza diff definitions/hello-world.yaml 1 0.2
      senza diff definitions/hello-world.yaml 2 0.2 --exit-code
      senza diff definitions/hello-world.yaml 3 0.3 --against 1 -o json
    """
    from senza.cli.differing import as_json, show

    bound = request.bind(context)
    compiled = request.compile(context, bound)
    stack = find_other(context, compiled, against)
    same = stack.full_name == compiled.full_name
    comparison, refusal = compare_with(context, compiled, stack, secrets_of(bound, compiled), fold=not everything)
    if output == "json":
        asked = same and not refusal
        about = {"stack": stack.full_name, "definition": compiled.full_name, "change_set": asked, "refused": refusal}
        click.echo(as_json(comparison, **about))
    else:
        show(comparison)
        explain(context, comparison, compiled, stack, refusal)
    if by_exit_code and comparison.different:
        click.get_current_context().exit(1)


def find_other(context: Context, compiled: Compiled, against: str | None) -> Stack:
    """The stack to compare with: of the version given, else of this version, else the newest with resources.

    Raises NotFound.
    """
    from senza.errors import NotFound
    from senza.stacks.summaries import REVIEWED, describe_stack

    aws, app = context.aws(), compiled.stack_name
    stack = describe_stack(aws, f"{app}-{against or compiled.version}")
    if stack and stack.status == REVIEWED:
        if against:
            raise NotFound(
                f"nothing was made of version {against} of {app} yet ({REVIEWED}), so there is nothing to compare with",
                hint="senza list shows the stacks there are.",
            )
        stack = None
    if stack is None and against is None:
        stack = newest(context, compiled)
    if stack is None:
        which = f"version {against}" if against else "version"
        raise NotFound(f"there is no {which} of {app} to compare with", hint="senza list shows the stacks there are.")
    return stack


def newest(context: Context, compiled: Compiled) -> Stack | None:
    """The newest other version that has its resources, None where there is none; says which ones are passed over."""
    from senza.stacks.changes import DEAD
    from senza.stacks.references import StackRef
    from senza.stacks.summaries import REVIEWED, describe_stack, list_stacks

    aws, broken = context.aws(), DEAD | {"ROLLBACK_IN_PROGRESS"}
    there = reversed(list_stacks(aws, [StackRef(name_pattern(compiled.stack_name))]))
    others = [one for one in there if one.full_name != compiled.full_name or one.status == REVIEWED]
    whole = next((one for one in others if one.status not in broken), None)
    if passed_over := others[: others.index(whole)] if whole else others:
        listed = ", ".join(f"{one.full_name} ({one.status})" for one in passed_over)
        context.say(f"Passed over, as not all of their resources are there: {listed}.")
    return describe_stack(aws, whole.stack_id) if whole else None


def name_pattern(app: str) -> str:
    import re

    return re.escape(app).replace(r"\-", "-")


def compare_with(
    context: Context, compiled: Compiled, stack: Stack, secrets: set[str], *, fold: bool = True
) -> tuple[Comparison, str]:
    """Against a stack; with a change set, which is deleted again, where it is the stack of that very version.

    Returns also why CloudFormation would not take the template, or do or explain such an update; "" where it would, or
    was not asked.
    """
    from senza.aws.failures import DENIED
    from senza.components import check_limits
    from senza.errors import AwsError, Conflict, DefinitionError, NotFound, OperationFailed, Refused
    from senza.stacks.change_sets import DIFF_PREFIX, discard, discard_old, make_change_set
    from senza.stacks.changes import check_updatable
    from senza.stacks.differences import compare
    from senza.stacks.templates import deployed_template
    from senza.traffic.guards import with_marks_of, with_weights_of

    aws = context.aws()
    deployed = deployed_template(aws, stack.stack_id)
    planned = with_marks_of(with_weights_of(compiled, deployed), stack)
    old, new = sides(stack, deployed, planned)
    try:
        check_limits(planned)
        if stack.full_name != compiled.full_name:
            return compare(old, new, secrets=secrets, fold=fold), ""
        check_updatable(stack)
        discard_old(aws, context.clock, stack)
        change_set = make_change_set(aws, context.clock, planned, stack, prefix=DIFF_PREFIX)
    except (AwsError, Conflict, DefinitionError, NotFound, OperationFailed, Refused) as error:
        if isinstance(error, AwsError) and error.code not in ("ValidationError", *DENIED):
            raise
        return compare(old, new, secrets=secrets, fold=fold), error.message
    try:
        return compare(old, new, change_set=change_set, secrets=secrets, fold=fold), ""
    finally:
        discard(aws, change_set.id)


def sides(stack: Stack, deployed: Mapping[str, Any], planned: Compiled) -> tuple[Side, Side]:
    from senza.stacks.comparison import Side
    from senza.stacks.differences import effective

    old = Side(deployed, dict(stack.parameters), dict(stack.tags), stack.name, stack.version)
    values = effective(planned.template, planned.parameters)
    return old, Side(planned.template, values, planned.tags, planned.stack_name, planned.version)


def explain(context: Context, comparison: Comparison, compiled: Compiled, stack: Stack, refusal: str) -> None:
    """What the user should know about what was, or was not, shown."""
    if not comparison.different:
        context.say(f"No differences from {stack.full_name}.")
    if comparison.folded:
        versions = f"{stack.version} → {compiled.version}"
        context.say(f"{comparison.folded} more differ only by the version ({versions}); --all shows them.")
    if stack.full_name != compiled.full_name:
        context.say(
            f"Compared with {stack.full_name}, as there is no stack {compiled.full_name} to ask CloudFormation about: "
            "what an update would replace is not known."
        )
    if refusal:
        context.warn(f"What an update would do is not known: {refusal}")
    if comparison.unknown:
        context.say(f"Not compared, as nobody may know them: {', '.join(comparison.unknown)}.")
