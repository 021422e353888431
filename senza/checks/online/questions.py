"""Each question to the account: what it needs to be asked for, and what the answer means."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from senza.account.certificates import Certificate, covers, look_up_names
from senza.checks.model import Resource, entries, literal, mapping, target
from senza.checks.online.account import Answer, Online
from senza.checks.online.machines import Fleet, fleets
from senza.checks.rules.availability import GROUP, TARGET_GROUP
from senza.checks.rules.balancers import CLASSIC, ENCRYPTED, MODERN, listeners
from senza.checks.rules.names import RECORD

QUOTA_CODES: tuple[tuple[str, str, str], ...] = (
    (r"(?:vt|g)\d", "L-DB2E81BA", "L-3819A6DF"),
    (r"p\d", "L-417A185B", "L-7212CCBC"),
    (r"(?:a|c|d|h|i|im|is|m|r|t|z)\d", "L-1216C47A", "L-34B43A08"),
)
"""Families of instance types -> codes of their quotas of vCPUs, on demand and spot (EC2 user guide, "Quotas")."""
USAGE_PERIOD = 300
"""Seconds between two figures of AWS/Usage."""


# -- quotas


def balancer_quotas(online: Online) -> Iterator[Answer]:
    if online.stack_exists():
        return
    classic = list(online.subject.of(CLASSIC))
    if classic:
        most = online.limits("elb").get("classic-load-balancers")
        yield from exceeded(classic, len(online.classic_balancers()), most, "classic load balancers")
    by_kind: dict[str, list[Resource]] = defaultdict(list)
    for balancer in online.subject.of(MODERN):
        by_kind[literal(balancer.properties.get("Type", "application"))].append(balancer)
    for kind, balancers in by_kind.items():
        used = sum(item.get("Type") == kind for item in online.modern_balancers())
        yield from exceeded(
            balancers, used, online.limits("elbv2").get(f"{kind}-load-balancers"), f"{kind} load balancers"
        )
    groups = list(online.subject.of(TARGET_GROUP))
    if groups:
        most = online.limits("elbv2").get("target-groups")
        yield from exceeded(groups, len(online.target_groups()), most, "target groups")


def group_quotas(online: Online) -> Iterator[Answer]:
    groups = list(online.subject.of(GROUP))
    if groups and not online.stack_exists():
        most, used = online.group_limits()
        yield from exceeded(groups, used, most, "auto scaling groups")


def exceeded(resources: list[Resource], used: int, most: int | None, what: str) -> Iterator[Answer]:
    if most is not None and used + len(resources) > most:
        message = (
            f"the account may have {most} {what} in this region, has {used}, and the stack needs {len(resources)} more"
        )
        hint = "Delete what is not needed, or ask for more in Service Quotas."
        yield Answer("error", message, resources[0].id, hint=hint)


def core_quotas(online: Online) -> Iterator[Answer]:
    if online.stack_exists():
        return
    by_code: dict[str, list[Fleet]] = defaultdict(list)
    for fleet in fleets(online.subject):
        for family, on_demand, spot in QUOTA_CODES:
            if re.match(family, fleet.type):
                by_code[spot if fleet.spot else on_demand].append(fleet)
                break
    for code, members in by_code.items():
        cores = online.cores(fleet.type for fleet in members)
        first, most = (
            sum(cores.get(fleet.type, 0) * getattr(fleet, name) for fleet in members) for name in ("first", "most")
        )
        if most == 0:
            continue
        quota = online.quota(code)
        allowed = quota["Value"]
        used = usage(online, quota)
        left = allowed - used
        if most > left:
            now = first > left
            wish = f"the stack starts with {first:g}" if now else f"the stack may grow to {most:g}"
            message = f"{quota['QuotaName']}: {allowed:g} vCPUs are allowed, {used:g} are used, and {wish}"
            hint = f"Ask for more in Service Quotas ({code}), or start fewer or smaller instances."
            words = ("AutoScaling",)
            yield Answer("error" if now else "warning", message, members[0].group, words=words, hint=hint)


def usage(online: Online, quota: dict[str, Any]) -> float:
    """How much of a quota is used: the newest figure of its metric, 0 where there is none."""
    metric = quota.get("UsageMetric")
    if not metric:
        return 0.0
    dimensions = [{"Name": name, "Value": value} for name, value in sorted(metric["MetricDimensions"].items())]
    end = int(online.clock.now())
    answer = online.aws.call(
        "cloudwatch",
        "get_metric_data",
        MetricDataQueries=[
            {
                "Id": "used",
                "MetricStat": {
                    "Metric": {
                        "Namespace": metric["MetricNamespace"],
                        "MetricName": metric["MetricName"],
                        "Dimensions": dimensions,
                    },
                    "Period": USAGE_PERIOD,
                    "Stat": metric.get("MetricStatisticRecommendation", "Maximum"),
                },
            }
        ],
        StartTime=datetime.fromtimestamp(end - 3600, UTC),
        EndTime=datetime.fromtimestamp(end, UTC),
        ScanBy="TimestampDescending",
    )
    values = answer["MetricDataResults"][0]["Values"]
    return float(values[0]) if values else 0.0


# -- names


def taken(online: Online) -> Iterator[Answer]:
    if not online.version_given:
        return
    compiled = online.subject.compiled
    if online.stack_exists():
        message = f"there is a stack {compiled.full_name} already"
        yield Answer("warning", message, place=("SenzaInfo", "StackName"), hint="senza update changes it.")
        return
    for kind, name_of, known in (
        (CLASSIC, "LoadBalancerName", online.classic_balancers),
        (MODERN, "Name", lambda: tuple(item["LoadBalancerName"] for item in online.modern_balancers())),
        (TARGET_GROUP, "Name", online.target_groups),
    ):
        for resource in online.subject.of(kind):
            name = literal(resource.properties.get(name_of))
            if name and name in known():
                what = "target group" if kind == TARGET_GROUP else "load balancer"
                hint = "Delete it, or choose another name (NameSuffix)."
                yield Answer("error", f"there is a {what} {name} already", resource.id, (name_of,), hint=hint)
    yield from taken_records(online)


def taken_records(online: Online) -> Iterator[Answer]:
    by_zone = defaultdict(list)
    for resource in online.subject.of(RECORD):
        name = literal(resource.properties.get("Name")).rstrip(".").lower() + "."
        zone = online.account.zone_for(name)
        if zone and len(name) > 1:
            by_zone[zone].append((name, resource))
    for zone, wanted in by_zone.items():
        found = online.records(zone, (name for name, _ in wanted))
        for name, resource in wanted:
            yield from (
                conflict for record in found if record["Name"].lower() == name for conflict in clash(record, resource)
            )


def clash(record: dict[str, Any], resource: Resource) -> Iterator[Answer]:
    """Why Route 53 would refuse the record beside the one that is there."""
    kind, identifier = literal(resource.properties.get("Type")), literal(resource.properties.get("SetIdentifier"))
    name, there = record["Name"].rstrip("."), record.get("SetIdentifier", "")
    problem = ""
    if record["Type"] != kind:
        if "CNAME" in (record["Type"], kind):
            problem = f"{name} has a record of type {record['Type']}, and a CNAME stands alone"
    elif bool(there) != bool(identifier):
        problem = f"{name} has a record {'with' if there else 'without'} weights already, and cannot have both"
    elif there == identifier:
        problem = f"{name} has a record{f' of {there}' if there else ''} already"
    if problem:
        hint = "Remove it (senza doctor shows records of stacks that are gone), or choose another domain."
        yield Answer("error", problem, resource.id, ("Name",), ("Domains",), hint=hint)


# -- instance types, certificates


def offered(online: Online) -> Iterator[Answer]:
    members = list(fleets(online.subject))
    if not members:
        return
    known = online.offerings(fleet.type for fleet in members)
    for fleet in members:
        anywhere = {zone for kind, zone in known if kind == fleet.type}
        without = fleet.zones - anywhere
        path = ("LaunchTemplateData", "InstanceType")
        if not anywhere:
            message = f"{fleet.type} is not offered in {online.subject.region}"
            hint = "Choose another instance type, or another region."
            yield Answer("error" if fleet.alternatives == 1 else "warning", message, fleet.launcher, path, hint=hint)
        elif without:
            message = f"{fleet.type} is not offered in {', '.join(sorted(without))}"
            others = ", ".join(sorted(anywhere))
            hint = f"Leave the zones out (AvailabilityZones), or choose another type. This one is in {others}."
            fatal = without == fleet.zones and fleet.alternatives == 1
            yield Answer("error" if fatal else "warning", message, fleet.launcher, path, hint=hint)


def certified(online: Online) -> Iterator[Answer]:
    known: dict[str, Certificate] | None = None
    for balancer in online.subject.of(CLASSIC, MODERN):
        used = [
            arn
            for listener in listeners(online.subject, balancer)
            if listener.protocol in ENCRYPTED
            for arn in certificate_arns(listener.settings)
        ]
        domains = domains_of(online, balancer.id)
        if not used or not domains or not all(":acm:" in arn for arn in used):
            continue
        known = {item.arn: item for item in online.account.certificates()} if known is None else known
        names = [name for arn in used if arn in known for name in all_names(online, known[arn])]
        for domain in domains:
            if names and not any(covers(name, domain) for name in names):
                message = f"the certificate of {balancer.id} is for {', '.join(names[:3])}, not for {domain}"
                hint = "Request a certificate for it, or give another one as SSLCertificateId."
                yield Answer("error", message, balancer.id, words=("SSLCertificateId",), hint=hint)


def certificate_arns(settings: Any) -> list[str]:
    found = [settings.get("SSLCertificateId")]
    found += [mapping(item).get("CertificateArn") for item in entries(settings.get("Certificates"))]
    return [arn for arn in map(literal, found) if arn]


def all_names(online: Online, certificate: Certificate) -> tuple[str, ...]:
    if certificate.complete:
        return certificate.names
    return online.memo.get(("names", certificate.arn), lambda: look_up_names(online.aws, certificate.arn))


def domains_of(online: Online, balancer: str) -> list[str]:
    """The names of the records that lead to a load balancer."""
    return sorted(
        literal(record.properties.get("Name")).rstrip(".")
        for record in online.subject.of(RECORD)
        if target(mapping(record.properties.get("AliasTarget")).get("DNSName")) == balancer
    )
