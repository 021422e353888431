"""Templates with parts of the wrong kind are refused as CloudFormation refuses them, never with an internal failure."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from senza.aws import Aws
from senza.errors import AwsError
from tests.sandbox.stacks import Stacks, topic

WHOLE: dict[str, Any] = {
    "Description": "one of everything",
    "Metadata": {"Senza": {"Info": []}},
    "Parameters": {
        "Name": {"Type": "String", "Default": "name", "AllowedPattern": "[a-z]+", "MinLength": 1, "MaxLength": 9},
        "Size": {"Type": "Number", "Default": 2, "AllowedValues": [1, 2], "MinValue": 1, "MaxValue": 3},
    },
    "Mappings": {"Map": {"eu-central-1": {"Value": "found"}}},
    "Conditions": {
        "Big": {"Fn::Equals": [{"Ref": "Size"}, "2"]},
        "Small": {"Fn::Or": [{"Fn::Not": [{"Condition": "Big"}]}, {"Condition": "Big"}]},
    },
    "Resources": {
        "First": topic(DisplayName={"Fn::Sub": ["${Name}-${own}", {"own": {"Ref": "Size"}}]}),
        "Second": {
            **topic(DisplayName={"Fn::Join": ["-", [{"Fn::GetAtt": ["First", "TopicName"]}, "x"]]}),
            **{"DependsOn": ["First"], "Condition": "Big", "Metadata": {"why": "x"}, "DeletionPolicy": "Retain"},
            **{"UpdateReplacePolicy": "Delete", "CreationPolicy": {"ResourceSignal": {"Count": 1, "Timeout": "PT1M"}}},
            **{"UpdatePolicy": {"UseOnlineResharding": True}},
        },
    },
    "Outputs": {
        "Found": {"Value": {"Fn::FindInMap": ["Map", {"Ref": "AWS::Region"}, "Value"]}, "Export": {"Name": "found"}},
        "Chosen": {"Value": {"Fn::If": ["Big", "big", "small"]}, "Condition": "Big", "Description": "the size"},
        "Split": {"Value": {"Fn::Select": [1, {"Fn::Split": [".", "a.b.c"]}]}},
        "Encoded": {"Value": {"Fn::Base64": {"Ref": "Name"}}},
        "Zone": {"Value": {"Fn::Select": ["0", {"Fn::GetAZs": ""}]}},
        "Other": {"Value": {"Fn::ImportValue": "elsewhere"}},
    },
}
WRONG: tuple[Any, ...] = (5, "text", [], {}, [5], {"Ref": "Name"}, {"Fn::Sub": 5})


def asked(aws: Aws, template: dict[str, Any]) -> str:
    """What CloudFormation says of it, "" where it would begin."""
    body = json.dumps(template)
    try:
        aws.call("cloudformation", "create_change_set", StackName="app-1", ChangeSetName="x", ChangeSetType="CREATE",
                 TemplateBody=body)  # fmt: skip
    except AwsError as error:
        return error.message if error.code == "ValidationError" else f"INTERNAL: {error} for {body}"
    aws.call("cloudformation", "delete_stack", StackName="app-1")
    return ""


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("Resources.Second.DependsOn", 5, "Template format error: DependsOn must be a string or list of strings."),
        ("Resources.Second.DependsOn", {"Ref": "First"}, "DependsOn must be a string or list of strings."),
        ("Resources.Second.DependsOn", [5], "Every DependsOn value must be a string."),
        ("Resources.Second.Condition", 5, "Every Condition member must be a string."),
        ("Resources.Second.Metadata", [], "[/Resources/Second/Metadata] Every Metadata member must be an object."),
        ("Resources.Second.Properties", [], "[/Resources/Second/Properties] Every Properties member must be an object"),
        ("Resources.Second.Type", 5, "[/Resources/Second] Every Resources object must contain a Type member."),
        ("Resources.Second", [], "Any Resources member must be an object."),
        ("Resources.Second.DeletionPolicy", "Keep", "Unrecognized DeletionPolicy Keep for resource Second"),
        ("Outputs.Found", "x", "Any Outputs member must be an object."),
        ("Outputs.Found", {"Description": "x"}, "Every Outputs member must contain a Value object."),
        ("Outputs", [], "[/Outputs] Outputs must be an object."),
        ("Parameters.Name", {"Default": "x"}, "Every Parameters object must contain a Type member."),
        ("Parameters.Name.Default", [], "Every Default member must be a string."),
        ("Parameters.Name.AllowedPattern", "[", "Parameter Name AllowedPattern is no valid regular expression"),
        ("Mappings.Map", [], "Every Mappings member must be a map"),
        ("Conditions.Small", {"Condition": ["Big"]}, "Every Condition member must be a string."),
        ("Conditions.Small", {"Condition": "Small"}, "Circular dependency between conditions: [Small]"),
        ("Resources.First.Properties.DisplayName", {"Ref": ["Name"]}, "every Ref object must have a single String"),
        ("Resources.First.Properties.DisplayName", {"Fn::GetAtt": "First"}, "every Fn::GetAtt object requires two"),
        ("Outputs.Split.Value", {"Fn::Select": ["x", ["a"]]}, "Fn::Select"),
    ],
)  # fmt: skip
def test_what_is_of_the_wrong_kind_is_named(aws: Aws, path: str, value: Any, said: str) -> None:
    assert said in asked(aws, changed(tuple(path.split(".")), value))


def test_no_wrong_kind_anywhere_is_an_internal_failure(aws: Aws) -> None:
    assert asked(aws, WHOLE) == ""
    answers = [asked(aws, changed(path, value)) for path in sorted(paths(WHOLE)) for value in WRONG]
    assert [one for one in answers if one.startswith("INTERNAL")] == []
    assert any(answers)
    assert not all(answers)


def test_how_many_signals_are_awaited_can_be_a_parameter(stacks: Stacks) -> None:
    stacks.sandbox.settings.auto_signal = True
    asking = {count: {"CreationPolicy": {"ResourceSignal": {"Count": given}}}
              for count, given in (("two", {"Ref": "Size"}), ("bad", "many"))}  # fmt: skip
    for name, policy in asking.items():
        stacks.create(
            name,
            {"Topic": topic() | policy},
            Parameters={"Size": {"Type": "Number", "Default": 2}},
            OnFailure="DO_NOTHING",
        )
    assert stacks.status("two") == "CREATE_COMPLETE"
    assert "Topic CREATE_FAILED: CreationPolicy: Count many is no whole number" in stacks.events("bad")


def paths(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """To every place in a tree but its root; places in lists by their number."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inner:
        yield (*path, str(key))
        yield from paths(value, (*path, str(key)))


def changed(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The whole template with one place filled with something else."""
    template = copy.deepcopy(WHOLE)
    node: Any = template
    for key in path[:-1]:
        node = node[int(key) if isinstance(node, list) else key]
    node[int(path[-1]) if isinstance(node, list) else path[-1]] = value
    return template
