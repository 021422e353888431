"""Load: the metrics that requests would cause at the weights of each minute."""

from __future__ import annotations

import statistics
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.aws import Aws
from senza.errors import UsageError
from senza.sandbox.embedded import EmbeddedSandbox
from senza.sandbox.load import chance
from senza.sandbox.load.metrics import Balancer, Hosts, Version, reports
from senza.sandbox.load.routes import lagging, owned_sets, shares_of
from senza.sandbox.load.settings import Load
from senza.sandbox.load.syntax import load_of
from senza.sandbox.route53 import Record
from tests.sandbox.stacks import Stacks, record
from tests.sandbox.test_services import balancer, group, launch, modern

HTTP = {"LoadBalancerPort": "443", "InstancePort": "8080", "Protocol": "HTTPS"}
ELB = "AWS/ELB"


class App:
    """An app ``app`` whose versions have a classic balancer, three instances and a weighted record."""

    def __init__(self, stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws) -> None:
        self.stacks, self.sandbox, self.aws = stacks, sandbox, aws

    @property
    def subnets(self) -> list[str]:
        found = self.sandbox.values["subnets"]
        return [found[f"internal-eu-central-1{zone}"] for zone in "abc"]

    def create(self, version: str, weight: int, **listener: str) -> None:
        name = f"app-{version}"
        target = {
            "HostedZoneId": {"Fn::GetAtt": ["Balancer", "CanonicalHostedZoneNameID"]},
            "DNSName": {"Fn::GetAtt": ["Balancer", "DNSName"]},
        }
        resources = {
            "Balancer": balancer(
                self.sandbox,
                self.subnets,
                LoadBalancerName=name,
                Listeners=[{**HTTP, "SSLCertificateId": self.sandbox.values["acm_arn"], **listener}],
            ),
            "Launch": launch(self.sandbox),
            "Group": group(self.subnets),
            "Record": record(name, weight, AliasTarget=target),
        }
        self.stacks.create(name, resources)
        assert self.stacks.status(name) == "CREATE_COMPLETE"

    def weigh(self, **weights: int) -> None:
        zone = self.sandbox.values["zone_ids"]["hello.example.org."]
        found = self.aws.pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone)
        changes = [
            {"Action": "UPSERT", "ResourceRecordSet": {**one, "Weight": weights[one["SetIdentifier"].replace("-", "")]}}
            for one in found
            if one.get("SetIdentifier", "").replace("-", "") in weights
        ]
        self.aws.call("route53", "change_resource_record_sets", HostedZoneId=zone, ChangeBatch={"Changes": changes})

    def values(self, namespace: str, name: str, stat: str = "Sum", minutes: int = 60, **dimensions: str) -> list[float]:
        """Minute by minute, oldest first."""
        given = [{"Name": key, "Value": value} for key, value in dimensions.items()]
        metric = {"Namespace": namespace, "MetricName": name, "Dimensions": given}
        query = {"Id": "q", "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}}
        now = self.sandbox.clock.now()
        answer = self.aws.call(
            "cloudwatch",
            "get_metric_data",
            MetricDataQueries=[query],
            StartTime=datetime.fromtimestamp(now - 60 * minutes, UTC),
            EndTime=datetime.fromtimestamp(now, UTC),
            ScanBy="TimestampAscending",
        )
        found: list[float] = answer["MetricDataResults"][0]["Values"]
        return found

    def elb(self, version: str, name: str, stat: str = "Sum") -> list[float]:
        return self.values(ELB, name, stat, LoadBalancerName=f"app-{version}")


@pytest.fixture
def app(stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws) -> App:
    return App(stacks, sandbox, aws)


def test_each_version_gets_what_its_weight_says(app: App, sandbox: EmbeddedSandbox) -> None:
    app.create("1", 190)
    app.create("2", 10)
    load = Load(
        5000, errors={"2": 0.05}, delay={"2": 0.1}, metrics={"conversion": {"*": 0.25, "2": 0.30}}, latency={"*": 0.08}
    )
    sandbox.load("app", load)
    sandbox.advance(600)
    old, new = app.elb("1", "RequestCount"), app.elb("2", "RequestCount")
    assert len(old) == len(new) == 10
    assert sum(old) == pytest.approx(47_500, rel=0.02)
    assert sum(new) == pytest.approx(2_500, rel=0.1)
    assert sum(app.elb("1", "HTTPCode_Backend_5XX")) / sum(old) == pytest.approx(0.001, abs=0.001)
    assert sum(app.elb("2", "HTTPCode_Backend_5XX")) / sum(new) == pytest.approx(0.05, rel=0.3)
    both = zip(app.elb("2", "HTTPCode_Backend_2XX"), app.elb("2", "HTTPCode_Backend_5XX"), strict=True)
    assert [sum(one) for one in both] == new
    for version, median in (("1", 0.08), ("2", 0.18)):
        assert statistics.fmean(app.elb(version, "Latency", "p50")) == pytest.approx(median, rel=0.05)
    assert statistics.fmean(app.elb("1", "Latency", "p99")) == pytest.approx(0.08 * 4.04, rel=0.05)
    assert app.elb("1", "HealthyHostCount", "Average") == [3] * 10
    converted = app.values("app", "Conversions", StackVersion="2"), app.values("app", "Visits", StackVersion="2")
    assert sum(converted[0]) / sum(converted[1]) == pytest.approx(0.30, abs=0.04)
    assert statistics.fmean(app.values("app", "conversion", "Average", StackVersion="1")) == pytest.approx(
        0.25, abs=0.01
    )
    busy = app.values("AWS/EC2", "CPUUtilization", "Average", AutoScalingGroupName=group_of(app, "app-1"))
    assert statistics.fmean(busy) == pytest.approx(4 + 0.6 * 4750 / 60 / 3, rel=0.1)


def group_of(app: App, stack: str) -> str:
    found = app.aws.call("cloudformation", "describe_stack_resource", StackName=stack, LogicalResourceId="Group")
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def test_weights_count_from_the_minute_in_which_they_change(app: App, sandbox: EmbeddedSandbox) -> None:
    app.create("1", 200)
    app.create("2", 0)
    sandbox.load("app", Load(1000))
    sandbox.advance(150)
    assert app.elb("2", "RequestCount") == []
    assert app.elb("2", "HealthyHostCount", "Average") == [3, 3]
    app.weigh(app1=0, app2=200)
    sandbox.advance(90)
    assert [len(app.elb(version, "RequestCount")) for version in "12"] == [2, 2]
    app.weigh(app1=0, app2=0)  # all alike
    sandbox.advance(60)
    assert app.elb("1", "RequestCount")[-1] == pytest.approx(app.elb("2", "RequestCount")[-1], rel=0.3)


def test_old_weights_linger_where_resolvers_lag(app: App, sandbox: EmbeddedSandbox) -> None:
    app.create("1", 200)
    app.create("2", 0)
    sandbox.load("app", Load(6000, lag=120))
    sandbox.advance(180)
    app.weigh(app1=0, app2=200)
    sandbox.advance(240)
    assert app.elb("1", "RequestCount")[3:] == pytest.approx([4000, 2000], rel=0.1)
    assert app.elb("2", "RequestCount")[:2] == pytest.approx([2000, 4000], rel=0.1)


def test_versions_come_and_go_under_load(app: App, sandbox: EmbeddedSandbox) -> None:
    sandbox.load("app", Load(1000))
    sandbox.advance(60)
    app.create("1", 100)
    sandbox.advance(60)
    app.create("2", 100)
    sandbox.advance(60)
    assert app.elb("1", "RequestCount") == pytest.approx([1000, 500], rel=0.2)
    app.stacks.delete("app-2")
    sandbox.advance(60)
    assert len(app.elb("2", "RequestCount")) == 1
    assert app.elb("1", "RequestCount")[-1] == pytest.approx(1000, rel=0.2)


def test_a_group_scaled_to_nothing_answers_nothing_but_503(app: App, sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.launch_seconds, sandbox.settings.healthy_seconds = 60, 60
    app.create("1", 100)
    sandbox.load("app", Load(1000))
    sandbox.advance(60)
    name = group_of(app, "app-1")

    def scale(size: int) -> None:
        sizes = {"MinSize": size, "MaxSize": max(size, 1), "DesiredCapacity": size}
        app.aws.call("autoscaling", "update_auto_scaling_group", AutoScalingGroupName=name, **sizes)

    sandbox.advance(60)
    scale(0)
    sandbox.advance(60)
    assert len(app.elb("1", "HTTPCode_ELB_5XX")) == 2  # starting, and gone
    assert len(app.elb("1", "RequestCount")) == 1
    scale(2)
    sandbox.advance(180)
    assert app.elb("1", "HealthyHostCount", "Average") == [0, 3, 0, 2, 2]
    assert app.elb("1", "UnHealthyHostCount", "Average")[2] == 2


@pytest.mark.parametrize(("kind", "namespace"), [("application", "AWS/ApplicationELB"), ("network", "AWS/NetworkELB")])
def test_target_groups_follow_the_size_of_their_group(
    app: App, sandbox: EmbeddedSandbox, kind: str, namespace: str
) -> None:
    sandbox.settings.launch_seconds, sandbox.settings.healthy_seconds = 60, 60
    target = {
        "HostedZoneId": {"Fn::GetAtt": ["Balancer", "CanonicalHostedZoneID"]},
        "DNSName": {"Fn::GetAtt": ["Balancer", "DNSName"]},
    }
    members = group(app.subnets, LoadBalancerNames=[], TargetGroupARNs=[{"Ref": "Target"}])
    rest = {"Launch": launch(sandbox), "Group": members, "Record": record("app-1", 100, AliasTarget=target)}
    app.stacks.create("app-1", modern(sandbox, app.subnets, kind, "1") | rest)
    assert app.stacks.status("app-1") == "CREATE_COMPLETE"
    sandbox.load("app", Load(600))
    name = group_of(app, "app-1")
    for size in (3, 5, 0, 1):
        sizes = {"MinSize": 0, "MaxSize": 5, "DesiredCapacity": size}
        app.aws.call("autoscaling", "update_auto_scaling_group", AutoScalingGroupName=name, **sizes)
        sandbox.advance(180)
    modern_ones = app.aws.call("elbv2", "describe_target_groups")["TargetGroups"][0]
    whole = {"LoadBalancer": modern_ones["LoadBalancerArns"][0].partition(":loadbalancer/")[2]}
    hosts = whole | {"TargetGroup": modern_ones["TargetGroupArn"].rpartition(":")[2]}
    assert app.values(namespace, "HealthyHostCount", "Average", **hosts) == [0, 3, 3, 3, 5, 5, 0, 0, 0, 0, 1, 1]
    if kind == "application":
        assert len(app.values(namespace, "HTTPCode_ELB_5XX_Count", **whole)) == 5
        each = app.values(namespace, "RequestCountPerTarget", **hosts)
        assert each == pytest.approx([200] * 3 + [120] * 2 + [600] * 2, rel=0.35)


def test_a_listener_that_speaks_no_http_counts_connections_only(app: App, sandbox: EmbeddedSandbox) -> None:
    app.create("1", 100, Protocol="TCP")
    sandbox.load("app", Load(1000, errors={"*": 0.5}))
    sandbox.advance(60)
    assert len(app.elb("1", "RequestCount")) == 1
    assert app.elb("1", "HTTPCode_Backend_5XX") == []
    assert app.elb("1", "Latency", "p50")[0] < 0.01


def test_load_ends_is_replaced_and_is_forgotten_by_a_reset(app: App, sandbox: EmbeddedSandbox) -> None:
    app.create("1", 100)
    sandbox.load("app", Load(1000))
    sandbox.load("app", Load(100))
    sandbox.load("other", Load(100))
    sandbox.advance(60)
    assert app.elb("1", "RequestCount") == pytest.approx([100], rel=0.5)
    for name in ("app", "other"):
        sandbox.stop_load(name)
    sandbox.advance(120)
    assert len(app.elb("1", "RequestCount")) == 1
    sandbox.load("app", Load(100))
    sandbox.reset()
    sandbox.advance(600)
    assert app.elb("1", "RequestCount") == []
    sandbox.load("app", Load(100))
    app.create("1", 100)
    sandbox.advance(60)
    assert len(app.elb("1", "RequestCount")) == 1


def test_the_seeded_ids_are_the_same_whatever_was_made_before(app: App, sandbox: EmbeddedSandbox) -> None:
    before = sandbox.values["subnets"]
    app.create("1", 100)  # the group among it: moto makes the network of a region for its sake
    sandbox.reset()
    assert sandbox.values["subnets"] == before


def test_a_day_of_it_is_kept(app: App, sandbox: EmbeddedSandbox) -> None:
    app.create("1", 100)
    sandbox.load("app", Load(10))
    sandbox.advance(600)
    sandbox.advance(10 * 86_400)
    assert len(app.values(ELB, "HealthyHostCount", minutes=2000, LoadBalancerName="app-1")) == 1440


def test_a_seed_gives_the_same_minutes_again(app: App, sandbox: EmbeddedSandbox) -> None:
    def minutes(seed: int) -> list[float]:
        app.create("1", 100)
        sandbox.load("app", Load(5000, seed=seed))
        sandbox.advance(180)
        found = app.elb("1", "RequestCount") + app.elb("1", "Latency", "p99")
        sandbox.reset()
        return found

    first = minutes(1)
    assert minutes(1) == first
    assert minutes(2) != first


def test_the_first_minute_counts_as_far_as_it_had_load(app: App, sandbox: EmbeddedSandbox) -> None:
    app.create("1", 100)
    sandbox.advance(45)
    sandbox.load("app", Load(4000))
    sandbox.advance(75)
    assert app.elb("1", "RequestCount") == pytest.approx([1000, 4000], rel=0.15)


# -- the other balancers


def reported(kind: str, *hosts: Hosts) -> dict[tuple[str, str, tuple[str, ...]], float]:
    """Sums by namespace, metric and names of dimensions, of a minute with 1200 requests."""
    version = Version("1", 1.0, (Balancer(kind, "app/x/1", kind != "network", hosts),))
    load = Load(1200, errors={"*": 0.5}, latency={"*": 0.2})
    found = reports("app", load, version, 0.0, 60.0, 0)
    return {(key.namespace, key.name, tuple(value for _, value in key.dimensions)): datum.total for key, datum in found}


def test_an_application_balancer_and_its_target_groups() -> None:
    found = reported("application", Hosts("targetgroup/a/1", 2, 1), Hosts("targetgroup/b/2", 0, 1))
    whole, a, b = ("app/x/1",), ("app/x/1", "targetgroup/a/1"), ("app/x/1", "targetgroup/b/2")

    def of(name: str, dimensions: tuple[str, ...]) -> float | None:
        return found.get(("AWS/ApplicationELB", name, dimensions))

    requests = of("RequestCount", whole)
    assert requests == pytest.approx(1200, rel=0.15)
    assert of("RequestCount", a) == requests
    assert of("RequestCount", b) is None
    ok, failed = of("HTTPCode_Target_2XX_Count", whole), of("HTTPCode_Target_5XX_Count", whole)
    assert ok is not None
    assert failed is not None
    assert ok + failed == requests
    assert [of("HealthyHostCount", one) for one in (whole, a, b)] == [None, 2, 0]
    assert of("RequestCountPerTarget", a[1:]) == requests / 2
    assert (of("TargetResponseTime", a) or 0) / requests == pytest.approx(0.2 * 1.197, rel=0.1)


def test_a_network_balancer_counts_flows() -> None:
    found = reported("network", Hosts("targetgroup/a/1", 2, 0))
    assert {name for _, name, _ in found} == {
        *("ActiveFlowCount", "NewFlowCount", "ProcessedBytes", "HealthyHostCount", "UnHealthyHostCount"),
    }
    assert found["AWS/NetworkELB", "NewFlowCount", ("app/x/1",)] == pytest.approx(1200, rel=0.15)


def test_a_balancer_without_instances_passes_nothing_on() -> None:
    found = reported("application", Hosts("targetgroup/a/1", 0, 1))
    assert {name for _, name, _ in found} == {
        *("HTTPCode_ELB_5XX_Count", "HTTPCode_ELB_503_Count", "HealthyHostCount", "UnHealthyHostCount"),
    }


# -- arithmetic


def weighted(name: str, identifier: str, weight: int) -> Record:
    values = (f"{identifier}.elb.example.org",)
    return Record(name, "CNAME", identifier, weight, 20, values, None)


def test_shares_of_several_domains_and_of_foreign_records() -> None:
    records = [
        weighted("a.", "app-1", 30),
        weighted("a.", "elsewhere", 10),
        weighted("b.", "app-1", 0),
        weighted("b.", "app-2", 0),
        weighted("c.", "elsewhere", 100),
    ]
    names = {"app-1": "1", "app-2": "2"}
    sets = owned_sets(records, names)
    assert shares_of(sets, names, len(sets)) == ({"1": (0.75 + 0.5) / 2, "2": 0.25}, {})
    led = {("app-1.elb.example.org", "a"): 0.375}
    assert shares_of(sets, names, len(sets), [*led]) == ({"1": 0.25, "2": 0.25}, led), "a balancer that is shared"


@given(st.lists(st.integers(0, 255), min_size=1, max_size=6))
def test_shares_add_up_to_one(weights: list[int]) -> None:
    records = [weighted("a.", f"app-{number}", weight) for number, weight in enumerate(weights)]
    names = {one.identifier or "": one.identifier or "" for one in records}
    shares, _ = shares_of(owned_sets(records, names), names, 1)
    assert sum(shares.values()) == pytest.approx(1)
    assert lagging([Version(name, share, ()) for name, share in shares.items()], []) == [
        Version(name, share, ()) for name, share in shares.items()
    ]


@pytest.mark.parametrize(("n", "p"), [(40, 0.3), (5000, 0.001), (5000, 0.4), (100_000, 0.99)])
def test_binomial_counts_have_their_mean_and_spread(n: int, p: float) -> None:
    random = Random(1)
    found = [chance.binomial(random, n, p) for _ in range(2000)]
    assert statistics.fmean(found) == pytest.approx(n * p, abs=5 * (n * p * (1 - p) / 2000) ** 0.5)
    assert statistics.variance(found) == pytest.approx(n * p * (1 - p), rel=0.2)
    assert 0 <= min(found) <= max(found) <= n


@pytest.mark.parametrize("mean", [0.2, 7.0, 4000.0])
def test_poisson_counts_have_their_mean_and_spread(mean: float) -> None:
    random = Random(1)
    found = [chance.poisson(random, mean) for _ in range(2000)]
    assert statistics.fmean(found) == pytest.approx(mean, abs=5 * (mean / 2000) ** 0.5)
    assert statistics.variance(found) == pytest.approx(mean, rel=0.2)


@pytest.mark.parametrize("n", [200, 20_000])
def test_latencies_are_as_many_as_requests_and_distributed_alike(n: int) -> None:
    random = Random(1)
    tries = [chance.latencies(random, n, 0.1, 0.05) for _ in range(20)]
    assert {sum(times for _, times in one) for one in tries} == {n}
    mean = statistics.fmean(sum(value * times for value, times in one) / n for one in tries)
    assert mean == pytest.approx(0.05 + 0.1 * 1.1972, rel=0.02)


# -- the command line's words


def words(**given: Any) -> Load:
    texts = {"errors": [], "latency": [], "metrics": []} | {key: value for key, value in given.items() if key != "rate"}
    return load_of(given.get("rate", "60/m"), texts)


def test_what_the_options_mean() -> None:
    assert words(rate="80/s").requests == 4800
    assert words(errors=["0.5%", "2=5%"]).errors == {"*": 0.005, "2": 0.05}
    load = words(latency=["80ms", "2=+100ms", "3=+10%", "4=1.5s"])
    assert load.latency == pytest.approx({"*": 0.08, "3": 0.088, "4": 1.5})
    assert load.delay == {"2": 0.1}
    assert words(metrics=["conversion=25%", "2:conversion=30%"]).metrics == {"conversion": {"*": 0.25, "2": 0.3}}


@pytest.mark.parametrize(
    "given",
    [
        {"rate": "many"},
        {"errors": ["5"]},
        {"errors": ["=5%"]},
        {"errors": ["101%"]},
        {"latency": ["100"]},
        {"latency": ["2=+x%"]},
        {"metrics": ["25%"]},
        {"metrics": ["conversion=0.25"]},
        {"latency": ["0ms"]},
    ],
)
def test_options_that_make_no_sense_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        words(**given)
