"""``Senza::ElasticLoadBalancerV2``: an application load balancer with its target group and listeners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from troposphere import elasticloadbalancingv2 as alb

from senza.components.application_balancers import (
    HTTPS,
    IP_ADDRESS_TYPE,
    LOAD_BALANCER_NAME,
    WEB_ACL,
    ApplicationLoadBalancer,
)
from senza.components.authentication import COGNITO, OIDC, authentication
from senza.components.balancer_options import (
    ACCESS_LOGS,
    LOG_KEYS,
    TLS_POLICY,
    bucket_policies,
    check_subnets,
    record_types,
    web_acl,
)
from senza.components.balancers import COMMON
from senza.components.domains import Domain, records
from senza.components.functions import get_att, ref
from senza.components.http_targets import PROTOCOL_VERSION, HttpTargets
from senza.components.model import Fragment, Property
from senza.components.modern_balancers import KINDS
from senza.components.sections import checked_section
from senza.components.settings import shown

ENCRYPTED = ("HTTPS", "TLS")
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"


class ElasticLoadBalancerV2(ApplicationLoadBalancer, HttpTargets):
    type_names: ClassVar[tuple[str, ...]] = ("ElasticLoadBalancerV2",)
    summary: ClassVar[str] = "An application load balancer, its target group, an HTTPS listener and DNS records."
    properties: ClassVar[tuple[Property, ...]] = (
        *COMMON,
        LOAD_BALANCER_NAME,
        Property("VpcId", "VPC id", "Where the target group lives. Default: the network's VPC."),
        Property("HTTPS", "mapping", "With it, even empty: a redirect from HTTP, and TLS 1.3; see below."),
        PROTOCOL_VERSION,
        Property("OIDC", "mapping", "Users must log in at an identity provider, see below."),
        Property("Cognito", "mapping", "Users must log in at a user pool, see below."),
        WEB_ACL,
        ACCESS_LOGS,
        IP_ADDRESS_TYPE,
    )
    sections: ClassVar[Mapping[str, tuple[Property, ...]]] = {
        "HTTPS": HTTPS,
        "OIDC": OIDC,
        "Cognito": COGNITO,
        "AccessLogs": LOG_KEYS,
    }
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

    def _looks_for_certificate(self) -> bool:
        if "Listeners" in self.settings or "Certificates" in self.settings:
            return False
        given = [str(item) for item in self.given_certificates()]
        return self.encrypted() and (not given or any(item.startswith("arn:aws:acm:") for item in given))

    def build(self) -> Fragment:
        fragment = Fragment()
        domains = self.domains()
        shaper = self.shaper()
        for kind, logical_id, properties in (
            (alb.LoadBalancer, self.name, self.load_balancer()),
            (alb.TargetGroup, f"{self.name}TargetGroup", self.target_group()),
        ):
            fragment.resources[logical_id] = shaper.resource(kind, logical_id, properties)
        if policies := bucket_policies(self.settings, self.site):
            fragment.resources[self.name].resource["DependsOn"] = policies
        for number, listener in enumerate(self._listeners(domains), start=1):
            logical_id = f"{self.name}Listener{number if number > 1 else ''}"
            if listener.get("Type", LISTENER) != LISTENER:
                fragment.resources[logical_id] = listener
                continue
            made = shaper.resource(alb.Listener, logical_id, listener["Properties"])
            made.resource.update({key: value for key, value in listener.items() if key not in ("Type", "Properties")})
            fragment.resources[logical_id] = made
        fragment.resources.update(self.further(self._certificates(domains)[1:]))
        fragment.resources.update(self._redirect())
        fragment.resources.update(web_acl(self.settings, self.site, shaper))
        types = record_types(self.settings)
        check_subnets(self.settings, self.site, types, self.settings.text("Scheme", "internal"))
        fragment.resources.update(records(domains, self.settings, self.site, shaper, "CanonicalHostedZoneID", types))
        return fragment

    def request_label(self) -> Any:
        names = [get_att(self.name, "LoadBalancerFullName"), get_att(f"{self.name}TargetGroup", "TargetGroupFullName")]
        return {"Fn::Join": ["/", names]}

    def listeners(self) -> list[str]:
        return [f"{self.name}Listener"]

    def _listeners(self, domains: list[Domain]) -> list[dict[str, Any]]:
        """Listeners as whole resources, those of the definition or the one by default."""
        policy, login = self._policy(), authentication(self.settings, self.site)
        if login and "Listeners" not in self.settings and not self.encrypted():
            name = "OIDC" if "OIDC" in self.settings else "Cognito"
            raise self.settings.wrong(f"{name} needs an HTTPS listener", name)
        whole = self._plain_listeners(domains)
        for listener in whole:
            properties = listener.get("Properties")
            if not isinstance(properties, dict) or str(properties.get("Protocol")).upper() not in ENCRYPTED:
                continue
            if policy and listener.get("Type", LISTENER) == LISTENER:
                properties.setdefault("SslPolicy", policy)
            if login and properties.get("DefaultActions") == self._forward():
                properties["DefaultActions"] = [login, *({**action, "Order": 2} for action in self._forward())]
        if login:
            self._warn_of_open_doors(whole)
        return whole

    def _warn_of_open_doors(self, listeners: list[dict[str, Any]]) -> None:
        for number, listener in enumerate(listeners):
            properties = listener.get("Properties")
            if isinstance(properties, dict) and "authenticate-" not in str(properties.get("DefaultActions")):
                self.site.warn(
                    f"{self.settings.where('Listeners', number)}: nobody has to log in here, "
                    "as the listener is not encrypted or has DefaultActions of its own"
                )

    def _policy(self) -> str:
        """The security policy that ``HTTPS`` asks for, "" without it."""
        section = checked_section(self.settings, "HTTPS", HTTPS, self.site.tolerate)
        if section is None:
            return ""
        if "Listeners" not in self.settings and not self.encrypted():
            raise self.settings.wrong("HTTPS and Protocol: HTTP contradict each other", "HTTPS")
        return section.text("Policy", TLS_POLICY)

    def _redirect(self) -> dict[str, Any]:
        """The listener on port 80 that ``HTTPS`` adds. Raises DefinitionError where there is one already."""
        section = self.settings.section("HTTPS")
        if section is None or not section.boolean("Redirect", True):
            return {}
        return self.redirecting()

    def _plain_listeners(self, domains: list[Domain]) -> list[dict[str, Any]]:
        standard = {"LoadBalancerArn": ref(self.name), "DefaultActions": self._forward()}
        if "Listeners" not in self.settings:
            defaults = {**standard, "Port": 443, "Protocol": "HTTPS", "Certificates": None}
            listener = {**defaults, **self.given(alb.Listener, defaults)}
            if certificates := self._certificates(domains):
                listener["Certificates"] = [{"CertificateArn": certificates[0]}]
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

    def _certificates(self, domains: list[Domain]) -> list[Any]:
        """Of the listener by default; none where it needs none, or they are given as they are."""
        if "Listeners" in self.settings or "Certificates" in self.settings or not self.encrypted():
            return []
        return self.certificates(domains)

    def _forward(self) -> list[dict[str, Any]]:
        return [{"Type": "forward", "TargetGroupArn": ref(f"{self.name}TargetGroup")}]

    def encrypted(self) -> bool:
        return str(self.settings.get("Protocol", "HTTPS")).upper() in ENCRYPTED
