"""``senza print``"""

from __future__ import annotations

import click

from senza.cli.compiling import Request, definition_arguments
from senza.cli.context import Context
from senza.cli.options import common_options, pass_context
from senza.discretion import visible_json
from senza.errors import UsageError


@click.command("print")
@definition_arguments()
@click.option("-o", "--output", type=click.Choice(["json", "yaml"]), default="json", help="Format of the template.")
@click.option("--offline", is_flag=True, help="Ask nobody; facts about the account are made up, as 'senza check' does.")
@common_options
@pass_context
def command(context: Context, request: Request, output: str, offline: bool) -> None:
    """Print the CloudFormation template that a definition becomes.

    \b
    Examples:
      senza print definitions/hello-world.yaml 1 0.1
      senza print definitions/hello-world.yaml 1 ImageVersion=0.1 -o yaml
      senza print definitions/hello-world.yaml 1 0.1 --offline
    """
    if offline and request.verify:
        raise UsageError("--verify asks registries, and --offline asks nobody", hint="Leave one of them out.")
    compiled = request.compile_offline(context) if offline else request.compile(context)
    if output == "json":
        click.echo(visible_json(compiled.template_json()))
    else:
        from senza.cli.output import as_yaml

        click.echo(as_yaml(compiled.template, default_flow_style=False), nl=False)
