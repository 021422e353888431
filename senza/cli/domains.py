"""``senza domains``"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from senza.cli.context import Context
from senza.cli.everywhere import show, with_places
from senza.cli.options import common_options, pass_context, table_options
from senza.cli.output import Column, Row, Table
from senza.cli.types import stack_refs
from senza.stacks.references import StackRef

if TYPE_CHECKING:
    from senza.cli.everywhere import Absent

COLUMNS = (
    Column("stack_name"),
    Column("version", title="Ver."),
    Column("resource_id", title="Resource ID", shrinks=True),
    Column("domain"),
    Column("weight", kind="number"),
    Column("type"),
    Column("value", shrinks=True),
    Column("create_time", kind="time"),
)


@click.command("domains")
@stack_refs()
@table_options(with_places(COLUMNS), watch=True)
@common_options
@pass_context
def command(context: Context, table: Table, refs: tuple[StackRef, ...]) -> None:
    """List the DNS names of stacks as Route 53 has them; weights are out of 200.

    Behind a shared load balancer it is listener rules that have them.

    \b
    Examples:
      senza domains hello-world
      senza domains hello-world 1 -o json
      senza domains hello-world -e staging,live
    """
    show(context, table, lambda one, absent: rows(one, refs, absent), refs)


def rows(context: Context, refs: tuple[StackRef, ...], absent: Absent) -> list[Row]:
    from functools import partial

    from senza.stacks.summaries import find_stacks
    from senza.traffic.survey import survey

    aws = context.aws()
    jobs: dict[str, Callable[[], Any]] = {
        "stacks": partial(find_stacks, aws, refs, absent=absent),
        "zones": context.account().zones,
    }
    looked = aws.parallel(jobs)
    stacks = looked["stacks"]
    found = survey(aws, looked["zones"], stacks)
    return [
        {
            "stack_name": item.stack.name,
            "version": item.stack.version,
            "resource_id": item.logical_id,
            "domain": item.record.name,
            "weight": item.record.weight,
            "type": item.record.type,
            "value": item.record.value,
            "create_time": item.stack.created,
        }
        for item in found.owned
    ]
