"""Words of the command line, read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.cli.types import key_value, percentage, stack_refs, tag
from senza.stacks.references import StackRef

if TYPE_CHECKING:
    from tests.cli.conftest import Invoke


@given(st.integers(0, 200))
def test_a_percentage_is_read_as_half_percents(units: int) -> None:
    assert percentage(f"{units / 2}") == units
    assert percentage(f"{units / 2:g}%") == units


@pytest.mark.parametrize("text", ["-1", "100.5", "101", "0.3", "0.55", "ten", "", "%", "1e1", "٣", "nan", "200", " 5"])
def test_what_is_no_percentage_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="in steps of"):
        percentage(text)


@pytest.mark.parametrize(("text", "pair"), [("a=b", ("a", "b")), ("a=b=c", ("a", "b=c")), ("a=", ("a", ""))])
def test_a_pair_is_split_at_the_first_equals_sign(text: str, pair: tuple[str, str]) -> None:
    assert key_value(text) == pair


@pytest.mark.parametrize("text", ["a", "=b", ""])
def test_what_is_no_pair_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="key=value"):
        key_value(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Team", "key=value"),
        ("Team=", "the tag Team has no value"),
        ("k" * 129 + "=v", "too long"),
        ("k=" + "v" * 257, "too long"),
        ("AWS:x=1", "AWS keeps for itself"),
    ],
)
def test_tags_that_aws_would_refuse_are_refused_before(text: str, why: str) -> None:
    with pytest.raises(click.BadParameter, match=why):
        tag(text)


def test_a_tag_may_be_as_long_as_aws_allows() -> None:
    assert tag("k" * 128 + "=" + "v" * 256) == ("k" * 128, "v" * 256)


@click.command("show")
@stack_refs()
def show(refs: tuple[StackRef, ...]) -> None:
    click.echo(" | ".join(str(ref) for ref in refs))


@pytest.mark.parametrize(
    ("words", "refs"),
    [
        ([], ""),
        (["hello"], "hello"),
        (["hello", "1"], "hello 1"),
        (["hello", "v1", "v2", "other"], "hello v1 | hello v2 | other"),
        (["hello", "1", "other", "2"], "hello 1 | other 2"),
        (["hello-.*", "[12]"], "hello-.* [12]"),
    ],
)
def test_stack_refs_are_names_and_versions(invoke: Invoke, words: list[str], refs: str) -> None:
    assert invoke(show, *words).stdout == refs + "\n"


def test_a_bad_regular_expression_is_a_usage_error(invoke: Invoke) -> None:
    result = invoke(show, "hello[")
    assert result.exit_code == 2
    assert "hello[" in result.stderr


def test_a_definition_file_stands_for_its_stack_name(invoke: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "hello.yaml"
    file.write_text("SenzaInfo:\n  StackName: hello-world\nResources: {X: {Type: 'AWS::SQS::Queue', Name: !Ref Y}}\n")
    assert invoke(show, str(file), "1").stdout == "hello-world 1\n"


@pytest.mark.parametrize(
    "content",
    [
        None,
        "SenzaInfo: [",
        "SenzaInfo: {}",
        "SenzaInfo: {StackName: [a]}",
        "- a",
        "",
        "SenzaInfo: {StackName: 'a-{{Arguments.x}}'}",
        "? [1, 2]\n: 3",
    ],
)
def test_a_file_without_a_stack_name_is_a_usage_error(invoke: Invoke, tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "hello.yaml"
    if content is not None:
        file.write_text(content)
    result = invoke(show, str(file))
    assert (result.exit_code, result.stderr.count("Error:")) == (2, 1), result.stderr
    assert str(file) in result.stderr
