"""Taupage user data: the text, and functions in it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from senza.userdata.taupage import APPLICATION_ID, APPLICATION_VERSION, completed, taupage_user_data


def is_function(value: object) -> bool:
    return isinstance(value, dict) and set(value) == {"Ref"}


def holds_function(value: object) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return is_function(value) or any(holds_function(item) for item in inner)


def filled(value: Any, values: dict[str, str]) -> str:
    """The text that instances get once CloudFormation has put values in the place of functions."""
    if isinstance(value, str):
        return value
    return "".join(part if isinstance(part, str) else values[part["Ref"]] for part in value["Fn::Join"][1])


SCALARS = st.one_of(st.text(), st.integers(), st.booleans(), st.none())
TREES = st.dictionaries(
    st.text(min_size=1), st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)


@given(TREES.filter(lambda tree: not holds_function(tree)))
def test_without_functions_it_is_the_yaml_of_the_tree(tree: dict[str, Any]) -> None:
    text = taupage_user_data(tree, is_function)
    first, _, rest = text.partition("\n")
    assert first == "#taupage-ami-config"
    assert yaml.safe_load(rest) == tree


@pytest.mark.parametrize("value", ["1.10", "007", "yes", "x: y # z", 'say "hi"', "[a]", "{{b}}", "- c", "%", ""])
def test_what_a_function_stands_for_in_the_environment_is_a_text(value: str) -> None:
    data = taupage_user_data({"environment": {"A": {"Ref": "X"}, "B": 1}, "list": [{"Ref": "Y"}]}, is_function)
    parsed = yaml.safe_load(filled(data, {"X": value, "Y": "plain"}))
    assert parsed == {"environment": {"A": value, "B": 1}, "list": ["plain"]}


def test_outside_of_it_a_function_may_stand_for_anything() -> None:
    data = taupage_user_data({"root": {"Ref": "Root"}, "ports": {8080: {"Ref": "Port"}}}, is_function)
    assert yaml.safe_load(filled(data, {"Root": "false", "Port": "80"})) == {"root": False, "ports": {8080: 80}}


def test_a_word_of_the_users_is_no_placeholder() -> None:
    data = taupage_user_data({"a": "senzafunction0x", "b": {"Ref": "X"}}, is_function)
    assert yaml.safe_load(filled(data, {"X": "y"})) == {"a": "senzafunction0x", "b": "y"}


def test_no_anchors() -> None:
    shared = {"x": [1]}
    assert "&" not in taupage_user_data({"a": shared, "b": shared}, is_function)


def test_what_is_missing_or_null_is_added() -> None:
    assert completed({"a": None, "b": 1}, {"a": 2, "b": 3, "c": 4}) == {"a": 2, "b": 1, "c": 4}


@pytest.mark.parametrize(
    ("text", "valid"), [("my-app", True), ("a", False), ("App", False), ("a-", False), ("1a", False)]
)
def test_application_ids(text: str, valid: bool) -> None:
    assert bool(APPLICATION_ID.fullmatch(text)) is valid


@pytest.mark.parametrize(
    ("text", "valid"), [("1", True), ("1.10-SNAPSHOT", True), ("-1", False), ("1_", False), ("", False)]
)
def test_application_versions(text: str, valid: bool) -> None:
    assert bool(APPLICATION_VERSION.fullmatch(text)) is valid
