"""``Senza::ElasticLoadBalancer``: a classic load balancer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from troposphere import elasticloadbalancing as elb

from senza.components.balancers import COMMON, LoadBalancer
from senza.components.certificates import found_certificate, given_certificate
from senza.components.domains import Domain, records
from senza.components.model import Fragment, Property

ENCRYPTED = ("HTTPS", "SSL")
RESOURCE_PROPERTIES = frozenset(elb.LoadBalancer.props)


class ElasticLoadBalancer(LoadBalancer):
    type_names: ClassVar[tuple[str, ...]] = ("ElasticLoadBalancer",)
    summary: ClassVar[str] = "A classic load balancer, by default with one HTTPS listener, and its DNS records."
    properties: ClassVar[tuple[Property, ...]] = COMMON
    passes_on: ClassVar[tuple[str, ...]] = ("AWS::ElasticLoadBalancing::LoadBalancer",)
    protocols: ClassVar[tuple[str, ...]] = ("HTTP", "HTTPS", "TCP", "SSL", "UDP")
    example: ClassVar[str] = """\
AppLoadBalancer:
  Type: Senza::ElasticLoadBalancer
  HTTPPort: 8080
  HealthCheckPath: /health
  SecurityGroups: [app-hello-world-lb]
  Domains:
    Main: {Type: weighted, Zone: hello.example.org., Subdomain: shop}
"""

    @classmethod
    def known_properties(cls) -> frozenset[str]:
        return super().known_properties() | RESOURCE_PROPERTIES

    def _looks_for_certificate(self) -> bool:
        if "SSLCertificateId" in self.settings:
            return str(self.settings.get("SSLCertificateId")).startswith("arn:aws:acm:")
        return "Listeners" not in self.settings or any(
            isinstance(item, Mapping) and item.get("Protocol") in ENCRYPTED and not item.get("SSLCertificateId")
            for item in self.settings.items("Listeners")
        )

    def build(self) -> Fragment:
        settings = self.settings
        domains = self.domains()
        scheme = self.scheme()
        shaper = self.shaper()
        properties: dict[str, Any] = {
            "Subnets": self.subnets(scheme),
            "HealthCheck": {
                "HealthyThreshold": "2",
                "UnhealthyThreshold": "2",
                "Interval": "10",
                "Timeout": "5",
                "Target": self._target(),
            }
            if "HealthCheck" not in settings
            else None,
            "ConnectionDrainingPolicy": {"Enabled": True, "Timeout": 60},
            "CrossZone": True,
            "LoadBalancerName": self.load_balancer_name(),
            "Tags": self.tags(),
        }
        properties.update({key: value for key, value in settings.values.items() if key in RESOURCE_PROPERTIES})
        properties.update(Scheme=scheme, SecurityGroups=self.security_groups(), Listeners=self._listeners(domains))
        known = self.known_properties()
        extra = {key: value for key, value in settings.values.items() if key not in known and self.site.force}
        fragment = Fragment()
        fragment.resources[self.name] = shaper.resource(elb.LoadBalancer, self.name, properties, extra)
        fragment.resources.update(records(domains, settings, self.site, shaper, "CanonicalHostedZoneNameID"))
        return fragment

    def _target(self) -> Any:
        protocol, port = self.health_check_protocol(), self.health_check_port()
        path = self.health_check_path() if protocol in ("HTTP", "HTTPS") else ""
        if isinstance(port, Mapping) or isinstance(path, Mapping):
            return {"Fn::Join": ["", [f"{protocol}:", port if isinstance(port, Mapping) else str(port), path]]}
        return f"{protocol}:{port}{path}"

    def _listeners(self, domains: list[Domain]) -> list[Any]:
        settings = self.settings
        if "Listeners" not in settings:
            return [
                {
                    "PolicyNames": [],
                    "SSLCertificateId": self._certificate(domains),
                    "Protocol": "HTTPS",
                    "InstancePort": self.http_port(),
                    "LoadBalancerPort": 443,
                }
            ]
        listeners = []
        for number, listener in enumerate(settings.items("Listeners")):
            if isinstance(listener, Mapping) and "SSLCertificateId" in listener:
                value = listener["SSLCertificateId"]
                path = ("Listeners", number, "SSLCertificateId")
                listener = {**listener, "SSLCertificateId": given_certificate(settings, self.site, value, *path)}
            elif isinstance(listener, Mapping) and str(listener.get("Protocol")).upper() in ENCRYPTED:
                listener = {**listener, "SSLCertificateId": self._certificate(domains, "Listeners", number)}
            listeners.append(listener)
        return listeners

    def _certificate(self, domains: list[Domain], *path: str | int) -> Any:
        value = self.settings.get("SSLCertificateId")
        if value is not None:
            return given_certificate(self.settings, self.site, value, "SSLCertificateId")
        return found_certificate(self.settings, self.site, domains, *path)
