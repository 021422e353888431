"""``senza promote``"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from senza.cli.app_names import complete_app
from senza.cli.context import Context
from senza.cli.options import common_options, complete_environments, pass_context
from senza.cli.recorded import force_unlock_option
from senza.cli.types import stack_name_in, tag
from senza.errors import UsageError

if TYPE_CHECKING:
    from senza.cli.promoting import Wish


F = TypeVar("F", bound=Callable[..., Any])


def environment_option(flag: str, name: str, text: str) -> Callable[[F], F]:
    return click.option(flag, name, metavar="NAME", required=True, shell_complete=complete_environments, help=text)


@click.command("promote")
@click.argument("stack_name", metavar="APP", shell_complete=complete_app)
@click.argument("words", metavar="[VERSION] [PARAMETER=VALUE]...", nargs=-1)
@environment_option("--from", "source", "Environment of senza.yaml in which the version runs.")
@environment_option("--to", "target", "Environment to deploy it to.")
@click.option("--definition", metavar="FILE", help="Else as the journal of the first environment says, or APP.yaml "
              "beside senza.yaml or in definitions/.")  # fmt: skip
@click.option("--parameter-file", metavar="FILE", help="YAML mapping of parameter values, e.g. secrets.")
@click.option("-t", "--tag", "tags", multiple=True, type=tag, metavar="KEY=VALUE",
              help="Tag of the stack; may be repeated.")  # fmt: skip
@click.option("--strategy", metavar="NAME", default="", help="Instead of the definition's, see senza deploy.")
@click.option("--dry-run", is_flag=True, help="Show what is the same and what is not, and the plan.")
@click.option("-f", "--force", is_flag=True,
              help="Also where it is not exactly what runs there; and turn failing checks into warnings.")  # fmt: skip
@click.option("--verify", metavar="POLICY", help="Policy (path or URL) that container images must pass.")
@force_unlock_option
@common_options
@pass_context
def command(
    context: Context, stack_name: str, words: tuple[str, ...], source: str, target: str, **options: Any
) -> None:
    """Deploy to an environment exactly what runs in another one: version, parameters, image digests.

    Without VERSION, the one that has all the traffic there. Parameters that senza.yaml sets for the target are the
    target's own, and PARAMETER=VALUE comes before everything. Refuses where the definition makes something else by now
    than what runs. What follows is "senza deploy"; nothing is changed in the first environment.

    \b
    Examples:
      senza promote hello-world --from staging --to live
      senza promote hello-world 42 --from staging --to live --dry-run
      senza promote hello-world --from staging --to live InstanceType=m7g.large
    """
    from senza.cli.promoting import Wish, promote

    named = stack_name_in(stack_name)
    definition = options.pop("definition") or (stack_name if named else None)
    given = [options.pop(name) for name in ("strategy", "dry_run", "force_unlock")]
    wish = Wish(named or stack_name, *version_and_parameters(words), definition=definition, **options)
    promote(*places(context, wish, source, target), wish, *given)


def version_and_parameters(words: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """The version, "" where none is said, and the parameters by name. Raises UsageError."""
    version = words[0] if words and "=" not in words[0] else ""
    parameters: dict[str, str] = {}
    for position, word in enumerate(words, 2):
        name, sign, value = word.partition("=")
        if not sign and version and position == 2:
            continue
        if not sign:
            raise UsageError(f"argument {position} has no =", hint="Parameters are given as NAME=VALUE here.")
        if name in parameters:
            raise UsageError(f"the parameter {name} is given twice")
        parameters[name] = value
    return version, parameters


def places(context: Context, wish: Wish, source: str, target: str) -> tuple[Context, Context]:
    """Contexts for the two environments. Raises UsageError."""
    chosen = context.environment_name
    if chosen not in (None, source, target):
        raise UsageError(
            f"promote goes from {source} to {target}, and -e or SENZA_ENVIRONMENT says {chosen}",
            hint="--from and --to say everything: leave that out.",
        )
    if source == target:
        raise UsageError(f"{source} is promoted to itself", hint="Say two environments: --from staging --to live.")
    context.definition = wish.definition or context.definition
    return context.in_environment(source), context.in_environment(target)
