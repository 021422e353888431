"""Listeners and addresses of application and network load balancers: what AWS refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from senza.checks.model import Hit, Resource, Rule, Subject, entries, literal, mapping, target, unknown
from senza.checks.rules.balancer_names import conditional
from senza.checks.rules.balancers import CLASSIC, LISTENER, MODERN
from senza.definition.model import KeyPath
from senza.definition.suggest import did_you_mean

ALPN = ("HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None")
"""CreateListener in the API reference."""
POLICIES = tuple(
    f"ELBSecurityPolicy-{name}"
    for name in (
        *("TLS13-1-3-PQ-2025-09", "TLS13-1-2-PQ-2025-09", "TLS13-1-2-Res-PQ-2025-09", "TLS13-1-2-Ext1-PQ-2025-09"),
        *("TLS13-1-2-Ext2-PQ-2025-09", "TLS13-1-0-PQ-2025-09"),
        *("TLS13-1-3-2021-06", "TLS13-1-2-2021-06", "TLS13-1-2-Res-2021-06", "TLS13-1-2-Ext1-2021-06"),
        *("TLS13-1-2-Ext2-2021-06", "TLS13-1-1-2021-06", "TLS13-1-0-2021-06"),
        *("FS-1-2-Res-2020-10", "FS-1-2-Res-2019-08", "FS-1-2-2019-08", "FS-1-1-2019-08", "FS-2018-06"),
        *("TLS-1-2-Ext-2018-06", "TLS-1-2-2017-01", "TLS-1-1-2017-01", "TLS-1-0-2015-04", "2016-08", "2015-05"),
    )
)
"""Those that stay; for FIPS and RFC 9151 there are more, and new ones come ("Security policies" in the guides)."""
PROTOCOLS = {"application": ("HTTP", "HTTPS"), "network": ("TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC")}
_POLICY = re.compile(r"ELBSecurityPolicy-(?:[A-Za-z0-9-]+-)?(?P<year>20\d\d)-\d\d")
_ZONE = re.compile(r"[a-z]+(?:-[a-z]+)+-\d+[a-z]")
"""An availability zone, eu-central-1a; in a local zone (us-west-2-lax-1a) an application load balancer stands alone."""
FROZEN = 2021
"""All policies of that year and before are in the list."""


def wrong_listeners(subject: Subject) -> Iterator[Hit]:
    taken: dict[tuple[str, str], str] = {}
    kinds = {one.id: literal(one.properties.get("Type", "application")) for one in subject.of(MODERN)}
    for listener in subject.of(LISTENER):
        given = listener.properties
        balancer, port = target(given.get("LoadBalancerArn")), literal(given.get("Port"))
        words = words_of(subject, listener)
        first = taken.setdefault((balancer, port), listener.id)
        if balancer and port and first != listener.id and not conditional(subject, first, listener.id):
            message = f"{first} and {listener.id} both listen on port {port}"
            hint = "Give one of them another Port."
            if kinds.get(balancer) == "network":
                hint = "Write one listener; Protocol: TCP_UDP takes both."
            yield Hit(message, listener.id, ("Port",), (*words, "Port"), hint=hint)
        policy = literal(given.get("SslPolicy"))
        if policy and not may_be_policy(policy):
            hint = did_you_mean(policy, POLICIES) or f"Write e.g. {POLICIES[7]}."
            component = subject.component_of(listener.id)
            own = component is None or "HTTPS" not in component.settings
            place = (*words, "SslPolicy") if own else ("HTTPS", "Policy")
            yield Hit(f"there is no security policy {policy}", listener.id, ("SslPolicy",), place, hint=hint)
        yield from _wrong_alpn(listener, (*words, "AlpnPolicy"))
        yield from _unfit(listener, kinds.get(balancer, ""), words)


def _unfit(listener: Resource, kind: str, words: KeyPath) -> Iterator[Hit]:
    """What this protocol cannot have, and protocols that this kind of load balancer cannot have."""
    protocol = literal(listener.properties.get("Protocol")).upper()
    if protocol and kind in PROTOCOLS and protocol not in PROTOCOLS[kind]:
        message = f"no listener of an {kind} load balancer speaks {protocol}".replace("an network", "a network")
        hint = f"Write {' or '.join(PROTOCOLS[kind])}."
        yield Hit(message, listener.id, ("Protocol",), (*words, "Protocol"), hint=hint)
        return
    certificates = [one for one in entries(listener.properties.get("Certificates")) if not unknown(one)]
    if protocol in ("HTTP", "TCP", "UDP", "TCP_UDP"):
        given = {"Certificates": certificates, "SslPolicy": literal(listener.properties.get("SslPolicy"))}
        for name, value in given.items():
            if value:
                message = f"{protocol} is not encrypted, so its listener has no {name}"
                yield Hit(message, listener.id, (name,), (*words, name), hint=f"Remove {name}, or use HTTPS or TLS.")
    elif len(certificates) > 1:
        message = "a listener takes one certificate"
        hint = "Add the others with an AWS::ElasticLoadBalancingV2::ListenerCertificate; SSLCertificateId does that."
        yield Hit(message, listener.id, ("Certificates",), (*words, "Certificates"), hint=hint)


def may_be_policy(name: str) -> bool:
    """Whether it is a known one, or may be newer than we are."""
    match = _POLICY.fullmatch(name)
    return name in POLICIES or (match is not None and int(match["year"]) > FROZEN)


def words_of(subject: Subject, listener: Resource) -> KeyPath:
    """Where the component says what this listener is like: an entry of Listeners, or () for itself."""
    component = subject.component_of(listener.id)
    match = re.fullmatch(r".*Listener(\d*)", listener.id)
    listed = component is not None and isinstance(component.settings.get("Listeners"), list)
    return ("Listeners", int(match[1] or 1) - 1) if listed and match else ()


def _wrong_alpn(listener: Resource, words: KeyPath) -> Iterator[Hit]:
    policies = entries(listener.properties.get("AlpnPolicy"))
    place = ("AlpnPolicy",)
    if len(policies) > 1:
        yield Hit("a listener has one ALPN policy only", listener.id, place, words, hint="Choose one.")
    for name in map(literal, policies):
        if name and name not in ALPN:
            hint = did_you_mean(name, ALPN) or f"There are {', '.join(ALPN)}."
            yield Hit(f"there is no ALPN policy {name}", listener.id, place, words, hint=hint)


def wrong_addresses(subject: Subject) -> Iterator[Hit]:
    place = ("IpAddressType",)
    for balancer in subject.of(MODERN):
        given = balancer.properties
        if literal(given.get("IpAddressType")) != "dualstack-without-public-ipv4":
            continue
        if literal(given.get("Type", "application")) != "application":
            message = "only application load balancers do without public IPv4"
            yield Hit(message, balancer.id, place, place, hint="Write IpAddressType: dualstack.")
        elif literal(given.get("Scheme", "internet-facing")) == "internal":
            message = "an internal load balancer has no public IPv4 to do without"
            yield Hit(message, balancer.id, place, place, hint="Write IpAddressType: dualstack.")


def wrong_places(subject: Subject) -> Iterator[Hit]:
    """Subnets that a load balancer cannot stand in, as far as they and their zones are known."""
    for balancer in subject.of(MODERN, CLASSIC):
        given = balancer.properties
        application = balancer.type == MODERN and literal(given.get("Type", "application")) == "application"
        subnets = entries(subject.value(given.get("Subnets")))
        if subnets and all(map(literal, subnets)):
            zones = [subject.zones[subnet] for subnet in subnets if subnet in subject.zones]
            twice = sorted({zone for zone in zones if zones.count(zone) > 1})
            if twice:
                message = f"{balancer.id} would have two subnets in {twice[0]}, and AWS takes one of each zone"
                hint = "Give Subnets, or a Senza::AutoConfiguration, which takes one of each zone."
                yield Hit(message, balancer.id, ("Subnets",), hint=hint)
            elif application and lonely(len(subnets), zones):
                message = f"{balancer.id} stands in one availability zone, and an application load balancer needs two"
                hint = "Give subnets in two zones at least."
                yield Hit(message, balancer.id, ("Subnets",), ("AvailabilityZones",), hint=hint)
        yield from _missing_subnets(subject, balancer)


def lonely(count: int, zones: Sequence[str]) -> bool:
    """Whether this many subnets, of which the zones of some or all are known, are in one availability zone."""
    one = count == 1 or (len(zones) == count and len(set(zones)) == 1)
    return one and all(map(_ZONE.fullmatch, zones))


def _missing_subnets(subject: Subject, balancer: Resource) -> Iterator[Hit]:
    """Fn::Select beyond the end of its list: CloudFormation refuses the template."""
    for number, item in enumerate(entries(balancer.properties.get("SubnetMappings"))):
        choice = mapping(mapping(item).get("SubnetId")).get("Fn::Select")
        if not isinstance(choice, list) or len(choice) != 2 or not re.fullmatch(r"\d{1,4}", literal(choice[0])):
            continue
        subnets = subject.value(choice[1])
        if isinstance(subnets, list) and int(choice[0]) >= len(subnets):
            message = f"address {number + 1} of {balancer.id} has no subnet: there are {len(subnets)}"
            hint = "Give as many ElasticIPs as there are subnets, or fewer."
            yield Hit(message, balancer.id, ("SubnetMappings", number), ("ElasticIPs",), hint=hint)
            return


WRONG_LISTENER = Rule(
    id="SZ307",
    severity="error",
    title="A listener is told what there is not",
    why="A security or ALPN policy that does not exist, or a port that is taken: AWS refuses the listener.",
    link="https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html",
    find=wrong_listeners,
    bad="""\
