"""Tables: text for people, JSON and tab-separated values for programs."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import click

from senza.discretion import escape, harmless, visible_json

if TYPE_CHECKING:
    from datetime import datetime

    from senza.cli.context import Context

Row = Mapping[str, Any]
"""Column name → value of native type: str, int, float, bool, None, datetime (aware), or a list of those."""

ELLIPSIS = "…"
NARROWEST = 8
STATE_STYLES: tuple[tuple[re.Pattern[str], dict[str, Any]], ...] = (
    (re.compile(r"FAILED|ROLLBACK|OUT_OF_SERVICE|UNHEALTHY|^ERROR$|^error$"), {"fg": "red"}),
    (re.compile(r"IN_PROGRESS|PENDING|INITIAL|DRAINING|^warning$"), {"fg": "yellow", "bold": True}),
    (re.compile(r"DELETE_COMPLETE"), {}),
    (re.compile(r"COMPLETE|IN_SERVICE|HEALTHY|RUNNING|^OK$|^ok$"), {"fg": "green"}),
)
TSV_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True)
class Column:
    """One column of a table.

    name: the key in JSON, the header in TSV, the word for ``--field``; never changes once published.
    kind: ``state`` is coloured; ``time`` (datetime, or seconds since the epoch) is "3m ago" in text, whole seconds
    since the epoch in JSON, as the classic tool has it, and ISO 8601 UTC in TSV; ``number`` is right-aligned.
    title: header in text; made from the name where empty.
    shrinks: may be cut in text where the terminal is too narrow.
    shown: how a value that is not None looks in text, e.g. a weight as a percentage.
    """

    name: str
    kind: Literal["text", "state", "time", "number"] = "text"
    title: str = ""
    shrinks: bool = False
    shown: Callable[[Any], str] | None = None
    quiet: bool = False
    """Left out in text where all rows say the same, unless it was asked for by name."""
    spare: bool = False
    """Left out in text where the terminal is too narrow, unless it was asked for by name."""

    @property
    def heading(self) -> str:
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.name).replace("_", " ")
        return self.title or words.title()


@dataclass(frozen=True)
class Table:
    """How the user wants a table: the columns, the format, and how often (seconds; None is once)."""

    columns: Sequence[Column]
    output: str = "text"
    every: int | None = None

    def show(
        self, context: Context, fetch: Callable[[], Iterable[Row]], after: Callable[[], None] = lambda: None
    ) -> None:
        """Print what ``fetch`` returns, again and again where the user watches (until Ctrl-C). after: each time."""
        while True:
            rows = list(fetch())  # before the screen is cleared: a slow answer must not leave it blank
            if self.every and sys.stdout.isatty():
                click.clear()
            print_table(self.columns, rows, self.output, now=context.clock.now())
            after()
            if not self.every:
                return
            context.clock.sleep(self.every)


def known_fields(columns: Sequence[Column]) -> Callable[[click.Context, click.Parameter, Any], tuple[Column, ...]]:
    """A click callback: names to columns, in the order in which the user wrote them."""
    by_name = {column.name: column for column in columns}

    def find(ctx: click.Context, param: click.Parameter, names: Sequence[str]) -> tuple[Column, ...]:
        for name in names:
            if name not in by_name:
                from difflib import get_close_matches

                near = get_close_matches(name, by_name, n=1, cutoff=0.5)
                advice = f"Did you mean '{near[0]}'?" if near else f"Choose from: {', '.join(by_name)}."
                raise click.BadParameter(f"there is no column '{name}'. {advice}", ctx, param)
        return tuple(replace(by_name[name], quiet=False, spare=False) for name in names)

    return find


def print_table(
    columns: Sequence[Column], rows: Iterable[Row], output: str = "text", *, now: float, width: int | None = None
) -> None:
    """Write a table to stdout.

    output: ``text``, ``json`` or ``tsv``. now: seconds since the epoch, for "3m ago".
    width: cells of the terminal for text; None asks the terminal, and does not cut where stdout is none.
    """
    if output == "json":
        import json

        objects = [{column.name: native(column, row.get(column.name)) for column in columns} for row in rows]
        click.echo(visible_json(json.dumps(objects, indent=2, ensure_ascii=False)))
    elif output == "tsv":
        click.echo("\t".join(column.name for column in columns))
        for row in rows:
            click.echo("\t".join(tsv_cell(readable(column, row.get(column.name))) for column in columns))
    else:
        if width is None and sys.stdout.isatty():
            width = shutil.get_terminal_size().columns
        print_text(columns, list(rows), now, width)


def as_yaml(value: Any, **settings: Any) -> str:
    """As people write it, but for characters that a terminal might obey, with which all that are not ASCII are escapes.

    settings: as of ``yaml.safe_dump``.
    """
    import yaml

    text: str = yaml.safe_dump(value, allow_unicode=True, **settings)
    return text if harmless(text) == text else yaml.safe_dump(value, allow_unicode=False, **settings)


def tell(text: str, **style: Any) -> None:
    """A line of a result on stdout, whatever AWS or somebody's journal says. style: as of ``click.secho``."""
    click.secho(harmless(text), **style)


