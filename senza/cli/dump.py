"""``senza dump``"""

from __future__ import annotations

import click

from senza.cli.context import Context
from senza.cli.options import common_options, pass_context
from senza.cli.types import stack_refs
from senza.discretion import visible_json
from senza.stacks.references import StackRef


@click.command("dump")
@stack_refs(required=True)
@click.option("-o", "--output", type=click.Choice(["json", "yaml"]), default="json", help="Format of the template.")
@common_options
@pass_context
def command(context: Context, refs: tuple[StackRef, ...], output: str) -> None:
    """Print the template of a running stack.

    \b
    Examples:
      senza dump hello-world 1
      senza dump hello-world 1 -o yaml
    """
    import json
    from functools import partial

    from senza.cli.output import as_yaml
    from senza.stacks.summaries import find_stacks
    from senza.stacks.templates import deployed_template

    aws = context.aws()
    stacks = find_stacks(aws, refs)
    templates = aws.parallel({stack.stack_id: partial(deployed_template, aws, stack.stack_id) for stack in stacks})
    for template in templates.values():
        if output == "json":
            click.echo(visible_json(json.dumps(template, indent=4, sort_keys=True, ensure_ascii=False)))
        else:
            click.echo(as_yaml(template, explicit_start=len(templates) > 1), nl=False)
