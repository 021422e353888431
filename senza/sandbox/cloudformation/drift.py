"""Drift: what a resource is, against what its template says it is ("Detect unmanaged configuration changes").

Only properties that the template sets are compared, as in AWS, and only those of types that are listed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from senza.sandbox.cloudformation.stack import Drift, Resource, Stack, moment
from senza.sandbox.timeline import Operation
from senza.sandbox.world import world

Properties = Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """What became of one resource. actual: the compared properties as they are, None where it is gone."""

    resource: Resource
    status: str
    expected: dict[str, Any]
    actual: dict[str, Any] | None
    at: datetime


@dataclass
class Detection:
    id: str
    stack: Stack
    status: str = "DETECTION_IN_PROGRESS"
    at: datetime = field(default_factory=moment)
    drifted: int = 0


def record(stack: Stack, resource: Resource) -> dict[str, Any] | None:
    from senza.sandbox.patches.route53_api import record_of
    from senza.sandbox.patches.route53_stack import zone_for
    from senza.sandbox.route53 import Record

    given = resource.properties
    wanted = Record.of(given)
    zone = zone_for(resource.model.senza_records.backend, dict(given))
    live = next((one for one in map(record_of, zone.rrsets) if one.identity == wanted.identity), None)
    if live is None:
        return None
    actual: dict[str, Any] = {"Weight": live.weight, "TTL": live.ttl, "ResourceRecords": sorted(live.values)}
    if live.alias and given.get("AliasTarget"):
        zone_id, name, health = live.alias
        actual["AliasTarget"] = {"HostedZoneId": zone_id, "DNSName": name, "EvaluateTargetHealth": health}
    return actual


def group(stack: Stack, resource: Resource) -> dict[str, Any] | None:
    from moto.autoscaling.models import autoscaling_backends

    found = autoscaling_backends[stack.account_id][stack.region].autoscaling_groups.get(resource.physical_id)
    if found is None:
        return None
    return {
        "MinSize": found.min_size,
        "MaxSize": found.max_size,
        "DesiredCapacity": found.desired_capacity,
        "HealthCheckType": found.health_check_type,
        "HealthCheckGracePeriod": found.health_check_grace_period,
        "TargetGroupARNs": sorted(found.target_group_arns or ()),
        "LoadBalancerNames": sorted(found.load_balancer_names or ()),
    }


def security_group(stack: Stack, resource: Resource) -> dict[str, Any] | None:
    from moto.ec2.models import ec2_backends

    found = ec2_backends[stack.account_id][stack.region].get_security_group_from_id(resource.physical_id)
    if found is None:
        return None
    rules = [
        {
            **{"IpProtocol": one.ip_protocol, "FromPort": one.from_port, "ToPort": one.to_port},
            **{key: one.ip_range[key] for key in ("CidrIp", "CidrIpv6") if one.ip_range.get(key)},
        }
        for one in found.ingress_rules
    ]
    listed = {"GroupDescription": found.description}
    return listed if any(one.source_group for one in found.ingress_rules) else listed | {"SecurityGroupIngress": rules}


def target_group(stack: Stack, resource: Resource) -> dict[str, Any] | None:
    from moto.elbv2.models import elbv2_backends

    found = elbv2_backends[stack.account_id][stack.region].target_groups.get(resource.physical_id)
    if found is None:
        return None
    return {
        "HealthCheckPath": found.health_check_path,
        "HealthCheckPort": found.health_check_port,
        "HealthCheckProtocol": found.health_check_protocol,
        "HealthCheckIntervalSeconds": found.health_check_interval_seconds,
        "HealthCheckTimeoutSeconds": found.health_check_timeout_seconds,
        "HealthyThresholdCount": found.healthy_threshold_count,
        "UnhealthyThresholdCount": found.unhealthy_threshold_count,
    }


def listener_rule(stack: Stack, resource: Resource) -> dict[str, Any] | None:
    from moto.elbv2.models import elbv2_backends

    from senza.sandbox.patches.listener_rules import rules
    from senza.sandbox.patches.rule_limits import as_shown

    backend = elbv2_backends[stack.account_id][stack.region]
    found = next((rule for _, rule in rules(backend) if rule.arn == resource.physical_id), None)
    if found is None:
        return None
    given: list[Any] = resource.properties["Actions"]
    actions = [one.data for one in found.actions]
    same = comparable([as_shown(one) for one in given]) == comparable(actions)
    return {"Priority": found.priority, "Conditions": found.conditions, "Actions": given if same else actions}


def balancer(stack: Stack, resource: Resource) -> dict[str, Any] | None:
    from moto.elbv2.models import elbv2_backends

    found = elbv2_backends[stack.account_id][stack.region].load_balancers.get(resource.physical_id)
    return None if found is None else {"Scheme": found.scheme, "SecurityGroups": sorted(found.security_groups)}


def classic_balancer(stack: Stack, resource: Resource) -> dict[str, Any] | None:
    from moto.elb.models import elb_backends

    found = elb_backends[stack.account_id][stack.region].load_balancers.get(resource.physical_id)
    if found is None:
        return None
    check = found.health_check
    actual: dict[str, Any] = {"SecurityGroups": sorted(found.security_groups or ()), "Scheme": found.scheme}
    if check is not None:
        names = ("Target", "HealthyThreshold", "UnhealthyThreshold", "Interval", "Timeout")
        values = (check.target, check.healthy_threshold, check.unhealthy_threshold, check.interval, check.timeout)
        actual["HealthCheck"] = dict(zip(names, values, strict=True))
    return actual


def alarm(stack: Stack, resource: Resource) -> dict[str, Any] | None:
    from moto.cloudwatch.models import cloudwatch_backends

    found = cloudwatch_backends[stack.account_id][stack.region].alarms.get(resource.physical_id)
    if found is None:
        return None
    given = getattr(found, "senza_given", {})
    return {key: given.get(key) for key in ("Threshold", "EvaluationPeriods", "Period", "ComparisonOperator")}


READERS: dict[str, Callable[[Stack, Resource], dict[str, Any] | None]] = {
    "AWS::Route53::RecordSet": record,
    "AWS::AutoScaling::AutoScalingGroup": group,
    "AWS::EC2::SecurityGroup": security_group,
    "AWS::ElasticLoadBalancingV2::TargetGroup": target_group,
    "AWS::ElasticLoadBalancingV2::ListenerRule": listener_rule,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": balancer,
    "AWS::ElasticLoadBalancing::LoadBalancer": classic_balancer,
    "AWS::CloudWatch::Alarm": alarm,
}


def comparable(value: Any, key: str = "") -> Any:
    """Scalars as text, names of the DNS as it has them, lists whose order means nothing sorted."""
    if isinstance(value, Mapping):
        return {name: comparable(one, name) for name, one in sorted(value.items())}
    if isinstance(value, list):
        return sorted((comparable(one) for one in value), key=str)
    if isinstance(value, bool):
        return str(value).lower()
    text = "" if value is None else str(value)
    return text.lower().rstrip(".") if key in ("DNSName", "IpProtocol") else text


def compare(stack: Stack, resource: Resource) -> Found:
    actual = READERS[resource.type](stack, resource)
    if actual is None:
        return Found(resource, "DELETED", dict(resource.properties), None, moment())
    names = resource.properties.keys() & actual.keys()
    expected = {name: comparable(resource.properties[name], name) for name in sorted(names)}
    live = {name: limited(comparable(actual[name], name), expected[name]) for name in sorted(names)}
    return Found(resource, "IN_SYNC" if expected == live else "MODIFIED", expected, live, moment())


def limited(actual: Any, expected: Any) -> Any:
    """Of what is nested, only what the template sets."""
    if isinstance(actual, dict) and isinstance(expected, dict):
        return {key: limited(value, expected[key]) for key, value in actual.items() if key in expected}
    if isinstance(actual, list) and isinstance(expected, list) and any(isinstance(one, dict) for one in expected):
        keys = {key for one in expected if isinstance(one, dict) for key in one}
        return [{key: value for key, value in one.items() if key in keys} for one in actual]
    return actual


def differences(path: str, expected: Any, actual: Any) -> list[dict[str, Any]]:
    """PropertyDifferences: lists as a whole, mappings key by key."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        keys = sorted(expected.keys() | actual.keys())
        return [one for key in keys for one in differences(f"{path}/{key}", expected.get(key), actual.get(key))]
    if expected == actual:
        return []
    kind = "ADD" if expected in (None, "") else "REMOVE" if actual in (None, "") else "NOT_EQUAL"
    return [{"PropertyPath": path, "ExpectedValue": expected, "ActualValue": actual, "DifferenceType": kind}]


def detect(detection: Detection) -> Operation:
    """Compare everything that can be compared, after the time it takes."""
    yield world.settings.drift_seconds
    stack = detection.stack
    there = [one for one in stack.resources.values() if one.model is not None and one.type in READERS]
    found = {one.logical_id: compare(stack, one) for one in there}
    drifted = [one for one in found.values() if one.status != "IN_SYNC"]
    stack.drift = Drift("DRIFTED" if drifted else "IN_SYNC", moment(), found)
    detection.status, detection.drifted = "DETECTION_COMPLETE", len(drifted)