SenzaComponents:
  - Alb:
      Type: Senza::ElasticLoadBalancerV2
      HTTPPort: 8080
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
      HTTPS: {Policy: ELBSecurityPolicy-TLS13-1-2}
""",
    good="""\
SenzaComponents:
  - Alb:
      Type: Senza::ElasticLoadBalancerV2
      HTTPPort: 8080
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
      HTTPS: {Policy: ELBSecurityPolicy-TLS13-1-2-Res-2021-06}
""",
)
ADDRESSES = Rule(
    id="SZ308",
    severity="error",
    title="A load balancer cannot have such addresses",
    why="dualstack-without-public-ipv4 is there for application load balancers that are internet-facing.",
    link="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html",
    find=wrong_addresses,
    bad="""\
SenzaComponents:
  - Nlb:
      Type: Senza::NetworkLoadBalancer
      TargetPort: 8080
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
      IpAddressType: dualstack-without-public-ipv4
""",
    good="""\
SenzaComponents:
  - Nlb:
      Type: Senza::NetworkLoadBalancer
      TargetPort: 8080
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
      IpAddressType: dualstack
""",
)
PLACES = Rule(
    id="SZ309",
    severity="error",
    title="A load balancer cannot stand in these subnets",
    why="AWS takes one subnet of each zone, and for an application load balancer two at least.",
    link="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html",
    find=wrong_places,
    bad="""\
SenzaComponents:
  - Nlb:
      Type: Senza::NetworkLoadBalancer
      TargetPort: 8080
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
      Scheme: internet-facing
      ElasticIPs: [eipalloc-1, eipalloc-2, eipalloc-3, eipalloc-4]
""",
    good="""\
SenzaComponents:
  - Nlb:
      Type: Senza::NetworkLoadBalancer
      TargetPort: 8080
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
      Scheme: internet-facing
      ElasticIPs: [eipalloc-1, eipalloc-2, eipalloc-3]
""",
)