def print_text(columns: Sequence[Column], rows: Sequence[Row], now: float, width: int | None) -> None:
    from clickclick import print_table as print_with_clickclick

    columns = [one for one in columns if not one.quiet or len({str(row.get(one.name)) for row in rows}) > 1]
    while True:
        cells = [[text_cell(column, row.get(column.name), now) for column in columns] for row in rows]
        widths = fit(columns, cells, width)
        last = next((one for one in reversed(columns) if one.spare), None)
        if width is None or last is None or sum(widths) + len(widths) <= width:
            break
        columns = [one for one in columns if one is not last]
    styles: dict[str, dict[str, Any]] = {}
    lines = []
    for texts in cells:
        line = {}
        for column, text, cell_width in zip(columns, texts, widths, strict=True):
            cut = text if len(text) <= cell_width else text[: cell_width - 1] + ELLIPSIS
            line[column.name] = cut.rjust(cell_width) if column.kind in ("number", "time") else cut
            if column.kind == "state":
                styles[cut] = state_style(text)
        lines.append(line)
    titles = {
        column.name: column.heading.rjust(cell_width) if column.kind in ("number", "time") else column.heading
        for column, cell_width in zip(columns, widths, strict=True)
    }
    print_with_clickclick([column.name for column in columns], lines, styles=styles, titles=titles)


def fit(columns: Sequence[Column], cells: Sequence[Sequence[str]], width: int | None) -> list[int]:
    """The width of each column, such that a line (one space after each cell) fits if the shrinking ones let it."""
    widths = [max([len(column.heading), *(len(line[index]) for line in cells)]) for index, column in enumerate(columns)]
    if width is None:
        return widths
    least = [
        min(now, max(NARROWEST, len(column.heading))) if column.shrinks else now
        for column, now in zip(columns, widths, strict=True)
    ]
    while sum(widths) + len(widths) > width:
        widest = max(range(len(widths)), key=lambda index: (widths[index] > least[index]) * widths[index])
        if widths[widest] <= least[widest]:
            break
        widths[widest] -= 1
    return widths


def state_style(state: str) -> dict[str, Any]:
    return next((style for pattern, style in STATE_STYLES if pattern.search(state)), {})


def text_cell(column: Column, value: Any, now: float) -> str:
    """One line without control characters, whatever AWS or a tag says."""
    if value is None:
        return ""
    if column.shown:
        text = column.shown(value)
    elif column.kind == "time":
        text = ago(now - seconds_of(value))
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, (list, tuple)):
        text = ", ".join(str(item) for item in value)
    else:
        text = str(value)
    return harmless(" ".join(text.split()))


def tsv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(tsv_cell(item) for item in value)
    text = str(value).translate(TSV_ESCAPES)
    return text if text.isprintable() else "".join(one if one.isprintable() else escape(one) for one in text)


def native(column: Column, value: Any) -> Any:
    """A value as JSON can hold it; times as whole seconds since the epoch."""
    if value is not None and column.kind == "time":
        return int(seconds_of(value))
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else value


def readable(column: Column, value: Any) -> Any:
    """The same, but with times as ISO 8601 UTC, e.g. ``2026-01-31T12:00:00Z``."""
    if value is not None and column.kind == "time":
        return iso(seconds_of(value))
    return native(column, value)


def seconds_of(moment: datetime | float) -> float:
    return float(moment) if isinstance(moment, (int, float)) else moment.timestamp()


def iso(seconds: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ago(seconds: float) -> str:
    """``3m ago``; a moment in the future, where clocks differ, is ``0s ago``."""
    seconds = max(0, int(seconds))
    for limit, size, unit in ((120, 1, "s"), (7200, 60, "m"), (48 * 3600, 3600, "h")):
        if seconds < limit:
            return f"{seconds // size}{unit} ago"
    return f"{seconds // 86400}d ago"
