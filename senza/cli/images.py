"""``senza images``"""

from __future__ import annotations

from dataclasses import replace

import click

from senza.cli.context import Context
from senza.cli.options import common_options, pass_context, table_options
from senza.cli.output import Column, Row, Table
from senza.cli.types import stack_refs
from senza.stacks.references import StackRef

TOTAL = Column("total_instances", kind="number", title="Inst.#")
INSTANCES = Column("instances", shrinks=True)
COLUMNS = (
    Column("ImageId", title="Image ID"),
    Column("Name", shrinks=True),
    Column("OwnerId", title="Owner"),
    Column("Description", shrinks=True),
    Column("stacks", shrinks=True),
    TOTAL,
    INSTANCES,
    Column("creation_time", kind="time", title="Created"),
)


@click.command("images")
@stack_refs()
@click.option("--hide-older-than", "days", type=click.IntRange(0), default=21, metavar="DAYS", show_default=True,
              help="Leave out unused images that are older.")  # fmt: skip
@click.option("--show-instances", is_flag=True, help="The ids of the instances instead of their number.")
@table_options(COLUMNS)
@common_options
@pass_context
def command(context: Context, table: Table, refs: tuple[StackRef, ...], days: int, show_instances: bool) -> None:
    """Show the machine images in use, and the Taupage images there are.

    \b
    Examples:
      senza images
      senza images hello-world --show-instances
      senza images --hide-older-than 365 -o json
    """
    if table.columns == COLUMNS:
        hidden = TOTAL if show_instances else INSTANCES
        table = replace(table, columns=[column for column in table.columns if column is not hidden])
    table.show(context, lambda: rows(context, refs, days))


def rows(context: Context, refs: tuple[StackRef, ...], days: int) -> list[Row]:
    from datetime import UTC, datetime

    from senza.fleet.images import days_before, images
    from senza.fleet.instances import list_instances, require_stacks

    instances = list_instances(context.aws(), refs, stackless=not refs)
    require_stacks(context.aws(), refs, instances)
    since = days_before(datetime.fromtimestamp(context.clock.now(), UTC), days)
    return [
        {
            "ImageId": image.id,
            "Name": image.name,
            "OwnerId": image.owner,
            "Description": image.description,
            "stacks": ", ".join(image.stacks),
            "total_instances": len(image.instances),
            "instances": ", ".join(instance.id for instance in image.instances),
            "creation_time": image.created,
        }
        for image in images(context.aws(), instances, since)
    ]
