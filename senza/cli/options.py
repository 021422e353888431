"""Options that many commands share, so that a command names only its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from senza.cli.context import Context
    from senza.cli.output import Column

F = TypeVar("F", bound=Callable[..., Any])
WATCH_SECONDS = 2
OUTPUTS = ["text", "json", "tsv"]


def pass_context(function: Callable[..., Any]) -> Callable[..., Any]:
    """Call the function with the run's :class:`senza.cli.context.Context` first."""

    @wraps(function)
    def command(*args: Any, **rest: Any) -> Any:
        context = the_context(click.get_current_context())
        with context.addressing():
            return function(context, *args, **rest)

    return command


def the_context(ctx: click.Context) -> Context:
    from senza.cli.context import Context  # not for --help, which needs none

    return ctx.ensure_object(Context)


def common_options(function: F) -> F:
    """``-e``, ``--region``, ``--profile``, ``--sandbox``, before or after the command's name; the later one wins.

    They are kept by the :class:`Context`; the command does not see them.
    """
    options = [
        click.option("-e", "--environment", "environment_name", metavar="NAME", expose_value=False, callback=_keep,
                     shell_complete=complete_environments,
                     help="Environment of senza.yaml: account, region, role; else SENZA_ENVIRONMENT."),
        click.option("--region", metavar="NAME", expose_value=False, callback=_keep,
                     help="AWS region; else AWS_DEFAULT_REGION, 'senza config', then the AWS config file."),
        click.option("--profile", metavar="NAME", help="Profile of the AWS config file; else AWS_PROFILE.",
                     expose_value=False, callback=_keep),
        click.option("--sandbox", is_flag=True, help="Use the local AWS that 'senza sandbox start' started.",
                     expose_value=False, callback=_keep),
    ]  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value == "" and not ctx.resilient_parsing:  # e.g. -e "$STAGE" where that is not set: never the default account
        raise click.BadParameter("it is empty; name one, or leave the option out", ctx, param)
    context = the_context(ctx)
    if value and param.name:
        context.choose(param.name, value)


def complete_environments(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The names in senza.yaml that begin so."""
    from senza.errors import SenzaError

    try:
        return [name for name in the_context(ctx).environments().names if name.startswith(incomplete)]
    except SenzaError:
        return []


def table_options(columns: Sequence[Column], *, watch: bool = False) -> Callable[[F], F]:
    """``-o``, ``--field`` and, where ``watch``, ``-w SECS``/``-W``; the command gets one ``table: Table``."""

    def decorate(function: F) -> F:
        from senza.cli.output import Table, known_fields

        @wraps(function)
        def command(*args: Any, output: str, fields: tuple[Column, ...], **rest: Any) -> Any:
            watching, seconds = rest.pop("watching", False), rest.pop("watch", None)
            every = seconds or (WATCH_SECONDS if watching else None)
            return function(*args, table=Table(fields or tuple(columns), output, every), **rest)

        names = ", ".join(column.name for column in columns)
        options = [
            click.option("-o", "--output", type=click.Choice(OUTPUTS), default="text", help="Format of the result."),
            click.option("-f", "--field", "fields", multiple=True, metavar="NAME", callback=known_fields(columns),
                         help=f"Show this column; may be repeated. One of: {names}."),
        ]  # fmt: skip
        if watch:
            seconds = click.IntRange(1, 300)
            options += [
                click.option("-w", "--watch", type=seconds, metavar="SECS", help="Show it again every SECS seconds."),
                click.option("-W", "watching", is_flag=True, help=f"The same as -w {WATCH_SECONDS}."),
            ]
        decorated: Any = command
        for option in reversed(options):
            decorated = option(decorated)
        result: F = decorated
        return result

    return decorate
