"""Subnets by their names, and explicit maps."""

from __future__ import annotations

import pytest

from senza.account.network import Subnet
from senza.components.network import assigned
from senza.errors import DefinitionError
from tests.components.conftest import Compiles, definition


def subnets(*names: str) -> list[Subnet]:
    return [Subnet(name, name, "eu-central-1a", "vpc-1") for name in names]


SERVERS, PUBLIC, INTERNAL = "ServerSubnets", "LoadBalancerSubnets", "LoadBalancerInternalSubnets"


@pytest.mark.parametrize(
    ("names", "public_only", "expected"),
    [
        (
            ("dmz-a", "internal-a", "nat-a"),
            False,
            {SERVERS: ["internal-a"], PUBLIC: ["dmz-a"], INTERNAL: ["internal-a"]},
        ),
        (("dmz-a", "internal-a"), True, {SERVERS: ["dmz-a"], PUBLIC: ["dmz-a"], INTERNAL: ["dmz-a"]}),
        (("one", "nat-a"), True, {SERVERS: ["one", "nat-a"], PUBLIC: ["one", "nat-a"], INTERNAL: ["one", "nat-a"]}),
        (("one", "", "nat-a"), False, {SERVERS: ["one", ""], PUBLIC: ["one", ""], INTERNAL: ["one", ""]}),
        (
            ("dmz-a", "other", "internal-a"),
            False,
            {SERVERS: ["other", "internal-a"], PUBLIC: ["dmz-a"], INTERNAL: ["internal-a"]},
        ),
    ],
)
def test_who_goes_where(names: tuple[str, ...], public_only: bool, expected: dict[str, list[str]]) -> None:
    assert assigned(subnets(*names), public_only) == expected


def test_zones_may_be_a_text(compiles: Compiles, labels: dict[str, str]) -> None:
    compiled = compiles(definition("- C: {Type: Senza::SubnetAutoConfiguration, AvailabilityZones: eu-central-1b}"))
    found = compiled.template["Mappings"]["ServerSubnets"]["eu-central-1"]["Subnets"]
    assert [labels[ident] for ident in found] == ["<subnet:internal-eu-central-1b>"]


def test_detected_subnets_replace_those_of_the_region_only(compiles: Compiles) -> None:
    """Classic: the same."""
    compiled = compiles(
        definition("- C: {Type: Senza::SubnetAutoConfiguration, ServerSubnets: {eu-west-1: [z], eu-central-1: [zz]}}")
    )
    servers = compiled.template["Mappings"]["ServerSubnets"]
    assert servers["eu-west-1"] == {"Subnets": ["z"]}
    assert "zz" not in servers["eu-central-1"]["Subnets"]


@pytest.mark.parametrize(
    "settings", ["ServerSubnets: [a]", "Images: {Base: ami-1}", "Images: ami-1", "DefineParameters: maybe"]
)
def test_mistakes(settings: str, compiles: Compiles) -> None:
    with pytest.raises(DefinitionError, match="must be") as caught:
        compiles(definition(f"- C: {{Type: Senza::Configuration, {settings}}}"))
    assert caught.value.where is not None
    assert caught.value.where.line == 5
