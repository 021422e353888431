"""What takes an app down that need not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from senza.checks.model import Hit, Resource, Rule, Subject, entries, literal, mapping, target
from senza.checks.rules.balancers import CLASSIC, MODERN

GROUP = "AWS::AutoScaling::AutoScalingGroup"
TARGET_GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
STANDARD_GRACE = 300
"""Seconds, of a group of ours."""
_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")


def single_zone(subject: Subject) -> Iterator[Hit]:
    for resource in subject.of(GROUP, CLASSIC, MODERN):
        name = "VPCZoneIdentifier" if resource.type == GROUP else "Subnets"
        if resource.type == MODERN and literal(resource.properties.get("Type", "application")) != "network":
            continue  # of application load balancers that is an error, SZ309
        zones = zones_of(subject, resource.properties, name)
        if len(zones) == 1:
            what = "its instances" if resource.type == GROUP else "it"
            message = f"{resource.id} uses one availability zone only ({next(iter(zones))}): {what} go down with that"
            hint = "Give subnets in two zones at least."
            yield Hit(message.replace("it go", "it goes"), resource.id, (name,), ("AvailabilityZones",), hint=hint)


def zones_of(subject: Subject, properties: Mapping[str, Any], name: str) -> set[str]:
    """The zones of a resource, or its subnets where zones are not known; nothing where CloudFormation decides."""
    subnets = subject.value(properties.get(name))
    if subnets is None:
        subnets = subject.value(properties.get("AvailabilityZones"))
    found = entries(subnets)
    if not found or not all(isinstance(item, str) for item in found):
        return set()
    return {subject.zones.get(item, item) for item in found}


def blind(subject: Subject) -> Iterator[Hit]:
    for group in subject.of(GROUP):
        behind = group.properties.get("LoadBalancerNames") or group.properties.get("TargetGroupARNs")
        if behind and literal(group.properties.get("HealthCheckType", "EC2")) == "EC2":
            hint = "Write HealthCheckType: ELB, which is the default behind a load balancer."
            message = f"{group.id} keeps instances that its load balancer has found to be ill"
            yield Hit(message, group.id, ("HealthCheckType",), hint=hint)


def unchecked(subject: Subject) -> Iterator[Hit]:
    for balancer in subject.of(CLASSIC):
        if not balancer.properties.get("HealthCheck"):
            message = f"{balancer.id} only asks whether the port is open"
            yield Hit(message, balancer.id, (), hint="Give it a HealthCheck with an HTTP path.")
    for group in subject.of(TARGET_GROUP):
        if literal(group.properties.get("HealthCheckEnabled")).lower() == "false":
            message = f"{group.id} sends requests to instances without asking how they are"
            yield Hit(message, group.id, ("HealthCheckEnabled",), hint="Remove HealthCheckEnabled: false.")


def hasty(subject: Subject) -> Iterator[Hit]:
    for group in subject.of(GROUP):
        start = start_up(subject, group)
        if not start:
            continue
        grace = seconds_of(group.properties.get("HealthCheckGracePeriod", 0))
        checked = literal(group.properties.get("HealthCheckType", "EC2")) != "EC2"
        if checked and grace is not None and grace < start:
            message = (
                f"health counts after {grace} s, and starting may take {start} s: the group replaces what still starts"
            )
            hint = f"Write HealthCheckGracePeriod: {start} or more."
            yield Hit(message, group.id, ("HealthCheckGracePeriod",), hint=hint)
        wait = signal_timeout(subject, group)
        if wait is not None and wait < start:
            message = f"the stack fails after {wait} s without a signal, and starting may take {start} s"
            hint = f"Write SuccessRequires with a longer time than {start}s."
            yield Hit(message, group.id, words=("AutoScaling", "SuccessRequires"), hint=hint)


def start_up(subject: Subject, group: Resource) -> int:
    """Seconds that the app may take to start, as far as the definition says so; 0 where it does not.

    Either what Taupage waits for the app to be healthy, or what the load balancer needs to find that out.
    """
    component = subject.component_of(group.id)
    config = mapping(component.settings.get("TaupageConfig")) if component else {}
    waits = seconds_of(config.get("health_check_timeout_seconds"))
    return max(waits or 0, *(confirmation(subject, name) for name in balancers_of(group)), 0)


def balancers_of(group: Resource) -> list[str]:
    """The logical ids of the load balancers and target groups of the same template that the group is behind."""
    names = [*entries(group.properties.get("LoadBalancerNames")), *entries(group.properties.get("TargetGroupARNs"))]
    return [name for name in map(target, names) if name]


def confirmation(subject: Subject, name: str) -> int:
    """Seconds from the first good answer until the load balancer takes an instance for healthy."""
    for resource in subject.of(CLASSIC, TARGET_GROUP):
        if resource.id == name:
            check = mapping(resource.properties.get("HealthCheck")) or resource.properties
            interval = check.get("Interval", check.get("HealthCheckIntervalSeconds"))
            times = check.get("HealthyThreshold", check.get("HealthyThresholdCount"))
            return (seconds_of(interval) or 0) * (seconds_of(times) or 0)
    return 0


def seconds_of(value: Any) -> int | None:
    text = literal(value)
    return int(text) if re.fullmatch(r"\d{1,9}", text) else None


def signal_timeout(subject: Subject, group: Resource) -> int | None:
    """Seconds that CloudFormation waits for the group's signals; None where it does not, or where that is not known."""
    resources = mapping(subject.compiled.template.get("Resources"))
    policy = mapping(mapping(resources.get(group.id)).get("CreationPolicy"))
    match = _DURATION.fullmatch(literal(mapping(policy.get("ResourceSignal")).get("Timeout")))
    if not match or not any(match.groups()):
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


