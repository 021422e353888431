"""Names of load balancers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.components.naming import given_load_balancer_name, load_balancer_name, unique_name

STACK = st.from_regex(r"[a-zA-Z][a-zA-Z0-9-]{0,100}", fullmatch=True)
VERSION = st.from_regex(r"[a-zA-Z0-9]{1,12}", fullmatch=True)
SUFFIX = st.one_of(st.just(""), st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True))
VALID = re.compile(r"[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*")


@given(STACK, VERSION, SUFFIX)
def test_every_name_is_one_that_aws_takes(stack: str, version: str, suffix: str) -> None:
    name = load_balancer_name(stack, version, suffix)
    assert len(name) <= 32
    assert VALID.fullmatch(name)
    assert version in name


@given(st.from_regex(r"[a-z]{1,20}", fullmatch=True), VERSION.filter(lambda text: len(text) < 10))
def test_short_names_are_whole(stack: str, version: str) -> None:
    assert load_balancer_name(stack, version) == f"{stack}-{version}"


@given(STACK, VERSION, SUFFIX)
def test_a_unique_name_is_one_that_aws_takes_and_that_of_a_balancer_where_nothing_is_left_out(
    stack: str, version: str, suffix: str
) -> None:
    name, cut = unique_name(stack, version, suffix), load_balancer_name(stack, version, suffix)
    whole = "-".join(part for part in (stack, version, suffix) if part)
    assert len(name) <= 32
    assert VALID.fullmatch(name)
    assert (name == cut) == (cut == whole)


def test_unique_names_of_apps_that_begin_alike_differ() -> None:
    names = {unique_name(f"a-very-long-application-name-for-{app}", "7", "") for app in ("cats", "dogs", "birds")}
    assert len(names) == 3
    assert all(re.fullmatch("a-very-long-application-[0-9a-f]{6}-7", name) for name in names)
    assert re.fullmatch(
        "[0-9a-f]{2}-2026-a-suffix-that-is-so-long", unique_name("app", "2026", "a-suffix-that-is-so-long")
    )


@given(st.from_regex(r"[a-z0-9-]{1,60}", fullmatch=True))
def test_given_names_are_cut_and_cleaned(name: str) -> None:
    cut = given_load_balancer_name(name)
    assert len(cut) <= 32
    assert not cut or VALID.fullmatch(cut)


@pytest.mark.parametrize(
    ("stack", "version", "suffix", "expected"),
    [  # all as the classic tool names them
        ("a-very-long-application-name-for-a-balancer", "7", "", "a-very-long-application-name-f-7"),
        ("aaaaaaaaa-bbbbbbbbb-ccccccc-ddddddd", "1", "front", "aaaaaaaaa-bbbbbbbbb-cccc-1-front"),
        ("aaa--b-bbbbbbbbb-cccc-c", "v1234", "front", "aaa-b-bbbbbbbbb-ccc-v1234-front"),
        ("aaaaaaaaa-bbbbbbbbb-ccccccc-ddddddd", "v1", "front", "aaaaaaaaa-bbbbbbbbb-ccc-v1-front"),
    ],
)
def test_examples(stack: str, version: str, suffix: str, expected: str) -> None:
    assert load_balancer_name(stack, version, suffix) == expected


def test_no_room_for_the_stack() -> None:
    with pytest.raises(ValueError, match="leaves no room"):
        load_balancer_name("app", "1", "a-suffix-that-is-far-too-long-for-it")
