"""An account that is not there: plausible answers to everything a definition asks, without a call to AWS.

What it does not know how to answer is :class:`Offline`, which a check reports as something it could not look at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from senza.account import Account, HostedZone, Needs
from senza.account.certificates import Certificate
from senza.account.images import CHANNELS, Image
from senza.account.machine_images import ARCHITECTURES, architecture_by_family
from senza.account.network import RouteTable, SecurityGroup, Subnet, Vpc
from senza.account.shared import ListenerRule, SharedBalancer
from senza.aws import Aws
from senza.errors import SenzaError

REGION = "eu-central-1"
NUMBER = "123456789012"
"""The account id of AWS's own examples."""
DOMAIN = "example.org."
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class Offline(SenzaError):
    """Only AWS knows this."""


class Nowhere(Aws):
    """AWS that cannot be reached."""

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        raise self._unknown(service, operation)

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
        raise self._unknown(service, operation)

    def _unknown(self, service: str, operation: str) -> Offline:
        return Offline(
            f"only AWS knows this ({service} {operation})", hint="With --aws, or without --offline, it is asked."
        )


class StandIn(Account):
    """Whatever is named exists: security groups, roles, topics, certificates, hosted zones, other stacks.

    The same name always becomes the same id. region: the region's name. certificates: names and ARNs of those that are
    named in the definition.
    """

    made_up = True

    def __init__(self, region: str = REGION, certificates: Iterable[str] = ()) -> None:
        super().__init__(Nowhere(region))
        self._certificates = frozenset(certificates)

    def warm(self, needs: Needs) -> None:
        """Nothing has to be looked up."""

    def vpcs(self) -> tuple[Vpc, ...]:
        return (Vpc(made_id("vpc", "vpc"), "vpc", True, ("10.0.0.0/16",)),)

    def vpc(self, vpc_id: str | None = None) -> Vpc:
        return Vpc(vpc_id, "", True, ("10.0.0.0/16",)) if vpc_id else self.vpcs()[0]

    def all_subnets(self) -> tuple[Subnet, ...]:
        return self.subnets(self.vpcs()[0])

    def subnets(self, vpc: Vpc) -> tuple[Subnet, ...]:
        zones = [f"{self.region}{letter}" for letter in "abc"]
        kinds = ("dmz", "internal", "nat")
        return tuple(
            Subnet(made_id("subnet", f"{kind}-{zone}"), f"{kind}-{zone}", zone, vpc.id, ipv6=True)
            for zone in zones
            for kind in kinds
        )

    def nat_gateways(self) -> dict[str, str]:
        return {subnet.id: "10.0.0.10" for subnet in self.all_subnets() if subnet.name.startswith("nat-")}

    def route_tables(self) -> tuple[RouteTable, ...]:
        ways = {"dmz": "internet", "nat": "internet", "internal": "elsewhere"}
        return tuple(
            RouteTable(subnet.vpc_id, False, (subnet.id,), ways[subnet.name.partition("-")[0]])
            for subnet in self.all_subnets()
        )

    def security_groups(self, names: Iterable[str]) -> dict[str, tuple[SecurityGroup, ...]]:
        vpc = self.vpcs()[0].id
        return {name: (SecurityGroup(made_id("sg", name), name, vpc),) for name in names}

    def security_group(self, name: str, vpc_id: str | None) -> SecurityGroup:
        return self.security_groups([name])[name][0]

    def taupage_images(self) -> tuple[Image, ...]:
        names = [f"{prefix}-AMI-20260101-000000" for prefix in CHANNELS.values()]
        return tuple(Image(made_id("ami", name), name, NUMBER, False) for name in names)

    def stock_images(self, names: Iterable[str]) -> dict[tuple[str, str], str]:
        return {(name, kind): made_id("ami", f"{name} {kind}") for name in names for kind in ARCHITECTURES}

    def architectures(self, instance_types: Iterable[str]) -> dict[str, str]:
        """By their names."""
        return {name: architecture_by_family(name) for name in instance_types}

    def flatcar_image(self, parameter: str) -> str:
        return made_id("ami", parameter)

    def zones(self) -> tuple[HostedZone, ...]:
        return (HostedZone("Z0123456789ABCDEFGHIJ", DOMAIN),)

    def zone_for(self, domain: str) -> HostedZone | None:
        """The zone that a domain would lie in: everything after its first label."""
        own = super().zone_for(domain)
        rest = domain.rstrip(".").partition(".")[2]
        return own or (HostedZone(f"Z{made_uuid(rest)[:8].upper()}", f"{rest.lower()}.") if rest else None)

    def certificates(self) -> tuple[Certificate, ...]:
        return tuple(certificate(name) for name in sorted(self._certificates) if name.startswith("arn:"))

    def server_certificates(self) -> tuple[Certificate, ...]:
        return tuple(certificate(name) for name in sorted(self._certificates) if not name.startswith("arn:"))

    def certificate_for(self, domain: str, zone: str) -> Certificate | None:
        ident = made_uuid(domain)
        return certificate(f"arn:aws:acm:{self.region}:{NUMBER}:certificate/{ident}", domain.rstrip("."))

    @property
    def identity(self) -> str:
        return NUMBER

    @property
    def alias(self) -> str:
        return "example-team"

    def role_policies(self, role: str) -> tuple[dict[str, Any], ...]:
        statement = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::example/*"]}
        return ({"PolicyName": role, "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}},)

    def topics(self) -> tuple[str, ...]:
        return ()

    def topic(self, name: str) -> str:
        return name if name.startswith("arn:") else f"arn:aws:sns:{self.region}:{NUMBER}:{name}"

    def decrypt(self, ciphertext: str) -> str:
        return "placeholder"

    def stack_resource(self, stack: str, logical_id: str) -> str:
        """As a security group's id, since these are what other stacks are asked for most."""
        return made_id("sg", f"{stack} {logical_id}")

    def stack_output(self, stack: str, output: str) -> str:
        return f"{stack}-{output}".lower()

    def shared_balancer(self, stack: str) -> SharedBalancer:
        ident = made_uuid(stack).replace("-", "")
        arn = f"arn:aws:elasticloadbalancing:{self.region}:{NUMBER}:listener/app/{stack}/{ident[:16]}/{ident[16:]}"
        return SharedBalancer(stack, arn)

    def listener_rules(self, listener: str) -> tuple[ListenerRule, ...]:
        return ()

    def ssm_parameter(self, name: str) -> str:
        return made_id("ami", name) if name.startswith("/aws/service/") else "placeholder"


def certificate(arn_or_name: str, domain: str = "") -> Certificate:
    is_arn = arn_or_name.startswith("arn:")
    arn = arn_or_name if is_arn else f"arn:aws:iam::{NUMBER}:server-certificate/{arn_or_name}"
    return Certificate(arn, (domain or arn_or_name,), True, LONG_AGO, "ISSUED")


def made_id(kind: str, name: str) -> str:
    """An id as AWS makes them, the same for the same name: ``subnet-`` and 17 hexadecimal digits."""
    return f"{kind}-{hashlib.sha256(f'{kind} {name}'.encode()).hexdigest()[:17]}"


def made_uuid(name: str) -> str:
    return str(UUID(hashlib.sha256(name.encode()).hexdigest()[:32]))
