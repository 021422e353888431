"""Load on versions that share a balancer: what the weights of a listener rule make of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from senza.aws import Aws
from senza.sandbox.embedded import EmbeddedSandbox
from senza.sandbox.load.feeder import described
from senza.sandbox.load.rules import fits, weights
from senza.sandbox.load.settings import Load
from tests.sandbox.stacks import Stacks, record
from tests.sandbox.test_load import App, group_of
from tests.sandbox.test_services import group, launch

ALB = "AWS/ApplicationELB"
DOMAIN = "app.hello.example.org"


class Shared(App):
    """A balancer with a listener, apps behind it, and the rule of each app's domain."""

    def __init__(self, stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws) -> None:
        super().__init__(stacks, sandbox, aws)
        self.rules: dict[str, str] = {}
        balancer = {"Name": "edge-1", "Type": "application", "Subnets": self.subnets, "Scheme": "internal"}
        closed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
        listener = {"LoadBalancerArn": {"Ref": "Edge"}, "Port": 80, "Protocol": "HTTP", "DefaultActions": [closed]}
        resources = {
            "Edge": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": balancer},
            "Listener": {"Type": "AWS::ElasticLoadBalancingV2::Listener", "Properties": listener},
        }
        stacks.create("edge-1", resources, Outputs={"Listener": {"Value": {"Ref": "Listener"}}})
        self.listener = self.stacks.describe("edge-1")["Outputs"][0]["OutputValue"]
        found = aws.call("elbv2", "describe_load_balancers", Names=["edge-1"])["LoadBalancers"][0]
        self.whole = {"LoadBalancer": found["LoadBalancerArn"].partition(":loadbalancer/")[2]}

    def version(self, name: str, priority: int, *, weight: int | None = None, domain: str = DOMAIN) -> None:
        """A version with a target group, a rule of its own, and a weighted record where it has a weight."""
        target = {
            "Name": name,
            "Port": 8080,
            "Protocol": "HTTP",
            "VpcId": self.sandbox.values["vpc_id"],
            "Tags": [{"Key": "senza:domain", "Value": domain}, {"Key": "senza:listener", "Value": self.listener}],
        }
        forward = {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": {"Ref": "Target"}}]}}
        host = {"Field": "host-header", "HostHeaderConfig": {"Values": [f"{name}.hello.example.org"]}}
        rule = {"ListenerArn": self.listener, "Priority": priority, "Conditions": [host], "Actions": [forward]}
        members = group(self.subnets, LoadBalancerNames=[], TargetGroupARNs=[{"Ref": "Target"}])
        resources = {
            "Target": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": target},
            "Rule": {"Type": "AWS::ElasticLoadBalancingV2::ListenerRule", "Properties": rule},
            "Launch": launch(self.sandbox),
            "Group": members,
        }
        if weight is not None:
            resources["Record"] = record(name, weight, "old.hello.example.org")
        self.stacks.create(name, resources)
        assert self.stacks.status(name) == "CREATE_COMPLETE", self.stacks.events(name)

    def arn(self, version: str) -> str:
        found = self.aws.call("elbv2", "describe_target_groups", Names=[version])["TargetGroups"]
        return str(found[0]["TargetGroupArn"])

    def forward(self, domain: str = DOMAIN, **wanted: int) -> None:
        """Make or change the rule of the domain; app_1=50 stands for the version app-1."""
        groups = [{"TargetGroupArn": self.arn(key.replace("_", "-")), "Weight": value} for key, value in wanted.items()]
        actions = [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]
        if domain in self.rules:
            self.aws.call("elbv2", "modify_rule", RuleArn=self.rules[domain], Actions=actions)
            return
        host = [{"Field": "host-header", "HostHeaderConfig": {"Values": [domain]}}]
        given: dict[str, Any] = {"ListenerArn": self.listener, "Priority": 1000 + len(self.rules)}
        made = self.aws.call("elbv2", "create_rule", Conditions=host, Actions=actions, **given)
        self.rules[domain] = made["Rules"][0]["RuleArn"]

    def of(self, version: str, name: str, stat: str = "Sum") -> list[float]:
        return self.values(ALB, name, stat, TargetGroup=self.arn(version).rpartition(":")[2], **self.whole)


@pytest.fixture
def shared(stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws) -> Shared:
    return Shared(stacks, sandbox, aws)


def test_weights_of_a_rule_share_the_requests_out_at_once(shared: Shared, sandbox: EmbeddedSandbox) -> None:
    shared.version("app-1", 1)
    shared.version("app-2", 2)
    sandbox.load("app", Load(4000, errors={"*": 0.0, "2": 0.05}, delay={"2": 0.1}, lag=600))
    sandbox.advance(60)
    assert shared.of("app-1", "RequestCount") == [], "the listener answers 404"
    shared.forward(app_1=180, app_2=20)
    sandbox.advance(300)
    shared.forward(app_1=100, app_2=100)
    sandbox.advance(60)
    shared.forward(app_2=200)
    sandbox.advance(60)
    old, new = shared.of("app-1", "RequestCount"), shared.of("app-2", "RequestCount")
    assert old == pytest.approx([3600] * 5 + [2000], rel=0.1)
    assert new == pytest.approx([400] * 5 + [2000, 4000], rel=0.25)
    assert shared.values(ALB, "RequestCount", **shared.whole) == pytest.approx([4000] * 7, rel=0.1)
    assert shared.of("app-1", "HTTPCode_Target_5XX_Count") == []
    assert sum(shared.of("app-2", "HTTPCode_Target_5XX_Count")) == pytest.approx(0.05 * sum(new), rel=0.2)
    assert shared.of("app-2", "TargetResponseTime", "p50") == pytest.approx([0.15] * 7, rel=0.1)
    for version in ("app-1", "app-2"):
        assert shared.of(version, "HealthyHostCount", "Average") == [3] * 8, "checked before it has weight, and after"
    busy = shared.values("AWS/EC2", "CPUUtilization", "Average", AutoScalingGroupName=group_of(shared, "app-2"))
    assert busy[-1] == pytest.approx(4 + 0.6 * 4000 / 60 / 3, rel=0.15)


def test_apps_behind_one_balancer_are_mixed_in_its_own_figures_only(shared: Shared, sandbox: EmbeddedSandbox) -> None:
    shared.version("app-1", 1)
    shared.version("shop-1", 2, domain="SHOP.hello.example.org")
    shared.forward(app_1=200)
    shared.forward("shop.hello.example.org", shop_1=1)
    sandbox.load("app", Load(1000))
    sandbox.load("shop", Load(100))
    scale = {"MinSize": 0, "DesiredCapacity": 0, "AutoScalingGroupName": group_of(shared, "shop-1")}
    shared.aws.call("autoscaling", "update_auto_scaling_group", **scale)
    sandbox.advance(60)
    assert shared.of("app-1", "RequestCount") == pytest.approx([1000], rel=0.15)
    assert shared.of("shop-1", "RequestCount") == []
    lost = shared.values(ALB, "HTTPCode_ELB_5XX_Count", **shared.whole)
    assert lost == pytest.approx([100], rel=0.5), "nobody is told whose they were"


def test_an_app_may_have_both_ways_at_once(shared: Shared, sandbox: EmbeddedSandbox) -> None:
    """Two domains get as many requests each: half come by weighted records, half by the rule."""
    shared.version("app-1", 1, weight=200)
    shared.version("app-2", 2, weight=0)
    shared.forward(app_2=200)
    sandbox.load("app", Load(2000))
    sandbox.advance(60)
    assert shared.of("app-1", "RequestCount") == []
    assert shared.of("app-2", "RequestCount") == pytest.approx([1000], rel=0.15)
    assert described()["app"]["shares"] == {"1": 0.5, "2": 0.5}


def rule(priority: int, *hosts: str, field: str = "host-header", **groups: int) -> Any:
    """As moto has them."""
    config = [{"TargetGroupArn": name, "Weight": weight} for name, weight in groups.items()]
    conditions = [{"Field": field, "HostHeaderConfig": {"Values": list(hosts)}}]
    action = SimpleNamespace(data={"Type": "forward", "ForwardConfig": {"TargetGroups": config}})
    return SimpleNamespace(priority=priority, is_default=False, conditions=conditions, actions=[action])


def test_the_first_rule_that_fits_decides() -> None:
    rules = [rule(20, "*.example.org", b=1), rule(3, "other.example.org", c=1), rule(10, "App.Example.org", a=5, b=0)]
    assert weights(rules, "app.example.org") == {"a": 5, "b": 0}
    assert weights(rules, "else.example.org") == {"b": 1}
    assert weights(rules, "example.org") == {}


@pytest.mark.parametrize(
    ("pattern", "domain", "fit"),
    [
        ("app.example.org", "APP.example.org", True),
        ("*.example.org", "a.b.example.org", True),
        ("ap?.example.org", "app.example.org", True),
        ("ap[p].example.org", "app.example.org", False),
        ("app.example.org", "app.example.com", False),
    ],
)
def test_patterns_of_hosts(pattern: str, domain: str, fit: bool) -> None:
    assert fits([{"Field": "host-header", "HostHeaderConfig": {"Values": [pattern]}}], domain) is fit
    assert fits([{"Field": "host-header", "Values": [pattern]}], domain) is fit


def test_rules_for_some_requests_only_are_left_out() -> None:
    host = {"Field": "host-header", "HostHeaderConfig": {"Values": ["app.example.org"]}}
    path = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/admin/*"]}}
    assert not fits([host, path], "app.example.org")
    assert not fits([path], "app.example.org")
