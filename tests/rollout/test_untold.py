"""Gates that could never fire are said before a rollout begins, and never counted among those that pass."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from senza.rollout.model import DEFAULT_GATES, Gate, Metric, Rollout
from senza.rollout.planning import Ground, plan_forward, warnings
from senza.rollout.untold import untold
from tests.rollout.conftest import Rollouts

ERRORS, LATENCIES = "ErrorRatio", ("p50", "p99")


def classic(*protocols: Any) -> dict[str, Any]:
    listeners = [{"Protocol": one, "LoadBalancerPort": 443, "InstancePort": 8080} for one in protocols]
    return {"Type": "AWS::ElasticLoadBalancing::LoadBalancer", "Properties": {"Listeners": listeners}}


def targets(protocol: Any) -> dict[str, Any]:
    return {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": {"Protocol": protocol, "Port": 8080}}


def group(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": properties}


@pytest.mark.parametrize(
    ("resources", "gates"),
    [
        ({"Web": classic("HTTPS", "TCP")}, ()),
        ({"Web": classic("tcp", "SSL")}, (ERRORS,)),
        ({"Web": classic({"Ref": "Protocol"})}, ()),
        ({"Web": targets("HTTP")}, ()),
        ({"Web": targets("TLS")}, (ERRORS, *LATENCIES)),
        ({"Web": targets("TCP"), "Other": targets("HTTPS")}, ()),
        ({"Web": targets("TCP"), "Other": classic("TCP")}, (ERRORS,)),
        ({"Web": targets("TCP"), "Servers": group(TargetGroupARNs=[{"Ref": "Web"}])}, (ERRORS, *LATENCIES)),
        ({"Web": targets("TCP"), "Servers": group(TargetGroupARNs=["arn:of:somebody"])}, ()),
        ({"Web": classic("TCP"), "Servers": group(LoadBalancerNames=["elsewhere"])}, ()),
        ({"Web": classic("TCP"), "Servers": group(LoadBalancerNames={"Ref": "Names"})}, ()),
        ({"Servers": group()}, ()),
    ],
)
def test_what_balancers_never_tell_is_known_from_the_template(
    resources: dict[str, Any], gates: tuple[str, ...]
) -> None:
    assert tuple(untold({"Resources": resources})) == gates


def test_only_gates_that_there_are_are_warned_of() -> None:
    ground = Ground("shop", "2", ("shop-1",), untold=untold({"Resources": {"Web": targets("TCP")}}))
    assert Ground.from_json(ground.to_json()) == ground
    own = Gate("visits", Metric("Shop", "Visits", "Sum", ()))

    def said(*gates: Gate) -> list[str]:
        rollout = Rollout(gates=gates)
        return warnings(rollout, ground, plan_forward(rollout, replace(ground, exists=True)))

    assert said(*DEFAULT_GATES, own) == [
        "error ratio, latency p50, latency p99 cannot be told of shop-2, and judge nothing: its load balancer sees "
        "connections and no requests. What they are to see needs a gate of your own, or an alarm"
    ]
    assert said(DEFAULT_GATES[-1], own) == []


def test_errors_that_nobody_counts_are_not_taken_for_none(rollouts: Rollouts) -> None:
    """A classic balancer that passes on TCP counts connections as requests: 0 errors of them would always pass."""
    listeners = "[{Protocol: TCP, LoadBalancerPort: 443, InstancePort: 8080}]"
    plain = rollouts.source
    rollouts.source = lambda: f"{plain()}      Listeners: {listeners}\n"  # type: ignore[method-assign]
    rollouts.define("Steps: [{Weight: 100, Bake: 2m}]", "Gates: [{Latency: off}]")
    rollouts.start()
    result = rollouts.senza("deploy DEF 2 0.2")
    assert "Warning: error ratio cannot be told of hello-world-2" in result.stderr
    assert "1 of 1 gates pass" in result.stderr
    looks = [
        entry.facts.get("series") or entry.facts.get("facts", {}).get("series")
        for entry in rollouts.operation().entries
    ]
    assert {gate for one in looks if one for gate in one["gates"]} == {"healthy hosts"}
