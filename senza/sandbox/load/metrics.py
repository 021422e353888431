"""What CloudWatch is told of a minute of requests to one version.

Names, dimensions, units and what is reported when, as in "CloudWatch metrics for your Classic Load Balancer", "…
Application Load Balancer", "… Network Load Balancer" and "List the available CloudWatch metrics for your instances".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from senza.sandbox.cloudwatch.data import Datum, Key
from senza.sandbox.load.chance import binomial, latencies, poisson
from senza.sandbox.load.settings import ERRORS, LATENCY, Load, of_version

CONNECT = 0.001
"""Seconds to connect to an instance: the latency of a listener that does not speak HTTP."""
BYTES = 20_000
"""Of a request and its answer."""
FLOW = 5.0
"""Seconds that a connection lasts."""
IDLE, PER_REQUEST, MOST = 4.0, 0.6, 100.0
"""CPU: percent without requests, percent for each request a second, and all of it."""

Report = tuple[Key, Datum]


@dataclass(frozen=True)
class Hosts:
    """What is registered somewhere. name: of the target group in CloudWatch, "" for a classic balancer."""

    name: str
    healthy: int
    unhealthy: int


@dataclass(frozen=True)
class Balancer:
    """kind: ``classic``, ``application`` or ``network``. name: as in CloudWatch. http: whether it speaks that.

    hosts: the version's. share: of the app's requests, where it has other versions behind it and a rule says so; None
    where it is the version's own.
    """

    kind: str
    name: str
    http: bool
    hosts: tuple[Hosts, ...]
    share: float | None = None

    @property
    def healthy(self) -> int:
        return sum(one.healthy for one in self.hosts)


@dataclass(frozen=True)
class Version:
    """A version of an app at a minute. share: of the app's requests, what DNS sends to balancers of its own.

    groups: instances in service by group's name.
    """

    name: str
    share: float
    balancers: tuple[Balancer, ...]
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def whole(self) -> float:
        """Its share of the app's requests, on all ways."""
        return self.share + sum(one.share or 0.0 for one in self.balancers)

    def through(self, balancer: Balancer) -> float:
        """The share of the app's requests that comes to it there; its own ones get equal parts."""
        own = sum(one.share is None for one in self.balancers)
        return self.share / own if balancer.share is None else balancer.share


@dataclass(frozen=True)
class Requests:
    """count: those that reached an instance. errors: those of them that it failed. spared: those nobody could take."""

    count: int
    errors: int
    spared: int
    times: list[tuple[float, float]]


def count(namespace: str, name: str, dimensions: dict[str, str], at: float, number: float) -> Iterator[Report]:
    """A metric that counts: one sample of 1 each; nothing where there was none."""
    if number:
        yield Key.of(namespace, name, dimensions), Datum.of(at, [(1.0, number)], "Count")


def gauge(
    namespace: str, name: str, dimensions: dict[str, str], at: float, value: float, unit: str = "Count"
) -> Report:
    return Key.of(namespace, name, dimensions), Datum.of(at, [(float(value), 1.0)], unit)


def requests_to(random: Random, load: Load, version: str, balancer: Balancer, mean: float) -> Requests:
    number = poisson(random, mean)
    if not balancer.healthy:
        return Requests(0, 0, number, [])
    errors = binomial(random, number, of_version(load.errors, version, ERRORS))
    median, delay = of_version(load.latency, version, LATENCY), of_version(load.delay, version, 0.0)
    times = latencies(random, number, median, delay) if balancer.http else latencies(random, number, CONNECT)
    return Requests(number, errors, 0, times)


def classic(balancer: Balancer, at: float, got: Requests) -> Iterator[Report]:
    where, here = "AWS/ELB", {"LoadBalancerName": balancer.name}
    (hosts,) = balancer.hosts
    if hosts.healthy + hosts.unhealthy:
        yield gauge(where, "HealthyHostCount", here, at, hosts.healthy)
        yield gauge(where, "UnHealthyHostCount", here, at, hosts.unhealthy)
    yield from count(where, "RequestCount", here, at, got.count)
    if got.times:
        yield Key.of(where, "Latency", here), Datum.of(at, got.times, "Seconds")
    if balancer.http:
        yield from count(where, "HTTPCode_Backend_2XX", here, at, got.count - got.errors)
        yield from count(where, "HTTPCode_Backend_5XX", here, at, got.errors)
        yield from count(where, "HTTPCode_ELB_5XX", here, at, got.spared)


