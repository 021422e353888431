"""``senza print``"""

from __future__ import annotations

import click

from senza.cli.compiling import Request, definition_arguments
from senza.cli.context import Context
from senza.cli.options import common_options, pass_context


@click.command("print")
@definition_arguments()
@click.option("-o", "--output", type=click.Choice(["json", "yaml"]), default="json", help="Format of the template.")
@common_options
@pass_context
def command(context: Context, request: Request, output: str) -> None:
    """Print the CloudFormation template that a definition becomes.

    \b
    Examples:
      senza print definitions/hello-world.yaml 1 0.1
      senza print definitions/hello-world.yaml 1 ImageVersion=0.1 -o yaml
    """
    compiled = request.compile(context)
    if output == "json":
        click.echo(compiled.template_json())
    else:
        import yaml

        click.echo(yaml.safe_dump(compiled.template, default_flow_style=False, allow_unicode=True), nl=False)
