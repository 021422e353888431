"""What CloudFormation refuses before it does anything, and how it computes values."""

from __future__ import annotations

import json
from typing import Any

import pytest

from senza.aws import Aws
from senza.errors import AwsError
from tests.sandbox.stacks import Stacks, topic

ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
}


def refused(aws: Aws, body: str) -> str:
    with pytest.raises(AwsError) as raised:
        aws.call("cloudformation", "create_stack", StackName="app-1", TemplateBody=body)
    assert aws.call("cloudformation", "list_stacks")["StackSummaries"] == []
    return raised.value.message


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"Resources": {', "JSON not well-formed. (line 1, column"),
        ("Resources:\n  a: [", "YAML not well-formed. (line"),
        ("just text", "unsupported structure"),
        ('{"Resources": {}}', "At least one Resources member must be defined."),
        ('{"Resource": {}}', "Invalid template property or properties [Resource]"),
        ('{"Resources": {"a-b": {"Type": "AWS::SNS::Topic"}}}', "Resource name a-b is non alphanumeric."),
        ('{"Resources": {"a": {"Properties": {}}}}', "[/Resources/a] Every Resources object must contain"),
        ('{"Resources": {"a": {"Type": "AWS::SNS::Topic", "Tags": []}}}', "Invalid template resource property 'Tags'"),
        ('{"Resources": {"a": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": null}}}}', "'null' values"),
        ('{"Resources": {"a": {"Type": "AWS::SNS::Tropic"}}}', "Unrecognized resource types: [AWS::SNS::Tropic]"),
        ('{"Resources": {"a": {"Type": "Senza::Thing"}}}', "Unrecognized resource types: [Senza::Thing]"),
        ('{"Mappings": {"M": {"k": {"a": {}}}}, "Resources": {"a": {"Type": "AWS::SNS::Topic"}}}', "String or a List"),
    ],
)  # fmt: skip
def test_templates_that_are_not_well_formed(aws: Aws, body: str, said: str) -> None:
    assert said in refused(aws, body)


@pytest.mark.parametrize(
    ("node", "said"),
    [
        ({"Ref": "Nobody"}, "Unresolved resource dependencies [Nobody] in the Resources block of the template"),
        ({"Fn::Sub": "${Nobody}-${AWS::Region}"}, "Unresolved resource dependencies [Nobody]"),
        ({"Fn::GetAtt": ["Nobody", "Arn"]}, "instance of Fn::GetAtt references undefined resource Nobody"),
        ({"Fn::FindInMap": ["Maps", "a", "b"]}, "Mapping named 'Maps' is not present"),
        ({"Fn::FindInMap": ["Map", "key", "other"]}, "Unable to get mapping for Map::key::other"),
        ({"Fn::If": ["Never", "a", "b"]}, "unresolved condition dependency Never"),
        ({"Fn::Select": ["5", ["a"]]}, "cannot select nonexistent value at index 5"),
        ({"Ref": "Topic"}, "Circular dependency between resources: [Other, Topic]"),
    ],
)
def test_references_to_nothing(aws: Aws, node: dict[str, Any], said: str) -> None:
    template = {
        "Mappings": {"Map": {"key": {"value": "x"}}},
        "Resources": {"Topic": topic(DisplayName={"Ref": "Other"}), "Other": topic(DisplayName=node)},
    }
    assert said in refused(aws, json.dumps(template))


def test_values_are_computed_as_the_guide_says(stacks: Stacks) -> None:
    values: dict[str, Any] = {
        "Joined": {"Fn::Join": ["-", ["a", {"Ref": "Name"}, True, 3]]},
        "Substituted": {
            "Fn::Sub": ["${Name}/${own}/${!literal}/${AWS::Region}", {"own": {"Fn::Select": [1, ["x", "y"]]}}]
        },
        "Found": {"Fn::FindInMap": ["Map", {"Ref": "AWS::Region"}, "Value"]},
        "Chosen": {"Fn::If": ["Big", "big", "small"]},
        "Split": {"Fn::Select": [1, {"Fn::Split": [".", "a.b.c"]}]},
        "Encoded": {"Fn::Base64": {"Ref": "Name"}},
        "Zone": {"Fn::Select": ["0", {"Fn::GetAZs": ""}]},
        "Listed": {"Fn::Select": [1, {"Ref": "Names"}]},
    }
    stacks.create(
        "app-1",
        {"Topic": topic(), "Never": topic() | {"Condition": "Small"}},
        Parameters={
            "Name": {"Type": "String", "Default": "n"},
            "Names": {"Type": "CommaDelimitedList", "Default": "a, b"},
        },
        Mappings={"Map": {"eu-central-1": {"Value": "found"}}},
        Conditions={
            "Big": {"Fn::Equals": [{"Ref": "Name"}, "n"]},
            "Small": {"Fn::Not": [{"Condition": "Big"}]},
        },
        Outputs={name: {"Value": value} for name, value in values.items()},
    )
    assert {one["OutputKey"]: one["OutputValue"] for one in stacks.describe("app-1")["Outputs"]} == {
        "Joined": "a-n-true-3",
        "Substituted": "n/y/${literal}/eu-central-1",
        "Found": "found",
        "Chosen": "big",
        "Split": "b",
        "Encoded": "bg==",
        "Zone": "eu-central-1a",
        "Listed": "b",
    }
    summaries = stacks.call("list_stack_resources", StackName="app-1")["StackResourceSummaries"]
    assert [one["LogicalResourceId"] for one in summaries] == ["Topic"]


