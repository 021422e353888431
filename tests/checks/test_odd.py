"""Whatever a definition holds, checking it ends in findings: rules run before every create, and must not end one."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from senza.checks.examine import by_rules, report
from senza.checks.formats import FORMATS
from senza.checks.gather import gather
from senza.checks.model import Subject
from senza.checks.online.machines import fleets
from senza.checks.rules import RULES
from senza.errors import UsageError
from tests.checks.conftest import completed

ROOT = Path(__file__).parents[2]
TREES = [
    *(yaml.safe_load(completed(text)) for rule in RULES for text in (rule.bad, rule.good)),
    *(yaml.safe_load(path.read_text()) for path in sorted((ROOT / "tests" / "parity" / "cases").glob("*.yaml"))),
    *(yaml.safe_load(path.read_text()) for path in sorted((ROOT / "definitions").glob("*.yaml"))),
]
JUNK: tuple[Any, ...] = (
    *(None, True, -1, 0, 7.5, 10**30, float("nan"), "", " ", "a.b", "{{Arguments.x}}", "x" * 300, "-", "12", "10s"),
    *([], [[]], [None], [7, "a", {}], {}, {"Ref": "Nobody"}, {"Ref": 7}, {"Ref": ["a"]}, {"Fn::GetAtt": []}, {7: 8}),
    *(
        {"Fn::GetAtt": "a.b"},
        {"Fn::FindInMap": ["a", 7, None]},
        {"Fn::FindInMap": "x"},
        {"Fn::Sub": "${a}"},
        {"": None},
    ),
)


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in entries:
        yield (*path, key)
        yield from places(value, (*path, key))


@st.composite
def odd_definitions(draw: st.DrawFn) -> str:
    tree = copy.deepcopy(draw(st.sampled_from(TREES)))
    for _ in range(draw(st.integers(1, 3))):
        *above, last = draw(st.sampled_from(list(places(tree)) or [("x",)]))
        node = tree
        for key in above:
            node = node[key]
        if draw(st.booleans()):
            node[last] = copy.deepcopy(draw(st.sampled_from(JUNK)))
        else:
            other = draw(st.sampled_from(list(places(tree))))
            value = tree
            for key in other:
                value = value[key]
            node[last] = copy.deepcopy(value)
    return yaml.safe_dump(tree, allow_unicode=True)


@given(odd_definitions())
def test_any_definition_can_be_checked(text: str) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        try:
            gathered = gather(file.name, "1")
        except UsageError:
            return  # of a value that was made up or is a default: said as it is by create
        found = list(gathered.findings)
        if gathered.bound is not None and gathered.compiled is not None:
            subject = Subject(gathered.bound, gathered.compiled, gathered.region, gathered.zones)
            found += by_rules(subject)
            assert all(fleet.most >= fleet.first >= 0 for fleet in fleets(subject))
        made = report(found, gathered.bound)
        for write in FORMATS.values():
            assert isinstance(write(made, "1"), str)
