"""What people type to name stacks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.errors import UsageError
from senza.stacks.references import StackRef, parse_refs, split_name


@pytest.mark.parametrize(
    ("words", "refs"),
    [
        ([], ()),
        (["shop"], (StackRef("shop"),)),
        (["shop", "1"], (StackRef("shop", "1"),)),
        (["shop", "1", "other"], (StackRef("shop", "1"), StackRef("other"))),
        (["shop", "v1", "v2", "v9", "other"], (*(StackRef("shop", v) for v in ("v1", "v2", "v9")), StackRef("other"))),
        (["shop", "1", "v2"], (StackRef("shop", "1"), StackRef("shop", "v2"))),
        (["shop-.*", "[12]"], (StackRef("shop-.*", "[12]"),)),
        (["shop.yaml", "3"], (StackRef("shop-in-file", "3"),)),
    ],
)
def test_names_and_versions_alternate(words: list[str], refs: tuple[StackRef, ...]) -> None:
    assert parse_refs(words, lambda word: "shop-in-file" if word == "shop.yaml" else None) == refs


def test_expressions_match_whole_names_and_versions() -> None:
    assert StackRef("shop").matches("shop-1")
    assert not StackRef("shop").matches("my-shop-1")
    assert not StackRef("shop").matches("shop-eu-1")
    assert StackRef("shop.*", "1|2").matches("shop-eu-2")
    assert not StackRef("shop", "1").matches("shop-11")
    assert StackRef("shop").matches("shop-")
    assert StackRef("shop").matches("shop") is True  # a stack without a version


def test_only_plain_names_are_exact() -> None:
    assert StackRef("shop-eu", "1").exact == "shop-eu-1"
    assert StackRef("shop").exact is None
    assert StackRef("shop", ".").exact is None
    assert StackRef("sh.p", "1").exact is None


def test_no_regular_expression_is_a_usage_error() -> None:
    with pytest.raises(
        UsageError, match=r"'shop\(' is no regular expression: .*\nStacks are named by regular expressions"
    ):
        parse_refs(["shop("])


@given(st.lists(st.text(max_size=8), max_size=6))
def test_any_words_are_read_or_refused(words: list[str]) -> None:
    try:
        refs = parse_refs(words)
    except UsageError:
        return
    for ref in refs:
        ref.matches("shop-1")


@given(st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True), st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True))
def test_a_full_name_splits_into_what_it_was_made_of(name: str, version: str) -> None:
    assert split_name(f"{name}-{version}") == (name, version)