def test_yaml_with_short_forms(aws: Aws) -> None:
    body = """
AWSTemplateFormatVersion: 2010-09-09
Resources:
  Topic: {Type: "AWS::SNS::Topic", Properties: {TopicName: !Sub "${AWS::StackName}-topic"}}
Outputs:
  Name: {Value: !GetAtt Topic.TopicName}
"""
    aws.call("cloudformation", "create_stack", StackName="app-1", TemplateBody=body)
    stack = aws.call("cloudformation", "describe_stacks", StackName="app-1")["Stacks"][0]
    assert stack["Outputs"][0]["OutputValue"] == "app-1-topic"
    assert aws.call("cloudformation", "get_template", StackName="app-1")["TemplateBody"] == body


def test_limits_of_templates(aws: Aws, stacks: Stacks) -> None:
    body = json.dumps({"Description": "x", "Resources": {"Topic": topic()}})
    exact = body + " " * (51_200 - len(body))
    aws.call("cloudformation", "validate_template", TemplateBody=exact)
    assert "less than or equal to 51200" in refused(aws, exact + " ")
    many = {f"Topic{number}": topic() for number in range(501)}
    assert "501, is greater than maximum allowed, 500" in stacks.refused("create_stack", "app-1", many).message


def test_names_and_tags_of_stacks(stacks: Stacks) -> None:
    for name in ("1app", "app_1", "a" * 129):
        assert "stackName" in stacks.refused("create_stack", name, {"Topic": topic()}).message
    for tags, said in (
        ([{"Key": "aws:x", "Value": "y"}], "aws: prefixed tag key names are not allowed"),
        ([{"Key": "a", "Value": "b"}, {"Key": "a", "Value": "c"}], "Duplicate tag key"),
        ([{"Key": str(number), "Value": "x"} for number in range(51)], "less than or equal to 50"),
        ([{"Key": "a", "Value": "x" * 257}], "256"),
    ):
        assert said in stacks.refused("create_stack", "app-1", {"Topic": topic()}, Tags=tags).message


@pytest.mark.parametrize(
    ("role", "needed"),
    [
        (ROLE, "CAPABILITY_IAM"),
        ({**ROLE, "Properties": {**ROLE["Properties"], "RoleName": "mine"}}, "CAPABILITY_NAMED_IAM"),  # type: ignore[dict-item]
    ],
)
def test_capabilities_are_asked_for(stacks: Stacks, role: dict[str, Any], needed: str) -> None:
    error = stacks.refused("create_stack", "app-1", {"Role": role})
    assert error.code == "InsufficientCapabilitiesException"
    assert f"Requires capabilities : [{needed}]" in error.message
    stacks.create("app-1", {"Role": role}, Capabilities=["CAPABILITY_NAMED_IAM"])
    error = stacks.refused("update_stack", "app-1", {"Role": role, "Topic": topic()})
    assert error.code == "InsufficientCapabilitiesException"
    transformed = stacks.refused("create_stack", "app-2", {"Topic": topic()}, Transform="AWS::Serverless-2016-10-31")
    assert "CAPABILITY_AUTO_EXPAND" in transformed.message


