"""Networks of accounts that nobody prepared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from senza.account import Account
from senza.aws import Aws
from senza.components import Compiled, compile
from senza.components.auto_configuration import kind_by_name
from senza.sandbox.embedded import EmbeddedSandbox
from tests.components.conftest import Compiles, definition

MAPS = ("ServerSubnets", "LoadBalancerSubnets", "LoadBalancerInternalSubnets")


@dataclass
class Vpc:
    """A VPC of which one subnet a zone is made for each kind: ``public``, ``nat`` routed or without a way out."""

    aws: Aws
    id: str
    labels: dict[str, str]

    @classmethod
    def make(cls, sandbox: EmbeddedSandbox, kinds: dict[str, str], zones: str = "ab") -> Vpc:
        """kinds: prefix of the subnets -> where their way out leads. Names that begin with _ are not tagged."""
        aws = Aws(endpoint=sandbox.endpoint)
        ident = aws.call("ec2", "create_vpc", CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        gateway = aws.call("ec2", "create_internet_gateway")["InternetGateway"]["InternetGatewayId"]
        aws.call("ec2", "attach_internet_gateway", InternetGatewayId=gateway, VpcId=ident)
        made = cls(aws, ident, {})
        for number, (kind, way) in enumerate(kinds.items()):
            table = aws.call("ec2", "create_route_table", VpcId=ident)["RouteTable"]["RouteTableId"]
            subnets = [made.subnet(kind, zone, number * 8 + place) for place, zone in enumerate(zones)]
            for subnet in subnets:
                aws.call("ec2", "associate_route_table", RouteTableId=table, SubnetId=subnet)
            if way:
                to = {"GatewayId": gateway} if way == "internet" else {"NatGatewayId": made.nat(subnets[0])}
                aws.call("ec2", "create_route", RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **to)
        return made

    def subnet(self, kind: str, zone: str, number: int) -> str:
        answer = self.aws.call(
            "ec2",
            "create_subnet",
            VpcId=self.id,
            CidrBlock=f"10.9.{number}.0/24",
            AvailabilityZone=f"eu-central-1{zone}",
        )
        ident: str = answer["Subnet"]["SubnetId"]
        self.labels[ident] = f"{kind}-{zone}"
        if not kind.startswith("_"):
            self.aws.call("ec2", "create_tags", Resources=[ident], Tags=[{"Key": "Name", "Value": f"{kind}-{zone}"}])
        return ident

    def nat(self, subnet: str) -> str:
        address = self.aws.call("ec2", "allocate_address", Domain="vpc")["AllocationId"]
        made = self.aws.call("ec2", "create_nat_gateway", SubnetId=subnet, AllocationId=address)
        ident: str = made["NatGateway"]["NatGatewayId"]
        return ident

    def compiled(self, compiles: Compiles, more: str = "", rest: str = "") -> Compiled:
        text = definition(f"- C: {{Type: Senza::AutoConfiguration, VpcId: {self.id}{more}}}\n{rest}")
        return compile(compiles.bind(text), Account(self.aws))

    def maps(self, compiled: Compiled) -> dict[str, list[str]]:
        found = compiled.template["Mappings"]
        return {name: [self.labels[one] for one in found[name]["eu-central-1"]["Subnets"]] for name in MAPS}


@pytest.fixture
def here(tmp_path: Path, sandbox: EmbeddedSandbox) -> Compiles:
    return Compiles(tmp_path, Account(Aws(endpoint=sandbox.endpoint)))


def test_the_seeded_account_is_told_by_names_in_three_calls(here: Compiles, aws: Aws, sandbox: EmbeddedSandbox) -> None:
    text = definition("- C: {Type: Senza::AutoConfiguration}")
    compiled = compile(here.bind(text), Account(aws))
    found = compiled.template["Mappings"]
    assert [sandbox.labels[one] for one in found["ServerSubnets"]["eu-central-1"]["Subnets"]] == [
        f"<subnet:internal-eu-central-1{zone}>" for zone in "abc"
    ]
    assert sorted(call.operation for call in aws.calls) == ["DescribeRouteTables", "DescribeSubnets", "DescribeVpcs"]
    assert compiled.warnings == ()


def test_a_fresh_account_with_its_default_vpc(here: Compiles, sandbox: EmbeddedSandbox) -> None:
    """In another region, where nothing was seeded; what AWS gives a default VPC and moto does not is added."""
    aws = Aws("eu-west-1", endpoint=sandbox.endpoint)
    ident = Account(aws).vpc().id
    gateway = aws.call("ec2", "create_internet_gateway")["InternetGateway"]["InternetGatewayId"]
    aws.call("ec2", "attach_internet_gateway", InternetGatewayId=gateway, VpcId=ident)
    main = aws.call("ec2", "describe_route_tables", Filters=[{"Name": "vpc-id", "Values": [ident]}])["RouteTables"][0]
    to = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway}
    aws.call("ec2", "create_route", RouteTableId=main["RouteTableId"], **to)
    account = Account(aws)
    compiled = compile(here.bind(definition("- C: {Type: Senza::AutoConfiguration}")), account)
    subnets = {subnet.id for subnet in account.all_subnets()}
    assert len(subnets) == 3
    assert set(compiled.template["Mappings"]["ServerSubnets"]["eu-west-1"]["Subnets"]) == subnets
    assert f"in public subnets of {ident}" in compiled.warnings[0]
    assert account.vpc().is_default


def test_a_network_with_nothing_but_public_subnets_works_and_says_so(here: Compiles, sandbox: EmbeddedSandbox) -> None:
    vpc = Vpc.make(sandbox, {"_": "internet"})
    group = "- App: {Type: Senza::AutoScalingGroup, ImageId: ami-1, InstanceType: t3.micro%s}"
    compiled = vpc.compiled(here, rest=group % "")
    assert vpc.maps(compiled) == {key: ["_-a", "_-b"] for key in MAPS}
    assert "in public subnets" in compiled.warnings[0]
    assert public(compiled) is True
    told = vpc.compiled(here, rest=group % ", AssociatePublicIpAddress: false")
    assert public(told) is False


def public(compiled: Compiled) -> Any:
    data = compiled.template["Resources"]["AppConfig"]["Properties"]["LaunchTemplateData"]
    return data["NetworkInterfaces"][0]["AssociatePublicIpAddress"]


def test_routes_tell_where_no_name_does(here: Compiles, sandbox: EmbeddedSandbox) -> None:
    vpc = Vpc.make(sandbox, {"_front": "internet", "_back": "nat", "_database": ""})
    compiled = vpc.compiled(here)
    assert vpc.maps(compiled) == {
        "ServerSubnets": ["_back-a", "_back-b"],
        "LoadBalancerSubnets": ["_front-a", "_front-b"],
        "LoadBalancerInternalSubnets": ["_back-a", "_back-b"],
    }
    assert compiled.warnings == ()


def test_names_win_over_routes(here: Compiles, sandbox: EmbeddedSandbox) -> None:
    vpc = Vpc.make(sandbox, {"Shop public": "internet", "Shop private": "", "nat": "internet"})
    compiled = vpc.compiled(here)
    assert vpc.maps(compiled)["ServerSubnets"] == ["Shop private-a", "Shop private-b"]
    assert vpc.maps(compiled)["LoadBalancerSubnets"] == ["Shop public-a", "Shop public-b"]
    assert "no route leads from" in compiled.warnings[0]


def test_public_only(here: Compiles, sandbox: EmbeddedSandbox) -> None:
    vpc = Vpc.make(sandbox, {"_front": "internet", "_back": "nat"})
    compiled = vpc.compiled(here, ", PublicOnly: true")
    assert vpc.maps(compiled) == {key: ["_front-a", "_front-b"] for key in MAPS}


def test_no_way_in(here: Compiles, sandbox: EmbeddedSandbox) -> None:
    compiled = Vpc.make(sandbox, {"_back": "nat"}).compiled(here)
    assert ["no public subnets" in warning for warning in compiled.warnings] == [True]


def test_balancers_get_one_subnet_of_each_zone(here: Compiles, sandbox: EmbeddedSandbox) -> None:
    vpc = Vpc.make(sandbox, {"_1": "internet", "_2": "internet", "_back": "nat"})
    found = vpc.maps(vpc.compiled(here))
    assert [name[-1] for name in found["LoadBalancerSubnets"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("dmz-eu-central-1a", "public"),
        ("Public Subnet (AZ1)", "public"),
        ("my-vpc/PrivateSubnet1", ""),
        ("internal-a", "private"),
        ("vpc-private-1a", "private"),
        ("nat-a", "none"),
        ("republic", ""),
        ("", ""),
    ],
)
def test_words_in_names(name: str, kind: str) -> None:
    assert kind_by_name(name) == kind
