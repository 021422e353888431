"""Security groups that a starter wants: who may reach which port, and nobody else."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from senza.account.network import escaped
from senza.aws import Aws
from senza.errors import AwsError, NotFound, UsageError
from senza.plan import Outcome, Step, World, perform
from senza.starters.model import Finding, Wanted

EVERYBODY = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True)
class Rule:
    """Incoming TCP. source: an address range, or the name or id of a security group of the same VPC."""

    port: int
    source: str

    @property
    def from_range(self) -> bool:
        return "/" in self.source

    def __str__(self) -> str:
        return f"TCP {self.port} from {self.source}"


@dataclass(frozen=True)
class CreateSecurityGroup(Step):
    name: str
    description: str
    vpc_id: str

    @property
    def says(self) -> str:
        return f"Create security group {self.name} in {self.vpc_id}"

    @property
    def undone_by(self) -> str:
        return f"aws ec2 delete-security-group (the group {self.name})"


@dataclass(frozen=True)
class AllowIngress(Step):
    group: str
    vpc_id: str
    rule: Rule

    @property
    def says(self) -> str:
        return f"Allow {self.rule} in security group {self.group}"

    @property
    def undone_by(self) -> str:
        return f"aws ec2 revoke-security-group-ingress (the group {self.group})"


@dataclass(frozen=True)
class SecurityGroup(Wanted):
    name: str
    description: str
    vpc_id: str
    rules: tuple[Rule, ...] = ()

    def look(self, aws: Aws) -> Finding:
        found = find_group(aws, self.vpc_id, self.name)
        allow = [AllowIngress(self.name, self.vpc_id, rule) for rule in self.rules]
        if found is None:
            return Finding((CreateSecurityGroup(self.name, self.description, self.vpc_id), *allow))
        permissions = found.get("IpPermissions", [])
        missing = []
        for step in allow:
            source = step.rule.source
            if not step.rule.from_range and source != found["GroupId"]:
                group = find_group(aws, self.vpc_id, source)
                source = group["GroupId"] if group else ""
            if not allows(permissions, step.rule.port, source):
                missing.append(step)
        wanted = {rule.source for rule in self.rules}
        warnings = tuple(
            f"security group {self.name} ({found['GroupId']}) lets everybody ({source}) reach {ports}; it stays so"
            for source, ports in open_to_everybody(permissions)
            if source not in wanted
        )
        return Finding(tuple(missing), f"security group {self.name} ({found['GroupId']})", warnings)


def find_group(aws: Aws, vpc_id: str, name: str) -> dict[str, Any] | None:
    """The group of a VPC with that id, Name tag or group name, as EC2 describes it. Raises UsageError for several."""
    keys = ("group-id",) if name.startswith("sg-") else ("tag:Name", "group-name")
    for key in keys:
        filters = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": key, "Values": [escaped(name)]}]
        found = list(aws.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=filters))
        if len(found) > 1:
            listed = ", ".join(sorted(group["GroupId"] for group in found))
            raise UsageError(
                f'several security groups in {vpc_id} are called "{name}": {listed}',
                hint="Rename all but one of them (their Name tags).",
            )
        if found:
            group: dict[str, Any] = found[0]
            return group
    return None


def allows(permissions: Iterable[Mapping[str, Any]], port: int, source: str) -> bool:
    """Whether the rules of a group let the source (a range or a group id) reach a TCP port."""
    for permission in permissions:
        if not covers_port(permission, port):
            continue
        if source in {pair.get("GroupId") for pair in permission.get("UserIdGroupPairs", ())}:
            return True
        if "/" in source and any(inside(source, given) for given in ranges_of(permission)):
            return True
    return False


def covers_port(permission: Mapping[str, Any], port: int) -> bool:
    if permission.get("IpProtocol") == "-1":
        return True
    return permission.get("IpProtocol") == "tcp" and permission["FromPort"] <= port <= permission["ToPort"]


def inside(source: str, given: str) -> bool:
    inner, outer = ipaddress.ip_network(source), ipaddress.ip_network(given)
    return inner.version == outer.version and inner[0] in outer and inner[-1] in outer


def ranges_of(permission: Mapping[str, Any]) -> list[str]:
    return [
        *(item["CidrIp"] for item in permission.get("IpRanges", ())),
        *(item["CidrIpv6"] for item in permission.get("Ipv6Ranges", ())),
    ]


def open_to_everybody(permissions: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Range and ports of the rules that let everybody in."""
    found = []
    for permission in permissions:
        first, last = permission.get("FromPort"), permission.get("ToPort")
        ports = "everything" if first in (None, -1) else f"port {first}" if first == last else f"ports {first}-{last}"
        found += [(given, ports) for given in ranges_of(permission) if given in EVERYBODY]
    return found


@perform.register
def create_security_group(step: CreateSecurityGroup, world: World) -> Outcome:
    existing = find_group(world.aws, step.vpc_id, step.name)
    if existing:
        return Outcome(f"{existing['GroupId']} is there already")
    answer = world.aws.call(
        "ec2",
        "create_security_group",
        GroupName=step.name,
        Description=step.description,
        VpcId=step.vpc_id,
        TagSpecifications=[{"ResourceType": "security-group", "Tags": [{"Key": "Name", "Value": step.name}]}],
    )
    return Outcome(answer["GroupId"], {"group_id": answer["GroupId"]})


@perform.register
def allow_ingress(step: AllowIngress, world: World) -> Outcome:
    """EC2 User Guide, "Security group rules": a source is an IPv4 range, an IPv6 range or another group."""
    rule = step.rule
    permission: dict[str, Any] = {"IpProtocol": "tcp", "FromPort": rule.port, "ToPort": rule.port}
    if not rule.from_range:
        permission["UserIdGroupPairs"] = [{"GroupId": _group_id(world.aws, step.vpc_id, rule.source)}]
    elif ":" in rule.source:
        permission["Ipv6Ranges"] = [{"CidrIpv6": rule.source}]
    else:
        permission["IpRanges"] = [{"CidrIp": rule.source}]
    try:
        world.aws.call(
            "ec2",
            "authorize_security_group_ingress",
            GroupId=_group_id(world.aws, step.vpc_id, step.group),
            IpPermissions=[permission],
        )
    except AwsError as error:
        if error.code != "InvalidPermission.Duplicate":
            raise
        return Outcome("it was allowed already")
    return Outcome("allowed")


def _group_id(aws: Aws, vpc_id: str, name: str) -> str:
    found = find_group(aws, vpc_id, name)
    if found is None:
        raise NotFound(
            f'there is no security group "{name}" in {vpc_id} (any more)', hint="Repeat the command to make it again."
        )
    return str(found["GroupId"])
