"""``senza list``"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from senza.cli.context import Context
from senza.cli.everywhere import show, with_places
from senza.cli.options import common_options, pass_context, table_options
from senza.cli.output import Column, Row, Table
from senza.cli.stack_names import remember
from senza.cli.types import stack_refs
from senza.stacks.references import StackRef

if TYPE_CHECKING:
    from senza.cli.everywhere import Absent

COLUMNS = (
    Column("stack_name"),
    Column("version", title="Ver."),
    Column("status", kind="state"),
    Column("creation_time", kind="time", title="Created"),
    Column("description", shrinks=True),
)


@click.command("list")
@stack_refs()
@click.option("--all", "deleted", is_flag=True, help="Also the stacks deleted in the last 90 days.")
@table_options(with_places(COLUMNS), watch=True)
@common_options
@pass_context
def command(context: Context, table: Table, refs: tuple[StackRef, ...], deleted: bool) -> None:
    """List the stacks.

    "-e all" lists those of every environment of senza.yaml, "-e staging,live" those of some. One that cannot be asked
    does not keep the others from being listed; the exit code is 1 then.

    \b
    Examples:
      senza list
      senza list hello-world
      senza list 'hello-.*' 'v[0-9]+' --all -o json
      senza list -e all hello-world
    """
    show(context, table, lambda one, absent: rows(one, refs, deleted, absent), refs)


def rows(context: Context, refs: tuple[StackRef, ...], deleted: bool, absent: Absent) -> list[Row]:
    from senza.stacks.summaries import find_stacks

    stacks = find_stacks(context.aws(), refs, deleted=deleted, absent=absent)
    if not refs and not deleted:
        remember(context, [stack.full_name for stack in stacks])
    return [
        {
            "stack_name": stack.name,
            "version": stack.version,
            "status": stack.status,
            "creation_time": stack.created,
            "description": stack.description,
        }
        for stack in stacks
    ]
