"""What application and network load balancers have in common: three kinds of resources, one list of properties."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from troposphere import elasticloadbalancingv2 as alb

from senza.account import Needs
from senza.components.balancers import LoadBalancer
from senza.components.certificates import found_certificate, given_certificate
from senza.components.domains import Domain
from senza.components.functions import is_function
from senza.components.naming import given_load_balancer_name

KINDS = (alb.LoadBalancer, alb.TargetGroup, alb.Listener)
OWN_NAMES = {"Name", "Targets"}
"""Properties that mean different things in the three resources, or that the component makes itself."""


class ModernLoadBalancer(LoadBalancer):
    """A load balancer with target groups and listeners."""

    @classmethod
    def known_properties(cls) -> frozenset[str]:
        known = super().known_properties()
        return known.union(*(kind.props for kind in KINDS)) - OWN_NAMES

    def needs(self) -> Needs:
        return super().needs() | Needs(vpc="VpcId" not in self.settings)

    def given(self, kind: type[Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
        """What was given for a resource: properties that it has by default, and those that only it has."""
        others = {name for other in KINDS if other is not kind for name in other.props}
        return {
            key: value
            for key, value in self.settings.values.items()
            if key not in OWN_NAMES and (key in defaults or (key in kind.props and key not in others))
        }

    @cached_property
    def balancer_name(self) -> str:
        if "LoadBalancerName" in self.settings:
            return given_load_balancer_name(self.settings.text("LoadBalancerName"))
        return self.load_balancer_name()

    def vpc(self) -> Any:
        with self.settings.blaming():
            return self.settings.get("VpcId") or self.site.vpc_id()

    def given_certificates(self) -> list[Any]:
        """``SSLCertificateId``: one, a list, or a text with commas."""
        given: list[Any] = []
        for item in self.settings.items("SSLCertificateId"):
            given.extend([item] if is_function(item) else [part.strip() for part in str(item).split(",")])
        return [item for item in given if item]

    def certificates(self, domains: list[Domain], *path: str | int) -> list[Any]:
        """ARNs of the certificates that were given, else of the one that fits the domains. path: who needs one."""
        given = self.given_certificates()
        if given:
            return [given_certificate(self.settings, self.site, item, "SSLCertificateId") for item in given]
        return [found_certificate(self.settings, self.site, domains, *path)]
