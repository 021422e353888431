"""``Senza::ElasticLoadBalancerV2``: an application load balancer with its target group and listeners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from troposphere import elasticloadbalancingv2 as alb

from senza.components.authentication import COGNITO, OIDC, authentication
from senza.components.balancer_options import (
    ACCESS_LOGS,
    LOG_KEYS,
    TLS_POLICY,
    bucket_policies,
    record_types,
    web_acl,
    with_access_logs,
)
from senza.components.balancers import COMMON
from senza.components.domains import Domain, records
from senza.components.functions import get_att, ref
from senza.components.model import Fragment, Property
from senza.components.modern_balancers import KINDS, ModernLoadBalancer
from senza.components.sections import checked_section, one_of
from senza.components.settings import shown

ENCRYPTED = ("HTTPS", "TLS")
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
HTTPS = (
    Property("Redirect", "boolean", "A listener on port 80 that sends everybody to HTTPS.", True),
    Property("Policy", "text", "The security policy: which TLS versions and ciphers are spoken.", TLS_POLICY),
)
PROTOCOL_VERSIONS = ("HTTP1", "HTTP2", "GRPC")
GRPC_HEALTH = "/grpc.health.v1.Health/Check"
"""The method of the gRPC health checking protocol; it answers with code 0 where all is well."""


class ElasticLoadBalancerV2(ModernLoadBalancer):
    type_names: ClassVar[tuple[str, ...]] = ("ElasticLoadBalancerV2",)
    summary: ClassVar[str] = "An application load balancer, its target group, an HTTPS listener and DNS records."
    properties: ClassVar[tuple[Property, ...]] = (
        *COMMON,
        Property("LoadBalancerName", "text", "Instead of StackName-Version-NameSuffix; cut to 32 characters."),
        Property("VpcId", "VPC id", "Where the target group lives. Default: the network's VPC."),
        Property("HTTPS", "mapping", "With it, even empty: a redirect from HTTP, and TLS 1.3; see below."),
        Property("ProtocolVersion", "HTTP1, HTTP2 or GRPC", "What instances speak.", "HTTP1"),
        Property("OIDC", "mapping", "Users must log in at an identity provider, see below."),
        Property("Cognito", "mapping", "Users must log in at a user pool, see below."),
        Property("WebACL", "ARN or function", "A web ACL of AWS WAF that looks at every request."),
        ACCESS_LOGS,
        Property("IpAddressType", "ipv4 or dualstack", "dualstack also makes AAAA records for all domains.", "ipv4"),
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
        fragment.resources.update(self._redirect())
        fragment.resources.update(web_acl(self.settings, self.site, shaper))
        types = record_types(self.settings)
        fragment.resources.update(records(domains, self.settings, self.site, shaper, "CanonicalHostedZoneID", types))
        return fragment

    def target_groups(self) -> list[str]:
        return [f"{self.name}TargetGroup"]

    def request_label(self) -> Any:
        names = [get_att(self.name, "LoadBalancerFullName"), get_att(f"{self.name}TargetGroup", "TargetGroupFullName")]
        return {"Fn::Join": ["/", names]}

    def listeners(self) -> list[str]:
        return [f"{self.name}Listener"]

    def _load_balancer(self) -> dict[str, Any]:
        scheme = self.scheme()
        defaults: dict[str, Any] = {
            "Scheme": scheme,
            "SecurityGroups": None,
            "Subnets": self.subnets(scheme),
            "LoadBalancerAttributes": [{"Key": "idle_timeout.timeout_seconds", "Value": "60"}],
            "IpAddressType": None,
            "Tags": self.tags(),
        }
        own = {"Name": self.balancer_name, "SecurityGroups": self.security_groups()}
        properties = {**defaults, **self.given(alb.LoadBalancer, defaults), **own}
        if "AccessLogs" in self.settings:
            attributes = self.settings.items("LoadBalancerAttributes") or defaults["LoadBalancerAttributes"]
            properties["LoadBalancerAttributes"] = with_access_logs(attributes, self.settings, self.site)
        return properties

    def _target_group(self) -> dict[str, Any]:
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
            "VpcId": self.vpc(),
            "Tags": self.tags(),
            "TargetGroupAttributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "60"}],
        }
        checked = {
            "Name": self.balancer_name,
            "HealthCheckPath": self.health_check_path(),
            "HealthCheckPort": str(self.health_check_port()),
            "HealthCheckProtocol": self.health_check_protocol(),
            **self._protocol_version(),
        }
        return {**defaults, **self.given(alb.TargetGroup, defaults), **checked}

    def _protocol_version(self) -> dict[str, Any]:
        """HTTP/2 and gRPC take encrypted listeners only; a gRPC server is asked for its health as it expects it."""
        settings = self.settings
        if "ProtocolVersion" not in settings:
            return {}
        version = one_of(settings, "ProtocolVersion", PROTOCOL_VERSIONS)
        if version != "HTTP1" and "Listeners" not in settings and not self._encrypted():
            raise settings.wrong(f"ProtocolVersion {version} needs an HTTPS listener", "ProtocolVersion")
        checks: dict[str, Any] = {"ProtocolVersion": version}
        if version == "GRPC":
            checks["Matcher"] = settings.get("Matcher", {"GrpcCode": "0"})
            if "HealthCheckPath" not in settings:
                checks["HealthCheckPath"] = GRPC_HEALTH
        return checks

    def _listeners(self, domains: list[Domain]) -> list[dict[str, Any]]:
        """Listeners as whole resources, those of the definition or the one by default."""
        policy, login = self._policy(), authentication(self.settings, self.site)
        if login and "Listeners" not in self.settings and not self._encrypted():
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
        if "Listeners" not in self.settings and not self._encrypted():
            raise self.settings.wrong("HTTPS and Protocol: HTTP contradict each other", "HTTPS")
        return section.text("Policy", TLS_POLICY)

    def _redirect(self) -> dict[str, Any]:
        """The listener on port 80 that ``HTTPS`` adds. Raises DefinitionError where there is one already."""
        section = self.settings.section("HTTPS")
        if section is None or not section.boolean("Redirect", True):
            return {}
        for number, listener in enumerate(self.settings.items("Listeners")):
            if isinstance(listener, Mapping) and str(listener.get("Properties", listener).get("Port")) == "80":
                hint = "Remove it, or write HTTPS: {Redirect: false}."
                raise self.settings.wrong("HTTPS adds a listener on port 80 itself", "Listeners", number, hint=hint)
        to = {"Protocol": "HTTPS", "Port": str(self.settings.get("Port", 443)), "StatusCode": "HTTP_301"}
        properties = {
            "LoadBalancerArn": ref(self.name),
            "Port": 80,
            "Protocol": "HTTP",
            "DefaultActions": [{"Type": "redirect", "RedirectConfig": to}],
        }
        name = f"{self.name}RedirectListener"
        return {name: self.shaper().resource(alb.Listener, name, properties)}

    def _plain_listeners(self, domains: list[Domain]) -> list[dict[str, Any]]:
        standard = {"LoadBalancerArn": ref(self.name), "DefaultActions": self._forward()}
        if "Listeners" not in self.settings:
            defaults = {**standard, "Port": 443, "Protocol": "HTTPS", "Certificates": None}
            listener = {**defaults, **self.given(alb.Listener, defaults)}
            if self._encrypted() and "Certificates" not in self.settings:
                listener["Certificates"] = [{"CertificateArn": arn} for arn in self.certificates(domains)]
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
