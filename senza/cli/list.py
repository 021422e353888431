"""``senza list``"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import click

from senza.cli.context import Context
from senza.cli.options import common_options, pass_context, table_options
from senza.cli.output import Column, Row, Table
from senza.cli.stack_names import remember
from senza.cli.types import stack_refs
from senza.errors import SenzaError, UsageError
from senza.stacks.references import StackRef

if TYPE_CHECKING:
    from senza.stacks.summaries import Stack

COLUMNS = (
    Column("stack_name"),
    Column("version", title="Ver."),
    Column("status", kind="state"),
    Column("creation_time", kind="time", title="Created"),
    Column("description", shrinks=True),
)
PLACES = (
    Column("environment"),
    Column("account", quiet=True, spare=True),
    Column("region", quiet=True, spare=True),
)
"""Further columns where stacks of several environments are listed."""
EVERY_COLUMN = (*PLACES, *COLUMNS)
MOST_AT_ONCE = 10


@click.command("list")
@stack_refs()
@click.option("--all", "deleted", is_flag=True, help="Also the stacks deleted in the last 90 days.")
@table_options(EVERY_COLUMN, watch=True)
@common_options
@pass_context
def command(context: Context, table: Table, refs: tuple[StackRef, ...], deleted: bool) -> None:
    """List the stacks.

    "-e all" lists those of every environment of senza.yaml, "-e staging,live" those of some. One that cannot be asked
    does not keep the others from being listed; the exit code is 1 then.

    \b
    Examples:
      senza list
      senza list hello-world
      senza list 'hello-.*' 'v[0-9]+' --all -o json
      senza list -e all hello-world
    """
    names = chosen(context)
    if names is None:
        own = replace(table, columns=COLUMNS) if tuple(table.columns) == EVERY_COLUMN else table
        own.show(context, lambda: rows(context, refs, deleted))
        return
    everywhere = Everywhere([context.in_environment(name) for name in names], refs, deleted)
    table.show(context, everywhere.rows, everywhere.tell)
    if everywhere.failed:
        click.get_current_context().exit(1)


def chosen(context: Context) -> list[str] | None:
    """The environments that were named where that is more than one, or could be; else None. Raises UsageError."""
    from senza.environments import ALL

    said = context.environment_name
    if said is None or (said != ALL and "," not in said):
        return None
    known = context.environments()
    if said == ALL:
        return list(known.names)
    names = [name.strip() for name in said.split(",")]
    if "" in names:
        raise UsageError(f"{said!r} names an environment that has no name", hint="Write e.g. -e staging,live.")
    return list(dict.fromkeys(known.get(name).name for name in names))


def rows(context: Context, refs: tuple[StackRef, ...], deleted: bool) -> list[Row]:
    from senza.stacks.summaries import find_stacks

    stacks = find_stacks(context.aws(), refs, deleted=deleted)
    if not refs and not deleted:
        remember(context, [stack.full_name for stack in stacks])
    where = place(context)
    return [{**where, **row(stack)} for stack in stacks]


def row(stack: Stack) -> dict[str, Any]:
    return {
        "stack_name": stack.name,
        "version": stack.version,
        "status": stack.status,
        "creation_time": stack.created,
        "description": stack.description,
    }


@dataclass
class Everywhere:
    """The stacks of several environments, asked at the same time. failed: what kept one from being listed, by name."""

    contexts: Sequence[Context]
    refs: tuple[StackRef, ...]
    deleted: bool
    failed: dict[str, SenzaError] = field(default_factory=dict)

    def rows(self) -> list[Row]:
        """In the order of senza.yaml. Raises NotFound where a reference matches nothing in any of them."""
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
            found = dict(zip(map(name_of, self.contexts), pool.map(self._listed, self.contexts), strict=True))
        self.failed = {name: one for name, one in found.items() if isinstance(one, SenzaError)}
        listed = {name: one for name, one in found.items() if not isinstance(one, SenzaError)}
        if not self.failed:
            self._require(listed)
        return [
            {**place(context), **row(stack)} for context in self.contexts for stack in listed.get(name_of(context), ())
        ]

    def tell(self) -> None:
        """Say on stderr what failed, in the order of senza.yaml."""
        for name, error in self.failed.items():
            click.echo(f"{click.style('Error:', fg='red', bold=True)} {name}: {error}", err=True)

    def _listed(self, context: Context) -> list[Stack] | SenzaError:
        from senza.stacks.summaries import list_stacks

        try:
            stacks = list_stacks(context.aws(), self.refs, deleted=self.deleted)
        except SenzaError as error:
            return error
        if not self.refs and not self.deleted:
            remember(context, [stack.full_name for stack in stacks])
        return stacks

    def _require(self, listed: Mapping[str, Sequence[Stack]]) -> None:
        from senza.errors import NotFound

        for ref in self.refs:
            if not any(ref.matches(stack.full_name) for stacks in listed.values() for stack in stacks):
                raise NotFound(f"there is no stack {ref} in {', '.join(listed)}")


def name_of(context: Context) -> str:
    return context.environment_name or ""


def place(context: Context) -> dict[str, str | None]:
    """Without an environment nobody has said which account it is."""
    environment = context.environment
    name, account = (environment.name, environment.account) if environment else (None, None)
    return {"environment": name, "account": account, "region": context.aws().region}
