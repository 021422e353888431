"""``Senza::SharedLoadBalancer``: one application load balancer for many apps, in a stack of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from troposphere import elasticloadbalancingv2 as alb

from senza.account import Needs, shared
from senza.components.application_balancers import (
    HTTPS,
    IP_ADDRESS_TYPE,
    LOAD_BALANCER_NAME,
    WEB_ACL,
    ApplicationLoadBalancer,
)
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
from senza.components.certificates import found_certificate
from senza.components.domains import Domain, records
from senza.components.functions import get_att, ref
from senza.components.model import Fragment, Property
from senza.components.sections import checked_section

KINDS = (alb.LoadBalancer, alb.Listener)
NOT_FOUND = {
    "Type": "fixed-response",
    "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "Not found"},
}
"""What hosts get that no app has."""
MADE_HERE = {"LoadBalancerArn", "Protocol", "Type", "Certificates"}
"""Properties of the two resources that are always the component's."""
_FROM_COMMON = ("SecurityGroups", "Scheme", "SSLCertificateId", "NameSuffix")


class SharedLoadBalancer(ApplicationLoadBalancer):
    type_names: ClassVar[tuple[str, ...]] = ("SharedLoadBalancer",)
    summary: ClassVar[str] = (
        "An application load balancer for many apps: an HTTPS listener that answers 404 to hosts nobody has, a "
        "redirect, and a wildcard record. Apps join it with a `Senza::WeightedTargetGroup`."
    )
    properties: ClassVar[tuple[Property, ...]] = (
        *(item for item in COMMON if item.name in _FROM_COMMON),
        Property(
            "Domains",
            "mapping of label to {Type, Zone, Subdomain}",
            "DNS names that lead to it, all standalone. Default: `*` in the account's hosted zone.",
        ),
        Property(
            "EvaluateTargetHealth",
            "boolean",
            "Of all its DNS records. Beware: Route 53 takes a load balancer for unhealthy as soon as one of its target "
            "groups has no healthy target, so one app could take all others out of DNS.",
            False,
        ),
        LOAD_BALANCER_NAME,
        Property("HTTPS", "mapping", "Redirect from port 80 and TLS policy, see below; both are there without it."),
        Property("DefaultActions", "list of actions", "What hosts get that no app has. Default: 404."),
        WEB_ACL,
        ACCESS_LOGS,
        IP_ADDRESS_TYPE,
    )
    sections: ClassVar[Mapping[str, tuple[Property, ...]]] = {"HTTPS": HTTPS, "AccessLogs": LOG_KEYS}
    passes_on: ClassVar[tuple[str, ...]] = tuple(kind.resource_type for kind in KINDS)
    protocols: ClassVar[tuple[str, ...]] = ()
    example: ClassVar[str] = """\
Edge:
  Type: Senza::SharedLoadBalancer
  Scheme: internet-facing
  SecurityGroups: [app-hello-world-lb]
"""

    @classmethod
    def known_properties(cls) -> frozenset[str]:
        own = frozenset(item.name for item in cls.properties)
        return own.union(*(kind.props for kind in KINDS)) - {"Name"} - MADE_HERE

    def needs(self) -> Needs:
        return Needs(
            security_groups=super().needs().security_groups,
            certificates=self._looks_for_certificate(),
            zones="Domains" not in self.settings,
        )

    def _looks_for_certificate(self) -> bool:
        given = [str(item) for item in self.given_certificates()]
        return not given or any(item.startswith("arn:aws:acm:") for item in given)

    def domains(self) -> list[Domain]:
        """Raises DefinitionError where one is weighted, NotFound and UsageError where there is not one hosted zone."""
        if "Domains" not in self.settings:
            with self.settings.blaming():
                return [Domain("Wildcard", self.site.account.zone().name, "*", weighted=False)]
        domains = super().domains()
        for domain in domains:
            if domain.weighted:
                raise self.settings.wrong(
                    "the names of a shared load balancer have no weights: it has many apps, and they have the versions",
                    *("Domains", domain.label, "Type"),
                    hint="Write Type: standalone.",
                )
        return domains

    def build(self) -> Fragment:
        fragment, shaper, domains = Fragment(), self.shaper(), self.domains()
        types = record_types(self.settings)
        check_subnets(self.settings, self.site, types, self.settings.text("Scheme", "internal"))
        section = checked_section(self.settings, "HTTPS", HTTPS, self.site.tolerate)
        certificates = self._certificates(domains)
        balancer = shaper.resource(alb.LoadBalancer, self.name, self.load_balancer())
        if policies := bucket_policies(self.settings, self.site):
            balancer.resource["DependsOn"] = policies
        listener = f"{self.name}Listener"
        defaults = {
            "Port": 443,
            "SslPolicy": section.text("Policy", TLS_POLICY) if section else TLS_POLICY,
            "DefaultActions": [NOT_FOUND],
        }
        own = {
            "LoadBalancerArn": ref(self.name),
            "Protocol": "HTTPS",
            "Certificates": [{"CertificateArn": certificates[0]}],
        }
        properties = {**defaults, **self.given(alb.Listener, defaults), **own}
        fragment.resources[self.name] = balancer
        fragment.resources[listener] = shaper.resource(alb.Listener, listener, properties)
        fragment.resources.update(self.further(certificates[1:]))
        if section is None or section.boolean("Redirect", True):
            fragment.resources.update(self.redirecting())
        fragment.resources.update(web_acl(self.settings, self.site, shaper))
        fragment.resources.update(records(domains, self.settings, self.site, shaper, "CanonicalHostedZoneID", types))
        fragment.outputs.update(self._outputs(domains, certificates))
        return fragment

    def _certificates(self, domains: list[Domain]) -> list[Any]:
        """Those that were given, else the one for each domain; the first is shown to clients that name no host."""
        if self.given_certificates() or not domains:
            return self.certificates(domains)
        found = [found_certificate(self.settings, self.site, [domain]) for domain in domains]
        return list(dict.fromkeys(found))

    def _outputs(self, domains: list[Domain], certificates: list[Any]) -> dict[str, Any]:
        """As long as an app's stack imports one of them, CloudFormation does not let the stack go."""
        values: dict[str, Any] = {
            shared.LISTENER: ref(f"{self.name}Listener"),
            shared.LOAD_BALANCER: get_att(self.name, "LoadBalancerFullName"),
            shared.DOMAINS: ",".join(domain.name.rstrip(".") for domain in domains),
            shared.CERTIFICATES: joined(certificates),
            shared.SECURITY_GROUP: self.security_groups()[0],
            shared.DNS_NAME: get_att(self.name, "DNSName"),
            shared.HOSTED_ZONE: get_att(self.name, "CanonicalHostedZoneID"),
        }
        return {
            name: {
                "Description": shared.OUTPUTS[name],
                "Value": value,
                "Export": {"Name": {"Fn::Sub": shared.exported("${AWS::StackName}", name)}},
            }
            for name, value in values.items()
            if value
        }


def joined(values: list[Any]) -> Any:
    plain = all(isinstance(value, str) for value in values)
    return ",".join(values) if plain else {"Fn::Join": [",", values]}
