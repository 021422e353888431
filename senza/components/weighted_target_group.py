"""``Senza::WeightedTargetGroup``: a version's place behind a shared load balancer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from troposphere import elasticloadbalancingv2 as alb
from troposphere import route53

from senza.account import Needs, NoStack, shared
from senza.account.shared import DOMAIN_TAG, LISTENER_TAG, SharedBalancer
from senza.components.authentication import COGNITO, OIDC, authentication
from senza.components.balancers import COMMON
from senza.components.domains import ADDRESSES, Domain
from senza.components.functions import get_att, ref
from senza.components.http_targets import PROTOCOL_VERSION, HttpTargets
from senza.components.model import Fragment, Property
from senza.components.settings import shown
from senza.components.shapes import Shaper
from senza.components.shared_rules import Neighbours
from senza.components.weighted_dns import DOMAINS, WeightedDomains
from senza.definition.suggest import did_you_mean
from senza.errors import NotFound

MAX_HOST = 128
MAX_HOSTS = 5
"""Characters of a host, and hosts of a rule (RuleCondition in the API reference; "Quotas for your Application Load
Balancers")."""
MADE_HERE = {"Name", "Port", "Targets"}
"""Properties of the target group that are always the component's."""
_FROM_COMMON = ("HTTPPort", "HealthCheckProtocol", "HealthCheckPath", "HealthCheckPort", "NameSuffix")


class WeightedTargetGroup(WeightedDomains, HttpTargets):
    type_names: ClassVar[tuple[str, ...]] = ("WeightedTargetGroup",)
    summary: ClassVar[str] = (
        "A target group behind a `Senza::SharedLoadBalancer`, with a rule for the version's own domain. The main "
        "domain is shared by weight among the versions, at the load balancer instead of in DNS."
    )
    properties: ClassVar[tuple[Property, ...]] = (
        Property(
            "SharedLoadBalancer", "full stack name", "The stack of the load balancer, e.g. edge-1.", required=True
        ),
        *(item for item in COMMON if item.name in _FROM_COMMON),
        *DOMAINS,
        Property(
            "Domains",
            "mapping of label to {Type, Zone, Subdomain}",
            "Instead of MainDomain and VersionDomain: one weighted, and one to five standalone ones.",
        ),
        Property(
            "WeightedRecords",
            "list of A and AAAA",
            "Types of weighted DNS records that also lead the main domain to the load balancer. Only to move an app "
            "here, or away again; see the page on shared load balancers.",
        ),
        PROTOCOL_VERSION,
        Property("OIDC", "mapping", "Users of the version's domain must log in at an identity provider, see below."),
        Property("Cognito", "mapping", "Users of the version's domain must log in at a user pool, see below."),
        Property("VpcId", "VPC id", "Where the target group lives: the load balancer's. Default: the network's VPC."),
    )
    sections: ClassVar[Mapping[str, tuple[Property, ...]]] = {"OIDC": OIDC, "Cognito": COGNITO}
    passes_on: ClassVar[tuple[str, ...]] = (alb.TargetGroup.resource_type,)
    protocols: ClassVar[tuple[str, ...]] = ("HTTP", "HTTPS")
    example: ClassVar[str] = """\
Backend:
  Type: Senza::WeightedTargetGroup
  SharedLoadBalancer: edge-1
  HTTPPort: 8080
  HealthCheckPath: /health
"""

    @classmethod
    def known_properties(cls) -> frozenset[str]:
        return frozenset(item.name for item in cls.properties).union(alb.TargetGroup.props) - MADE_HERE

    def given(self, kind: type[Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
        """There is only the target group that properties could be for."""
        return {key: value for key, value in self.settings.values.items() if key in kind.props and key not in MADE_HERE}

    def needs(self) -> Needs:
        stack = self.settings.get("SharedLoadBalancer")
        return super().needs() | Needs(shared_balancers=frozenset([stack]) if isinstance(stack, str) else frozenset())

    def _looks_for_certificate(self) -> bool:
        return True  # whether the load balancer has one for the domains

    def request_label(self) -> Any:
        target = get_att(self.target_groups()[0], "TargetGroupFullName")
        return {"Fn::Join": ["/", [imported(self.shared.stack, shared.LOAD_BALANCER), target]]}

    def listeners(self) -> list[str]:
        return [f"{self.name}Rule"]

    @cached_property
    def shared(self) -> SharedBalancer:
        """Raises DefinitionError where there is no such load balancer."""
        settings, account = self.settings, self.site.account
        settings.require("SharedLoadBalancer", "edge-1")
        name = settings.text("SharedLoadBalancer")
        try:
            return account.shared_balancer(name)
        except NotFound as error:
            if error.hint and not isinstance(error, NoStack):
                raise settings.wrong(error.message, "SharedLoadBalancer", hint=error.hint) from error
            known = account.shared_balancers()
            hint = f"Shared load balancers here: {', '.join(known)}." if known else (
                "There is none here: create one with a Senza::SharedLoadBalancer in a definition of its own."
            )  # fmt: skip
            hint = f"{did_you_mean(name, known)} {hint}".strip()
            raise settings.wrong(error.message, "SharedLoadBalancer", hint=hint) from error

    @cached_property
    def neighbours(self) -> Neighbours:
        rules = self.site.account.listener_rules(self.shared.listener)
        return Neighbours(self.settings, self.site, self.shared, rules)

    @cached_property
    def balancer_name(self) -> str:
        return self.neighbours.group_name(self.load_balancer_name(), self.settings.text("NameSuffix"))

    def build(self) -> Fragment:
        shaper = self.shaper()
        weighted, hosts = self._names()
        main = host_of(weighted)
        self._check_apart([main, *hosts])
        self.neighbours.check_main(main)
        group, rule = self.target_groups()[0], self.listeners()[0]
        properties = self.target_group()
        properties["Tags"] = [
            *properties["Tags"],
            {"Key": LISTENER_TAG, "Value": imported(self.shared.stack, shared.LISTENER)},
            {"Key": DOMAIN_TAG, "Value": main},
        ]
        self.site.listeners[group] = self.shared.listener
        routing = {
            "ListenerArn": imported(self.shared.stack, shared.LISTENER),
            "Priority": self.neighbours.priority(main, hosts),
            "Conditions": [{"Field": "host-header", "HostHeaderConfig": {"Values": hosts}}],
            "Actions": self._actions(group),
        }
        return Fragment(
            resources={
                group: shaper.resource(alb.TargetGroup, group, properties),
                rule: shaper.resource(alb.ListenerRule, rule, routing),
                **self._records(weighted, shaper),
            }
        )

    def _records(self, domain: Domain, shaper: Shaper) -> dict[str, Any]:
        """Weighted alias records of the main domain, by logical id. Raises DefinitionError."""
        made = {}
        for number, kind in enumerate(self.settings.items("WeightedRecords")):
            if kind not in ADDRESSES:
                message = f"there are no alias records of type {shown(kind)} to a load balancer"
                raise self.settings.wrong(message, "WeightedRecords", number, hint="Write [A] or [A, AAAA].")
            logical_id = f"{self.name}{domain.label}{ADDRESSES[kind]}"
            properties = {
                "Type": kind,
                "Name": domain.name,
                "HostedZoneName": domain.zone_name,
                "AliasTarget": {
                    "HostedZoneId": imported(self.shared.stack, shared.HOSTED_ZONE),
                    "DNSName": imported(self.shared.stack, shared.DNS_NAME),
                },
                "Weight": 0,
                "SetIdentifier": self.site.bound.full_name,
            }
            made[logical_id] = shaper.resource(route53.RecordSetType, logical_id, properties)
        return made

    def _actions(self, group: str) -> list[dict[str, Any]]:
        forward = {"Type": "forward", "TargetGroupArn": ref(group)}
        login = authentication(self.settings, self.site)
        if login is None:
            return [forward]
        self.site.warn(
            f"{self.settings.where('OIDC' if 'OIDC' in self.settings else 'Cognito')}: users must log in at the "
            "version's domain; senza does not make a rule with a log-in for the main domain: see the page on shared "
            "load balancers"
        )
        return [login, {**forward, "Order": 2}]

    # -- domains ----------------------------------------------------------------------------------------------------
    def _names(self) -> tuple[Domain, list[str]]:
        """The main domain, and the version's own. Raises DefinitionError."""
        domains = self.domains()
        weighted = [domain for domain in domains if domain.weighted]
        own = [domain for domain in domains if not domain.weighted]
        if len(weighted) != 1:
            hint = "Make one Senza::WeightedTargetGroup for each." if weighted else "Add one of Type: weighted."
            raise self.settings.wrong(
                f"{self.name} needs one weighted domain, not {len(weighted)}", "Domains", hint=hint
            )
        if not 1 <= len(own) <= MAX_HOSTS:
            raise self.settings.wrong(
                f"{self.name} needs one to {MAX_HOSTS} standalone domains, not {len(own)}",
                "Domains",
                hint="At its own domain a version is looked at, and asked for its health, before it has traffic.",
            )
        for domain in domains:
            self._check(domain)
        hosts = list(dict.fromkeys(host_of(domain) for domain in own))
        if (main := host_of(weighted[0])) in hosts:
            raise self.settings.wrong(f"{main} is both the main domain and one of this version's", *place(self, own[0]))
        return weighted[0], hosts

    def _check(self, domain: Domain) -> None:
        """Raises DefinitionError for a name that does not lead to the load balancer, or without certificate there."""
        settings, host, where = self.settings, host_of(domain), place(self, domain)
        if "*" in host or len(host) > MAX_HOST:
            raise settings.wrong(f"{host} is no host that a listener rule could be for", *where)
        by_record = domain.weighted and "WeightedRecords" in settings
        if not by_record and not self.shared.reached_by(host):
            raise settings.wrong(
                f"{host} does not lead to {self.shared.stack}, which has {', '.join(self.shared.domains)}",
                *where,
                hint="Choose a name there, or add a domain to the Senza::SharedLoadBalancer.",
            )
        if not self.site.account.certified(host, self.shared.certificates):
            raise settings.wrong(
                f"no certificate of {self.shared.stack} is good for {host}",
                *where,
                hint="A wildcard stands for one label only. Choose another name, or add a certificate to the "
                "Senza::SharedLoadBalancer.",
            )

    def _check_apart(self, hosts: Sequence[str]) -> None:
        """Raises DefinitionError for a host or name of another component: only one of them could have it."""
        for host in hosts:
            other = self.site.hosts.setdefault((self.shared.listener, host), self.name)
            if other != self.name:
                message = f"{self.name} and {other} are both to get the requests for {host}"
                raise self.settings.wrong(message, hint="Give them Domains, or MainDomain and VersionDomain, apart.")
        other = self.site.group_names.setdefault(self.balancer_name, self.name)
        if other != self.name:
            message = f"the target groups of {self.name} and {other} would both be called {self.balancer_name}"
            raise self.settings.wrong(message, hint="Give one of them a NameSuffix, e.g. admin.")


def imported(stack: str, output: str) -> dict[str, Any]:
    return {"Fn::ImportValue": shared.exported(stack, output)}


def host_of(domain: Domain) -> str:
    """As the host header has it: in lower case, without the final dot."""
    return domain.name.rstrip(".").lower()


def place(component: WeightedTargetGroup, domain: Domain) -> list[str]:
    if "Domains" in component.settings:
        return ["Domains", domain.label]
    return [domain.label] if domain.label in component.settings else []
