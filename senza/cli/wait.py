"""``senza wait``"""

from __future__ import annotations

import click

from senza.cli.context import Context
from senza.cli.options import common_options, pass_context
from senza.cli.types import stack_refs
from senza.stacks.references import StackRef


@click.command("wait")
@stack_refs(required=True)
@click.option("-d", "--deletion", is_flag=True, help="Wait until the stacks are deleted.")
@click.option(
    "-t", "--timeout", type=click.IntRange(0, 7200), default=1800, metavar="SECS", help="At most so long (1800)."
)
@click.option("-i", "--interval", type=click.IntRange(1, 600), default=5, metavar="SECS", help="Between checks (5).")
@common_options
@pass_context
def command(context: Context, refs: tuple[StackRef, ...], deletion: bool, timeout: int, interval: int) -> None:
    """Wait until stacks are created or updated, or deleted, and show what happens meanwhile.

    \b
    Examples:
      senza wait hello-world 1
      senza wait hello-world 1 --deletion --timeout 600
    """
    from senza.stacks.changes import AwaitStacks
    from senza.stacks.summaries import find_latest
    from senza.stacks.watch import DELETED, READY

    stacks = find_latest(context.aws(), refs, deleted=deletion)
    wanted = DELETED if deletion else READY
    context.carry_out([AwaitStacks(tuple(stacks), wanted, timeout=timeout, interval=interval)])
