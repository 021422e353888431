"""Attributes of load balancers and target groups: pairs of texts that no schema knows, and that AWS looks at last."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from senza.checks.model import Hit, Resource, Rule, Subject, entries, literal, mapping, target
from senza.checks.rules.availability import TARGET_GROUP
from senza.checks.rules.balancers import LISTENER, MODERN
from senza.definition.suggest import did_you_mean

RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
UDP = ("UDP", "TCP_UDP")


@dataclass(frozen=True)
class Attribute:
    """kinds: of load balancers that have it. fits: whether a value can be one. values: how those are told."""

    kinds: tuple[str, ...]
    fits: Callable[[str], bool]
    values: str


def one_of(*choices: str) -> tuple[Callable[[str], bool], str]:
    return (lambda text: text.lower() in choices), " or ".join(choices)


def between(least: int, most: int, *besides: str) -> tuple[Callable[[str], bool], str]:
    """Whole numbers, and words that may stand instead of one."""

    def fits(text: str) -> bool:
        return text in besides or (bool(re.fullmatch(r"\d{1,9}", text)) and least <= int(text) <= most)

    return fits, " or ".join((*besides, f"{least} to {most}"))


_SWITCH = one_of("true", "false")
_TEXT: tuple[Callable[[str], bool], str] = (lambda _: True, "a text")
_WEEK = between(1, 604800)
_HEALTHY = between(1, 100, "off")
_BOTH, _APPLICATION, _NETWORK = ("application", "network"), ("application",), ("network",)


def _table(*rows: tuple[tuple[str, ...], tuple[Callable[[str], bool], str], str]) -> dict[str, Attribute]:
    return {name: Attribute(kinds, *values) for kinds, values, names in rows for name in names.split()}


OF_BALANCERS = _table(
    (_BOTH, _SWITCH, "deletion_protection.enabled load_balancing.cross_zone.enabled access_logs.s3.enabled"),
    (_BOTH, _SWITCH, "ipv6.deny_all_igw_traffic zonal_shift.config.enabled"),
    (_BOTH, _TEXT, "access_logs.s3.bucket access_logs.s3.prefix"),
    (_APPLICATION, between(1, 4000), "idle_timeout.timeout_seconds"),
    (_APPLICATION, between(60, 604800), "client_keep_alive.seconds"),
    (_APPLICATION, _SWITCH, "connection_logs.s3.enabled health_check_logs.s3.enabled routing.http2.enabled"),
    (_APPLICATION, _TEXT, "connection_logs.s3.bucket connection_logs.s3.prefix"),
    (_APPLICATION, _TEXT, "health_check_logs.s3.bucket health_check_logs.s3.prefix"),
    (_APPLICATION, one_of("monitor", "defensive", "strictest"), "routing.http.desync_mitigation_mode"),
    (_APPLICATION, one_of("append", "preserve", "remove"), "routing.http.xff_header_processing.mode"),
    (_APPLICATION, _SWITCH, "routing.http.drop_invalid_header_fields.enabled routing.http.xff_client_port.enabled"),
    (_APPLICATION, _SWITCH, "routing.http.preserve_host_header.enabled waf.fail_open.enabled"),
    (_APPLICATION, _SWITCH, "routing.http.x_amzn_tls_version_and_cipher_suite.enabled"),
    (_NETWORK, one_of("availability_zone_affinity", "partial_availability_zone_affinity", "any_availability_zone"),
     "dns_record.client_routing_policy"),
    (_NETWORK, between(0, 7), "secondary_ips.auto_assigned.per_subnet"),
)  # fmt: skip
"""LoadBalancerAttribute in the API reference of Elastic Load Balancing."""
OF_GROUPS = _table(
    (_BOTH, between(0, 3600), "deregistration_delay.timeout_seconds"),
    (_BOTH, _SWITCH, "stickiness.enabled"),
    (_BOTH, one_of("lb_cookie", "app_cookie", "source_ip"), "stickiness.type"),
    (_BOTH, one_of("true", "false", "use_load_balancer_configuration"), "load_balancing.cross_zone.enabled"),
    (_BOTH, between(1, 10**6, "off"), "target_group_health.dns_failover.minimum_healthy_targets.count"),
    (_BOTH, _HEALTHY, "target_group_health.dns_failover.minimum_healthy_targets.percentage"),
    (_BOTH, between(1, 10**6), "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count"),
    (_BOTH, _HEALTHY, "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage"),
    (_APPLICATION, one_of("round_robin", "least_outstanding_requests", "weighted_random"),
     "load_balancing.algorithm.type"),
    (_APPLICATION, one_of("on", "off"), "load_balancing.algorithm.anomaly_mitigation"),
    (_APPLICATION, between(30, 900, "0"), "slow_start.duration_seconds"),
    (_APPLICATION, _TEXT, "stickiness.app_cookie.cookie_name"),
    (_APPLICATION, _WEEK, "stickiness.app_cookie.duration_seconds stickiness.lb_cookie.duration_seconds"),
    (_APPLICATION, _SWITCH, "lambda.multi_value_headers.enabled"),
    (_NETWORK, _SWITCH, "deregistration_delay.connection_termination.enabled preserve_client_ip.enabled"),
    (_NETWORK, _SWITCH, "proxy_protocol_v2.enabled target_health_state.unhealthy.connection_termination.enabled"),
    (_NETWORK, between(0, 360000), "target_health_state.unhealthy.draining_interval_seconds"),
)  # fmt: skip
"""TargetGroupAttribute in the API reference of Elastic Load Balancing."""
_WORDS = sorted({word for name in (*OF_BALANCERS, *OF_GROUPS) for word in re.split("[._]", name)})
STICKY = {"application": ("lb_cookie", "app_cookie"), "network": ("source_ip",)}


def kind_of_group(properties: Mapping[str, Any]) -> str:
    """application, network, or "" for others and where a function decides."""
    protocol = literal(properties.get("Protocol")).upper()
    if protocol in ("HTTP", "HTTPS"):
        return "application"
    return "network" if protocol in ("TCP", "TLS", *UDP) else ""


def wrong_attributes(subject: Subject) -> Iterator[Hit]:
    for resource in subject.of(MODERN):
        kind = literal(resource.properties.get("Type", "application"))
        yield from _wrong(resource, "LoadBalancerAttributes", OF_BALANCERS, kind)
        given = dict(pairs(resource, "LoadBalancerAttributes").values())
        if kind == "application" and given.get("load_balancing.cross_zone.enabled") == "false":
            message = "an application load balancer always balances across zones"
            yield _hit(resource, "LoadBalancerAttributes", message, "Switch it off at the target group.")
    for resource in subject.of(TARGET_GROUP):
        kind = kind_of_group(resource.properties)
        yield from _wrong(resource, "TargetGroupAttributes", OF_GROUPS, kind)
        plain = pairs(resource, "TargetGroupAttributes")
        if len(plain) < len(entries(resource.properties.get("TargetGroupAttributes"))):
            continue  # nobody knows what else there is
        for message, hint in _contradictions(dict(plain.values()), kind, resource):
            yield _hit(resource, "TargetGroupAttributes", message, hint)


def pairs(resource: Resource, name: str) -> dict[int, tuple[str, str | None]]:
    """Position -> key and value, of those with a plain key; the value is None where it is not plain."""
    found: dict[int, tuple[str, str | None]] = {}
    for number, item in enumerate(entries(resource.properties.get(name))):
        key, value = literal(mapping(item).get("Key")), mapping(item).get("Value")
        if key:
            text = str(value).lower() if isinstance(value, bool) else literal(value) or None
            found[number] = (key, text)
    return found


def _wrong(resource: Resource, name: str, known: Mapping[str, Attribute], kind: str) -> Iterator[Hit]:
    """What this kind does not have, and values that cannot be. An unknown name may be newer than we are, unless it is
    made of known words only."""
    if kind not in STICKY:
        return
    whose = "" if known is OF_BALANCERS else "the target group of "
    article = "an application" if kind == "application" else "a network"
    for number, (key, value) in pairs(resource, name).items():
        attribute = known.get(key)
        mine = [one for one, its in known.items() if kind in its.kinds]
        if attribute is None:
            if misspelt(key) and (hint := did_you_mean(key, mine)):
                yield _hit(resource, name, f"there is no attribute {key}", hint, number)
        elif kind not in attribute.kinds:
            hint = f"Remove it: only {attribute.kinds[0]} load balancers have it."
            yield _hit(resource, name, f"{whose}{article} load balancer has no {key}", hint, number)
        elif value is not None and not attribute.fits(value):
            yield _hit(resource, name, f"{key} cannot be {value!r}", f"Write {attribute.values}.", number)


def misspelt(name: str) -> bool:
    """Whether each word of it is known, or nearly one that is."""
    return all(get_close_matches(word, _WORDS, 1, 0.8) for word in re.split("[._]", name))


def _contradictions(given: Mapping[str, str | None], kind: str, group: Resource) -> Iterator[tuple[str, str]]:
    """What is wrong, and what to do ("Target group attributes" in the guides)."""
    algorithm = given.get("load_balancing.algorithm.type", "round_robin")
    slow = given.get("slow_start.duration_seconds") not in ("0", None)
    if slow and algorithm not in ("round_robin", None):
        yield f"slow start and {algorithm} exclude each other", "Remove one of them."
    if given.get("load_balancing.algorithm.anomaly_mitigation") == "on" and algorithm not in ("weighted_random", None):
        yield "anomaly mitigation needs the algorithm weighted_random", "Set load_balancing.algorithm.type."
    sticky = given.get("stickiness.type")
    if sticky in ("lb_cookie", "app_cookie", "source_ip") and kind and sticky not in STICKY[kind]:
        yield f"stickiness.type cannot be {sticky} here", f"Write {' or '.join(STICKY[kind])}."
    enabled = given.get("stickiness.enabled") == "true"
    protocol = literal(group.properties.get("Protocol")).upper()
    if enabled and protocol == "TLS":
        yield "a target group that speaks TLS cannot be sticky", "Let TargetProtocol be TCP, or remove it."
    if enabled and sticky == "app_cookie" and "stickiness.app_cookie.cookie_name" not in given:
        yield "app_cookie needs the name of the application's cookie", "Add stickiness.app_cookie.cookie_name."
    if protocol in UDP:
        if given.get("preserve_client_ip.enabled") == "false":
            yield f"{protocol} always preserves the address of the client", "Remove preserve_client_ip.enabled."
        if given.get("target_health_state.unhealthy.connection_termination.enabled") == "true":
            yield f"{protocol} has no connections to terminate", "Remove the attribute."


def _hit(resource: Resource, name: str, message: str, hint: str, number: int | None = None) -> Hit:
    path = (name,) if number is None else (name, number)
    return Hit(message, resource.id, path, (name,), hint=hint)


def groups_of(resource: Resource) -> Iterator[str]:
    """The logical ids of the target groups that a listener or rule forwards to."""
    name = "DefaultActions" if resource.type == LISTENER else "Actions"
    for action in entries(resource.properties.get(name)):
        several = entries(mapping(mapping(action).get("ForwardConfig")).get("TargetGroups"))
        for given in (mapping(action), *map(mapping, several)):
            if found := target(given.get("TargetGroupArn")):
                yield found


ATTRIBUTE = Rule(
    id="SZ303",
    severity="error",
    title="An attribute is none of this kind of load balancer or target group",
    why="AWS refuses it after the load balancer was made, and the whole stack is rolled back.",
    link="https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html",
    find=wrong_attributes,
    bad="""\
SenzaComponents:
  - Nlb:
      Type: Senza::NetworkLoadBalancer
      TargetPort: 8080
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
      TargetGroupAttributes: [{Key: stickiness.type, Value: lb_cookie}]
""",
    good="""\
SenzaComponents:
  - Nlb:
      Type: Senza::NetworkLoadBalancer
      TargetPort: 8080
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
      TargetGroupAttributes: [{Key: stickiness.enabled, Value: "true"}, {Key: stickiness.type, Value: source_ip}]
""",
)
