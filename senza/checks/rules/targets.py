"""Target groups, and listeners that forward to them: what they speak, and how health is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from senza.checks.model import Hit, Resource, Rule, Subject, entries, literal, mapping, target, unknown
from senza.checks.rules.attributes import RULE, groups_of, kind_of_group
from senza.checks.rules.availability import GROUP, TARGET_GROUP, seconds_of
from senza.checks.rules.balancers import LISTENER
from senza.components.network_load_balancer import PASSES_ON

ONLY_FORWARD = ("HTTP2", "GRPC")
"""Protocol versions with which requests can be forwarded and nothing else ("Protocol version" in the guide)."""

MOST_CODE = {"application": 499, "network": 599}
"""The highest code that may count as a good answer (Matcher in the API reference)."""


def version_of(group: Resource) -> str:
    """HTTP1, HTTP2 or GRPC; "" where a function decides."""
    return literal(group.properties.get("ProtocolVersion", "HTTP1")).upper()


def unfit_checks(subject: Subject) -> Iterator[Hit]:
    for group in subject.of(TARGET_GROUP):
        given, kind = group.properties, kind_of_group(group.properties)
        matcher = mapping(given.get("Matcher"))
        grpc = kind == "application" and version_of(group) == "GRPC"
        for name in ("HttpCode", "GrpcCode"):
            if kind and version_of(group) and literal(matcher.get(name)) and (name == "GrpcCode") != grpc:
                other = "GrpcCode" if grpc else "HttpCode"
                message = f"whoever speaks {'gRPC' if grpc else 'no gRPC'} does not answer with a {name}"
                yield Hit(message, group.id, ("Matcher", name), ("Matcher",), hint=f"Write Matcher: {{{other}: ...}}.")
        if (codes := literal(matcher.get("HttpCode"))) and kind and not may_be_codes(codes, MOST_CODE[kind]):
            message = f"{codes} cannot be the codes of a good answer"
            hint = f"Write 200 to {MOST_CODE[kind]}, as in 200,204 or 200-299."
            yield Hit(message, group.id, ("Matcher", "HttpCode"), ("Matcher",), hint=hint)
        if kind == "network" and literal(given.get("HealthCheckProtocol", "TCP")).upper() == "TCP":
            for name in ("HealthCheckPath", "Matcher"):
                if name in given and not unknown(given[name]):
                    message = f"a health check by TCP asks for nothing, so it has no {name}"
                    hint = "Write HealthCheckProtocol: HTTP."
                    yield Hit(message, group.id, (name,), (name,), hint=hint)
        yield from unfit_times(group, kind)


def may_be_codes(text: str, most: int) -> bool:
    """Whether these are codes and ranges of them (Matcher in the API reference)."""
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{3})(?:-(\d{3}))?\s*", part)
        if not match or not 200 <= int(match[1]) <= int(match[2] or match[1]) <= most:
            return False
    return True


def unfit_times(group: Resource, kind: str) -> Iterator[Hit]:
    """The answer must come before the next question; of network load balancers at the latest with it."""
    interval = seconds_of(group.properties.get("HealthCheckIntervalSeconds", 30 if kind else None))
    timeout = seconds_of(group.properties.get("HealthCheckTimeoutSeconds"))
    if interval is None or timeout is None or not kind:
        return
    if timeout > interval or (timeout == interval and kind == "application"):
        message = f"a health check waits {timeout} s for an answer, and the next one comes after {interval} s"
        hint = f"Write HealthCheckIntervalSeconds: {timeout + 5}, or a smaller HealthCheckTimeoutSeconds."
        words = ("HealthCheckTimeoutSeconds",)
        yield Hit(message, group.id, words, words, hint=hint)


def unspoken(subject: Subject) -> Iterator[Hit]:
    """Listeners and rules that cannot forward to their target group, and groups of instances that cannot be in it."""
    groups = {group.id: group for group in subject.of(TARGET_GROUP)}
    for scaled in subject.of(GROUP):
        for name in map(target, entries(scaled.properties.get("TargetGroupARNs"))):
            kind = literal(groups[name].properties.get("TargetType")) if name in groups else ""
            if kind not in ("", "instance"):
                message = f"{scaled.id} cannot register its instances with {name}, whose targets are of type {kind}"
                yield Hit(message, name, ("TargetType",), ("TargetType",), hint="Write TargetType: instance.")
    for resource in subject.of(LISTENER, RULE):
        for name in dict.fromkeys(groups_of(resource)):
            if name in groups:
                yield from _unspoken(resource, groups[name])


def _unspoken(resource: Resource, group: Resource) -> Iterator[Hit]:
    version, protocol = version_of(group), literal(resource.properties.get("Protocol")).upper()
    words = ("ProtocolVersion",)
    if version in ONLY_FORWARD and kind_of_group(group.properties) == "application":
        if protocol == "HTTP":
            message = f"{version} needs an HTTPS listener, and {resource.id} speaks HTTP"
            yield Hit(message, group.id, words, words, hint="Let it redirect to HTTPS, or remove ProtocolVersion.")
        name = "DefaultActions" if resource.type == LISTENER else "Actions"
        kinds = [literal(mapping(action).get("Type")) for action in entries(resource.properties.get(name))]
        for kind in kinds:
            if kind.startswith("authenticate-"):
                message = f"nobody can log in where instances speak {version}: such a listener can only forward"
                hint = "Remove ProtocolVersion, or the log-in, and let the application ask for tokens itself."
                yield Hit(message, group.id, words, words, hint=hint)
    speaks = literal(group.properties.get("Protocol")).upper()
    if protocol in PASSES_ON and kind_of_group(group.properties) == "network" and speaks not in PASSES_ON[protocol]:
        message = f"the {protocol} listener {resource.id} cannot pass on {speaks}"
        hint = f"Let the target group speak {' or '.join(PASSES_ON[protocol])}."
        yield Hit(message, group.id, ("Protocol",), ("Protocol",), hint=hint)


HEALTH = Rule(
    id="SZ304",
    severity="error",
    title="A health check cannot be made like this",
    why="AWS refuses codes of another protocol, and an answer that may come after the next question.",
    link="https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html",
    find=unfit_checks,
    bad="""\
SenzaComponents:
  - Alb:
      Type: Senza::ElasticLoadBalancerV2
      HTTPPort: 8080
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
      HealthCheckTimeoutSeconds: 30
""",
    good="""\
SenzaComponents:
  - Alb:
      Type: Senza::ElasticLoadBalancerV2
      HTTPPort: 8080
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
      HealthCheckTimeoutSeconds: 30
      HealthCheckIntervalSeconds: 60
""",
)
SPOKEN = Rule(
    id="SZ305",
    severity="error",
    title="A listener cannot forward to its target group",
    why=(
        "HTTP/2 and gRPC take HTTPS listeners that forward and do nothing else, so nobody can log in there; and what "
        "comes as UDP stays UDP."
    ),
    link="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html",
    find=unspoken,
    bad="""\
SenzaComponents:
  - Alb:
      Type: Senza::ElasticLoadBalancerV2
      HTTPPort: 8080
      ProtocolVersion: GRPC
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
      Cognito:
        UserPoolArn: arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_aBcDeFgHi
        UserPoolClientId: 3n4b5urk1ft4fl3mg5e62d9ado
        UserPoolDomain: acme-staff
""",
    good="""\
SenzaComponents:
  - Alb:
      Type: Senza::ElasticLoadBalancerV2
      HTTPPort: 8080
      ProtocolVersion: GRPC
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
""",
)
