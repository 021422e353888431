"""``Senza::ElasticLoadBalancerV2``: an application load balancer with its target group and listeners."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from troposphere import elasticloadbalancingv2 as alb

from senza.account import Needs
from senza.components.balancers import COMMON, LoadBalancer
from senza.components.certificates import found_certificate, given_certificate
from senza.components.domains import Domain, records
from senza.components.functions import is_function, ref
from senza.components.model import Fragment, Property
from senza.components.naming import given_load_balancer_name
from senza.components.settings import shown

ENCRYPTED = ("HTTPS", "TLS")
KINDS = (alb.LoadBalancer, alb.TargetGroup, alb.Listener)
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
OWN_NAMES = {"Name", "Targets"}
"""Properties that mean different things in the three resources, or that the component makes itself."""


class ElasticLoadBalancerV2(LoadBalancer):
    type_names: ClassVar[tuple[str, ...]] = ("ElasticLoadBalancerV2",)
    summary: ClassVar[str] = "An application load balancer, its target group, an HTTPS listener and DNS records."
    properties: ClassVar[tuple[Property, ...]] = (
        *COMMON,
        Property("LoadBalancerName", "text", "Instead of StackName-Version-NameSuffix; cut to 32 characters."),
        Property("VpcId", "VPC id", "Where the target group lives. Default: the network's VPC."),
    )
    passes_on: ClassVar[tuple[str, ...]] = tuple(kind.resource_type for kind in KINDS)
    protocols: ClassVar[tuple[str, ...]] = ("HTTP", "HTTPS")
    example: ClassVar[str] = """\
Alb:
  Type: Senza::ElasticLoadBalancerV2
  HTTPPort: 8080
  HealthCheckPath: /health
  SecurityGroups: [app-hello-world-lb]
  Domains:
    Main: {Type: weighted, Zone: hello.example.org., Subdomain: shop}
"""

    @classmethod
    def known_properties(cls) -> frozenset[str]:
        known = super().known_properties()
        return known.union(*(kind.props for kind in KINDS)) - OWN_NAMES

    def needs(self) -> Needs:
        return super().needs() | Needs(vpc="VpcId" not in self.settings)

    def _looks_for_certificate(self) -> bool:
        if "Listeners" in self.settings or "Certificates" in self.settings:
            return False
        given = [str(item) for item in self._given_certificates()]
        return self._encrypted() and (not given or any(item.startswith("arn:aws:acm:") for item in given))

    def build(self) -> Fragment:
        fragment = Fragment()
        domains = self.domains()
        shaper = self.shaper()
        for kind, logical_id, properties in (
            (alb.LoadBalancer, self.name, self._load_balancer()),
            (alb.TargetGroup, f"{self.name}TargetGroup", self._target_group()),
        ):
            fragment.resources[logical_id] = shaper.resource(kind, logical_id, properties)
        for number, listener in enumerate(self._listeners(domains), start=1):
            logical_id = f"{self.name}Listener{number if number > 1 else ''}"
            if listener.get("Type", LISTENER) != LISTENER:
                fragment.resources[logical_id] = listener
                continue
            made = shaper.resource(alb.Listener, logical_id, listener["Properties"])
            made.resource.update({key: value for key, value in listener.items() if key not in ("Type", "Properties")})
            fragment.resources[logical_id] = made
        fragment.resources.update(records(domains, self.settings, self.site, shaper, "CanonicalHostedZoneID"))
        return fragment

    def _given(self, kind: type[Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
        """What was given for a resource: properties that it has by default, and those that only it has."""
        others = {name for other in KINDS if other is not kind for name in other.props}
        return {
            key: value
            for key, value in self.settings.values.items()
            if key not in OWN_NAMES and (key in defaults or (key in kind.props and key not in others))
        }

    @cached_property
    def _name(self) -> str:
        if "LoadBalancerName" in self.settings:
            return given_load_balancer_name(self.settings.text("LoadBalancerName"))
        return self.load_balancer_name()

    def _load_balancer(self) -> dict[str, Any]:
        scheme = self.scheme()
        defaults = {
            "Scheme": scheme,
            "SecurityGroups": None,
            "Subnets": self.subnets(scheme),
            "LoadBalancerAttributes": [{"Key": "idle_timeout.timeout_seconds", "Value": "60"}],
            "Tags": self.tags(),
        }
        own = {"Name": self._name, "SecurityGroups": self.security_groups()}
        return {**defaults, **self._given(alb.LoadBalancer, defaults), **own}

    def _target_group(self) -> dict[str, Any]:
        with self.settings.blaming():
            vpc = self.settings.get("VpcId") or self.site.vpc_id()
        defaults = {
            "HealthCheckIntervalSeconds": 10,
            "HealthCheckPath": None,
            "HealthCheckPort": None,
            "HealthCheckProtocol": None,
            "HealthCheckTimeoutSeconds": 5,
            "HealthyThresholdCount": 2,
            "UnhealthyThresholdCount": 2,
            "Port": self.http_port(),
            "Protocol": "HTTP",
            "VpcId": vpc,
            "Tags": self.tags(),
            "TargetGroupAttributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "60"}],
        }
        checked = {
            "Name": self._name,
            "HealthCheckPath": self.health_check_path(),
            "HealthCheckPort": str(self.health_check_port()),
            "HealthCheckProtocol": self.health_check_protocol(),
        }
        return {**defaults, **self._given(alb.TargetGroup, defaults), **checked}

    def _listeners(self, domains: list[Domain]) -> list[dict[str, Any]]:
        """Listeners as whole resources, those of the definition or the one by default."""
        standard = {"LoadBalancerArn": ref(self.name), "DefaultActions": self._forward()}
        if "Listeners" not in self.settings:
            defaults = {**standard, "Port": 443, "Protocol": "HTTPS", "Certificates": None}
            listener = {**defaults, **self._given(alb.Listener, defaults)}
            if self._encrypted() and "Certificates" not in self.settings:
                listener["Certificates"] = [{"CertificateArn": arn} for arn in self._certificates(domains)]
            return [{"Properties": listener}]
        whole = []
        for number, listener in enumerate(self.settings.items("Listeners")):
            if not isinstance(listener, Mapping):
                raise self.settings.wrong(f"a listener must be a mapping, not {shown(listener)}", "Listeners", number)
            if "Type" in listener and listener["Type"] != LISTENER:
                whole.append(dict(listener))
                continue
            resource = dict(listener) if "Properties" in listener else {"Properties": listener}
            whole.append({**resource, "Properties": {**standard, **resource["Properties"]}})
        return whole

    def _forward(self) -> list[dict[str, Any]]:
        return [{"Type": "forward", "TargetGroupArn": ref(f"{self.name}TargetGroup")}]

    def _encrypted(self) -> bool:
        return str(self.settings.get("Protocol", "HTTPS")).upper() in ENCRYPTED

    def _given_certificates(self) -> list[Any]:
        """``SSLCertificateId``: one, a list, or a text with commas."""
        given: list[Any] = []
        for item in self.settings.items("SSLCertificateId"):
            given.extend([item] if is_function(item) else [part.strip() for part in str(item).split(",")])
        return [item for item in given if item]

    def _certificates(self, domains: list[Domain]) -> list[Any]:
        given = self._given_certificates()
        if given:
            return [given_certificate(self.settings, self.site, item, "SSLCertificateId") for item in given]
        return [found_certificate(self.settings, self.site, domains)]
