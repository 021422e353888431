"""What the kinds of load balancers have in common: name, scheme, subnets, health check."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from senza.account import Needs
from senza.components.domains import Domain, given_domains
from senza.components.functions import in_region, is_function
from senza.components.model import ComponentType, Property
from senza.components.naming import load_balancer_name
from senza.components.security_groups import group_names, resolve_security_groups
from senza.components.shapes import Shaper

SCHEMES = ("internal", "internet-facing")

COMMON = (
    Property("HTTPPort", "port", "Where the instances listen; needed unless listeners and health check say it."),
    Property("SecurityGroups", "list of security groups", "Ids, names, functions, {Stack, LogicalId}.", required=True),
    Property("Scheme", "internal or internet-facing", "Who can reach it.", "internal"),
    Property("SSLCertificateId", "name or ARN", "Default: the newest valid certificate for its domain."),
    Property("Listeners", "list", "Instead of the one HTTPS listener on port 443."),
    Property(
        "Domains",
        "mapping of label to {Type, Zone, Subdomain, EvaluateTargetHealth}",
        "DNS names; Type is weighted or standalone.",
    ),
    Property(
        "EvaluateTargetHealth",
        "boolean",
        "Of all its DNS records: Route 53 leaves out a load balancer without healthy targets. Where no version with "
        "traffic is healthy, it answers with healthy ones of weight 0.",
        False,
    ),
    Property("HealthCheckProtocol", "text", "How instances are checked.", "HTTP"),
    Property("HealthCheckPath", "path", "What is asked for.", "/health"),
    Property("HealthCheckPort", "port", "Where it is asked for. Default: HTTPPort."),
    Property("NameSuffix", "text", "Added to the load balancer's name, to have several in one stack."),
)


class LoadBalancer(ComponentType):
    """A load balancer with its DNS records."""

    protocols: ClassVar[tuple[str, ...]]
    """Of health checks."""
    protocol: ClassVar[str] = "HTTP"
    """Of health checks, where nothing is said."""

    def needs(self) -> Needs:
        return Needs(
            security_groups=group_names(self.settings.items("SecurityGroups")),
            certificates=self._looks_for_certificate(),
        )

    @abstractmethod
    def _looks_for_certificate(self) -> bool:
        """Whether a certificate must be found in ACM."""

    def domains(self) -> list[Domain]:
        return given_domains(self.settings)

    def shaper(self) -> Shaper:
        return Shaper(self.settings, self.site.tolerate)

    def security_groups(self) -> list[Any]:
        if self.settings.get("SecurityGroups") is None:
            self.settings.require("SecurityGroups", "[app-hello-world-lb]")
        return resolve_security_groups(self.settings, self.site)

    def scheme(self) -> str:
        scheme = self.settings.text("Scheme", "internal")
        if scheme not in SCHEMES:
            raise self.settings.wrong(
                f"there is no Scheme {scheme}", "Scheme", hint="Write internal or internet-facing."
            )
        if scheme == "internet-facing":
            self.site.warn(f"{self.name} is internet-facing: everybody can reach it")
        return scheme

    def subnets(self, scheme: str) -> dict[str, Any]:
        return in_region("LoadBalancerInternalSubnets" if scheme == "internal" else "LoadBalancerSubnets", "Subnets")

    def load_balancer_name(self) -> str:
        bound = self.site.bound
        try:
            return load_balancer_name(bound.stack_name, bound.version, self.settings.text("NameSuffix"))
        except ValueError as error:
            place = ["NameSuffix"] if "NameSuffix" in self.settings else []
            hint = "Shorten the version or NameSuffix."
            raise self.settings.wrong(f"no name can be made for {self.name}: {error}", *place, hint=hint) from error

    def tags(self) -> list[dict[str, str]]:
        return [{"Key": key, "Value": value} for key, value in self.site.tags.items()]

    def http_port(self) -> Any:
        self.settings.require("HTTPPort", "8080")
        return self.settings.integer("HTTPPort")

    def health_check_protocol(self) -> str:
        protocol = self.settings.text("HealthCheckProtocol", self.protocol).upper()
        if protocol not in self.protocols:
            raise self.settings.wrong(
                f"there is no HealthCheckProtocol {protocol} for {self.type_names[0]}",
                "HealthCheckProtocol",
                hint=f"Write {', '.join(self.protocols[:-1])} or {self.protocols[-1]}.",
            )
        return protocol

    def health_check_port(self) -> Any:
        return self.settings.integer("HealthCheckPort") if "HealthCheckPort" in self.settings else self.http_port()

    def health_check_path(self) -> Any:
        path = self.settings.get("HealthCheckPath", "/health")
        if is_function(path):
            return path
        text = self.settings.text("HealthCheckPath", "/health")
        return text if text.startswith("/") else f"/{text}"
