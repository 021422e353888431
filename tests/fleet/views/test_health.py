"""``senza health``: figures of CloudWatch for every kind of balancer, in batches."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from senza.aws import Aws
from senza.clock import Clock
from senza.fleet.metrics import Figures, Source, look_up, summed
from senza.sandbox.embedded import EmbeddedSandbox
from tests.fleet.views.conftest import Fleet, Run, rows

KEYS = [
    *("stack_name", "version", "status", "healthy_hosts", "requests_per_sec"),
    *("4xx_percentage", "5xx_percentage", "latency_ms"),
]
ELB = {"requests": "RequestCount", "4xx": "HTTPCode_Backend_4XX", "5xx": "HTTPCode_Backend_5XX", "time": "Latency"}
ALB = {
    "requests": "RequestCount",
    "4xx": "HTTPCode_Target_4XX_Count",
    "5xx": "HTTPCode_Target_5XX_Count",
    "time": "TargetResponseTime",
}

Put = Callable[..., None]


@pytest.fixture
def put(sandbox: EmbeddedSandbox, clock: Clock) -> Put:
    """Puts one value, as of so many seconds ago."""

    def put(namespace: str, dimensions: dict[str, str], name: str, value: float, ago: float = 200) -> None:
        sandbox.report(namespace, name, dimensions, value, at=clock.now() - ago)

    return put


def target_dimensions(aws: Aws, name: str) -> dict[str, str]:
    group = aws.call("elbv2", "describe_target_groups", Names=[name])["TargetGroups"][0]
    return {
        "LoadBalancer": group["LoadBalancerArns"][0].partition(":loadbalancer/")[2],
        "TargetGroup": group["TargetGroupArn"].rpartition(":")[2],
    }


def fill(put: Put, namespace: str, dimensions: dict[str, str], names: dict[str, str]) -> None:
    """600 requests in two minutes, of them 60 with 4xx and 6 with 5xx, each of 0.25 or 0.75 s."""
    for ago, seconds in ((130, 0.25), (200, 0.75)):
        put(namespace, dimensions, names["requests"], 300, ago)
        put(namespace, dimensions, names["4xx"], 30, ago)
        put(namespace, dimensions, names["5xx"], 3, ago)
        put(namespace, dimensions, names["time"], seconds, ago)
        put(namespace, dimensions, "HealthyHostCount", 2, ago)


WELL = [2, 2.0, 10.0, 1.0, 500.0]


def test_a_classic_balancer(fleet: Fleet, run: Run, put: Put) -> None:
    fleet.create("shop-1", ["classic"], instances=3)
    fill(put, "AWS/ELB", {"LoadBalancerName": "shop-1"}, ELB)
    (row,) = rows(run("health", "shop", "-o", "json"))
    assert list(row) == KEYS
    assert list(row.values()) == ["shop", "1", "CREATE_COMPLETE", *WELL]


def test_an_application_balancer(fleet: Fleet, run: Run, put: Put, aws: Aws) -> None:
    fleet.create("shop-1", ["application"], instances=3)
    fill(put, "AWS/ApplicationELB", target_dimensions(aws, "shop-1-app"), ALB)
    (row,) = rows(run("health", "-o", "json"))
    assert list(row.values())[3:] == WELL


def test_a_network_balancer_counts_no_requests(fleet: Fleet, run: Run, put: Put, aws: Aws) -> None:
    fleet.create("shop-1", ["network"], instances=3)
    put("AWS/NetworkELB", target_dimensions(aws, "shop-1-net"), "HealthyHostCount", 1)
    (row,) = rows(run("health", "-o", "json"))
    assert list(row.values())[3:] == [1, None, None, None, None]


def test_without_figures_the_groups_tell_who_is_healthy(fleet: Fleet, run: Run) -> None:
    fleet.create("shop-1", ["classic"], instances=2)
    fleet.create("shop-2", [], instances=2)
    found = [list(row.values())[3:] for row in rows(run("health", "-o", "json"))]
    assert found == [[2, None, None, None, None], [None] * 5]


def test_what_is_too_old_or_too_new_does_not_count(fleet: Fleet, run: Run, put: Put) -> None:
    fleet.create("shop-1", ["classic"])
    for ago in (30, 59, 61, 359, 361, 1000):
        put("AWS/ELB", {"LoadBalancerName": "shop-1"}, "RequestCount", 300, ago)
    (row,) = rows(run("health", "-o", "json"))
    assert row["requests_per_sec"] == 2.0


def test_all_shows_deleted_stacks_without_figures(fleet: Fleet, run: Run) -> None:
    fleet.create("shop-1", ["classic"])
    fleet.aws.call("cloudformation", "delete_stack", StackName="shop-1")
    assert rows(run("health", "-o", "json")) == []
    (row,) = rows(run("health", "--all", "-o", "json"))
    assert list(row.values())[2:] == ["DELETE_COMPLETE", None, None, None, None, None]


@pytest.mark.parametrize(("balancers", "groups"), [(["classic"], 0), (["application"], 1), (["classic", "network"], 1)])
def test_two_versions_cost_three_calls_or_four(fleet: Fleet, run: Run, balancers: list[str], groups: int) -> None:
    for version in "12":
        fleet.create(f"shop-{version}", balancers)
    assert fleet.counted(lambda: run("health", "shop")) == [
        "autoscaling:DescribeAutoScalingGroups",
        "cloudformation:ListStacks",
        "cloudwatch:GetMetricData",
        *["elbv2:DescribeTargetGroups"] * groups,
    ]


@pytest.mark.parametrize(("sources", "calls"), [(83, 1), (84, 2), (200, 3)])
def test_500_figures_are_one_call(aws: Aws, clock: Clock, sources: int, calls: int) -> None:
    wanted = {Source("AWS/ELB", (("LoadBalancerName", f"balancer-{number}"),)) for number in range(sources)}
    assert set(look_up(aws, wanted, clock.now())) == wanted
    assert [str(call) for call in aws.calls] == ["cloudwatch:GetMetricData"] * calls


def test_several_balancers_are_one_row() -> None:
    busy = {"requests": [900.0], "4xx": [9.0], "5xx": [0.0], "seconds": [90.0], "timed": [900.0], "healthy": [3.0, 2.0]}
    calm = {"requests": [100.0], "5xx": [10.0], "seconds": [40.0], "timed": [100.0], "healthy": [3.0]}
    assert summed([busy, calm], 3) == Figures(2, 3.33, 0.9, 1.0, 130.0)
    assert summed([{}, {}], 3) == Figures(3)


def test_a_missing_stack_is_an_error(run: Run) -> None:
    result = run("health", "shop", "1")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "there is no stack shop 1" in result.stderr
