"""A shared load balancer in the sandbox, and versions that bring a target group each: templates by hand, and small."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from senza.aws import Aws
from tests.traffic.conftest import MAIN, make_stack

ZONE = "hello.example.org"


class Edge:
    """Makes versions behind a balancer, changes rules as somebody else would, and reads what they say."""

    def __init__(self, aws: Aws, name: str = "edge-1") -> None:
        self.aws = aws
        self.priority = 100
        vpc = aws.call("ec2", "describe_vpcs")["Vpcs"][0]["VpcId"]
        subnets = aws.call("ec2", "describe_subnets", Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
        zones = {subnet["AvailabilityZone"]: subnet["SubnetId"] for subnet in subnets}
        self.vpc = vpc
        self.balancer = aws.call("elbv2", "create_load_balancer", Name=name, Subnets=list(zones.values())[:2])[
            "LoadBalancers"
        ][0]
        nothing = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
        self.listener = aws.call(
            "elbv2",
            "create_listener",
            LoadBalancerArn=self.balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=80,
            DefaultActions=[nothing],
        )["Listeners"][0]["ListenerArn"]

    def template(self, stack: str, domain: str = MAIN, **properties: Any) -> dict[str, Any]:
        self.priority += 1
        tags = {"senza:listener": self.listener, "senza:domain": domain}
        group = {
            "VpcId": self.vpc,
            "Port": 8080,
            "Protocol": "HTTP",
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            **properties,
        }
        rule = {
            "ListenerArn": self.listener,
            "Priority": self.priority,
            "Conditions": [{"Field": "host-header", "Values": [f"{stack}.{ZONE}"]}],
            "Actions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Web"}}],
        }
        return {
            "Resources": {
                "Web": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": group},
                "WebVersionDomain": {"Type": "AWS::ElasticLoadBalancingV2::ListenerRule", "Properties": rule},
            }
        }

    def create(self, stack: str, domain: str = MAIN, topics: tuple[str, ...] = (), name: str = "", **more: Any) -> str:
        """A version; ``more`` are further resources, name is the target group's. Returns the stack's id."""
        template = self.template(stack, domain, **({"Name": name} if name else {}))
        template["Resources"] |= more
        return make_stack(self.aws, stack, template, topics)

    def versions(self, weights: Mapping[str, int], domain: str = MAIN) -> None:
        for stack in weights:
            self.create(stack, domain)
        self.put(weights, domain)

    def foreign(self, name: str) -> str:
        """The ARN of a target group that belongs to no stack."""
        answer = self.aws.call(
            "elbv2", "create_target_group", Name=name, Protocol="HTTP", Port=80, VpcId=self.vpc, TargetType="instance"
        )
        return str(answer["TargetGroups"][0]["TargetGroupArn"])

    def group(self, name: str, logical_id: str = "Web") -> str:
        """The ARN of the target group of a stack, or of the one of that name."""
        if "-" in name:
            answer = self.aws.call("cloudformation", "list_stack_resources", StackName=name)
            found = {item["LogicalResourceId"]: item for item in answer["StackResourceSummaries"]}
            return str(found[logical_id]["PhysicalResourceId"])
        answer = self.aws.call("elbv2", "describe_target_groups", Names=[name])
        return str(answer["TargetGroups"][0]["TargetGroupArn"])

    def rules(self, host: str = MAIN) -> list[dict[str, Any]]:
        rules = self.aws.call("elbv2", "describe_rules", ListenerArn=self.listener)["Rules"]
        return [rule for rule in rules if any(one.get("Values") == [host] for one in rule["Conditions"])]

    def put(self, weights: Mapping[str, int], host: str = MAIN, *, before: tuple[Any, ...] = (), **forward: Any) -> str:
        """Write the rule of a host by hand; weights by stack or name of a target group. Returns its ARN."""
        groups = [{"TargetGroupArn": self.group(name), "Weight": weight} for name, weight in weights.items()]
        if not groups:
            for rule in self.rules(host):
                self.aws.call("elbv2", "delete_rule", RuleArn=rule["RuleArn"])
            return ""
        action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups, **forward}}
        actions = [*before, {**action, "Order": len(before) + 1}]
        found = self.rules(host)
        if found:
            return str(
                self.aws.call("elbv2", "modify_rule", RuleArn=found[0]["RuleArn"], Actions=actions)["Rules"][0][
                    "RuleArn"
                ]
            )
        return self.add(host, actions)

    def add(self, host: str, actions: list[Any], tags: tuple[tuple[str, str], ...] = ()) -> str:
        """One more rule, even where there is one."""
        self.priority += 1
        answer = self.aws.call(
            "elbv2",
            "create_rule",
            ListenerArn=self.listener,
            Priority=self.priority,
            Conditions=[{"Field": "host-header", "Values": [host]}],
            Actions=actions,
            Tags=[{"Key": key, "Value": value} for key, value in tags] or [{"Key": "by", "Value": "hand"}],
        )
        return str(answer["Rules"][0]["RuleArn"])

    def weights(self, host: str = MAIN) -> dict[str, int]:
        """By stack, or name of a target group without one; empty without a rule."""
        found = self.rules(host)
        if not found:
            return {}
        forward = next(action for action in found[0]["Actions"] if action["Type"] == "forward")
        groups = forward["ForwardConfig"]["TargetGroups"]
        arns = [group["TargetGroupArn"] for group in groups]
        described = self.aws.call("elbv2", "describe_tags", ResourceArns=arns)["TagDescriptions"]
        tags = {item["ResourceArn"]: {tag["Key"]: tag["Value"] for tag in item["Tags"]} for item in described}
        return {
            tags[arn].get("aws:cloudformation:stack-name", arn.split("/")[1]): group["Weight"]
            for arn, group in zip(arns, groups, strict=True)
        }
