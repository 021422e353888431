"""``senza completion``"""

from __future__ import annotations

import click

from senza.cli.options import common_options

SHELLS = ["bash", "zsh", "fish"]


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
@common_options
def command(shell: str) -> None:
    """Print the script that completes senza's commands, options, stacks and versions in a shell.

    \b
    Examples:
      eval "$(senza completion bash)"        in ~/.bashrc
      eval "$(senza completion zsh)"         in ~/.zshrc, behind compinit
      senza completion fish | source         in ~/.config/fish/config.fish
    """
    from click.shell_completion import get_completion_class

    from senza.cli.main import cli

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(cli, {}, "senza", "_SENZA_COMPLETE").source())
