"""``senza console``"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from senza.cli.context import Context
from senza.cli.options import WATCH_SECONDS, common_options, pass_context
from senza.cli.types import stack_name_in

if TYPE_CHECKING:
    from senza.fleet.instances import Instance


@click.command("console")
@click.argument("words", metavar="[INSTANCE_OR_STACK_REF]...", nargs=-1)
@click.option("-l", "--limit", type=click.IntRange(1), default=25, metavar="N", show_default=True,
              help="Lines of each instance, from the end.")  # fmt: skip
@click.option("-w", "--watch", type=click.IntRange(1, 300), metavar="SECS", help="Show it again every SECS seconds.")
@click.option("-W", "watching", is_flag=True, help=f"The same as -w {WATCH_SECONDS}.")
@common_options
@pass_context
def command(context: Context, words: tuple[str, ...], limit: int, watch: int | None, watching: bool) -> None:
    """Print the console output of instances, given by id, private address or stack.

    EC2 keeps what an instance printed when it started or stopped. Control characters are made harmless.

    \b
    Examples:
      senza console hello-world 1
      senza console i-0123456789abcdef0 -l 100
      senza console 172.31.4.7
    """
    from senza.fleet.console import find_instances, names_instance, outputs
    from senza.stacks.references import parse_refs

    named = [word for word in words if names_instance(word)]
    refs = parse_refs([word for word in words if word not in named], stack_name_in)
    every = watch or (WATCH_SECONDS if watching else None)
    while True:
        instances = find_instances(context.aws(), named, refs)
        found = outputs(context.aws(), instances, limit)
        if every and sys.stdout.isatty():
            click.clear()
        for instance in instances:
            show(instance, found[instance.id])
        if not instances:
            context.say("There are no instances.")
        if not every:
            return
        context.clock.sleep(every)


def show(instance: Instance, lines: list[str]) -> None:
    whose = f"{instance.stack} {instance.id}" if instance.stack else instance.id
    where = f" ({instance.private_ip})" if instance.private_ip else ""
    amount = f"last {len(lines)} lines" if len(lines) > 1 else "last line" if lines else "nothing on the console"
    click.secho(f"{whose}{where}, {amount}", bold=True)
    for line in lines:
        click.echo(line)
