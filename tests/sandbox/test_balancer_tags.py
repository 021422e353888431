"""Balancers that stacks make have the tags of their stack, and the tagging API finds them."""

from __future__ import annotations

import json
from typing import Any

from senza.aws import Aws
from senza.sandbox.embedded import EmbeddedSandbox

STACK = "aws:cloudformation:stack-name"


def template(sandbox: EmbeddedSandbox, number: int = 1, idle: int = 60) -> str:
    subnets = [sandbox.values["subnets"][f"dmz-eu-central-1{zone}"] for zone in "ab"]
    listener = {"LoadBalancerPort": "80", "InstancePort": "80", "Protocol": "HTTP"}
    classic = {"Subnets": subnets, "Listeners": [listener], "Tags": [{"Key": "Team", "Value": "own"}]}
    resources: dict[str, Any] = {
        f"Classic{index}": {
            "Type": "AWS::ElasticLoadBalancing::LoadBalancer",
            "Properties": {**classic, "LoadBalancerName": f"c{index}", "ConnectionSettings": {"IdleTimeout": idle}},
        }
        for index in range(number)
    }
    modern = {"Name": "modern", "Subnets": subnets, "Type": "application"}
    group = {"Name": "modern", "Port": 80, "Protocol": "HTTP", "VpcId": sandbox.values["vpc_id"]}
    resources["Modern"] = {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": modern}
    resources["Group"] = {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": group}
    return json.dumps({"Resources": resources})


def create(aws: Aws, body: str) -> None:
    tags = [{"Key": "Team", "Value": "stack"}, {"Key": "StackVersion", "Value": "1"}]
    aws.call("cloudformation", "create_stack", StackName="app-1", TemplateBody=body, Tags=tags)


def classic_tags(aws: Aws) -> dict[str, str]:
    found = aws.call("elb", "describe_tags", LoadBalancerNames=["c0"])["TagDescriptions"][0]["Tags"]
    return {tag["Key"]: tag["Value"] for tag in found}


def resources(aws: Aws, kind: str, **more: Any) -> dict[str, dict[str, str]]:
    """What the tagging API says: last part of the ARN to tags."""
    found = aws.pages(
        "resourcegroupstaggingapi",
        "get_resources",
        "ResourceTagMappingList",
        ResourceTypeFilters=[f"elasticloadbalancing:{kind}"],
        **more,
    )
    return {
        item["ResourceARN"].split(f":{kind}/")[1]: {tag["Key"]: tag["Value"] for tag in item["Tags"]} for item in found
    }


def test_balancers_have_their_own_tags_and_those_of_the_stack(aws: Aws, sandbox: EmbeddedSandbox) -> None:
    create(aws, template(sandbox))
    tags = classic_tags(aws)
    assert tags.pop("aws:cloudformation:stack-id").startswith("arn:aws:cloudformation:")
    assert tags == {"Team": "own", "StackVersion": "1", STACK: "app-1", "aws:cloudformation:logical-id": "Classic0"}


def test_an_update_keeps_them(aws: Aws, sandbox: EmbeddedSandbox) -> None:
    create(aws, template(sandbox))
    before = classic_tags(aws)
    aws.call("cloudformation", "update_stack", StackName="app-1", TemplateBody=template(sandbox, idle=120))
    attributes = aws.call("elb", "describe_load_balancer_attributes", LoadBalancerName="c0")["LoadBalancerAttributes"]
    assert attributes["ConnectionSettings"] == {"IdleTimeout": 120}
    assert classic_tags(aws) == before


def test_the_tagging_api_finds_all_kinds_by_one_type(aws: Aws, sandbox: EmbeddedSandbox) -> None:
    create(aws, template(sandbox))
    aws.call(
        "elb",
        "create_load_balancer",
        LoadBalancerName="lonely",
        Listeners=[{"LoadBalancerPort": 80, "InstancePort": 80, "Protocol": "HTTP"}],
        Subnets=[sandbox.values["subnets"]["dmz-eu-central-1a"]],
        Tags=[{"Key": "Team", "Value": "own"}],
    )
    balancers = resources(aws, "loadbalancer", TagFilters=[{"Key": STACK}])
    assert {name.split("/")[0]: tags["aws:cloudformation:logical-id"] for name, tags in balancers.items()} == {
        "c0": "Classic0",
        "app": "Modern",
    }
    groups = resources(aws, "targetgroup").values()
    assert [tags["aws:cloudformation:logical-id"] for tags in groups] == ["Group"]


def test_a_page_ends_after_100_resources_whatever_their_tags(aws: Aws, sandbox: EmbeddedSandbox) -> None:
    create(aws, template(sandbox, number=60))
    before = len(aws.calls)
    assert len(resources(aws, "loadbalancer", PaginationConfig={"PageSize": 100})) == 61
    assert len(aws.calls) - before == 1
