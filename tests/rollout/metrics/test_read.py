"""What a look sees: one call for all gates and both versions, and a reason for whatever cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import urllib3

from senza.aws import Aws
from senza.clock import Clock
from senza.errors import AwsError
from senza.rollout.metrics import Look, Side, Targets, find_targets, read
from senza.rollout.model import (
    DEFAULT_GATES,
    Alarm,
    Better,
    BuiltIn,
    Evidence,
    Gate,
    Metric,
    MetricMath,
    Minute,
)
from senza.sandbox.embedded import EmbeddedSandbox
from tests.fleet.views.conftest import Fleet
from tests.rollout.metrics.conftest import NEW, OLD, Put

ERRORS, P50, P99, HOSTS = (gate.name for gate in DEFAULT_GATES)
Reads = Callable[..., Look]


@pytest.fixture
def start(clock: Clock) -> int:
    """The beginning of the first minute."""
    return int(clock.now()) // 60 * 60


@pytest.fixture
def look(aws: Aws, start: int, web: urllib3.PoolManager) -> Reads:
    """Reads four minutes from the start on."""

    def look(
        gates: Sequence[Gate] = DEFAULT_GATES, old: Side | None = OLD, *, targets: Targets | None = None, **more: float
    ) -> Look:
        known = targets or find_targets(aws, [side.stack for side in (NEW, old) if side])
        return read(aws, known, gates, NEW, old, more.get("start", start), more.get("end", start + 240.0), web=web)

    return look


def at(start: int, minute: int, value: float, of: float | None = None, requests: float | None = None) -> Minute:
    near: Any = pytest.approx(value)
    return Minute(start + 60 * minute, near, of, requests)


def fill(put: Put, stack: str, requests: float, errors: float, latency: float) -> None:
    """The figures of a classic balancer: requests in the minutes 0, 1 and 3, errors in 1 only."""
    here = {"LoadBalancerName": stack}
    put("AWS/ELB", "RequestCount", here, {-1: 9, 0: requests, 1: requests, 3: requests, 4: 9})
    put("AWS/ELB", "HTTPCode_Backend_5XX", here, {1: errors})
    put("AWS/ELB", "Latency", here, {0: latency, 1: 2 * latency, 3: latency})
    put("AWS/ELB", "HealthyHostCount", here, {0: 2, 1: 1, 2: 2, 3: 2})
    put("AWS/ELB", "UnHealthyHostCount", here, {0: 0, 1: 1, 2: 0, 3: 0})


def test_classic_balancers_in_one_call(fleet: Fleet, put: Put, look: Reads, aws: Aws, start: int) -> None:
    for stack in ("shop-1", "shop-2"):
        fleet.create(stack, ["classic"], instances=2)
    fill(put, "shop-1", 950, 1, 0.1)
    fill(put, "shop-2", 50, 5, 0.2)
    targets = find_targets(aws, ["shop-2", "shop-1"])
    begun = len(aws.calls)
    found = look(targets=targets)
    assert [str(call) for call in aws.calls[begun:]] == ["cloudwatch:GetMetricData"]
    assert found.evidence[ERRORS] == Evidence(
        new=(at(start, 0, 0, 50), at(start, 1, 5, 50), at(start, 3, 0, 50)),
        old=(at(start, 0, 0, 950), at(start, 1, 1, 950), at(start, 3, 0, 950)),
    )
    assert found.evidence[P99].new == tuple(
        at(start, minute, value, requests=50) for minute, value in ((0, 0.2), (1, 0.4), (3, 0.2))
    )
    assert found.evidence[P50].old == tuple(
        at(start, minute, value, requests=950) for minute, value in ((0, 0.1), (1, 0.2), (3, 0.1))
    )
    assert [minute.value for minute in found.evidence[HOSTS].new] == [1, 0.5, 1, 1]
    assert {stack: [minute.value for minute in minutes] for stack, minutes in found.requests.items()} == {
        "shop-1": [950, 950, 950],
        "shop-2": [50, 50, 50],
    }
    assert found.inapplicable == {}


def test_only_whole_minutes(fleet: Fleet, put: Put, look: Reads, start: int) -> None:
    fleet.create("shop-2", ["classic"])
    fill(put, "shop-2", 50, 5, 0.2)
    found = look(old=None, start=start + 1, end=start + 119)
    assert [minute.at - start for minute in found.evidence[ERRORS].new] == []
    found = look(old=None, start=start + 1, end=start + 120)
    assert [minute.at - start for minute in found.evidence[ERRORS].new] == [60]
    assert found.evidence[ERRORS].old == ()
    assert look(start=start + 1, end=start + 59).evidence[ERRORS].unavailable == "no minute is over yet"


def test_versions_behind_one_application_balancer_are_told_apart(
    fleet: Fleet, put: Put, look: Reads, aws: Aws, start: int
) -> None:
    for stack in ("shop-1", "shop-2"):
        fleet.create(stack, ["application"])
    balancers = aws.call("elbv2", "describe_load_balancers")["LoadBalancers"]
    groups = aws.call("elbv2", "describe_target_groups")["TargetGroups"]
    for stack, requests in (("shop-1", 90), ("shop-2", 10)):
        (own,) = (one for one in balancers if one["LoadBalancerName"] == f"{stack}-app")
        (group,) = (one for one in groups if one["TargetGroupName"] == f"{stack}-app")
        whole = {"LoadBalancer": own["LoadBalancerArn"].partition(":loadbalancer/")[2]}
        here = whole | {"TargetGroup": group["TargetGroupArn"].rpartition(":")[2]}
        put("AWS/ApplicationELB", "RequestCount", here, {0: requests, 1: requests})
        put("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", here, {0: 1})
        put("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", whole, {0: 2, 2: 7})
        put("AWS/ApplicationELB", "TargetResponseTime", here, {0: 0.5})
        put("AWS/ApplicationELB", "HealthyHostCount", here, {0: 1})
    found = look()
    # nobody was there to take the requests of the third minute: they are errors, and count as requests
    assert found.evidence[ERRORS].new == (at(start, 0, 3, 10), at(start, 1, 0, 10), at(start, 2, 7, 7))
    assert found.evidence[ERRORS].old == (at(start, 0, 3, 90), at(start, 1, 0, 90), at(start, 2, 7, 7))
    assert found.evidence[P50].new == (at(start, 0, 0.5, requests=10),)
    assert found.evidence[HOSTS].new == (at(start, 0, 1),)


def test_several_balancers_of_a_version(fleet: Fleet, put: Put, look: Reads, start: int) -> None:
    second: dict[str, Any] = {"Second": fleet.classic("shop-2b")}
    fleet.create("shop-2", ["classic"], **second)
    for name, requests, latency in (("shop-2", 30, 0.1), ("shop-2b", 10, 0.5)):
        here = {"LoadBalancerName": name}
        put("AWS/ELB", "RequestCount", here, {0: requests})
        put("AWS/ELB", "HTTPCode_ELB_5XX", here, {0: 1})
        put("AWS/ELB", "Latency", here, {0: latency})
        put("AWS/ELB", "HealthyHostCount", here, {0: requests})
        put("AWS/ELB", "UnHealthyHostCount", here, {0: 10})
    found = look(old=None).evidence
    assert found[ERRORS].new == (at(start, 0, 2, 40),)
    assert found[P50].new == (at(start, 0, 0.2, requests=40),)  # 30 of 40 requests took 0.1 s, 10 took 0.5 s
    assert found[HOSTS].new == (at(start, 0, 0.5),)  # the worse of 30/40 and 10/20


def test_what_balancers_cannot_tell_is_said(fleet: Fleet, put: Put, look: Reads, aws: Aws, start: int) -> None:
    for stack in ("shop-1", "shop-2"):
        fleet.create(stack, ["network"])
    (own,) = aws.call("elbv2", "describe_load_balancers", Names=["shop-2-net"])["LoadBalancers"]
    whole = {"LoadBalancer": own["LoadBalancerArn"].partition(":loadbalancer/")[2]}
    put("AWS/NetworkELB", "NewFlowCount", whole, {0: 12})
    found = look()
    sees = "the load balancer of shop-2 sees connections and no requests"
    assert found.inapplicable == {ERRORS: sees, P50: sees, P99: sees}
    assert found.evidence[ERRORS].unavailable == sees
    assert found.requests["shop-2"] == (at(start, 0, 12),)
    assert found.evidence[HOSTS] == Evidence()


def test_versions_without_balancers(fleet: Fleet, look: Reads) -> None:
    fleet.create("shop-1", ["classic"])
    fleet.create("shop-2", [])
    found = look()
    assert found.evidence[HOSTS].unavailable == "shop-2 has no load balancer"
    assert found.inapplicable == {}
    assert set(look(old=None).inapplicable) == {ERRORS, P50, P99, HOSTS}


def version(name: str, statistic: str = "Average") -> Metric:
    return Metric("Shop/{app}", name, statistic, (("StackVersion", "{version}"),))


VISITS, BOUGHT = version("Visits", "Sum"), version("Conversions", "Sum")
CONVERSION = Gate("conversion", BOUGHT, of=VISITS, better=Better.HIGHER)
MATH = Gate("math", MetricMath("100 * v / sum", (("v", BOUGHT), ("sum", VISITS))))


def test_own_metrics_and_metric_math(fleet: Fleet, put: Put, look: Reads, aws: Aws, start: int) -> None:
    for name, visits, bought in (("1", 100, 25), ("2", 10, 3)):
        put("Shop/shop", "Visits", {"StackVersion": name}, {0: visits, 1: visits})
        put("Shop/shop", "Conversions", {"StackVersion": name}, {0: bought, 2: 1})
    targets = find_targets(aws, ["shop-1"])
    before = len(aws.calls)
    found = look([CONVERSION, MATH, Gate("plain", version("Visits"))], targets=targets).evidence
    assert len(aws.calls) == before + 1
    assert found["conversion"] == Evidence(
        new=(at(start, 0, 3, 10), at(start, 1, 0, 10)), old=(at(start, 0, 25, 100), at(start, 1, 0, 100))
    )
    assert found["math"] == Evidence(new=(at(start, 0, 30),), old=(at(start, 0, 25),))
    assert found["plain"].new == (at(start, 0, 10), at(start, 1, 10))


def test_a_wrong_expression_takes_no_other_gate_with_it(fleet: Fleet, put: Put, look: Reads, start: int) -> None:
    put("Shop/shop", "Visits", {"StackVersion": "2"}, {0: 10})
    fleet.create("shop-2", ["classic"])
    fill(put, "shop-2", 50, 5, 0.2)
    wrong = Gate("wrong", MetricMath("NO_SUCH(v)", (("v", version("Visits")),)))
    found = look([*DEFAULT_GATES, wrong, Gate("plain", version("Visits"))], old=None).evidence
    assert "NO_SUCH" in found["wrong"].unavailable
    assert found["plain"] == Evidence(new=(at(start, 0, 10),))
    assert len(found[ERRORS].new) == 3


def test_alarms_by_name_and_by_logical_id(fleet: Fleet, look: Reads, aws: Aws) -> None:
    def alarm(name: str) -> dict[str, object]:
        return {
            "AlarmName": name,
            **{"Namespace": "Shop", "MetricName": "Fails", "Statistic": "Sum", "Period": 60},
            **{"EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"},
        }

    aws.call("cloudwatch", "put_metric_alarm", **alarm("shop-2-own"))
    in_stack = {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm("made-by-the-stack")}
    fleet.create_stack("shop-2", {"Failing": in_stack})
    aws.call("cloudwatch", "set_alarm_state", AlarmName="made-by-the-stack", StateValue="ALARM", StateReason="too many")
    gates = [Gate(name, Alarm(name), compare=False) for name in ("{stack}-own", "Failing", "Nothing")]
    targets = find_targets(aws, ["shop-2"])
    found = look(gates, old=None, targets=targets).evidence
    assert found["{stack}-own"] == Evidence()
    assert found["Failing"].unavailable == ""
    (alarming,) = found["Failing"].alarming
    assert alarming.startswith("made-by-the-stack: ")
    assert "there is no alarm Nothing" in found["Nothing"].unavailable
    before = len(aws.calls)
    look(gates[:2], old=None, targets=targets)
    assert [str(call) for call in aws.calls[before:]] == ["cloudwatch:DescribeAlarms"]


@pytest.mark.parametrize("operation", ["GetMetricData", "DescribeAutoScalingGroups"])
def test_a_failing_source_is_silence_and_no_verdict(
    fleet: Fleet, look: Reads, sandbox: EmbeddedSandbox, operation: str
) -> None:
    fleet.create("shop-2", ["classic"])
    sandbox.faults.add(operation, code="AccessDenied", status=403, times=None)
    found = look([*DEFAULT_GATES, CONVERSION], old=None)
    assert "AccessDenied" in found.evidence[ERRORS].unavailable
    assert (found.evidence["conversion"].unavailable == "") == (operation != "GetMetricData")
    sandbox.faults.clear()
    assert look(old=None).evidence[ERRORS].unavailable == ""


def test_expired_credentials_are_raised(fleet: Fleet, look: Reads, sandbox: EmbeddedSandbox) -> None:
    fleet.create("shop-2", ["classic"])
    sandbox.faults.add("GetMetricData", code="ExpiredToken", times=None)
    with pytest.raises(AwsError, match="ExpiredToken"):
        look(old=None)


def test_more_than_500_queries_are_several_calls(look: Reads, aws: Aws) -> None:
    metrics = tuple((f"m{number}", version(f"Metric{number}")) for number in range(10))
    gates = [Gate(f"gate {number}", MetricMath(f"m0 + {number}", metrics)) for number in range(60)]
    targets = find_targets(aws, ["shop-1"])
    before = len(aws.calls)
    assert set(look(gates, targets=targets).evidence) == {gate.name for gate in gates}
    assert [str(call) for call in aws.calls[before:]] == ["cloudwatch:GetMetricData"] * 3


def test_healthy_hosts_need_somebody(put: Put, fleet: Fleet, look: Reads, start: int) -> None:
    fleet.create("shop-2", ["classic"])
    here = {"LoadBalancerName": "shop-2"}
    put("AWS/ELB", "HealthyHostCount", here, {0: 0})
    put("AWS/ELB", "UnHealthyHostCount", here, {0: 0})
    gate = Gate(HOSTS, BuiltIn.HOSTS)
    assert look([gate], old=None).evidence[HOSTS].new == (at(start, 0, 0),)
