"""References that lead nowhere, and resources that are none."""

from __future__ import annotations

from typing import Any

import pytest

from senza.components import dangling


def problems(properties: dict[str, Any], **more: Any) -> list[tuple[Any, ...]]:
    template = {
        "Mappings": {
            "Sizes": {"eu-central-1": {"small": "t3.small"}},
            "Images": {"eu-central-1": {"LatestTaupageImage": "ami-1"}},
        },
        "Parameters": {"Stage": {"Type": "String"}},
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Other": {"Type": "Custom::Thing", "Properties": properties, **more},
        },
    }
    return list(dangling(template, lambda: "eu-central-1"))


A = ("Resources", "Other", "Properties", "A")


@pytest.mark.parametrize(
    ("value", "said", "hint"),
    [
        ({"Ref": "Quue"}, "there is no resource or parameter Quue", "Did you mean Queue?"),
        ({"Fn::GetAtt": ["Qeue", "Arn"]}, "there is no resource Qeue", "Did you mean Queue?"),
        ({"Fn::GetAtt": "Qeue.Arn"}, "there is no resource Qeue", "Did you mean Queue?"),
        (
            {"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "smal"]},
            "Mappings.Sizes.eu-central-1 has no smal",
            "Did you mean small?",
        ),
        ({"Fn::Sub": "a-${Quue}"}, "there is no resource or parameter Quue", "Did you mean Queue?"),
        ({"Fn::Sub": ["${A}-${Qeue.Arn}", {"A": 1}]}, "there is no resource Qeue", "Did you mean Queue?"),
        ({"Fn::FindInMap": ["Siezs", "x", "y"]}, "Mappings has no Siezs", "Did you mean Sizes?"),
        (
            {"Fn::FindInMap": ["Images", {"Ref": "AWS::Region"}, "ami-2"]},
            "Mappings.Images.eu-central-1 has no ami-2",
            "Image is a name in that map. The id of an image goes into another property: ImageId: ami-2",
        ),
    ],
)
def test_what_leads_nowhere(value: Any, said: str, hint: str) -> None:
    assert problems({"A": value}) == [(A, said, hint)]


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "Queue"},
        {"Ref": "Stage"},
        {"Ref": "AWS::StackName"},
        {"Fn::GetAtt": ["Queue", "Arn"]},
        {"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "small"]},
        {"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "small"]},
        {"Fn::FindInMap": ["Nope", "x", "y", {"DefaultValue": 1}]},
        {"Fn::Sub": "${Queue.Arn} ${Stage} ${AWS::Region} ${!Home} $HOME ${}"},
        {"Fn::Sub": ["${A}", {"A": {"Ref": "Queue"}}]},
        {"Fn::Sub": 5},
        {"Ref": "not a function", "beside": "another key"},
    ],
)
def test_what_leads_somewhere(value: Any) -> None:
    assert problems({"A": value}) == []


def test_dependencies_are_looked_at_too() -> None:
    assert [path for path, _, _ in problems({}, DependsOn=["Queue", "Nope"])] == [("Resources", "Other", "DependsOn")]


@pytest.mark.parametrize("value", [5, None, {"Ref": "Queue"}, [5]])
def test_odd_dependencies_are_no_names(value: Any) -> None:
    assert [path for path, _, _ in problems({}, DependsOn=value)] == []


@pytest.mark.parametrize(
    ("resources", "said"),
    [
        ({}, "there is nothing in it that would be created"),
        ({"A": 5}, "the resource A must be a mapping"),
        ({"A": None}, "the resource A must be a mapping"),
        ({"A": {"Properties": {}}}, "the resource A has no Type"),
        ({"A": {"Type": 3}}, "the resource A has no Type"),
        ({"A": {"Type": "AWS::SQS::Queue", "Properties": [1]}}, "the Properties of A must be a mapping"),
    ],
)
def test_what_is_no_resource(resources: dict[str, Any], said: str) -> None:
    assert [problem for _, problem, _ in dangling({"Resources": resources}, lambda: "x")] == [said]


@pytest.mark.parametrize(
    ("section", "said", "hint"),
    [
        ({"Resource": {}}, "a template has no section Resource", "Did you mean Resources?"),
        ({"SenzaComponent": []}, "a template has no section SenzaComponent", "Did you mean SenzaComponents?"),
        ({"Outputs": {"A": 5}}, "the output A must be a mapping", "Write e.g. {Value: ...}."),
        ({"Outputs": {"A": {"Valeu": 5}}}, "the output A has no Value", "Write e.g. {Value: ...}."),
        ({"Parameters": {"A": 5}}, "the parameter A must be a mapping", "Write e.g. {Type: String}."),
        ({"Parameters": {"A": {"Type": "String", "MinLenght": 5}}}, "a parameter has no MinLenght",
         "Did you mean MinLength or MaxLength?"),
        ({"Mappings": {"A": 5}}, "the map A must be a mapping", ""),
    ],
)  # fmt: skip
def test_what_is_no_part_of_a_template(section: dict[str, Any], said: str, hint: str) -> None:
    template = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}, **section}
    assert [(problem, what) for _, problem, what in dangling(template, lambda: "x")] == [(said, hint)]


def test_a_macro_among_the_resources_makes_some() -> None:
    include = {"Name": "AWS::Include", "Parameters": {"Location": "s3://a/b"}}
    assert list(dangling({"Resources": {"Fn::Transform": include}}, lambda: "x")) == []


def test_a_template_with_a_transform_is_left_alone() -> None:
    template = {"Transform": "AWS::Serverless-2016-10-31", "Outputs": {"A": {"Value": {"Ref": "Made"}}}}
    assert list(dangling(template, lambda: "x")) == []
