"""Load balancers that the internet talks to without, or with old, encryption."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from senza.checks.model import Hit, Resource, Rule, Subject, entries, literal, mapping, target
from senza.definition.model import KeyPath

CLASSIC = "AWS::ElasticLoadBalancing::LoadBalancer"
MODERN = "AWS::ElasticLoadBalancingV2::LoadBalancer"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
ENCRYPTED = {"HTTPS", "SSL", "TLS"}
OLD = {
    "ELBSecurityPolicy-2016-08",
    "ELBSecurityPolicy-2015-05",
    "ELBSecurityPolicy-2015-03",
    "ELBSecurityPolicy-2015-02",
    "ELBSecurityPolicy-2014-10",
    "ELBSecurityPolicy-2014-01",
    "ELBSecurityPolicy-2011-08",
    "ELBSecurityPolicy-TLS-1-0-2015-04",
    "ELBSecurityPolicy-TLS-1-1-2017-01",
    "ELBSecurityPolicy-FS-2018-06",
    "ELBSecurityPolicy-FS-1-1-2019-08",
    "ELBSecurityPolicy-TLS13-1-0-2021-06",
    "ELBSecurityPolicy-TLS13-1-1-2021-06",
}
"""Policies that still speak TLS 1.0 or 1.1 (Elastic Load Balancing user guide, "Security policies")."""


@dataclass(frozen=True)
class Listener:
    """A listener of either kind of load balancer.

    resource, path: where it stands in the template. settings: its properties.
    """

    resource: str
    path: KeyPath
    settings: Mapping[str, Any]

    @property
    def protocol(self) -> str:
        return literal(self.settings.get("Protocol")).upper()

    @property
    def port(self) -> str:
        return literal(self.settings.get("LoadBalancerPort", self.settings.get("Port"))) or "its port"

    @property
    def redirects(self) -> bool:
        return any(
            literal(mapping(item).get("Type")) == "redirect" for item in entries(self.settings.get("DefaultActions"))
        )


def listeners(subject: Subject, balancer: Resource) -> list[Listener]:
    if balancer.type == CLASSIC:
        found = enumerate(entries(balancer.properties.get("Listeners")))
        return [Listener(balancer.id, ("Listeners", number), mapping(item)) for number, item in found]
    return [
        Listener(resource.id, (), resource.properties)
        for resource in subject.of(LISTENER)
        if target(resource.properties.get("LoadBalancerArn")) == balancer.id
    ]


def public(subject: Subject) -> Iterator[tuple[Resource, list[Listener]]]:
    """The load balancers that everybody can reach, with their listeners; those without any are not looked at.

    Without a Scheme a load balancer is internet-facing (CloudFormation template reference).
    """
    for balancer in subject.of(CLASSIC, MODERN):
        if literal(balancer.properties.get("Scheme", "internet-facing")) != "internet-facing":
            continue
        if literal(balancer.properties.get("Type", "application")) not in ("application", "network"):
            continue
        if found := listeners(subject, balancer):
            yield balancer, found


def plain(subject: Subject) -> Iterator[Hit]:
    for _, found in public(subject):
        if not any(listener.protocol in ENCRYPTED for listener in found):
            continue  # that is another rule's
        for listener in found:
            if listener.protocol == "HTTP" and not listener.redirects:
                hint = "Let an application load balancer redirect it to HTTPS, or remove the listener."
                message = f"the listener on port {listener.port} serves the internet without encryption"
                yield Hit(message, listener.resource, (*listener.path, "Protocol"), ("Listeners",), hint=hint)


def without_tls(subject: Subject) -> Iterator[Hit]:
    for balancer, found in public(subject):
        if not any(listener.protocol in ENCRYPTED for listener in found) and any(
            listener.protocol == "HTTP" for listener in found
        ):
            hint = "Add an HTTPS listener, or make the load balancer internal."
            message = f"{balancer.id} is public and speaks HTTP only"
            yield Hit(message, balancer.id, ("Scheme",), ("Listeners",), hint=hint)


def old_policies(subject: Subject) -> Iterator[Hit]:
    hint = "Use a policy that begins at TLS 1.2, e.g. ELBSecurityPolicy-TLS13-1-2-2021-06."
    for resource in subject.of(LISTENER):
        policy = literal(resource.properties.get("SslPolicy"))
        if policy in OLD:
            yield Hit(f"{policy} allows TLS 1.0 or 1.1", resource.id, ("SslPolicy",), hint=hint)
    for resource in subject.of(CLASSIC):
        for number, policy in enumerate(entries(resource.properties.get("Policies"))):
            for attribute in entries(mapping(policy).get("Attributes")):
                name = literal(mapping(attribute).get("Value"))
                if literal(mapping(attribute).get("Name")) == "Reference-Security-Policy" and name in OLD:
                    path = ("Policies", number, "Attributes")
                    hint = "Use ELBSecurityPolicy-TLS-1-2-2017-01."
                    yield Hit(f"{name} allows TLS 1.0 or 1.1", resource.id, path, hint=hint)


PLAIN = Rule(
    id="SZ201",
    severity="warning",
    title="A public listener speaks plain HTTP beside HTTPS",
    why=(
        "Whoever types the name without https:// sends cookies and passwords that anybody on the way can read. A "
        "redirect to HTTPS serves them as well."
    ),
    link="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html",
    find=plain,
    bad="""\
