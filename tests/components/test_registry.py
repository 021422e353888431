"""Component types of installed packages."""

from __future__ import annotations

from pathlib import Path

import pytest

from senza.components.registry import BUILT_IN, built_in_types, snake
from senza.errors import DefinitionError
from tests.components.conftest import Compiles

MODULE = """
from senza.components.model import ComponentType, Fragment, Property


class Queue(ComponentType):
    type_names = ("Queue",)
    summary = "A queue."
    properties = (Property("Seconds", "integer", "How long a message stays invisible.", 30),)

    def build(self):
        seconds = self.settings.integer("Seconds", 30)
        queue = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": seconds}}
        return Fragment(resources={self.name: queue})


not_a_component = 3
"""
ENTRY_POINTS = """\
[senza.components]
Acme::Queue = acme_senza:Queue
Acme::Number = acme_senza:not_a_component
Acme::Missing = acme_senza_that_is_not_there:Queue
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that is installed as pip does it."""
    site = tmp_path / "site"
    info = site / "acme_senza-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "acme_senza.py").write_text(MODULE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-senza\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(site)


@pytest.mark.usefixtures("installed")
def test_a_type_of_an_installed_package(compiles: Compiles) -> None:
    jobs = compiles.component("- Jobs: {Type: Acme::Queue, Seconds: '90'}")["Jobs"]
    assert jobs["Properties"] == {"VisibilityTimeout": 90}
    with pytest.raises(DefinitionError, match="Queue has no property Second") as caught:
        compiles.component("- Jobs: {Type: Acme::Queue, Second: 90}")
    assert caught.value.hint == "Did you mean Seconds?"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("Acme::Number", "is no component type"),
        ("Acme::Missing", "cannot be loaded: No module named"),
        ("Acme::Qeue", "there is no component type Acme::Qeue"),
        ("Senza::Queue", "there is no component type Senza::Queue"),
    ],
)
def test_types_that_cannot_be_used(kind: str, message: str, compiles: Compiles) -> None:
    with pytest.raises(DefinitionError, match=message) as caught:
        compiles.component(f"- Jobs: {{Type: {kind}}}")
    assert caught.value.where is not None
    assert caught.value.where.path[-1] == "Type"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("IAMRole", "IamRole"),
        ("WeightedDNSElasticLoadBalancer", "WeightedDnsElasticLoadBalancer"),
        ("CoreOSAutoConfiguration", "CoreOSAutoConfiguration"),
    ],
)
def test_acronyms_may_be_written_either_way(one: str, other: str) -> None:
    assert snake(one) == snake(other)


def test_every_built_in_type_is_found_under_its_name() -> None:
    assert [kind.type_names[0] for kind in built_in_types()] == list(BUILT_IN)
