"""``Senza::WeightedDnsNetworkLoadBalancer``: a network load balancer, its domain shared by versions."""

from __future__ import annotations

from typing import ClassVar

from senza.components.model import Property
from senza.components.network_load_balancer import NetworkLoadBalancer
from senza.components.weighted_dns import DOMAINS, WeightedDomains


class WeightedDnsNetworkLoadBalancer(WeightedDomains, NetworkLoadBalancer):
    type_names: ClassVar[tuple[str, ...]] = ("WeightedDnsNetworkLoadBalancer",)
    summary: ClassVar[str] = "A NetworkLoadBalancer with a weighted domain for all versions and one for this version."
    properties: ClassVar[tuple[Property, ...]] = (*DOMAINS, *NetworkLoadBalancer.properties)
    example: ClassVar[str] = """\
Nlb:
  Type: Senza::WeightedDnsNetworkLoadBalancer
  TargetPort: 8080
  HealthCheckProtocol: HTTP
  HealthCheckPath: /health
  SecurityGroups: [app-hello-world-lb]
"""