SenzaComponents:
  - Lb:
      Type: Senza::ElasticLoadBalancer
      HTTPPort: 8080
      SecurityGroups: [app-lb]
      Scheme: internet-facing
      SSLCertificateId: example-org
      Listeners:
        - {Protocol: HTTPS, LoadBalancerPort: 443, InstancePort: 8080, SSLCertificateId: example-org}
        - {Protocol: HTTP, LoadBalancerPort: 80, InstancePort: 8080}
""",
    good="""\
SenzaComponents:
  - Lb:
      Type: Senza::ElasticLoadBalancer
      HTTPPort: 8080
      SecurityGroups: [app-lb]
      Scheme: internet-facing
      SSLCertificateId: example-org
""",
)
NO_TLS = Rule(
    id="SZ202",
    severity="warning",
    title="A public load balancer has no HTTPS",
    why="Everything that is sent to it can be read and changed on the way.",
    link="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/create-https-listener.html",
    find=without_tls,
    bad="""\
SenzaComponents:
  - Lb:
      Type: Senza::ElasticLoadBalancer
      HTTPPort: 8080
      SecurityGroups: [app-lb]
      Scheme: internet-facing
      Listeners:
        - {Protocol: HTTP, LoadBalancerPort: 80, InstancePort: 8080}
""",
    good="""\
SenzaComponents:
  - Lb:
      Type: Senza::ElasticLoadBalancer
      HTTPPort: 8080
      SecurityGroups: [app-lb]
      Scheme: internal
      Listeners:
        - {Protocol: HTTP, LoadBalancerPort: 80, InstancePort: 8080}
""",
)
OLD_POLICY = Rule(
    id="SZ203",
    severity="warning",
    title="A listener is told to speak TLS 1.0 or 1.1",
    why="Both versions are deprecated (RFC 8996): their hashes are broken, and no browser of today uses them.",
    link="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html",
    find=old_policies,
    bad="""\
SenzaComponents:
  - Alb:
      Type: Senza::ElasticLoadBalancerV2
      HTTPPort: 8080
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
      SslPolicy: ELBSecurityPolicy-2016-08
""",
    good="""\
SenzaComponents:
  - Alb:
      Type: Senza::ElasticLoadBalancerV2
      HTTPPort: 8080
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
      SslPolicy: ELBSecurityPolicy-TLS13-1-2-2021-06
""",
)
