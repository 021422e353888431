"""``Senza::NetworkLoadBalancer``: connections instead of requests: TCP, TLS, UDP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from troposphere import elasticloadbalancingv2 as alb

from senza.components.balancer_options import (
    ACCESS_LOGS,
    LOG_KEYS,
    TLS_POLICY,
    bucket_policies,
    check_subnets,
    record_types,
    with_access_logs,
)
from senza.components.balancers import COMMON
from senza.components.certificates import given_certificate
from senza.components.domains import Domain, records
from senza.components.functions import in_region, ref
from senza.components.model import Fragment, Property
from senza.components.modern_balancers import KINDS, ModernLoadBalancer
from senza.components.naming import MAX_LOAD_BALANCER_NAME, given_load_balancer_name
from senza.components.sections import entries, one_of
from senza.components.settings import Settings

PASSES_ON = {"TCP": ("TCP", "TCP_UDP"), "TLS": ("TCP", "TLS"), "UDP": ("UDP", "TCP_UDP"), "TCP_UDP": ("TCP_UDP",)}
"""Protocol of a listener -> what its target group may speak ("Listeners for your Network Load Balancers")."""
PROTOCOLS = tuple(PASSES_ON)
LISTENER = (
    Property("Port", "port", "Where clients connect.", required=True),
    Property("Protocol", "TCP, TLS, UDP or TCP_UDP", "TLS ends at the load balancer.", required=True),
    Property("TargetPort", "port", "Where the instances listen. Default: TargetPort of the load balancer."),
    Property("TargetProtocol", "TCP, TLS, UDP or TCP_UDP", "What they speak. Default: Protocol; TCP instead of TLS."),
    Property("SSLCertificateId", "name or ARN", "Of a TLS listener. Default: as of the load balancer."),
    Property("SslPolicy", "text", "Of a TLS listener: which versions and ciphers are spoken.", TLS_POLICY),
    Property("AlpnPolicy", "text", "Of a TLS listener, e.g. HTTP2Preferred."),
)
_SHARED = ("SecurityGroups", "Scheme", "SSLCertificateId", "Domains", "EvaluateTargetHealth", "NameSuffix")


@dataclass(frozen=True)
class TargetGroup:
    """Where the instances listen, and what they speak."""

    port: Any
    protocol: str


@dataclass(frozen=True)
class Listener:
    settings: Settings
    path: tuple[str | int, ...]
    """Where it stands in the component; () for the one by default."""
    port: Any
    protocol: str
    target: TargetGroup


class NetworkLoadBalancer(ModernLoadBalancer):
    type_names: ClassVar[tuple[str, ...]] = ("NetworkLoadBalancer",)
    summary: ClassVar[str] = "A network load balancer, its target groups, by default a TLS listener, and DNS records."
    properties: ClassVar[tuple[Property, ...]] = (
        Property("TargetPort", "port", "Where the instances listen; needed unless every listener says it."),
        Property("Listeners", "list of listeners", "Instead of the one TLS listener on port 443, see below."),
        *(item for item in COMMON if item.name in _SHARED),
        Property("HealthCheckProtocol", "TCP, HTTP or HTTPS", "How instances are checked.", "TCP"),
        Property("HealthCheckPath", "path", "What is asked for over HTTP.", "/health"),
        Property("HealthCheckPort", "port", "Where instances are checked. Default: where they get connections."),
        Property("CrossZone", "boolean", "Whether a zone's connections also go to instances in other zones.", True),
        Property("ElasticIPs", "list of allocation ids", "Fixed addresses, one for each subnet, in their order."),
        Property("ProxyProtocol", "boolean", "Tell instances who connects in a header of proxy protocol 2.", False),
        Property("PreserveClientIP", "boolean", "Whether instances see the address of the client as the sender."),
        Property("IpAddressType", "ipv4 or dualstack", "dualstack also makes AAAA records for all domains.", "ipv4"),
        ACCESS_LOGS,
        Property("LoadBalancerName", "text", "Instead of StackName-Version-NameSuffix; cut to 32 characters."),
        Property("VpcId", "VPC id", "Where the target groups live. Default: the network's VPC."),
    )
    sections: ClassVar[Mapping[str, tuple[Property, ...]]] = {"Listeners": LISTENER, "AccessLogs": LOG_KEYS}
    passes_on: ClassVar[tuple[str, ...]] = tuple(kind.resource_type for kind in KINDS[:2])
    protocols: ClassVar[tuple[str, ...]] = ("TCP", "HTTP", "HTTPS")
    protocol: ClassVar[str] = "TCP"
    example: ClassVar[str] = """\
