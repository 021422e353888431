"""``senza doctor``"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from senza.cli.context import Context
from senza.cli.options import common_options, pass_context, table_options
from senza.cli.output import Column, Row, Table, print_table
from senza.errors import SenzaError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from senza.doctor.entries import Entry
    from senza.doctor.examine import Result

COLUMNS = (
    Column("level", kind="state"),
    Column("check"),
    Column("message"),
    Column("subject"),
    Column("advice"),
    Column("looked_at"),
    Column("link"),
)
IN_TEXT = COLUMNS[:3]
"""The rest is too wide beside them: the advice follows below the table."""


@click.command("doctor")
@click.option("--strict", is_flag=True, help="Warnings, too, end with exit code 1.")
@table_options(COLUMNS)
@common_options
@pass_context
def command(context: Context, table: Table, strict: bool) -> None:
    """Check the account: access, permissions, network, DNS, certificates, stuck and forgotten stacks.

    Only looks, and says what to do about what it found. Where there is a senza.yaml, and no -e, each of its
    environments is entered, too, to see whether it is the account that it should be. Exit code 1 where something is an
    error (with --strict: or a warning), else 0, so that CI can ask.

    \b
    Examples:
      senza doctor
      senza doctor --strict -o tsv
      senza doctor -e live
      senza doctor -o json --field level --field advice
    """
    from senza.doctor.examine import count, examine
    from senza.doctor.facts import Facts

    others = entries_of(context) if context.environment_name is None else None
    results = examine(Facts(context.aws(), context.account(), context.clock, others))
    short = table.output == "text" and table.columns == COLUMNS
    print_table(IN_TEXT if short else table.columns, rows(results), table.output, now=context.clock.now())
    if short:
        say_what_to_do(results)
    found = count(results)
    if found["error"] or (strict and found["warning"]):
        raise SenzaError(
            f"{counted(found['error'], 'error')} and {counted(found['warning'], 'warning')} found in this account",
            hint="What to do about each is said above." if short else "",
        )


def entries_of(context: Context) -> Callable[[], list[Entry]] | None:
    """The ways into the environments; None where there is no senza.yaml."""
    from senza.doctor.entries import Entry

    if context.environments_file() is None:
        return None

    def entries() -> list[Entry]:
        return [
            Entry(
                environment,
                context.in_environment(environment.name).aws(),
                asks=not context.aws().local and any(role.mfa for role in environment.roles),
            )
            for environment in context.environments()
        ]

    return entries


def rows(results: Sequence[Result]) -> list[Row]:
    return [
        {
            "level": finding.level,
            "check": check.id,
            "message": finding.message,
            "subject": finding.subject,
            "advice": finding.advice,
            "looked_at": check.looks_at,
            "link": check.link,
        }
        for check, finding in results
    ]


def say_what_to_do(results: Sequence[Result]) -> None:
    for check, finding in results:
        if finding.level != "ok":
            click.echo(f"\n{finding.level} {check.id}: {finding.message}")
            for line in filter(None, [finding.advice, check.link]):
                click.echo(f"  {line}")


def counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