SINGLE_ZONE = Rule(
    id="SZ401",
    severity="warning",
    title="Everything stands in one availability zone",
    why="Zones fail. Two cost no more than one, and an application load balancer cannot be made in one at all.",
    link="https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html",
    find=single_zone,
    bad="""\
SenzaComponents:
  - Network:
      Type: Senza::SubnetAutoConfiguration
      AvailabilityZones: [eu-central-1a]
      Images: {Base: {eu-central-1: ami-0123456789abcdef0}}
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
""",
    good="""\
SenzaComponents:
  - Network:
      Type: Senza::SubnetAutoConfiguration
      AvailabilityZones: [eu-central-1a, eu-central-1b]
      Images: {Base: {eu-central-1: ami-0123456789abcdef0}}
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
""",
)
BLIND = Rule(
    id="SZ402",
    severity="warning",
    title="A group behind a load balancer does not heed its health check",
    why="With HealthCheckType EC2 an instance whose app has died is kept: it only counts that the machine runs.",
    link="https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-health-checks.html",
    find=blind,
    bad="""\
SenzaComponents:
  - App:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
      ElasticLoadBalancer: Lb
      HealthCheckType: EC2
  - Lb:
      Type: Senza::ElasticLoadBalancer
      HTTPPort: 8080
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
""",
    good="""\
SenzaComponents:
  - App:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
      ElasticLoadBalancer: Lb
  - Lb:
      Type: Senza::ElasticLoadBalancer
      HTTPPort: 8080
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
""",
)
NO_CHECK = Rule(
    id="SZ403",
    severity="warning",
    title="A load balancer does not check what it sends requests to",
    why="Without a health check users meet instances that cannot serve them, and a rollout looks well that is not.",
    link="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html",
    find=unchecked,
    bad="""\
Resources:
  Lb:
    Type: AWS::ElasticLoadBalancing::LoadBalancer
    Properties:
      Scheme: internal
      Subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]
      Listeners: [{Protocol: TCP, LoadBalancerPort: "5432", InstancePort: "5432"}]
""",
    good="""\
Resources:
  Lb:
    Type: AWS::ElasticLoadBalancing::LoadBalancer
    Properties:
      Scheme: internal
      Subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]
      Listeners: [{Protocol: TCP, LoadBalancerPort: "5432", InstancePort: "5432"}]
      HealthCheck:
        {Target: "HTTP:8008/", HealthyThreshold: "2", UnhealthyThreshold: "2", Interval: "10", Timeout: "5"}
""",
)
GRACE = Rule(
    id="SZ404",
    severity="warning",
    title="Instances are given less time than the app may take to start",
    why=(
        "The group replaces instances that are still starting, for ever; or the stack fails before the app was up. "
        "Starting may take health_check_timeout_seconds, and as long as the load balancer's check takes to believe it."
    ),
    link="https://docs.aws.amazon.com/autoscaling/ec2/userguide/health-check-grace-period.html",
    find=hasty,
    bad="""\
SenzaComponents:
  - App:
      Type: Senza::TaupageAutoScalingGroup
      InstanceType: t3.micro
      ElasticLoadBalancer: Lb
      HealthCheckGracePeriod: 60
      TaupageConfig: {runtime: Docker, source: "stups/hello-world:1.0", health_check_timeout_seconds: 240}
  - Lb:
      Type: Senza::ElasticLoadBalancer
      HTTPPort: 8080
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
""",
    good="""\
SenzaComponents:
  - App:
      Type: Senza::TaupageAutoScalingGroup
      InstanceType: t3.micro
      ElasticLoadBalancer: Lb
      TaupageConfig: {runtime: Docker, source: "stups/hello-world:1.0", health_check_timeout_seconds: 240}
  - Lb:
      Type: Senza::ElasticLoadBalancer
      HTTPPort: 8080
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
""",
)