Nlb:
  Type: Senza::NetworkLoadBalancer
  SecurityGroups: [app-hello-world-lb]
  Listeners:
    - {Port: 443, Protocol: TLS, TargetPort: 8080}
    - {Port: 53, Protocol: UDP, TargetPort: 8053}
  HealthCheckPort: 8080
  Domains:
    Main: {Type: weighted, Zone: hello.example.org., Subdomain: shop}
"""

    @classmethod
    def known_properties(cls) -> frozenset[str]:
        of_listeners = frozenset(KINDS[2].props) - frozenset(KINDS[0].props) - frozenset(KINDS[1].props)
        return super().known_properties() - (of_listeners - {"Listeners"})

    @cached_property
    def _wanted(self) -> list[Listener]:
        """Raises DefinitionError."""
        settings = self.settings
        if "Listeners" not in settings:
            port = settings.require("TargetPort", "8443")
            return [Listener(settings, (), 443, "TLS", TargetGroup(settings.integer("TargetPort", port), "TCP"))]
        found = []
        if not settings.items("Listeners"):
            raise settings.wrong("there are no listeners in it", "Listeners", hint="Leave it out for one on port 443.")
        for number, entry in enumerate(entries(settings, "Listeners", LISTENER, self.site.tolerate)):
            protocol = one_of(entry, "Protocol", PROTOCOLS)
            speaks = one_of(entry, "TargetProtocol", PROTOCOLS, "TCP" if protocol == "TLS" else protocol)
            if speaks not in PASSES_ON[protocol]:
                hint = f"Write {' or '.join(PASSES_ON[protocol])}."
                raise entry.wrong(f"a {protocol} listener cannot pass on {speaks}", "TargetProtocol", hint=hint)
            source = entry if "TargetPort" in entry else settings
            port = source.integer("TargetPort", source.require("TargetPort", "8080"))
            for name in ("SSLCertificateId", "SslPolicy", "AlpnPolicy"):
                if protocol != "TLS" and name in entry:
                    raise entry.wrong(f"a {protocol} listener has no {name}", name, hint="Write Protocol: TLS.")
            path = ("Listeners", number)
            found.append(Listener(entry, path, entry.integer("Port"), protocol, TargetGroup(port, speaks)))
        return found

    @cached_property
    def _groups(self) -> list[TargetGroup]:
        """Each once, in the order of the listeners; a port may be a function."""
        groups: list[TargetGroup] = []
        for listener in self._wanted:
            if listener.target not in groups:
                groups.append(listener.target)
        return groups

    def target_groups(self) -> list[str]:
        return [self._numbered("TargetGroup", number) for number in range(1, len(self._groups) + 1)]

    def _numbered(self, kind: str, number: int) -> str:
        return f"{self.name}{kind}{number if number > 1 else ''}"

    def request_label(self) -> Any:
        return None

    def listeners(self) -> list[str]:
        return [self._numbered("Listener", number) for number in range(1, len(self._wanted) + 1)]

    def _looks_for_certificate(self) -> bool:
        given = [str(item) for item in self.given_certificates()]
        encrypted = [one for one in self._wanted if one.protocol == "TLS"]
        return bool(encrypted) and (not given or any(item.startswith("arn:aws:acm:") for item in given))

    def build(self) -> Fragment:
        fragment = Fragment()
        domains, shaper = self.domains(), self.shaper()
        types = record_types(self.settings)
        check_subnets(self.settings, self.site, types, self.settings.text("Scheme", "internal"))
        balancer = shaper.resource(alb.LoadBalancer, self.name, self._load_balancer(types))
        if policies := bucket_policies(self.settings, self.site):
            balancer.resource["DependsOn"] = policies
        fragment.resources[self.name] = balancer
        for number, (logical_id, group) in enumerate(zip(self.target_groups(), self._groups, strict=True), 1):
            properties = self._target_group(group, number)
            fragment.resources[logical_id] = shaper.resource(alb.TargetGroup, logical_id, properties)
        for logical_id, listener in zip(self.listeners(), self._wanted, strict=True):
            properties = self._listener(listener, domains)
            fragment.resources[logical_id] = shaper.resource(alb.Listener, logical_id, properties)
        fragment.resources.update(records(domains, self.settings, self.site, shaper, "CanonicalHostedZoneID", types))
        return fragment

    def _load_balancer(self, types: tuple[str, ...]) -> dict[str, Any]:
        settings = self.settings
        scheme = self.scheme()
        cross_zone = str(settings.boolean("CrossZone", True)).lower()
        attributes = settings.items("LoadBalancerAttributes")
        if not any(isinstance(one, Mapping) and "cross_zone" in str(one.get("Key")) for one in attributes):
            attributes = [*attributes, {"Key": "load_balancing.cross_zone.enabled", "Value": cross_zone}]
        defaults: dict[str, Any] = {
            "Scheme": scheme,
            "IpAddressType": None,
            "Tags": self.tags(),
            **self._places(scheme),
        }
        if types != ("A",) and any("UDP" in listener.protocol for listener in self._wanted):
            defaults["EnablePrefixForIpv6SourceNat"] = "on"  # UDP over IPv6 needs it (API reference, SetSubnets)
        return {
            **defaults,
            **self.given(alb.LoadBalancer, defaults),
            "Type": "network",
            "Name": self.balancer_name,
            "SecurityGroups": self.security_groups() or None,
            "LoadBalancerAttributes": with_access_logs(attributes, settings, self.site),
        }

    def _places(self, scheme: str) -> dict[str, Any]:
        """Subnets, or subnets with fixed addresses."""
        if "SubnetMappings" in self.settings:
            return {}
        addresses = self.settings.items("ElasticIPs")
        if not addresses:
            return {"Subnets": self.subnets(scheme)}
        if scheme != "internet-facing":
            hint = "Write Scheme: internet-facing; for internal ones, SubnetMappings with PrivateIPv4Address."
            raise self.settings.wrong("an internal load balancer has no elastic IPs", "ElasticIPs", hint=hint)
        subnets = in_region("LoadBalancerSubnets", "Subnets")
        return {
            "SubnetMappings": [
                {"SubnetId": {"Fn::Select": [str(number), subnets]}, "AllocationId": address}
                for number, address in enumerate(addresses)
            ]
        }

    def _target_group(self, group: TargetGroup, number: int) -> dict[str, Any]:
        settings = self.settings
        attributes = [{"Key": "deregistration_delay.timeout_seconds", "Value": "60"}]
        for name, key in (
            ("ProxyProtocol", "proxy_protocol_v2.enabled"),
            ("PreserveClientIP", "preserve_client_ip.enabled"),
        ):
            if name in settings:
                attributes.append({"Key": key, "Value": str(settings.boolean(name, False)).lower()})
        if "UDP" in group.protocol and not settings.boolean("PreserveClientIP", True):
            raise settings.wrong("UDP always preserves the address of the client", "PreserveClientIP")
        checks = self.health_check_protocol()
        defaults = {
            "HealthCheckIntervalSeconds": 10,
            "HealthCheckTimeoutSeconds": 5,
            "HealthyThresholdCount": 2,
            "UnhealthyThresholdCount": 2,
            "VpcId": self.vpc(),
            "Tags": self.tags(),
            "TargetGroupAttributes": attributes,
        }
        return {
            **defaults,
            **self.given(alb.TargetGroup, defaults),
            "Name": self._group_name(number),
            "Port": group.port,
            "Protocol": group.protocol,
            "HealthCheckProtocol": checks,
            "HealthCheckPath": None if checks == "TCP" else self.health_check_path(),
            "HealthCheckPort": settings.get("HealthCheckPort"),
        }

    def _group_name(self, number: int) -> str:
        """The first has the load balancer's name, as with application ones."""
        ending = f"-{number}" if number > 1 else ""
        return given_load_balancer_name(self.balancer_name[: MAX_LOAD_BALANCER_NAME - len(ending)]) + ending

    def _listener(self, listener: Listener, domains: list[Domain]) -> dict[str, Any]:
        group = self._numbered("TargetGroup", self._groups.index(listener.target) + 1)
        properties: dict[str, Any] = {
            "LoadBalancerArn": ref(self.name),
            "Port": listener.port,
            "Protocol": listener.protocol,
            "DefaultActions": [{"Type": "forward", "TargetGroupArn": ref(group)}],
        }
        if listener.protocol == "TLS":
            properties["SslPolicy"] = listener.settings.get("SslPolicy", TLS_POLICY)
            properties["AlpnPolicy"] = listener.settings.items("AlpnPolicy") or None
            properties["Certificates"] = [{"CertificateArn": arn} for arn in self._certificates_of(listener, domains)]
        return properties

    def _certificates_of(self, listener: Listener, domains: list[Domain]) -> list[Any]:
        """Of a network load balancer's listener: one only (CreateListener in the API reference)."""
        own = listener.settings.get("SSLCertificateId") if listener.path else None
        if own is not None:
            return [given_certificate(self.settings, self.site, own, *listener.path, "SSLCertificateId")]
        if len(self.given_certificates()) > 1:
            hint = "Give each listener the one that it needs."
            raise self.settings.wrong("a listener has one certificate only", "SSLCertificateId", hint=hint)
        return self.certificates(domains, *listener.path)
