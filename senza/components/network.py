"""``Senza::SubnetAutoConfiguration``: subnets found by their Name tags."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

from senza.account import Needs
from senza.account.network import Subnet, Vpc
from senza.components.configuration import Configuration
from senza.components.model import Fragment, Property


class SubnetAutoConfiguration(Configuration):
    type_names: ClassVar[tuple[str, ...]] = ("SubnetAutoConfiguration",)
    summary: ClassVar[str] = "Finds the subnets of the VPC by their Name tags: dmz, internal, nat, anything else."
    properties: ClassVar[tuple[Property, ...]] = (
        Property("VpcId", "VPC id", "Default: the default VPC, else the only VPC."),
        Property("AvailabilityZones", "list of zones", "Use only the subnets in these zones."),
        Property(
            "PublicOnly", "boolean", "Use only dmz subnets, for everything (all subnets where none is dmz).", False
        ),
        *Configuration.properties,
    )
    example: ClassVar[str] = """\
Configuration:
  Type: Senza::SubnetAutoConfiguration
  AvailabilityZones: [eu-central-1a, eu-central-1b]
"""

    def needs(self) -> Needs:
        return Needs(network=True)

    @property
    def public_only(self) -> bool:
        return self.settings.boolean("PublicOnly", False)

    @cached_property
    def _vpc(self) -> Vpc:
        with self.settings.blaming(*(["VpcId"] if "VpcId" in self.settings else [])):
            return self.site.account.vpc(self.settings.text("VpcId") or None)

    def vpc_id(self) -> str:
        return self._vpc.id

    @cached_property
    def _subnet_maps(self) -> dict[str, list[str]]:
        with self.settings.blaming():
            subnets = self.site.account.subnets(self._vpc)
        zones = {str(zone) for zone in self.settings.items("AvailabilityZones")}
        inside = [subnet for subnet in subnets if not zones or subnet.zone in zones]
        if not inside:
            known = ", ".join(sorted({subnet.zone for subnet in subnets}))
            raise self.settings.wrong(
                f"VPC {self._vpc.id} has no subnets in {', '.join(sorted(zones))}",
                "AvailabilityZones",
                hint=f"It has some in {known}.",
            )
        return self.assign(inside)

    def assign(self, subnets: list[Subnet]) -> dict[str, list[str]]:
        """The three maps, of subnets in the right zones."""
        return assigned(subnets, self.public_only)

    def server_subnets(self) -> list[str]:
        return self._subnet_maps["ServerSubnets"]

    def without_ipv6(self, scheme: str) -> list[str]:
        """The names of those subnets for load balancers of the scheme that have no range of IPv6 addresses."""
        wanted = self._subnet_maps["LoadBalancerInternalSubnets" if scheme == "internal" else "LoadBalancerSubnets"]
        subnets = {subnet.id: subnet for subnet in self.site.account.subnets(self._vpc)}
        return [subnets[ident].name or ident for ident in wanted if not subnets[ident].ipv6]

    def build(self) -> Fragment:
        fragment = super().build()
        region = self.site.account.region
        for name, subnets in self._subnet_maps.items():
            fragment.mappings.setdefault(name, {})[region] = {"Subnets": subnets}
        return fragment


def assigned(subnets: list[Subnet], public_only: bool) -> dict[str, list[str]]:
    """Subnet ids for servers, load balancers and internal load balancers, told by the subnets' names."""
    dmz = [subnet.id for subnet in subnets if "dmz" in subnet.name]
    if public_only:
        everything = dmz or [subnet.id for subnet in subnets]
        return {
            name: list(everything) for name in ("ServerSubnets", "LoadBalancerSubnets", "LoadBalancerInternalSubnets")
        }
    internal = [subnet.id for subnet in subnets if "dmz" not in subnet.name and "internal" in subnet.name]
    special = ("dmz", "internal", "nat")
    other = [subnet.id for subnet in subnets if not any(word in subnet.name for word in special)]
    order = {subnet.id: number for number, subnet in enumerate(subnets)}
    servers = sorted(internal + other, key=lambda ident: order[ident])
    return {
        "ServerSubnets": servers,
        "LoadBalancerSubnets": dmz or servers,
        "LoadBalancerInternalSubnets": internal or servers,
    }
