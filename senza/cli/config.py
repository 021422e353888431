"""``senza config``"""

from __future__ import annotations

import click

from senza.cli.context import Context
from senza.cli.options import common_options, pass_context, table_options
from senza.cli.output import Column, Table
from senza.cli.settings import SETTINGS, checked, read_settings, setting, settings_file, write_settings
from senza.discretion import secrets_in_url
from senza.errors import NotFound, UsageError

COLUMNS = (Column("key"), Column("value"), Column("description", shrinks=True))


def complete_keys(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    return [known.key for known in SETTINGS if known.key.startswith(incomplete)]


@click.command("config")
@click.argument("key", required=False, shell_complete=complete_keys)
@click.argument("value", required=False)
@click.option("--unset", is_flag=True, help="Forget the value of KEY.")
@table_options(COLUMNS)
@common_options
@pass_context
def command(context: Context, table: Table, key: str | None, value: str | None, unset: bool) -> None:
    """Show or change your settings.

    Without KEY all of them are listed; without VALUE that of KEY is printed. They are kept in
    $XDG_CONFIG_HOME/senza/config.yaml (~/.config/senza/config.yaml), for you only.

    \b
    Examples:
      senza config
      senza config region eu-central-1
      senza config region
      senza config region --unset
      senza config policy.file https://platform.example.org/images.yaml
    """
    values = read_settings(context.environ)
    if key is None:
        if unset:
            raise UsageError("--unset needs the KEY to forget", hint="Write e.g. senza config region --unset.")
        table.show(context, lambda: rows(values))
    elif unset:
        if value is not None:
            raise UsageError("--unset takes no VALUE", hint=f"Write senza config {key} --unset.")
        forget(context, values, key)
    elif value is not None:
        context.discretion.keep(secrets_in_url(value))
        kept = checked(key, value)
        write_settings(context.environ, {**values, key: kept})
        context.say(f"{key} is {kept} ({settings_file(context.environ)}).")
    else:
        setting(key)
        if key not in values:
            raise NotFound(f"{key} is not set", hint=f"Set it: senza config {key} VALUE")
        click.echo(values[key])


def rows(values: dict[str, str]) -> list[dict[str, str | None]]:
    known = [{"key": item.key, "value": values.get(item.key), "description": item.help} for item in SETTINGS]
    unknown = sorted(set(values) - {item.key for item in SETTINGS})
    return known + [
        {"key": key, "value": values[key], "description": "Unknown to this version of senza."} for key in unknown
    ]


def forget(context: Context, values: dict[str, str], key: str) -> None:
    if key not in values:
        setting(key)
        context.say(f"{key} was not set.")
        return
    write_settings(context.environ, {name: value for name, value in values.items() if name != key})
    context.say(f"{key} is forgotten.")
