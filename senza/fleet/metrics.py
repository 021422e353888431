"""What CloudWatch knows about the load balancers of stacks, in one call per 500 figures.

The figures of a classic balancer are its own; those of a target group are of what its balancer sent to it, so that
versions that share a balancer are told apart. Network balancers see connections and no requests: of them only the
healthy hosts are known. See "CloudWatch metrics for your Classic/Application/Network Load Balancer" in the ELB guides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from senza.aws import Aws
from senza.fleet.balancers import Group, groups_of

PERIOD = 60
"""Seconds per data point, the finest that load balancers report."""
WINDOW = 300
"""Seconds that are looked at."""
DELAY = 60
"""Seconds until now that are left out, as their figures may still be on the way."""
QUERIES = 500
"""Queries per call (GetMetricData in the CloudWatch API reference)."""

Metric = tuple[str, str]
"""Metric name and statistic."""

NAMES: dict[str, dict[str, Metric]] = {
    "AWS/ELB": {
        "requests": ("RequestCount", "Sum"),
        "4xx": ("HTTPCode_Backend_4XX", "Sum"),
        "5xx": ("HTTPCode_Backend_5XX", "Sum"),
        "seconds": ("Latency", "Sum"),
        "timed": ("Latency", "SampleCount"),
        "healthy": ("HealthyHostCount", "Average"),
    },
    "AWS/ApplicationELB": {
        "requests": ("RequestCount", "Sum"),
        "4xx": ("HTTPCode_Target_4XX_Count", "Sum"),
        "5xx": ("HTTPCode_Target_5XX_Count", "Sum"),
        "seconds": ("TargetResponseTime", "Sum"),
        "timed": ("TargetResponseTime", "SampleCount"),
        "healthy": ("HealthyHostCount", "Average"),
    },
    "AWS/NetworkELB": {"healthy": ("HealthyHostCount", "Average")},
}
KINDS = {"app": "AWS/ApplicationELB", "net": "AWS/NetworkELB"}
"""How the name of a v2 balancer in its ARN begins → namespace of its metrics."""


@dataclass(frozen=True)
class Source:
    """What CloudWatch keeps figures of: a namespace, and dimensions as pairs."""

    namespace: str
    dimensions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Figures:
    """Of the last five full minutes but one. None where there is no figure: no balancer, or no requests.

    healthy_hosts: of several balancers the least, as a host counts when all of them send it traffic. Latency is the
    mean over all requests, in milliseconds; percentages are of the requests.
    """

    healthy_hosts: int | None = None
    requests_per_sec: float | None = None
    percent_4xx: float | None = None
    percent_5xx: float | None = None
    latency_ms: float | None = None


def figures(aws: Aws, stacks: Sequence[str], now: float) -> dict[str, Figures]:
    """The figures of the stacks of these full names, for those that have a balancer. now: seconds since the epoch."""
    groups = [group for group in groups_of(aws, stacks) if group.classic or group.target_groups]
    modern = namespaces(aws) if any(group.target_groups for group in groups) else {}
    sources: dict[str, list[Source]] = {}
    hosts: dict[str, int] = {}
    for group in groups:
        found = sources.setdefault(group.stack, [])
        found += [source for source in sources_of(group, modern) if source not in found]
        hosts[group.stack] = hosts.get(group.stack, 0) + len(group.in_service)
    values = look_up(aws, {source for found in sources.values() for source in found}, now)
    return {stack: summed([values[source] for source in found], hosts[stack]) for stack, found in sources.items()}


def namespaces(aws: Aws) -> dict[str, list[Source]]:
    """Where the metrics of each target group are, by its ARN: one for each balancer that uses it."""
    found = aws.pages("elbv2", "describe_target_groups", "TargetGroups", PaginationConfig={"PageSize": 400})
    return {
        group["TargetGroupArn"]: [
            Source(KINDS[kind], (("LoadBalancer", name), ("TargetGroup", group["TargetGroupArn"].rpartition(":")[2])))
            for name in (arn.partition(":loadbalancer/")[2] for arn in group.get("LoadBalancerArns", ()))
            if (kind := name.partition("/")[0]) in KINDS
        ]
        for group in found
    }


def sources_of(group: Group, modern: Mapping[str, Sequence[Source]]) -> list[Source]:
    classic = [Source("AWS/ELB", (("LoadBalancerName", name),)) for name in group.classic]
    return classic + [source for arn in group.target_groups for source in modern.get(arn, ())]


def look_up(aws: Aws, sources: Iterable[Source], now: float) -> dict[Source, dict[str, list[float]]]:
    """The values of each figure of each source, oldest first."""
    end = (int(now) - DELAY) // PERIOD * PERIOD
    keys: dict[str, tuple[Source, str]] = {}
    queries = []
    for source in sorted(sources, key=lambda source: (source.namespace, source.dimensions)):
        for figure in NAMES[source.namespace]:
            query_id = f"q{len(keys)}"
            keys[query_id] = (source, figure)
            queries.append(query(query_id, source, *NAMES[source.namespace][figure]))
    jobs: dict[int, Callable[[], list[Any]]] = {
        start: partial(results, aws, queries[start : start + QUERIES], end) for start in range(0, len(queries), QUERIES)
    }
    values: dict[Source, dict[str, list[float]]] = {source: {} for source, _ in keys.values()}
    for answer in aws.parallel(jobs).values():
        for item in answer:
            source, figure = keys[item["Id"]]
            values[source].setdefault(figure, []).extend(item["Values"])
    return values


def query(query_id: str, source: Source, metric: str, statistic: str) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in source.dimensions]
    named = {"Namespace": source.namespace, "MetricName": metric, "Dimensions": dimensions}
    return {"Id": query_id, "MetricStat": {"Metric": named, "Period": PERIOD, "Stat": statistic}}


def results(aws: Aws, queries: Sequence[Mapping[str, Any]], end: int) -> list[Any]:
    return list(
        aws.pages(
            "cloudwatch",
            "get_metric_data",
            "MetricDataResults",
            MetricDataQueries=list(queries),
            StartTime=datetime.fromtimestamp(end - WINDOW, UTC),
            EndTime=datetime.fromtimestamp(end, UTC),
            ScanBy="TimestampAscending",
        )
    )


def summed(values: Sequence[Mapping[str, Sequence[float]]], in_service: int) -> Figures:
    """One row from the figures of all balancers of a stack.

    in_service: how many instances the groups hold to be healthy, for new balancers of which CloudWatch knows nothing.
    """

    def total(figure: str) -> float:
        return sum(sum(one.get(figure, ())) for one in values)

    healthy = [round(one["healthy"][-1]) for one in values if one.get("healthy")]
    requests, timed = total("requests"), total("timed")
    return Figures(
        healthy_hosts=min(healthy) if healthy else in_service,
        requests_per_sec=round(requests / WINDOW, 2) if requests else None,
        percent_4xx=round(100 * total("4xx") / requests, 2) if requests else None,
        percent_5xx=round(100 * total("5xx") / requests, 2) if requests else None,
        latency_ms=round(1000 * total("seconds") / timed, 1) if timed else None,
    )
