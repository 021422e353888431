"""``senza health``"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    Column("status", kind="state"),
    Column("healthy_hosts", kind="number", title="Healthy #"),
    Column("requests_per_sec", kind="number", title="Req./s"),
    Column("4xx_percentage", kind="number", title="4xx %"),
    Column("5xx_percentage", kind="number", title="5xx %"),
    Column("latency_ms", kind="number", title="Latency (ms)"),
)


@click.command("health")
@stack_refs()
@click.option("--all", "deleted", is_flag=True, help="Also the stacks deleted in the last 90 days.")
@table_options(with_places(COLUMNS), watch=True)
@common_options
@pass_context
def command(context: Context, table: Table, refs: tuple[StackRef, ...], deleted: bool) -> None:
    """Show how the load balancers of stacks are doing, from CloudWatch.

    The figures are of five minutes, up to one minute ago; latency is the mean. Network load balancers count no
    requests.

    \b
    Examples:
      senza health hello-world
      senza health hello-world -w 30
      senza health hello-world -e all
    """
    show(context, table, lambda one, absent: rows(one, refs, deleted, absent), refs)


def rows(context: Context, refs: tuple[StackRef, ...], deleted: bool, absent: Absent) -> list[Row]:
    from senza.fleet.metrics import Figures, figures
    from senza.stacks.summaries import find_stacks

    stacks = find_stacks(context.aws(), refs, deleted=deleted, absent=absent)
    live = [stack.full_name for stack in stacks if stack.status != "DELETE_COMPLETE"]
    found = figures(context.aws(), live, context.clock.now())
    shown = [
        (stack, found.get(stack.full_name, Figures()) if stack.status != "DELETE_COMPLETE" else Figures())
        for stack in stacks
    ]
    return [
        {
            "stack_name": stack.name,
            "version": stack.version,
            "status": stack.status,
            "healthy_hosts": figure.healthy_hosts,
            "requests_per_sec": figure.requests_per_sec,
            "4xx_percentage": figure.percent_4xx,
            "5xx_percentage": figure.percent_5xx,
            "latency_ms": figure.latency_ms,
        }
        for stack, figure in shown
    ]
