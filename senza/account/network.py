"""VPCs, subnets, NAT gateways and security groups: the look-ups, and the rules for choosing among them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from senza.aws import Aws
from senza.errors import NotFound, UsageError

FILTER_VALUES = 200
"""How many values AWS takes in one filter, see "Filtering" in the EC2 API reference."""


@dataclass(frozen=True)
class Vpc:
    id: str
    name: str
    is_default: bool
    cidr_blocks: tuple[str, ...] = ()
    """Its IPv4 address ranges, the primary one first."""


@dataclass(frozen=True)
class Subnet:
    id: str
    name: str
    """Its Name tag, "" without one."""
    zone: str
    vpc_id: str
    ipv6: bool = False
    """Whether it has a range of IPv6 addresses."""


@dataclass(frozen=True)
class RouteTable:
    vpc_id: str
    is_main: bool
    """Of its VPC: it counts for subnets that have none of their own."""
    subnet_ids: tuple[str, ...]
    leads: str
    """Where traffic to the internet goes: ``internet`` (a gateway), ``elsewhere`` (NAT, transit gateway...) or ""."""


@dataclass(frozen=True)
class SecurityGroup:
    id: str
    name: str
    """The group name, which may differ from its Name tag."""
    vpc_id: str


def name_tag(described: Mapping[str, Any]) -> str:
    return next((str(tag["Value"]) for tag in described.get("Tags", ()) if tag["Key"] == "Name"), "")


def look_up_vpcs(aws: Aws) -> tuple[Vpc, ...]:
    found = aws.pages("ec2", "describe_vpcs", "Vpcs")
    vpcs = (Vpc(vpc["VpcId"], name_tag(vpc), bool(vpc.get("IsDefault")), cidr_blocks(vpc)) for vpc in found)
    return tuple(sorted(vpcs, key=lambda vpc: vpc.id))


def cidr_blocks(described: Mapping[str, Any]) -> tuple[str, ...]:
    further = (
        block["CidrBlock"]
        for block in described.get("CidrBlockAssociationSet", ())
        if block.get("CidrBlockState", {}).get("State", "associated") == "associated"
    )
    return tuple(dict.fromkeys((described["CidrBlock"], *further)))


def look_up_subnets(aws: Aws) -> tuple[Subnet, ...]:
    """The subnets of all VPCs: one call, which need not wait for the VPC to be known."""
    found = aws.pages("ec2", "describe_subnets", "Subnets")
    subnets = (
        Subnet(item["SubnetId"], name_tag(item), item["AvailabilityZone"], item["VpcId"], has_ipv6(item))
        for item in found
    )
    return tuple(sorted(subnets, key=lambda subnet: (subnet.zone, subnet.id)))


def has_ipv6(described: Mapping[str, Any]) -> bool:
    states = (
        block.get("Ipv6CidrBlockState", {}).get("State", "associated")
        for block in described.get("Ipv6CidrBlockAssociationSet", ())
    )
    return any(state == "associated" for state in states)


def look_up_nat_gateways(aws: Aws) -> dict[str, str]:
    """Private IP address of the available NAT gateway of each subnet that has one."""
    found = aws.pages(
        "ec2", "describe_nat_gateways", "NatGateways", Filters=[{"Name": "state", "Values": ["available"]}]
    )
    addresses: dict[str, str] = {}
    for gateway in found:
        for address in gateway.get("NatGatewayAddresses", ()):
            if "PrivateIp" in address:
                addresses.setdefault(str(gateway["SubnetId"]), str(address["PrivateIp"]))
    return dict(sorted(addresses.items()))


def look_up_route_tables(aws: Aws) -> tuple[RouteTable, ...]:
    """The route tables of all VPCs: one call, which need not wait for the VPC to be known."""
    return tuple(_route_table(item) for item in aws.pages("ec2", "describe_route_tables", "RouteTables"))


def _route_table(item: Mapping[str, Any]) -> RouteTable:
    associations = item.get("Associations", ())
    subnets = tuple(str(one["SubnetId"]) for one in associations if one.get("SubnetId"))
    ways = [route for route in item.get("Routes", ()) if route.get("DestinationCidrBlock") == "0.0.0.0/0"]
    ways = [route for route in ways if route.get("State", "active") == "active"]
    leads = "internet" if any(str(way.get("GatewayId", "")).startswith("igw-") for way in ways) else ""
    return RouteTable(
        str(item["VpcId"]),
        any(one.get("Main") for one in associations),
        subnets,
        leads or ("elsewhere" if ways else ""),
    )


def ways_out(vpc_id: str, subnets: Iterable[Subnet], tables: Iterable[RouteTable]) -> dict[str, str]:
    """Subnet id -> where its traffic to the internet goes: by its own table, else the main one (VPC user guide)."""
    inside = [table for table in tables if table.vpc_id == vpc_id]
    own = {subnet: table.leads for table in inside for subnet in table.subnet_ids}
    main = next((table.leads for table in inside if table.is_main), "")
    return {subnet.id: own.get(subnet.id, main) for subnet in subnets}


def choose_vpc(vpcs: Sequence[Vpc], vpc_id: str | None) -> Vpc:
    """The VPC that was named, else the default VPC, else the only one.

    Raises NotFound where there is none (of that id), UsageError where the choice is the user's.
    """
    listed = ", ".join(f"{vpc.id} ({vpc.name})" if vpc.name else vpc.id for vpc in vpcs) or "none"
    if vpc_id:
        for vpc in vpcs:
            if vpc.id == vpc_id:
                return vpc
        raise NotFound(f"there is no VPC {vpc_id} in this account and region", hint=f"VPCs here: {listed}.")
    if not vpcs:
        raise NotFound(
            "there is no VPC in this account and region",
            hint="Check --region and the account, or create a default VPC: aws ec2 create-default-vpc.",
        )
    defaults = [vpc for vpc in vpcs if vpc.is_default]
    if defaults or len(vpcs) == 1:
        return (defaults or list(vpcs))[0]
    raise UsageError(
        f"there are several VPCs and none of them is the default VPC: {listed}",
        hint="Say which one is meant: give VpcId to the component that detects the network.",
    )


class SecurityGroups:
    """Security groups by name, all names that are asked for together in one or two calls."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._lock = threading.Lock()
        self._known: dict[str, tuple[SecurityGroup, ...]] = {}

    def named(self, names: Iterable[str]) -> dict[str, tuple[SecurityGroup, ...]]:
        """All groups of each name: those with that Name tag, else those with that group name, else none."""
        names = sorted(set(names))
        with self._lock:
            new = [name for name in names if name not in self._known]
            self._look_up("tag:Name", new)
            self._look_up("group-name", [name for name in new if not self._known[name]])
            return {name: self._known[name] for name in names}

    def _look_up(self, key: str, names: Sequence[str]) -> None:
        found: dict[str, list[SecurityGroup]] = {name: [] for name in names}
        for start in range(0, len(names), FILTER_VALUES):
            filters = [{"Name": key, "Values": [escaped(name) for name in names[start : start + FILTER_VALUES]]}]
            for group in self._aws.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=filters):
                name = name_tag(group) if key == "tag:Name" else group["GroupName"]
                if name in found:
                    found[name].append(SecurityGroup(group["GroupId"], group["GroupName"], group.get("VpcId", "")))
        for name, groups in found.items():
            self._known[name] = tuple(sorted(groups, key=lambda group: group.id))


def escaped(text: str) -> str:
    """A filter value that means just this text: ``*``, ``?`` and backslash are wildcards there."""
    return "".join("\\" + char if char in "\\*?" else char for char in text)


def choose_group(name: str, groups: Sequence[SecurityGroup], vpc_id: str | None) -> SecurityGroup:
    """The only group of that name, else the only one in the stack's VPC. Raises NotFound or UsageError."""
    if not groups:
        raise NotFound(
            f'there is no security group "{name}" in this account and region',
            hint="Neither a Name tag nor a group name matches. Create it (senza init helps), or correct the name.",
        )
    inside = [group for group in groups if group.vpc_id == vpc_id] if vpc_id and len(groups) > 1 else list(groups)
    if len(inside) == 1:
        return inside[0]
    listed = ", ".join(f"{group.id} in {group.vpc_id}" for group in groups)
    raise UsageError(
        f'several security groups are called "{name}": {listed}', hint="Give the id (sg-...) of the one that is meant."
    )
