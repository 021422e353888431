"""``senza events``"""

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
    Column("resource_type", shrinks=True),
    Column("LogicalResourceId", title="Resource ID", shrinks=True),
    Column("ResourceStatus", kind="state", title="Status"),
    Column("ResourceStatusReason", title="Status Reason", shrinks=True),
    Column("event_time", kind="time"),
)


@click.command("events")
@stack_refs()
@table_options(COLUMNS, watch=True)
@common_options
@pass_context
def command(context: Context, table: Table, refs: tuple[StackRef, ...]) -> None:
    """Show what happened to stacks, oldest first.

    \b
    Examples:
      senza events hello-world 1
      senza events hello-world 1 --field ResourceStatus --field ResourceStatusReason
    """
    table.show(context, lambda: rows(context, refs))


def rows(context: Context, refs: tuple[StackRef, ...]) -> list[Row]:
    from functools import partial

    from senza.stacks.events import history
    from senza.stacks.summaries import find_stacks

    aws = context.aws()
    stacks = find_stacks(aws, refs)
    events = aws.parallel({stack.stack_id: partial(history, aws, stack.stack_id) for stack in stacks})
    found = [(stack, event) for stack in stacks for event in events[stack.stack_id]]
    return [
        {
            "stack_name": stack.name,
            "version": stack.version,
            "resource_type": event.type.removeprefix("AWS::"),
            "LogicalResourceId": event.logical_id,
            "ResourceStatus": event.status,
            "ResourceStatusReason": event.reason or None,
            "event_time": event.time,
        }
        for stack, event in sorted(found, key=lambda pair: pair[1].time)
    ]
