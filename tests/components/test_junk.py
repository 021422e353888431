"""Whatever stands in a definition: it compiles, or there is one message with a place. Never a traceback."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from senza.account import Account
from senza.components import check_limits, compile
from senza.definition import bind, load
from senza.errors import SenzaError

TESTS = Path(__file__).parents[1]
FILES = sorted((TESTS / "parity" / "cases").glob("*.yaml")) + sorted((TESTS.parent / "definitions").glob("*.yaml"))
TREES: dict[str, dict[str, Any]] = {path.stem: yaml.safe_load(path.read_text()) for path in FILES}


def paths(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in children:
        yield from paths(value, (*path, key))


PLACES = [(case, path) for case, tree in TREES.items() for path in paths(tree)]
JUNK: list[Any] = [None, 3, -1.5, True, "", "x", "sg-1", [], [3], ["x"], [None], {}, {"a": 1}, {"Ref": "X"}, [[]], [{}]]


@given(place=st.sampled_from(PLACES), junk=st.sampled_from(JUNK), force=st.booleans())
@settings(max_examples=400, suppress_health_check=list(HealthCheck))
@example(place=("01-hello-world", ("SenzaComponents",)), junk=[], force=True)
def test_junk_anywhere(place: tuple[str, tuple[Any, ...]], junk: Any, force: bool, account: Account) -> None:
    case, path = place
    tree = copy.deepcopy(TREES[case])
    node = tree
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = junk
    assert outcome(tree, account, force)


def outcome(tree: dict[str, Any], account: Account, force: bool) -> str:
    """What comes of it: a template or a message."""
    try:
        return compiled(tree, account, force)
    except SenzaError as error:
        return error.message


def compiled(tree: dict[str, Any], account: Account, force: bool) -> str:
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(tree, file)
        file.flush()
        definition = load(file.name)
        values = {parameter.name: "1" for parameter in definition.parameters}
        bound = bind(
            definition,
            "1",
            [],
            region=lambda: account.region,
            account_info=account.info,
            parameter_values=values,
        )
        made = compile(bound, account, force=force)
        check_limits(made)
        return made.template_body()


@pytest.mark.parametrize("section", ["Resources", "Mappings", "Metadata", "Parameters", "Outputs", "Conditions"])
@pytest.mark.parametrize(
    "junk", [None, 3, [], {}, {"Senza": 3}, {"Images": None}, {"App": None}, {"App": {"Properties": 3}}]
)
def test_junk_in_plain_cloudformation(section: str, junk: Any, account: Account) -> None:
    for case in ("01-hello-world", "06-asg-roles", "18-scaling-policy-kept"):
        tree = copy.deepcopy(TREES[case])
        tree[section] = junk
        assert outcome(tree, account, False)
