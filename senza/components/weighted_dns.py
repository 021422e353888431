"""``Senza::WeightedDnsElasticLoadBalancer``: a classic load balancer that shares a domain with its other versions."""

from __future__ import annotations

from typing import ClassVar

from senza.account import Needs
from senza.components.balancers import LoadBalancer
from senza.components.domains import Domain, account_domains
from senza.components.elastic_load_balancer import ElasticLoadBalancer
from senza.components.model import Property

DOMAINS = (
    Property("MainDomain", "domain", "Shared by weight among the versions. Default: StackName.<account domain>."),
    Property("VersionDomain", "domain", "This version's own. Default: StackName-Version.<account domain>."),
)


class WeightedDomains(LoadBalancer):
    """``MainDomain`` and ``VersionDomain`` where no ``Domains`` are given."""

    def needs(self) -> Needs:
        return super().needs() | Needs(zones="Domains" not in self.settings)

    def domains(self) -> list[Domain]:
        if "Domains" in self.settings:
            return super().domains()
        return account_domains(self.settings, self.site)


class WeightedDnsElasticLoadBalancer(WeightedDomains, ElasticLoadBalancer):
    type_names: ClassVar[tuple[str, ...]] = ("WeightedDnsElasticLoadBalancer",)
    summary: ClassVar[str] = "An ElasticLoadBalancer with a weighted domain for all versions and one for this version."
    properties: ClassVar[tuple[Property, ...]] = (*DOMAINS, *ElasticLoadBalancer.properties)
    example: ClassVar[str] = """\
AppLoadBalancer:
  Type: Senza::WeightedDnsElasticLoadBalancer
  HTTPPort: 8080
  HealthCheckPath: /ui/
  SecurityGroups: [app-hello-world-lb]
  Scheme: internet-facing
"""
