"""The built-in gates: what load balancers tell of a version, minute by minute.

See "CloudWatch metrics for your Classic/Application/Network Load Balancer" in the ELB guides. An error is a 5xx of a
target, and one that the balancer itself gives because it reaches no target; an application balancer counts the latter
only as a whole, so they count where the stack has it for itself. Of one that is shared with others, connections to
targets that failed count instead, which are told by target group. CloudWatch reports nothing for no errors, so where
there were requests and no figure of errors there were none. A network balancer sees connections and no requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from senza.fleet.metrics import Source
from senza.rollout.metrics.cloudwatch import Answers, Points, Unknown
from senza.rollout.metrics.targets import Balancers
from senza.rollout.model import BuiltIn, Metric, Minute


@dataclass(frozen=True)
class Names:
    """What a kind of balancer calls the metrics that tell versions apart; "" where it has none."""

    requests: str = ""
    errors: tuple[str, ...] = ()
    latency: str = ""
    healthy: str = "HealthyHostCount"
    unhealthy: str = "UnHealthyHostCount"


NAMES: Mapping[str, Names] = {
    "AWS/ELB": Names("RequestCount", ("HTTPCode_Backend_5XX", "HTTPCode_ELB_5XX"), "Latency"),
    "AWS/ApplicationELB": Names("RequestCount", ("HTTPCode_Target_5XX_Count",), "TargetResponseTime"),
    "AWS/NetworkELB": Names(),
}
OWN_ERRORS = {"AWS/ApplicationELB": "HTTPCode_ELB_5XX_Count"}
SHARED_ERRORS = {"AWS/ApplicationELB": "TargetConnectionErrorCount"}
"""Per target group: the balancer could not connect to a target, which is a 502 or 504 for who asked."""
OWN_CONNECTIONS = {"AWS/NetworkELB": "NewFlowCount"}
PERCENTILES = {BuiltIn.P50: "p50", BuiltIn.P99: "p99"}


def metric(source: Source, name: str, statistic: str) -> Metric:
    return Metric(source.namespace, name, statistic, source.dimensions)


def requests_of(of: Balancers) -> list[Metric]:
    """The counts of requests of a version; of connections where it has only network balancers."""
    counted = [metric(one, name, "Sum") for one in of.sources if (name := NAMES[one.namespace].requests) != ""]
    flows = [metric(one, name, "Sum") for one in of.own if (name := OWN_CONNECTIONS.get(one.namespace, "")) != ""]
    return counted or flows


def errors_of(of: Balancers) -> list[Metric]:
    named = [(one, name) for one in of.sources for name in NAMES[one.namespace].errors]
    named += [(one, OWN_ERRORS.get(one.namespace, "")) for one in of.own]
    named += [(one, SHARED_ERRORS.get(one.namespace, "")) for one in of.shared]
    return [metric(one, name, "Sum") for one, name in named if name]


def latencies_of(of: Balancers, gate: BuiltIn) -> list[tuple[Metric, Metric]]:
    """Latency and requests of each balancer that measures it."""
    return [
        (metric(one, names.latency, PERCENTILES[gate]), metric(one, names.requests, "Sum"))
        for one in of.sources
        if (names := NAMES[one.namespace]).latency
    ]


def hosts_of(of: Balancers) -> list[tuple[Metric, Metric]]:
    """Healthy and unhealthy hosts of each balancer."""
    return [
        (metric(one, names.healthy, "Average"), metric(one, names.unhealthy, "Average"))
        for one in of.sources
        if (names := NAMES[one.namespace])
    ]


def questions(gate: BuiltIn, of: Balancers) -> list[Metric]:
    """What has to be asked for a gate; nothing where the version's balancers cannot tell."""
    match gate:
        case BuiltIn.ERRORS:
            return [*requests_of(of), *errors_of(of)] if errors_of(of) else []
        case BuiltIn.HOSTS:
            return [one for pair in hosts_of(of) for one in pair]
    return [one for pair in latencies_of(of, gate) for one in pair]


def minutes(gate: BuiltIn, of: Balancers, answers: Answers) -> tuple[Minute, ...] | Unknown:
    """The minutes of one version for a gate."""
    for question in questions(gate, of):
        answer = answers[question]
        if isinstance(answer, Unknown):
            return answer
    read: Reader = lambda one: points(answers, one)  # noqa: E731 - typed
    match gate:
        case BuiltIn.ERRORS:
            return tuple(errors(summed(map(read, requests_of(of))), summed(map(read, errors_of(of)))))
        case BuiltIn.HOSTS:
            return tuple(healthy([(read(good), read(bad)) for good, bad in hosts_of(of)]))
    return tuple(slowness([(read(slow), read(count)) for slow, count in latencies_of(of, gate)]))


Reader = Callable[[Metric], Points]


def points(answers: Answers, one: Metric) -> Points:
    """Nothing where it is not known."""
    answer = answers.get(one, {})
    return {} if isinstance(answer, Unknown) else answer


def counted(of: Balancers, answers: Answers) -> tuple[Minute, ...]:
    """Requests of a version, minute by minute."""
    total = summed(points(answers, one) for one in requests_of(of))
    return tuple(Minute(at, total[at]) for at in sorted(total))


def summed(series: Iterable[Points]) -> dict[int, float]:
    total: dict[int, float] = {}
    for one in series:
        for at, value in one.items():
            total[at] = total.get(at, 0.0) + value
    return total


def errors(requests: Points, failed: Points) -> Iterator[Minute]:
    """A request that reached no target may be missing in the count of requests, so that is at least the errors."""
    for at in sorted({*requests, *failed}):
        bad = failed.get(at, 0.0)
        if count := max(requests.get(at, 0.0), bad):
            yield Minute(at, bad, count)


def healthy(pairs: Sequence[tuple[Points, Points]]) -> Iterator[Minute]:
    """Healthy of all that are registered; of several balancers the least, as a host serves when all of them send to it.

    Shares of one balancer's own figures, since a balancer without cross-zone balancing tells the mean of its zones.
    """
    shares: dict[int, float] = {}
    for good, bad in pairs:
        for at in {*good, *bad}:
            registered = good.get(at, 0.0) + bad.get(at, 0.0)
            share = good.get(at, 0.0) / registered if registered > 0 else 0.0
            shares[at] = min(share, shares.get(at, 1.0))
    yield from (Minute(at, share) for at, share in sorted(shares.items()))


def slowness(pairs: Sequence[tuple[Points, Points]]) -> Iterator[Minute]:
    """Seconds; of several balancers the mean, weighted by their requests of the minute."""
    for at in sorted({at for slow, _ in pairs for at in slow}):
        known = [(slow[at], count.get(at, 0.0)) for slow, count in pairs if at in slow]
        requests = sum(count for _, count in known)
        weights = [count if requests else 1.0 for _, count in known]
        mean = sum(value * weight for (value, _), weight in zip(known, weights, strict=True)) / sum(weights)
        yield Minute(at, mean, requests=requests or None)
