"""``Senza::WeightedDnsElasticLoadBalancerV2``: an application load balancer, its domain shared by versions."""

from __future__ import annotations

from typing import ClassVar

from senza.components.elastic_load_balancer_v2 import ElasticLoadBalancerV2
from senza.components.model import Property
from senza.components.weighted_dns import DOMAINS, WeightedDomains


class WeightedDnsElasticLoadBalancerV2(WeightedDomains, ElasticLoadBalancerV2):
    type_names: ClassVar[tuple[str, ...]] = ("WeightedDnsElasticLoadBalancerV2",)
    summary: ClassVar[str] = (
        "An ElasticLoadBalancerV2 with a weighted domain for all versions and one for this version."
    )
    properties: ClassVar[tuple[Property, ...]] = (*DOMAINS, *ElasticLoadBalancerV2.properties)
    example: ClassVar[str] = """\
Alb:
  Type: Senza::WeightedDnsElasticLoadBalancerV2
  HTTPPort: 8080
  HealthCheckPath: /health
  SecurityGroups: [app-hello-world-lb]
"""
