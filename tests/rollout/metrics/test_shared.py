"""Versions behind one balancer that many apps share: read by target group, and never by what mixes them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import urllib3

from senza.aws import Aws
from senza.clock import Clock
from senza.rollout.metrics import find_targets, read
from senza.rollout.model import DEFAULT_GATES
from tests.fleet.views.conftest import Fleet
from tests.rollout.metrics.conftest import NEW, OLD, Put

NAMESPACE = "AWS/ApplicationELB"


def edge(fleet: Fleet) -> str:
    """Make the balancer; the ARN of its listener."""
    resources = fleet.modern("edge-1", "application")
    del resources["ApplicationTargetGroup"]
    closed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    resources["ApplicationListener"]["Properties"]["DefaultActions"] = [closed]
    body = json.dumps({"Resources": resources, "Outputs": {"Listener": {"Value": {"Ref": "ApplicationListener"}}}})
    fleet.aws.call("cloudformation", "create_stack", StackName="edge-1", TemplateBody=body)
    described = fleet.aws.call("cloudformation", "describe_stacks", StackName="edge-1")["Stacks"][0]
    return str(described["Outputs"][0]["OutputValue"])


def version(fleet: Fleet, stack: str, listener: str, priority: int) -> None:
    target = fleet.modern(stack, "application")["ApplicationTargetGroup"]
    rule = {
        "ListenerArn": listener,
        "Priority": priority,
        "Conditions": [{"Field": "host-header", "HostHeaderConfig": {"Values": [f"{stack}.hello.example.org"]}}],
        "Actions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Target"}}],
    }
    resources = fleet.group(stack, 1, False, False)
    resources["AppServer"]["Properties"]["TargetGroupARNs"] = [{"Ref": "Target"}]
    made = {"Target": target, "Rule": {"Type": "AWS::ElasticLoadBalancingV2::ListenerRule", "Properties": rule}}
    fleet.create_stack(stack, resources | made)


@pytest.fixture
def shared(fleet: Fleet, aws: Aws, put: Put) -> dict[str, dict[str, str]]:
    """Two versions, and figures of them and of the balancer; the dimensions of each by stack, "" the balancer's."""
    listener = edge(fleet)
    for number, stack in enumerate(("shop-1", "shop-2"), 1):
        version(fleet, stack, listener, number)
    (balancer,) = aws.call("elbv2", "describe_load_balancers", Names=["edge-1-app"])["LoadBalancers"]
    whole = {"LoadBalancer": balancer["LoadBalancerArn"].partition(":loadbalancer/")[2]}
    found: dict[str, dict[str, str]] = {"": whole}
    for stack in ("shop-1", "shop-2"):
        (group,) = aws.call("elbv2", "describe_target_groups", Names=[f"{stack}-app"])["TargetGroups"]
        found[stack] = whole | {"TargetGroup": group["TargetGroupArn"].rpartition(":")[2]}
    for name in ("HTTPCode_ELB_5XX_Count", "HTTPCode_Target_5XX_Count", "RequestCount", "TargetConnectionErrorCount"):
        put(NAMESPACE, name, whole, {0: 1000, 1: 1000})
    for stack, requests in (("shop-1", 90), ("shop-2", 10)):
        put(NAMESPACE, "RequestCount", found[stack], {0: requests, 1: requests})
        put(NAMESPACE, "TargetResponseTime", found[stack], {0: requests / 100})
        put(NAMESPACE, "HealthyHostCount", found[stack], {0: 1, 1: 1})
    put(NAMESPACE, "UnHealthyHostCount", found["shop-2"], {1: 1})
    put(NAMESPACE, "HTTPCode_Target_5XX_Count", found["shop-2"], {0: 2})
    put(NAMESPACE, "TargetConnectionErrorCount", found["shop-2"], {0: 3, 2: 4})
    return found


def test_each_version_is_judged_by_its_target_group(
    shared: dict[str, dict[str, str]], aws: Aws, clock: Clock, web: urllib3.PoolManager
) -> None:
    begun = len(aws.calls)
    targets = find_targets(aws, [NEW.stack, OLD.stack])
    assert sorted(map(str, aws.calls[begun:])) == [
        "autoscaling:DescribeAutoScalingGroups",
        "elbv2:DescribeTargetGroups",
        "resourcegroupstaggingapi:GetResources",
    ]
    assert targets.balancers is not None
    assert {stack: [dict(one.dimensions) for one in found.sources] for stack, found in targets.balancers.items()} == {
        stack: [dimensions] for stack, dimensions in shared.items() if stack
    }
    assert [found.own for found in targets.balancers.values()] == [(), ()]

    start = int(clock.now()) // 60 * 60
    begun = len(aws.calls)
    found = read(aws, targets, DEFAULT_GATES, NEW, OLD, start, start + 180, web=web)
    assert [str(call) for call in aws.calls[begun:]] == ["cloudwatch:GetMetricData"]

    def told(gate: str, side: str) -> list[tuple[Any, ...]]:
        minutes = getattr(found.evidence[gate], side)
        return [((one.at - start) // 60, round(one.value, 6), one.of) for one in minutes]

    errors, _, _, hosts = (gate.name for gate in DEFAULT_GATES)
    assert told(errors, "old") == [(0, 0, 90), (1, 0, 90)], "the balancer's 1000 errors are not this version's"
    assert told(errors, "new") == [(0, 5, 10), (1, 0, 10), (2, 4, 4)], "targets that cannot be reached are errors"
    assert told(hosts, "new") == [(0, 1, None), (1, 0.5, None)]
    assert [(gate, evidence.unavailable) for gate, evidence in found.evidence.items() if evidence.unavailable] == []
    assert found.inapplicable == {}
