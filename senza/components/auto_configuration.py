"""``Senza::AutoConfiguration``: the network of any account, told by names or by where its routes lead."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import ClassVar

from senza.account import Needs
from senza.account.network import Subnet, ways_out
from senza.components.model import Fragment
from senza.components.network import SubnetAutoConfiguration

PUBLIC, PRIVATE, NEITHER = ("public", "dmz"), ("private", "internal"), ("nat",)


class AutoConfiguration(SubnetAutoConfiguration):
    """Three calls, all at the same time: VPCs, subnets, route tables."""

    type_names: ClassVar[tuple[str, ...]] = ("AutoConfiguration",)
    summary: ClassVar[str] = (
        "Finds the subnets of the VPC by the words public, private, dmz, internal, nat in their Name tags, else by "
        "their route tables. A default VPC will do."
    )
    example: ClassVar[str] = """\
Configuration:
  Type: Senza::AutoConfiguration
"""

    def needs(self) -> Needs:
        return super().needs() | Needs(route_tables=True)

    @cached_property
    def _ways(self) -> dict[str, str]:
        account = self.site.account
        return ways_out(self.vpc_id(), account.all_subnets(), account.route_tables())

    def assign(self, subnets: list[Subnet]) -> dict[str, list[str]]:
        kinds = {subnet.id: kind_by_name(subnet.name) for subnet in subnets}
        named = bool({"public", "private"} & set(kinds.values()))
        if not named:
            kinds = {
                ident: kind or ("public" if self._ways.get(ident) == "internet" else "private")
                for ident, kind in kinds.items()
            }
        public = [subnet for subnet in subnets if kinds[subnet.id] == "public"]
        private = [subnet for subnet in subnets if kinds[subnet.id] in ("private", "")]
        if not named:  # what has no way out at all is where databases live
            private = [subnet for subnet in private if self._ways.get(subnet.id)] or private
        servers = public if self.public_only and public else private or public or subnets
        inside = public if self.public_only and public else private or servers
        return {
            "ServerSubnets": [subnet.id for subnet in servers],
            "LoadBalancerSubnets": one_per_zone(public or servers),
            "LoadBalancerInternalSubnets": one_per_zone(inside),
        }

    @property
    def public_addresses(self) -> bool:
        """Whether instances reach nothing without a public address: their subnets' only way out is the gateway."""
        return any(self._ways.get(subnet) == "internet" for subnet in self.server_subnets())

    def build(self) -> Fragment:
        fragment = super().build()
        servers = self.server_subnets()
        where = self.settings.where()
        if self.public_addresses:
            self.site.warn(
                f"{where}: the instances are in public subnets of {self.vpc_id()}, and get public addresses. Only "
                "their security groups keep others out; private subnets with a NAT gateway would."
            )
        elif not any(self._ways.get(subnet) for subnet in servers):
            self.site.warn(
                f"{where}: no route leads from the instances' subnets to the internet: without VPC endpoints they "
                "reach neither a registry nor AWS."
            )
        public = fragment.mappings["LoadBalancerSubnets"][self.site.account.region]["Subnets"]
        if not any(self._ways.get(subnet) == "internet" for subnet in public):
            self.site.warn(f"{where}: {self.vpc_id()} has no public subnets: no load balancer can be internet-facing.")
        return fragment


def kind_by_name(name: str) -> str:
    """``public``, ``private``, ``none`` for what is only there for NAT gateways, "" where the name does not tell."""
    words = set(re.split(r"[^a-z]+", name.lower()))
    for kind, known in (("none", NEITHER), ("public", PUBLIC), ("private", PRIVATE)):
        if words & set(known):
            return kind
    return ""


def one_per_zone(subnets: Iterable[Subnet]) -> list[str]:
    """An application load balancer takes one subnet of each zone only ("Subnets for your load balancer")."""
    found: dict[str, str] = {}
    for subnet in subnets:
        found.setdefault(subnet.zone, subnet.id)
    return list(found.values())
