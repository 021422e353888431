"""Names and numbers that AWS refuses, or with which nothing can work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from senza.checks.model import Hit, Rule, Subject, entries, literal, mapping
from senza.checks.rules.network import INGRESS, SECURITY_GROUP
from senza.definition.model import KeyPath

MAX_NAME = 255
"""Bytes of a domain name, and 63 of each label of it (RFC 1035, section 2.3.4)."""
MAX_LABEL = 63
MAX_PORT = 65535
RECORD = "AWS::Route53::RecordSet"

_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?|\*")
_ESCAPE = re.compile(r"\\[0-7]{3}")
_TEMPLATE_PORTS = {
    "AWS::ElasticLoadBalancingV2::TargetGroup": ("Port", "HealthCheckPort"),
    "AWS::ElasticLoadBalancingV2::Listener": ("Port",),
}
_LISTENER_PORTS = ("LoadBalancerPort", "InstancePort")
_TARGET = re.compile(r"(?P<protocol>[A-Za-z]+):(?P<port>-?\d+)(?P<path>.*)", re.DOTALL)


def wrong_domains(subject: Subject) -> Iterator[Hit]:
    for resource in subject.of(RECORD):
        name = literal(resource.properties.get("Name"))
        if not name or not (problem := name_problem(name)):
            continue
        component = subject.component_of(resource.id)
        label = resource.id.removeprefix(component.name) if component else ""
        words: KeyPath = (label,)
        if component and label in mapping(component.settings.get("Domains")):
            words = ("Domains", label, "Subdomain")
        yield Hit(f"{name!r} is no domain name: {problem}", resource.id, ("Name",), words, hint="Correct the name.")


def name_problem(name: str) -> str:
    """Why this cannot be a DNS name, "" where it can (Route 53 developer guide, "DNS domain name format")."""
    labels = name.removesuffix(".").split(".")
    if len(name.removesuffix(".").encode()) > MAX_NAME:
        return f"it has more than {MAX_NAME} characters"
    for number, label in enumerate(labels):
        if not label:
            return "nothing stands between two dots" if number else "it begins with a dot"
        if len(label) > MAX_LABEL:
            return f"{label[:20]}... has {len(label)} characters, and {MAX_LABEL} are allowed between two dots"
        if label == "*" and number:
            return "* may only be the first part"
        if not _LABEL.fullmatch(_ESCAPE.sub("x", label)):
            return f"{label!r} may hold letters, digits and dashes only, and no dash at its ends"
    return ""


def ports(subject: Subject) -> Iterator[tuple[str, KeyPath, KeyPath, Any]]:
    """Every port of the template that must be one: resource, path, the component's word for it, value."""
    for resource in subject.of(*_TEMPLATE_PORTS):
        for name in _TEMPLATE_PORTS[resource.type]:
            words = ("HTTPPort",) if name == "Port" else (name,)
            yield resource.id, (name,), words, resource.properties.get(name)
    for resource in subject.of("AWS::ElasticLoadBalancing::LoadBalancer"):
        component = subject.component_of(resource.id)
        given = component.settings if component else {}
        for number, listener in enumerate(entries(resource.properties.get("Listeners"))):
            for name in _LISTENER_PORTS:
                yield resource.id, ("Listeners", number, name), ("HTTPPort",), mapping(listener).get(name)
        target = _TARGET.fullmatch(literal(mapping(resource.properties.get("HealthCheck")).get("Target")))
        if target and ("HealthCheckPort" in given or component is None):
            yield resource.id, ("HealthCheck", "Target"), ("HealthCheckPort",), target["port"]


def wrong_ports(subject: Subject) -> Iterator[Hit]:
    for resource, path, words, value in ports(subject):
        if not is_port(value, 1):
            component = subject.component_of(resource)
            named = next((word for word in (words, path) if component and word[0] in component.settings), path)
            yield Hit(f"{named[-1]} {value} is no port", resource, path, words, hint="A port is 1 to 65535.")
    for resource, path, rule in security_rules(subject):
        if literal(rule.get("IpProtocol")).lower() not in ("tcp", "udp", "6", "17"):
            continue
        for name in ("FromPort", "ToPort"):
            if not is_port(rule.get(name), 0):
                message = f"{name} {rule[name]} is no port"
                yield Hit(message, resource, (*path, name), hint="A port is 0 to 65535; IpProtocol -1 allows all.")
    for component in subject.bound.components:
        published = mapping(mapping(component.settings.get("TaupageConfig")).get("ports"))
        for key, value in published.items():
            for port in (key, value):
                number = literal(port).partition("/")[0].rpartition(":")[2]
                if not is_port(number, 1):
                    place = (*component.path, "TaupageConfig", "ports", key)
                    yield Hit(f"{port} is no port", place=place, hint="A port is 1 to 65535.")


def security_rules(subject: Subject) -> Iterator[tuple[str, KeyPath, Any]]:
    for resource in subject.of(SECURITY_GROUP):
        for name in ("SecurityGroupIngress", "SecurityGroupEgress"):
            for number, rule in enumerate(entries(resource.properties.get(name))):
                yield resource.id, (name, number), mapping(rule)
    for resource in subject.of(INGRESS, "AWS::EC2::SecurityGroupEgress"):
        yield resource.id, (), resource.properties


def is_port(value: Any, lowest: int) -> bool:
    """Whether this may be a port. What is no number at all (a function, a word) is not for this rule to judge."""
    text = literal(value)
    if not re.fullmatch(r"-?\d{1,20}", text):
        return True
    return lowest <= int(text) <= MAX_PORT


DOMAIN = Rule(
    id="SZ301",
    severity="error",
    title="A record has no valid domain name",
    why="Route 53 refuses the record after everything else was created, or no resolver and no certificate can use it.",
    link="https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html",
    find=wrong_domains,
    bad="""\
SenzaComponents:
  - Lb:
      Type: Senza::ElasticLoadBalancer
      HTTPPort: 8080
      SecurityGroups: [app-lb]
      Domains:
        Main: {Type: weighted, Zone: example.org., Subdomain: my shop}
""",
    good="""\
SenzaComponents:
  - Lb:
      Type: Senza::ElasticLoadBalancer
      HTTPPort: 8080
      SecurityGroups: [app-lb]
      Domains:
        Main: {Type: weighted, Zone: example.org., Subdomain: my-shop}
""",
)
PORT = Rule(
    id="SZ302",
    severity="error",
    title="A port is none",
    why="AWS refuses it, without saying where it comes from; in user data it keeps the container from starting.",
    link="https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html",
    find=wrong_ports,
    bad="""\
SenzaComponents:
  - AppServer:
      Type: Senza::TaupageAutoScalingGroup
      InstanceType: t3.micro
      TaupageConfig: {runtime: Docker, source: "stups/hello-world:1.0", ports: {80800: 8080}}
""",
    good="""\
SenzaComponents:
  - AppServer:
      Type: Senza::TaupageAutoScalingGroup
      InstanceType: t3.micro
      TaupageConfig: {runtime: Docker, source: "stups/hello-world:1.0", ports: {8080: 8080}}
""",
)
