"""``-e all`` and ``-e staging,live``: one table of several environments, which are asked at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import click

from senza.cli.output import Column, Row
from senza.errors import NotFound, SenzaError, UsageError

if TYPE_CHECKING:
    from senza.cli.context import Context
    from senza.cli.output import Table
    from senza.stacks.references import StackRef

    Absent = Callable[[StackRef], None]
    """Told of each reference that matches nothing in an environment; may raise."""
    Look = Callable[[Context, Absent], Iterable[Row]]
    """The rows of one environment."""

PLACES = (
    Column("environment"),
    Column("account", quiet=True, spare=True),
    Column("region", quiet=True, spare=True),
)
"""Further columns where several environments are asked."""
MOST_AT_ONCE = 10


def with_places(columns: Sequence[Column]) -> tuple[Column, ...]:
    """What ``--field`` knows in a command that takes several environments."""
    return (*PLACES, *columns)


def show(
    context: Context,
    table: Table,
    look: Look,
    refs: Sequence[StackRef] = (),
    joined: Callable[[list[Row]], list[Row]] = lambda rows: rows,
) -> None:
    """Print the rows of the environment at hand, or of all that ``-e`` names; ends with 1 where one could not be asked.

    table: its columns begin with :data:`PLACES`, unless the user chose them. joined: from the rows in the order of the
    environments to those that are shown.
    """
    names = chosen(context)
    if names is None:
        from senza.stacks.summaries import not_there

        usual = tuple(table.columns[: len(PLACES)]) == PLACES
        own = replace(table, columns=table.columns[len(PLACES) :]) if usual else table
        own.show(context, lambda: joined(placed(context, look(context, not_there))))
        return
    everywhere = Everywhere([context.in_environment(name) for name in names], look, refs)
    table.show(context, lambda: joined(everywhere.rows()), everywhere.tell)
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


def require_one(context: Context, what: str) -> None:
    """Raises UsageError where several environments were named. what: cannot be had of several at once."""
    if names := chosen(context):
        raise UsageError(f"{what} is of one environment", hint=f"Name one: {', '.join(names)}.")


@dataclass
class Everywhere:
    """Several environments, asked at the same time. failed: what kept one from answering, by name."""

    contexts: Sequence[Context]
    look: Look
    refs: Sequence[StackRef] = ()
    failed: dict[str, SenzaError] = field(default_factory=dict)

    def rows(self) -> list[Row]:
        """In the order of senza.yaml. Raises NotFound where a reference matches nothing in any of them."""
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
            found = dict(zip(map(name_of, self.contexts), pool.map(self._asked, self.contexts), strict=True))
        self.failed = {name: one for name, one in found.items() if isinstance(one, SenzaError)}
        answered = {name: one for name, one in found.items() if not isinstance(one, SenzaError)}
        if not self.failed:
            require(self.refs, {name: absent for name, (_, absent) in answered.items()})
        return [row for rows, _ in answered.values() for row in rows]

    def tell(self) -> None:
        """Say on stderr what failed, in the order of senza.yaml."""
        by_name = {name_of(one): one for one in self.contexts}
        for name, error in self.failed.items():
            one = by_name[name]
            click.echo(f"{click.style('Error:', fg='red', bold=True)} {one.told(f'{name}: {error}')}", err=True)

    def _asked(self, context: Context) -> tuple[list[Row], list[StackRef]] | SenzaError:
        absent: list[StackRef] = []
        try:
            return placed(context, self.look(context, absent.append)), absent
        except SenzaError as error:
            return error


def require(refs: Sequence[StackRef], absent: Mapping[str, Sequence[StackRef]]) -> None:
    """absent: the references that match nothing, by environment. Raises NotFound where one is in all of them."""
    for ref in refs:
        if all(ref in missed for missed in absent.values()):
            raise NotFound(f"there is no stack {ref} in {', '.join(absent)}")


def placed(context: Context, rows: Iterable[Row]) -> list[Row]:
    """The rows with where they are from. Without an environment nobody has said which account it is."""
    environment = context.environment
    where: dict[str, str | None] = dict.fromkeys(column.name for column in PLACES)
    if environment:
        where |= {"environment": environment.name, "account": environment.account}
    with suppress(UsageError):  # there is none, and nothing was asked
        where["region"] = context.aws().region
    return [{**where, **row} for row in rows]


def name_of(context: Context) -> str:
    return context.environment_name or ""
