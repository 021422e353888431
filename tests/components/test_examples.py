"""The example of every component type compiles, and AWS's own linter finds no error in what it makes."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from senza.account import Account
from senza.aws import Aws
from senza.components import check_limits
from senza.components.configuration import Configuration
from senza.components.model import ComponentType
from senza.components.registry import built_in_types
from senza.components.shared_load_balancer import SharedLoadBalancer
from tests.components.conftest import NETWORK, Compiles
from tests.linting import linted

INFO = "SenzaInfo:\n  StackName: my-app\n  SpotinstAccessToken: abc\n"


def with_network(kind: type[ComponentType]) -> str:
    lines = kind.example.splitlines()
    entry = "".join(f"  {'- ' if number == 0 else '  '}{line}\n" for number, line in enumerate(lines))
    network = "" if issubclass(kind, Configuration) else NETWORK
    return f"{INFO}Resources:\n  Queue: {{Type: 'AWS::SQS::Queue'}}\nSenzaComponents:\n{network}{entry}"


@pytest.fixture(scope="module", autouse=True)
def edge(aws: Aws) -> None:
    """The stack that the example of a target group names."""
    with TemporaryDirectory() as folder:
        made = Compiles(Path(folder), Account(aws))(with_network(SharedLoadBalancer))
    aws.call("cloudformation", "create_stack", StackName="edge-1", TemplateBody=made.template_body())


@pytest.mark.parametrize("kind", built_in_types(), ids=lambda kind: kind.type_names[0])
def test_example_compiles_without_errors(kind: type[ComponentType], compiles: Compiles) -> None:
    compiled = compiles(with_network(kind))
    check_limits(compiled)
    assert len(compiled.template["Mappings"]) > 1 or len(compiled.template["Resources"]) > 1
    assert [str(match) for match in linted(compiled.template_body()) if match.rule.id.startswith("E")] == []


@pytest.mark.parametrize("kind", built_in_types(), ids=lambda kind: kind.type_names[0])
def test_every_type_can_be_documented(kind: type[ComponentType]) -> None:
    names = [item.name for item in kind.properties]
    assert kind.summary.endswith(".")
    assert kind.example
    assert len(names) == len(set(names))
    assert all(item.type and item.doc.endswith((".", "`.")) for item in kind.properties)
