"""``senza doctor``"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from senza.cli.context import Context
from senza.cli.everywhere import chosen, show, with_places
from senza.cli.options import common_options, pass_context, table_options
from senza.cli.output import Column, Row, Table, tell
from senza.errors import SenzaError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from senza.cli.everywhere import Absent
    from senza.doctor.examine import Result
    from senza.environments import Environments

COLUMNS = (
    Column("level", kind="state"),
    Column("check"),
    Column("message"),
    Column("subject"),
    Column("advice"),
    Column("looked_at"),
    Column("link"),
)
EVERY_COLUMN = with_places(COLUMNS)
IN_TEXT = with_places(COLUMNS[:3])
"""The rest is too wide beside them: the advice follows below the table."""


@click.command("doctor")
@click.option("--strict", is_flag=True, help="Warnings, too, end with exit code 1.")
@table_options(EVERY_COLUMN)
@common_options
@pass_context
def command(context: Context, table: Table, strict: bool) -> None:
    """Check the account: access, permissions, network, DNS, certificates, stuck and forgotten stacks.

    Only looks, and says what to do about what it found. "-e all" looks at every environment of senza.yaml, and enters
    it first; without -e none of them is entered. Exit code 1 where something is an error (with --strict: or a warning),
    else 0, so that CI can ask.

    \b
    Examples:
      senza doctor
      senza doctor --strict -o tsv
      senza doctor -e live
      senza doctor -e all
      senza doctor -o json --field level --field advice
    """
    found: list[Row] = []

    def look(one: Context, _: Absent) -> list[Row]:
        return examined(one)

    def kept(rows: list[Row]) -> list[Row]:
        found[:] = rows
        return rows

    short = table.output == "text" and table.columns == EVERY_COLUMN
    many = chosen(context) is not None
    try:
        show(context, replace(table, columns=IN_TEXT) if short else table, look, joined=kept)
    finally:  # it ends there where one of the environments could not be asked
        if short:
            say_what_to_do(found)
    levels = Counter(row["level"] for row in found)
    if levels["error"] or (strict and levels["warning"]):
        raise SenzaError(
            f"{counted(levels['error'], 'error')} and {counted(levels['warning'], 'warning')} found in "
            f"{'these environments' if many else 'this account'}",
            hint="What to do about each is said above." if short else "",
        )


def examined(context: Context) -> list[Row]:
    from senza.doctor.examine import examine
    from senza.doctor.facts import Facts

    environment = context.environment
    file = None if environment else environments_of(context)
    return rows(examine(Facts(context.aws(), context.account(), context.clock, environment, file)))


def environments_of(context: Context) -> Callable[[], Environments] | None:
    """Reads senza.yaml; None where there is none."""
    return context.environments if context.environments_file() else None


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


def say_what_to_do(rows: Sequence[Row]) -> None:
    for row in rows:
        if row["level"] != "ok":
            where = f" {row['environment']}" if row["environment"] else ""
            tell(f"\n{row['level']}{where} {row['check']}: {row['message']}")
            for line in filter(None, [row["advice"], row["link"]]):
                tell(f"  {line}")


def counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
