"""``senza resources``"""

from __future__ import annotations

import click

from senza.cli.context import Context
from senza.cli.options import common_options, pass_context, table_options
from senza.cli.output import Column, Row, Table
from senza.cli.types import stack_refs
from senza.stacks.references import StackRef

COLUMNS = (
    Column("stack_name"),
    Column("version", title="Ver."),
    Column("LogicalResourceId", title="Resource ID"),
    Column("resource_type", shrinks=True),
    Column("ResourceStatus", kind="state", title="Status"),
    Column("creation_time", kind="time", title="Created"),
)


@click.command("resources")
@stack_refs()
@table_options(COLUMNS, watch=True)
@common_options
@pass_context
def command(context: Context, table: Table, refs: tuple[StackRef, ...]) -> None:
    """Show what stacks consist of.

    \b
    Examples:
      senza resources hello-world 1
      senza resources hello-world 1 -o json
    """
    table.show(context, lambda: rows(context, refs))


def rows(context: Context, refs: tuple[StackRef, ...]) -> list[Row]:
    from senza.stacks.resources import resources_by_stack
    from senza.stacks.summaries import find_stacks

    stacks = find_stacks(context.aws(), refs)
    resources = resources_by_stack(context.aws(), stacks)
    return [
        {
            "stack_name": stack.name,
            "version": stack.version,
            "LogicalResourceId": item.logical_id,
            "resource_type": item.type.removeprefix("AWS::"),
            "ResourceStatus": item.status,
            "creation_time": item.updated,
        }
        for stack in stacks
        for item in sorted(resources[stack.full_name], key=lambda item: item.logical_id)
    ]