def application(random: Random, balancer: Balancer, at: float, got: Requests) -> Iterator[Report]:
    """Of the balancer, and of each target group in it; several groups share the requests equally.

    What is told of a shared balancer as a whole adds up over all versions and apps behind it.
    """
    where, whole = "AWS/ApplicationELB", {"LoadBalancer": balancer.name}
    yield from count(where, "HTTPCode_ELB_5XX_Count", whole, at, got.spared)
    yield from count(where, "HTTPCode_ELB_503_Count", whole, at, got.spared)
    yield from responses(where, whole, at, got)
    taking = [one for one in balancer.hosts if one.healthy]
    for hosts in balancer.hosts:
        here = whole | {"TargetGroup": hosts.name}
        yield gauge(where, "HealthyHostCount", here, at, hosts.healthy)
        yield gauge(where, "UnHealthyHostCount", here, at, hosts.unhealthy)
        if hosts not in taking:
            continue
        share = 1 / (len(taking) - taking.index(hosts))
        times = [(value, number * share) for value, number in got.times]
        part = Requests(round(got.count * share), round(got.errors * share), 0, times)
        rest = [(value, number * (1 - share)) for value, number in got.times]
        got = Requests(got.count - part.count, got.errors - part.errors, 0, rest)
        yield from responses(where, here, at, part)
        if part.count:
            each = part.count / hosts.healthy
            for dimensions in ({"TargetGroup": hosts.name}, here):
                yield gauge(where, "RequestCountPerTarget", dimensions, at, each)


def responses(where: str, dimensions: dict[str, str], at: float, got: Requests) -> Iterator[Report]:
    yield from count(where, "RequestCount", dimensions, at, got.count)
    yield from count(where, "HTTPCode_Target_2XX_Count", dimensions, at, got.count - got.errors)
    yield from count(where, "HTTPCode_Target_5XX_Count", dimensions, at, got.errors)
    if got.count:
        yield Key.of(where, "TargetResponseTime", dimensions), Datum.of(at, got.times, "Seconds")


def network(balancer: Balancer, at: float, got: Requests) -> Iterator[Report]:
    where, whole = "AWS/NetworkELB", {"LoadBalancer": balancer.name}
    yield gauge(where, "ActiveFlowCount", whole, at, round(got.count * FLOW / 60))
    yield gauge(where, "NewFlowCount", whole, at, got.count)
    yield gauge(where, "ProcessedBytes", whole, at, got.count * BYTES, "Bytes")
    for hosts in balancer.hosts:
        here = whole | {"TargetGroup": hosts.name}
        yield gauge(where, "HealthyHostCount", here, at, hosts.healthy)
        yield gauge(where, "UnHealthyHostCount", here, at, hosts.unhealthy)


def processors(random: Random, version: Version, at: float, got: int, seconds: float) -> Iterator[Report]:
    """CPUUtilization of each instance and of the group, as with detailed monitoring: every minute."""
    instances = sum(len(members) for _, members in version.groups)
    for group, members in version.groups:
        busy = IDLE + PER_REQUEST * got / seconds / instances if instances else 0.0
        values = [min(MOST, max(0.1, random.gauss(busy, 0.1 * busy))) for _ in members]
        for member, value in zip(members, values, strict=True):
            yield gauge("AWS/EC2", "CPUUtilization", {"InstanceId": member}, at, value, "Percent")
        if values:
            key = Key.of("AWS/EC2", "CPUUtilization", {"AutoScalingGroupName": group})
            yield key, Datum.of(at, [(value, 1.0) for value in values], "Percent")


def own(random: Random, app: str, load: Load, version: str, at: float, visits: int) -> Iterator[Report]:
    """Namespace APP, dimension StackVersion: of ``conversion`` the share in that minute, and ``Conversions``."""
    here = {"StackVersion": version}
    if not load.metrics or not visits:
        return
    yield gauge(app, "Visits", here, at, visits)
    for name, by_version in load.metrics.items():
        if version not in by_version and "*" not in by_version:
            continue
        counted = binomial(random, visits, of_version(by_version, version, 0.0))
        yield gauge(app, name, here, at, counted / visits, "None")
        yield gauge(app, f"{name[0].upper()}{name[1:]}s", here, at, counted)


def reports(app: str, load: Load, version: Version, at: float, seconds: float, index: int) -> Iterator[Report]:
    """All that is reported of one version.

    at: the beginning of the minute. seconds: how much of it had load. index: the number of the minute, from which,
    with seed and version, all chance follows.
    """
    random = Random(f"{load.seed} {index} {version.name}")  # noqa: S311 - no secret
    mean = load.requests * seconds / 60
    total, visits = 0, 0
    for balancer in version.balancers:
        got = requests_to(random, load, version.name, balancer, mean * version.through(balancer))
        total, visits = total + got.count, visits + got.count - got.errors
        match balancer.kind:
            case "classic":
                yield from classic(balancer, at, got)
            case "application":
                yield from application(random, balancer, at, got)
            case _:
                yield from network(balancer, at, got)
    if not version.balancers:
        total = poisson(random, mean * version.share)
        visits = total - binomial(random, total, of_version(load.errors, version.name, ERRORS))
    yield from processors(random, version, at, total, seconds)
    yield from own(random, app, load, version.name, at, visits)
