"""Tables as people and programs get them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.cli.context import Context
from senza.cli.options import common_options, pass_context, table_options
from senza.cli.output import Column, Table, ago, fit, print_table, state_style, text_cell, tsv_cell

if TYPE_CHECKING:
    from tests.cli.conftest import Invoke, StoppingClock


NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
COLUMNS = (
    Column("stack_name"),
    Column("LogicalResourceId"),
    Column("status", kind="state"),
    Column("creation_time", kind="time", title="Created"),
    Column("weight", kind="number", shown=lambda units: f"{units / 2:g}%"),
    Column("description", shrinks=True),
)
ROW: dict[str, Any] = {
    "stack_name": "hello-world",
    "LogicalResourceId": "AppServer",
    "status": "CREATE_COMPLETE",
    "creation_time": NOW - timedelta(minutes=3),
    "weight": 1,
    "description": "Hello\tWorld\n(1)",
}


def printed(capsys: pytest.CaptureFixture[str], *rows: dict[str, Any], **settings: Any) -> str:
    print_table(COLUMNS, rows, now=NOW.timestamp(), **settings)
    return capsys.readouterr().out


def test_text_has_titles_relative_times_and_right_aligned_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, ROW, {**ROW, "weight": 200, "creation_time": None, "description": None}).splitlines()
    assert [line.rstrip() for line in lines] == [
        "Stack Name │Logical Resource Id│Status         │Created│Weight│Description",
        "hello-world AppServer           CREATE_COMPLETE  3m ago   0.5% Hello World (1)",
        "hello-world AppServer           CREATE_COMPLETE           100%",
    ]


def test_json_has_every_key_native_values_and_times_in_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    elsewhere = timezone(timedelta(hours=2))
    partial_row = {"stack_name": "ä", "creation_time": datetime(2026, 1, 31, 14, 0, tzinfo=elsewhere), "extra": 1}
    assert json.loads(printed(capsys, ROW, partial_row, output="json")) == [
        {**ROW, "creation_time": 1769860620},
        {
            "stack_name": "ä",
            "LogicalResourceId": None,
            "status": None,
            "creation_time": 1769860800,
            "weight": None,
            "description": None,
        },
    ]


def test_tsv_has_one_line_a_row_whatever_is_in_the_cells(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, {**ROW, "weight": None}, output="tsv") == (
        "stack_name\tLogicalResourceId\tstatus\tcreation_time\tweight\tdescription\n"
        "hello-world\tAppServer\tCREATE_COMPLETE\t2026-01-31T11:57:00Z\t\tHello\\tWorld\\n(1)\n"
    )


def test_an_empty_table_is_its_header_or_an_empty_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys).splitlines() == ["Stack Name│Logical Resource Id│Status│Created│Weight│Description"]
    assert printed(capsys, output="json") == "[]\n"
    assert len(printed(capsys, output="tsv").splitlines()) == 1


@pytest.mark.parametrize("width", [80, 95])
def test_columns_that_may_shrink_do_so_until_the_line_fits(capsys: pytest.CaptureFixture[str], width: int) -> None:
    lines = printed(capsys, {**ROW, "description": "word " * 40}, width=width).splitlines()
    assert max(len(line) for line in lines) <= width
    assert lines[1].rstrip().endswith("…")
    assert "hello-world AppServer           CREATE_COMPLETE" in lines[1]


@pytest.mark.parametrize(("width", "left"), [(30, "a"), (34, "a b"), (44, "a b c"), (None, "a b c")])
def test_spare_columns_go_one_by_one_where_the_terminal_is_too_narrow(
    capsys: pytest.CaptureFixture[str], width: int | None, left: str
) -> None:
    columns = (Column("a"), Column("b", spare=True), Column("c", spare=True))
    print_table(columns, [{"a": "x" * 20, "b": "y" * 10, "c": "z" * 10}], now=NOW.timestamp(), width=width)
    header = capsys.readouterr().out.splitlines()[0]
    assert header.lower().replace("│", " ").split() == left.split()


def test_without_a_terminal_nothing_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    assert "x" * 500 in printed(capsys, {**ROW, "description": "x" * 500})


texts = st.text(st.characters(codec="ascii", exclude_categories=["C", "Z"]), max_size=60)


@given(
    st.lists(st.tuples(st.booleans(), st.lists(texts, min_size=3, max_size=3)), min_size=1, max_size=6),
    st.integers(1, 200),
)
def test_fitting_only_shrinks_what_may_and_no_more_than_needed(shape: list[tuple[bool, list[str]]], width: int) -> None:
    columns = [Column(f"c{index}", shrinks=shrinks) for index, (shrinks, _) in enumerate(shape)]
    cells = list(zip(*(texts for _, texts in shape), strict=True))
    wished = fit(columns, cells, None)
    fitted = fit(columns, cells, width)
    for column, before, after in zip(columns, wished, fitted, strict=True):
        assert after <= before
        assert column.shrinks or after == before
    length = sum(fitted) + len(fitted)
    if fitted != wished:  # then not one cell was taken away too much
        assert length >= width
    if length > width:  # then nothing more could be taken away
        least = [max(8, len(column.heading)) for column in columns]
        assert all(not c.shrinks or after <= low for c, after, low in zip(columns, fitted, least, strict=True))


@pytest.mark.parametrize(
    ("state", "colour"),
    [
        ("CREATE_COMPLETE", "green"),
        ("UPDATE_COMPLETE", "green"),
        ("CREATE_FAILED", "red"),
        ("ROLLBACK_COMPLETE", "red"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "red"),
        ("DELETE_IN_PROGRESS", "yellow"),
        ("DELETE_COMPLETE", None),
        ("IN_SERVICE", "green"),
        ("HEALTHY", "green"),
        ("IN_SERVICE, OUT_OF_SERVICE", "red"),
        ("UNHEALTHY", "red"),
        ("DRAINING", "yellow"),
        ("STOPPED", None),
        ("OK", "green"),
        ("ERROR", "red"),
    ],
)
def test_states_have_colours(state: str, colour: str | None) -> None:
    assert state_style(state).get("fg") == colour


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0s ago"), (0, "0s ago"), (119.9, "119s ago"), (180, "3m ago"), (7199, "119m ago"), (7200, "2h ago"),
     (47 * 3600, "47h ago"), (48 * 3600, "2d ago"), (400 * 86400, "400d ago")],
)  # fmt: skip
def test_relative_times(seconds: float, words: str) -> None:
    assert ago(seconds) == words


def test_what_aws_says_cannot_drive_the_terminal() -> None:
    assert text_cell(Column("reason"), "a\x1b[2Jb\r\nc", 0) == "ab c"


@pytest.mark.parametrize(
    ("value", "text", "tsv"),
    [(True, "yes", "true"), (False, "no", "false"), (["a", "b"], "a, b", "a,b"), (0, "0", "0"), (None, "", ""),
     ("back\\slash", "back\\slash", "back\\\\slash")],
)  # fmt: skip
def test_native_values(value: Any, text: str, tsv: str) -> None:
    assert (text_cell(Column("x"), value, 0), tsv_cell(value)) == (text, tsv)


@click.command("show")
@table_options(COLUMNS, watch=True)
@common_options
@pass_context
def show(context: Context, table: Table) -> None:
    table.show(context, lambda: [ROW])


def test_fields_choose_the_columns_and_their_order(invoke: Invoke) -> None:
    result = invoke(show, "--field", "weight", "-f", "stack_name", "-o", "tsv")
    assert result.stdout == "weight\tstack_name\n1\thello-world\n"


@pytest.mark.parametrize(
    ("name", "advice"),
    [("wieght", "Did you mean 'weight'?"), ("zzz", "Choose from: stack_name, LogicalResourceId")],
)
def test_an_unknown_field_is_a_usage_error_that_helps(invoke: Invoke, name: str, advice: str) -> None:
    result = invoke(show, "--field", name)
    assert result.exit_code == 2
    assert f"there is no column '{name}'" in result.stderr
    assert advice in result.stderr


def test_an_unknown_format_is_a_usage_error(invoke: Invoke) -> None:
    assert invoke(show, "-o", "xml").exit_code == 2


@pytest.mark.parametrize(("words", "seconds"), [(["-w", "7"], 7), (["-W"], 2)])
def test_watching_shows_the_table_again_until_interrupted(
    invoke: Invoke, stopping_clock: Callable[[int], StoppingClock], words: list[str], seconds: int
) -> None:
    clock = stopping_clock(3)
    result = invoke(show, "-o", "tsv", *words, context=Context(clock=clock, environ={}))
    assert result.stdout.count("hello-world") == 3
    assert clock.slept == [seconds] * 3
    assert result.exit_code == 130


def test_a_quiet_column_speaks_where_rows_differ(capsys: pytest.CaptureFixture[str]) -> None:
    columns = (Column("name"), Column("type", quiet=True))
    for types, shown in (("A", "A"), False), (("A", "AAAA"), True):
        rows = [{"name": f"n{number}", "type": kind} for number, kind in enumerate(types)]
        print_table(columns, rows, now=0)
        assert ("Type" in capsys.readouterr().out) is shown
        print_table(columns, rows, "tsv", now=0)
        assert capsys.readouterr().out.startswith("name\ttype\n")
