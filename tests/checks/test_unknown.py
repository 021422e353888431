"""What only CloudFormation will know is never judged: functions and dynamic references, wherever they stand."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from senza.checks.examine import by_rules
from senza.checks.gather import gather
from senza.checks.model import Subject
from senza.checks.rules import RULES
from senza.definition.model import KeyPath
from tests.checks.conftest import Write

DEFINITIONS = Path(__file__).parents[2] / "definitions"
UNKNOWN: dict[str, Callable[[Any], Any]] = {
    "a condition": lambda value: {"Fn::If": ["Live", value, {"Ref": "AWS::NoValue"}]},
    "a reference": lambda _: {"Ref": "Something"},
    "a dynamic reference": lambda _: "{{resolve:ssm:/some/thing}}",
}


def paths(node: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Each place below this one."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inner:
        yield (*path, key)
        yield from paths(value, (*path, key))


def with_other(resource: dict[str, Any], path: KeyPath, other: Callable[[Any], Any]) -> dict[str, Any]:
    changed = copy.deepcopy(resource)
    node: Any = changed["Properties"]
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = other(node[path[-1]])
    return changed


BALANCED = ("grpc", "https", "login", "network-load-balancer", "shared-load-balancer")
CASES = {name: (DEFINITIONS / f"{name}.yaml").read_text() for name in BALANCED} | {
    rule.id: rule.good for rule in RULES if rule.id.startswith("SZ3") and rule.severity == "error"
}


@pytest.mark.parametrize("name", CASES)
def test_no_place_of_a_template_becomes_wrong_by_what_is_not_known(name: str, write: Write) -> None:
    gathered = gather(write(CASES[name]))
    bound, compiled = gathered.bound, gathered.compiled
    assert bound is not None
    assert compiled is not None
    resources = compiled.template["Resources"]

    def errors(changed: dict[str, Any]) -> list[str]:
        template = {**compiled.template, "Resources": {**resources, **changed}}
        subject = Subject(bound, replace(compiled, template=template), gathered.region, gathered.zones)
        return [f"{one.rule} {one.message}" for one in by_rules(subject) if one.severity == "error"]

    assert errors({}) == []
    wrong = [
        f"{what} at {logical_id} {path}: {found}"
        for logical_id, resource in resources.items()
        for path in paths(resource.get("Properties", {}))
        for what, other in UNKNOWN.items()
        for found in errors({logical_id: with_other(resource, path, other)})
    ]
    assert wrong == []
