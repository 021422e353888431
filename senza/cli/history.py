"""``senza history``"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from senza.cli.context import Context
from senza.cli.everywhere import require_one, show, with_places
from senza.cli.files import write_whole
from senza.cli.options import common_options, pass_context, table_options
from senza.cli.output import Column, Row, Table
from senza.cli.stack_names import complete_name
from senza.cli.types import stack_name_in
from senza.errors import UsageError

if TYPE_CHECKING:
    from senza.cli.everywhere import Absent
    from senza.journal import Journal
    from senza.journal.delivery import Deployment, Past

UNITS = {"m": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}
METRICS_SINCE = 90 * 86400.0


def lasting(seconds: float) -> str:
    """``45s``, ``12m``, ``3.5h``, ``2.0d``."""
    if seconds < 120:
        return f"{seconds:.0f}s"
    if seconds < 7200:
        return f"{seconds / 60:.0f}m"
    return f"{seconds / 3600:.1f}h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f}d"


def short_who(arn: str) -> str:
    return arn.rpartition(":")[2]


COLUMNS = (
    Column("time", kind="time"),
    Column("app"),
    Column("version"),
    Column("what"),
    Column("who", shrinks=True, shown=short_who),
    Column("result"),
    Column("duration", kind="number", shown=lasting),
    Column("id", title="ID"),
)
ENTRY = (
    Column("seq", kind="number", title="#"),
    Column("time", kind="time"),
    Column("kind"),
    Column("who", shrinks=True, shown=short_who),
    Column("from", shrinks=True),
    Column("facts", shrinks=True, shown=lambda facts: ", ".join(f"{key}: {facts[key]}" for key in facts)),
)
MEASURED = (
    Column("app"),
    Column("deployments", kind="number"),
    Column("per_week", kind="number", shown=lambda value: f"{value:.1f}"),
    Column("lead_time", kind="number", shown=lasting),
    Column("fail_rate", kind="number", shown=lambda value: f"{value:.0%}"),
    Column("time_to_restore", kind="number", shown=lasting),
)


def period(ctx: click.Context, param: click.Parameter, text: str | None) -> float | None:
    """``30m``, ``12h``, ``7d``, ``4w`` in seconds."""
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{1,5})([mhdw])", text)
    if not match:
        raise click.BadParameter(f"{text!r} is no period like 12h, 7d or 4w.", ctx, param)
    return int(match[1]) * UNITS[match[2]]


@click.command("history")
@click.argument("app", required=False, shell_complete=complete_name)
@click.argument("ident", metavar="[ID]", required=False)
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, metavar="N", help="At most so many (20).")
@click.option("--since", callback=period, metavar="PERIOD", help="Not older than e.g. 12h, 7d or 4w; metrics: 90d.")
@click.option("--metrics", is_flag=True, help="Deployment frequency, lead time, change fail rate, time to restore.")
@click.option("--plot", metavar="FILE", type=click.Path(dir_okay=False), help="Draw the metrics as an SVG.")
@table_options(with_places(COLUMNS))
@common_options
@pass_context
def command(
    context: Context,
    table: Table,
    app: str | None,
    ident: str | None,
    limit: int,
    since: float | None,
    metrics: bool,
    plot: str | None,
) -> None:
    """Show what was done to the apps, by whom and with what result.

    Newest first; with an ID all entries of one operation. The journal begins with the first "senza deploy" in an
    account and region.

    \b
    Examples:
      senza history
      senza history hello-world --since 7d
      senza history hello-world 20260601T120000Z-3fa9c1
      senza history --metrics --since 90d --plot delivery.svg
      senza history -e all --since 1d
    """
    app = (stack_name_in(app) or app) if app else None
    if plot and not metrics:
        raise UsageError("--plot draws the metrics", hint="Say --metrics --plot FILE.")
    if metrics:
        measured(context, table, app, since or METRICS_SINCE, plot)
    elif app and ident:
        require_one(context, "an operation")
        entries = journal_of(context).open(app, ident).entries
        whole: list[Row] = [
            {
                **{"seq": one.seq, "time": one.at, "kind": one.kind, "who": one.who, "from": one.where},
                "facts": dict(one.facts),
            }
            for one in entries
        ]
        Table(ENTRY, table.output).show(context, lambda: whole)
    else:
        begin = None if since is None else context.clock.now() - since
        show(context, table, lambda one, _: rows(one, app, limit, begin), joined=partial(newest, limit=limit))


def journal_of(context: Context) -> Journal:
    from senza.journal import Caller, Journal

    aws = context.aws()
    caller = Caller(aws)
    return Journal(aws, context.clock, account_id=caller.account_id, who=caller.who)


def newest(rows: list[Row], limit: int) -> list[Row]:
    return sorted(rows, key=lambda row: row["time"], reverse=True)[:limit]


def rows(context: Context, app: str | None, limit: int, begin: float | None) -> list[Row]:
    journal = journal_of(context)
    found = journal.operations(app, limit=limit, since=begin)
    if not found and not journal.exists():
        where = f"environment {context.environment_name}" if context.environment_name else "this region"
        context.say(f"There is no journal in {where} yet; the first senza deploy begins it.")
    return [
        {
            "time": one.first.at,
            "app": one.app,
            "version": one.first.facts.get("version"),
            "what": one.kind,
            "who": one.first.who,
            "result": one.result or "open",
            "duration": one.seconds,
            "id": one.id,
        }
        for one in found
    ]


def measured(context: Context, table: Table, app: str | None, since: float, file: str | None) -> None:
    """The metrics as a table, and drawn to that file."""
    from senza.journal.delivery import measure
    from senza.journal.plot import plot

    if file:
        require_one(context, "a drawing")
    until = context.clock.now()
    deployed: list[Deployment] = []

    def look(one: Context, _: Absent) -> list[Row]:
        found = all_deployments(one, journal_of(one), app, until - since)
        if file:
            deployed[:] = found
        apps = list(dict.fromkeys(each.app for each in found if each.at >= until - since)) or ([app] if app else [])
        return [vars(measure(each, found, until - since, until)) for each in sorted(apps)]

    show(context, Table(with_places(MEASURED), table.output), look)
    if file:
        write_whole(Path(file), plot(deployed, until - since, until, f"Deployments of {app or 'all apps'}"))
        context.say(f"Drawn: {file}")


def all_deployments(context: Context, journal: Journal, app: str | None, since: float) -> list[Deployment]:
    """From the journal, and from the stacks there are or were in the last 90 days."""
    from senza.journal.delivery import Born, Past, deployments
    from senza.stacks.summaries import list_stacks

    aws = context.aws()
    found = journal.operations(app, limit=None, since=since)
    whole = [one for one in found if one.kind == "rollout" and one.result not in ("", "promoted")]
    opened = aws.parallel({(one.app, one.id): partial(journal.open, one.app, one.id) for one in whole})
    pasts = []
    for one in found:
        operation = opened.get((one.app, one.id))
        ends = (one.first,) if one.first == one.last else (one.first, one.last)
        pasts.append(Past(one.app, tuple(operation.entries) if operation else ends))
    versioned = [stack for stack in list_stacks(aws, deleted=True) if stack.version and app in (None, stack.name)]
    stacks = [Born(stack.name, stack.full_name, stack.created.timestamp()) for stack in versioned]
    return deployments(pasts, stacks, commit_times(pasts))


def commit_times(operations: Sequence[Past], directory: str = ".") -> dict[str, float]:
    """When the commits were made that parameters name, as the repository at hand says; one git process for all."""
    import subprocess

    parameters = [one.facts.get("parameters") or {} for one in operations]
    names = list(dict.fromkeys(str(value) for values in parameters for value in values.values()))
    names = [name for name in names if re.fullmatch(r"[0-9a-f]{7,40}", name)]
    if not names:
        return {}
    wanted = "".join(f"{name}^{{commit}}\n" for name in names)
    words = ["git", "-C", directory, "cat-file", "--batch"]
    try:
        answer = subprocess.run(words, input=wanted.encode(), capture_output=True, timeout=30, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return dict(committed(names, answer.stdout)) if answer.returncode == 0 else {}


def committed(names: Sequence[str], said: bytes) -> list[tuple[str, float]]:
    """Read git-cat-file's answers, in the order asked: a line ``id commit size`` and that many bytes, or one line."""
    found = []
    for name in names:
        header, _, said = said.partition(b"\n")
        words = header.split()
        if len(words) != 3 or words[1] != b"commit" or not words[2].isdigit():
            continue
        body, said = said[: int(words[2])], said[int(words[2]) + 1 :]
        if match := re.search(rb"^committer .* ([0-9]+) [+-][0-9]{4}$", body, re.MULTILINE):
            found.append((name, float(match[1])))
    return found
