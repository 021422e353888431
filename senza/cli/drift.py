"""``senza drift``"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from senza.cli.context import Context
from senza.cli.options import common_options, pass_context, table_options
from senza.cli.output import Column, Row, Table
from senza.cli.types import stack_refs
from senza.stacks.references import StackRef

if TYPE_CHECKING:
    from senza.stacks.drift import ResourceDrift

COLUMNS = (
    Column("stack_name"),
    Column("version", title="Ver."),
    Column("LogicalResourceId", title="Resource ID"),
    Column("resource_type", shrinks=True, spare=True),
    Column("status", kind="state"),
    Column("property"),
    Column("template", shrinks=True),
    Column("actual", shrinks=True),
    Column("expected", shown=lambda value: "traffic, no drift" if value else "", title="Note"),
)


@click.command("drift")
@stack_refs(required=True)
@click.option(
    "--exit-code", "by_exit_code", is_flag=True, help="End with 1 where something drifted, or could not be compared."
)
@table_options(COLUMNS)
@common_options
@pass_context
def command(context: Context, table: Table, refs: tuple[StackRef, ...], by_exit_code: bool) -> None:
    """Show what somebody changed in running stacks, behind CloudFormation's back.

    CloudFormation compares each resource with its template, which takes a minute or two. Weights of DNS records are
    shown, and are no drift: that is how traffic is moved.

    \b
    Examples:
      senza drift hello-world 1
      senza drift hello-world --exit-code
    """
    from senza.stacks.drift import find_drift
    from senza.stacks.summaries import find_stacks

    stacks = find_stacks(context.aws(), refs)
    context.say(f"Comparing {', '.join(stack.full_name for stack in stacks)} with what there is ...")
    doubts: list[str] = []
    found = find_drift(context.aws(), context.clock, stacks, doubt=doubts.append)
    if found or table.output != "text":  # no head without a table; programs get their empty list
        table.show(context, lambda: [row for one in found for row in rows(one)])
    for doubt in doubts:
        context.warn(doubt)
    drifted = any(not one.expected for one in found)
    if not drifted:
        context.say("Of the rest nothing drifted." if doubts else "Nothing drifted.")
    if by_exit_code and (drifted or doubts):
        click.get_current_context().exit(1)


def rows(one: ResourceDrift) -> list[Row]:
    """One for each property that differs, one for a resource that is gone."""
    from senza.stacks.drift import readable

    about = {
        "stack_name": one.stack.name,
        "version": one.stack.version,
        "LogicalResourceId": one.logical_id,
        "resource_type": one.type.removeprefix("AWS::"),
        "status": one.status,
        "expected": one.expected,
    }
    if not one.properties:
        return [about]
    return [
        {
            **about,
            "property": each.path.lstrip("/").replace("/", "."),
            "template": readable(each.expected),
            "actual": readable(each.actual),
        }
        for each in one.properties
    ]
