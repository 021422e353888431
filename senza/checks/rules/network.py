"""Security groups that let the whole internet in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from senza.checks.model import Hit, Resource, Rule, Subject, entries, literal, mapping, target
from senza.definition.model import KeyPath

ANYWHERE = {"0.0.0.0/0", "::/0"}
WEB = {80, 443}
SECURITY_GROUP = "AWS::EC2::SecurityGroup"
INGRESS = "AWS::EC2::SecurityGroupIngress"
WITHOUT_PORTS = {"icmp", "icmpv6", "1", "58"}
"""Protocols whose FromPort and ToPort are kinds of messages (CloudFormation, AWS::EC2::SecurityGroupIngress)."""


def open_groups(subject: Subject) -> Iterator[Hit]:
    ours = groups_of_instances(subject)
    for group in subject.of(SECURITY_GROUP):
        for number, rule in enumerate(entries(group.properties.get("SecurityGroupIngress"))):
            yield from judged(group.id, group, mapping(rule), ("SecurityGroupIngress", number), ours)
    for rule in subject.of(INGRESS):
        group_id = target(rule.properties.get("GroupId")) or target(rule.properties.get("GroupName"))
        yield from judged(group_id, rule, rule.properties, (), ours)


def judged(group: str, resource: Resource, rule: Mapping[str, Any], path: KeyPath, ours: set[str]) -> Iterator[Hit]:
    """The rule of a group, where it lets everybody in who should not be let in."""
    source = next((key for key in ("CidrIp", "CidrIpv6") if literal(rule.get(key)) in ANYWHERE), None)
    protocol = literal(rule.get("IpProtocol")).lower()
    if source is None or protocol in WITHOUT_PORTS:
        return
    ports = port_range(rule, protocol)
    if ports is None:
        return
    low, high = ports
    name = "every port" if ports == (0, 65535) else f"port {low}" if low == high else f"ports {low} to {high}"
    place = (*path, source)
    if group in ours:
        hint = "Let in the security group of the load balancer only (SourceSecurityGroupId)."
        yield Hit(f"{name} of the instances of {group} can be reached from anywhere", resource.id, place, hint=hint)
    elif not (low == high and low in WEB):
        hint = (
            "Name the networks or security groups that need it. Only 80 and 443 of a load balancer are for everybody."
        )
        yield Hit(f"{name} of {group or 'the group'} can be reached from anywhere", resource.id, place, hint=hint)


def port_range(rule: Mapping[str, Any], protocol: str) -> tuple[int, int] | None:
    """First and last port, None where they are not literal."""
    if protocol == "-1":
        return 0, 65535
    try:
        low = int(literal(rule.get("FromPort")))
        return low, int(literal(rule.get("ToPort", low)))
    except ValueError:
        return None


def groups_of_instances(subject: Subject) -> set[str]:
    """Logical ids of the template's security groups that instances are in."""
    found = set()
    for resource in subject.of(
        "AWS::EC2::LaunchTemplate", "AWS::AutoScaling::LaunchConfiguration", "AWS::EC2::Instance"
    ):
        data = mapping(resource.properties.get("LaunchTemplateData")) or resource.properties
        lists = [data.get("SecurityGroups"), data.get("SecurityGroupIds")]
        lists += [
            mapping(card).get(key) for card in entries(data.get("NetworkInterfaces")) for key in ("Groups", "GroupSet")
        ]
        found |= {target(item) for items in lists for item in entries(items)}
    return found - {""}


OPEN_GROUP = Rule(
    id="SZ101",
    severity="warning",
    title="A security group lets in everybody",
    why=(
        "What listens on such a port is found by scanners within minutes. Only the ports 80 and 443 of load balancers "
        "are meant for everybody; instances should be reached through their load balancer alone."
    ),
    link="https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html",
    find=open_groups,
    bad="""\
Resources:
  AppGroup:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: instances of the app
      SecurityGroupIngress:
        - {IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}
""",
    good="""\
Resources:
  AppGroup:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: load balancer of the app
      SecurityGroupIngress:
        - {IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}
        - {IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 10.0.0.0/8}
""",
)
