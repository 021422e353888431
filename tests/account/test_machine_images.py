"""Images by name, and what processor an instance type has."""

from __future__ import annotations

import pytest

from senza.account import Account, Needs
from senza.account.machine_images import STOCK_IMAGES, architecture_by_family
from senza.account.network import RouteTable, Subnet, ways_out
from senza.aws import Aws
from senza.errors import NotFound
from senza.sandbox.embedded import EmbeddedSandbox


def test_all_images_for_both_architectures(aws: Aws) -> None:
    account = Account(aws)
    found = account.stock_images(STOCK_IMAGES)
    assert found["AmazonLinux2023", "arm64"] == "ami-0a000000000000052"
    assert set(found) == {(name, architecture) for name in STOCK_IMAGES for architecture in ("x86_64", "arm64")}
    described = aws.call("ec2", "describe_images", ImageIds=list(found.values()))["Images"]
    assert {image["ImageId"]: image["Architecture"] for image in described} == {
        image: architecture for (_, architecture), image in found.items()
    }


def test_names_and_types_are_asked_for_together_and_once(aws: Aws) -> None:
    account = Account(aws)
    needs = Needs(stock_images=frozenset(["AmazonLinux2023", "Ubuntu"]), instance_types=frozenset(["t3.micro"]))
    account.warm(needs | Needs(instance_types=frozenset(["m7g.large"])))
    assert sorted(map(str, aws.calls)) == ["ec2:DescribeInstanceTypes", "ssm:GetParameters"]
    assert account.architectures(["t3.micro", "m7g.large"]) == {"t3.micro": "x86_64", "m7g.large": "arm64"}
    assert account.stock_images(["Ubuntu"])["Ubuntu", "x86_64"] == "ami-0a000000000000061"
    assert len(aws.calls) == 2


def test_types_that_there_are_not(aws: Aws) -> None:
    with pytest.raises(NotFound, match=r"no such instance type.*t9\.huge"):
        Account(aws).architectures(["t3.micro", "t9.huge"])


def test_where_we_may_not_ask_the_name_tells(sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.denied = ["ec2:DescribeInstanceTypes"]
    found = Account(Aws(endpoint=sandbox.endpoint)).architectures(["t3.micro", "t4g.micro"])
    assert found == {"t3.micro": "x86_64", "t4g.micro": "arm64"}


def test_the_names_of_all_instance_types_tell_their_architecture() -> None:
    from moto.ec2.models.instance_types import INSTANCE_TYPES

    known = {name: item["ProcessorInfo"]["SupportedArchitectures"] for name, item in INSTANCE_TYPES.items()}
    assert len(known) > 1000
    assert {name for name in known if architecture_by_family(name) == "arm64"} == {
        name for name, architectures in known.items() if "arm64" in architectures
    }


def test_ways_to_the_internet(aws: Aws, labels: dict[str, str]) -> None:
    account = Account(aws)
    vpc = account.vpc()
    ways = ways_out(vpc.id, account.subnets(vpc), account.route_tables())
    named = {labels[subnet].split(":")[1].partition("-")[0]: way for subnet, way in ways.items()}
    assert named == {"dmz": "internet", "internal": "elsewhere", "nat": "internet"}


def test_the_main_table_counts_for_subnets_without_one() -> None:
    subnets = [Subnet(name, "", "a", "vpc-1") for name in ("own", "none")]
    tables = [
        RouteTable("vpc-1", True, (), "internet"),
        RouteTable("vpc-1", False, ("own",), ""),
        RouteTable("vpc-2", True, ("none",), "elsewhere"),
    ]
    assert ways_out("vpc-1", subnets, tables) == {"own": "", "none": "internet"}
    assert ways_out("vpc-1", subnets, []) == {"own": "", "none": ""}