@pytest.mark.parametrize(
    ("declared", "given", "said"),
    [
        ({}, {"Other": "x"}, "Parameters: [Other] do not exist in the template"),
        ({"Name": {"Type": "String"}}, {}, "Parameters: [Name] must have values"),
        ({"Name": {"Type": "String", "AllowedValues": ["a", "b"]}}, {"Name": "c"}, "must be one of AllowedValues"),
        ({"Name": {"Type": "String", "AllowedPattern": "[a-z]+"}}, {"Name": "a1"}, "must match pattern [a-z]+"),
        ({"Name": {"Type": "String", "MinLength": 3}}, {"Name": "ab"}, "at least 3 characters"),
        ({"Name": {"Type": "Number"}}, {"Name": "x"}, "must be a number"),
        ({"Name": {"Type": "Number", "MaxValue": 5}}, {"Name": "6"}, "not greater than 5"),
    ],
)
def test_parameters_are_checked(stacks: Stacks, declared: dict[str, Any], given: dict[str, str], said: str) -> None:
    pairs = [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]
    error = stacks.refused("create_stack", "app-1", {"Topic": topic()}, Parameters=declared, Given=pairs)
    assert said in error.message


def test_secrets_are_not_echoed(stacks: Stacks) -> None:
    declared = {"Secret": {"Type": "String", "NoEcho": True}, "Open": {"Type": "String", "Default": "secret"}}
    given = [{"ParameterKey": "Secret", "ParameterValue": "secret"}]
    stacks.create("app-1", {"Topic": topic(DisplayName={"Ref": "Secret"})}, Parameters=declared, Given=given)
    shown = {one["ParameterKey"]: one["ParameterValue"] for one in stacks.describe("app-1")["Parameters"]}
    assert shown == {"Secret": "****", "Open": "secret"}


def test_types_that_are_not_simulated_still_live_in_their_stack(stacks: Stacks) -> None:
    resources = {
        "Cluster": {"Type": "AWS::ElastiCache::CacheCluster", "Properties": {"ClusterName": "redis"}},
        "Group": {"Type": "Custom::elastigroup", "Properties": {"group": {"name": {"Ref": "Cluster"}}}},
    }
    stacks.create("app-1", resources)
    found = stacks.call("describe_stack_resources", StackName="app-1")["StackResources"]
    assert {one["LogicalResourceId"]: one["ResourceStatus"] for one in found} == {
        "Cluster": "CREATE_COMPLETE",
        "Group": "CREATE_COMPLETE",
    }
    assert (
        stacks.call("describe_stack_resource", StackName="app-1", LogicalResourceId="Cluster")["StackResourceDetail"][
            "PhysicalResourceId"
        ]
        == "redis"
    )


def test_templates_can_be_looked_at_without_a_stack(aws: Aws) -> None:
    template = {"Parameters": {"Name": {"Type": "String", "Default": "x"}}, "Resources": {"Role": ROLE}}
    answer = aws.call("cloudformation", "validate_template", TemplateBody=json.dumps(template))
    assert answer["Capabilities"] == ["CAPABILITY_IAM"]
    assert [one["ParameterKey"] for one in answer["Parameters"]] == ["Name"]
    summary = aws.call("cloudformation", "get_template_summary", TemplateBody=json.dumps(template))
    assert summary["ResourceTypes"] == ["AWS::IAM::Role"]


def test_templates_from_a_bucket_may_be_larger(aws: Aws, stacks: Stacks) -> None:
    bucket = stacks.sandbox.values["mint_bucket"]
    body = json.dumps({"Resources": {"Topic": topic()}, "Metadata": {"x": "y" * 60_000}})
    aws.call("s3", "put_object", Bucket=bucket, Key="app.json", Body=body.encode())
    url = f"https://{bucket}.s3.eu-central-1.amazonaws.com/app.json"
    aws.call("cloudformation", "create_stack", StackName="app-1", TemplateURL=url)
    assert stacks.status("app-1") == "CREATE_COMPLETE"


def test_parameters_can_come_from_the_parameter_store(aws: Aws, stacks: Stacks) -> None:
    aws.call("ssm", "put_parameter", Name="/images/latest", Value="ami-1,ami-2", Type="String")
    declared = {
        "Image": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/images/latest"},
        "Images": {"Type": "AWS::SSM::Parameter::Value<List<String>>", "Default": "/images/latest"},
    }
    outputs = {"One": {"Value": {"Ref": "Image"}}, "Two": {"Value": {"Fn::Select": [1, {"Ref": "Images"}]}}}
    stacks.create("app-1", {"Topic": topic()}, Parameters=declared, Outputs=outputs)
    assert [one["OutputValue"] for one in stacks.describe("app-1")["Outputs"]] == ["ami-1,ami-2", "ami-2"]
    aws.call("ssm", "delete_parameter", Name="/images/latest")
    error = stacks.refused("create_stack", "app-2", {"Topic": topic()}, Parameters=declared)
    assert "Unable to fetch parameters [/images/latest]" in error.message
