"""Whether a definition still makes what runs; what its account changed, or nobody can compare, is no difference."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.components import Compiled
from senza.promotion.exactness import Exactness, exactness
from senza.promotion.running import Running
from senza.stacks.comparison import plain
from senza.stacks.summaries import Stack

CREATED = datetime(2026, 6, 1, tzinfo=UTC)
TAGS = {"Name": "shop-1", "StackName": "shop", "StackVersion": "1"}
AMI = {"senza:App:ami": "AmazonLinux2023 x86_64 ami-1"}
TEMPLATE: dict[str, Any] = {
    "Parameters": {"Size": {"Type": "String"}, "Password": {"Type": "String", "NoEcho": True}},
    "Mappings": {
        "Images": {"eu-central-1": {"LatestTaupageImage": "ami-7", "Own": "ami-8"}},
        "ServerSubnets": {"eu-central-1": {"Subnets": ["subnet-1", "subnet-2"]}},
        "Senza": {"Info": {"StackName": "shop"}},
    },
    "Resources": {
        "Config": {
            "Type": "AWS::EC2::LaunchTemplate",
            "Properties": {
                "LaunchTemplateData": {
                    "ImageId": "ami-1",
                    "InstanceType": "t3.micro",
                    "UserData": {"Fn::Base64": "#cloud-config\nsource: app:1\npassword: hunter22\n"},
                }
            },
        },
        "Listener": {
            "Type": "AWS::ElasticLoadBalancingV2::Listener",
            "Properties": {
                "Certificates": [{"CertificateArn": "arn:aws:acm:eu-central-1:111111111111:certificate/aaaa"}],
                "Port": 443,
            },
        },
        "Record": {
            "Type": "AWS::Route53::RecordSet",
            "Properties": {"Name": "shop.example.org.", "Weight": 200, "SetIdentifier": "shop-1"},
        },
    },
}
SENT = (("Size", "3"), ("Password", "****"))


def running(template: dict[str, Any] | None = None, tags: dict[str, str] | None = None) -> Running:
    all_tags = {**TAGS, **AMI, **(tags or {})}
    stack = Stack("shop-1", "arn", "CREATE_COMPLETE", CREATED, tags=tuple(all_tags.items()), parameters=SENT)
    return Running(stack, template or TEMPLATE)


def planned(template: dict[str, Any] | None = None, tags: dict[str, str] | None = None) -> Compiled:
    values = {"Size": "3", "Password": "of live"}
    return Compiled(template or TEMPLATE, "shop", "1", {**TAGS, **AMI, **(tags or {})}, values, (), (), (), ())


def changed(*path: Any, to: Any) -> dict[str, Any]:
    template = copy.deepcopy(TEMPLATE)
    node = template
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = to
    return template


LAUNCH = ("Resources", "Config", "Properties", "LaunchTemplateData")
ARN = ("Resources", "Listener", "Properties", "Certificates", 0, "CertificateArn")
IMAGES = ("Mappings", "Images", "eu-central-1")


def paths(found: Exactness) -> set[str]:
    comparison = found.comparison
    resources = {f"{one.logical_id}.{each.key_path}" for one in comparison.resources for each in one.differences}
    return resources | {one.key_path for one in (*comparison.parameters, *comparison.tags, *comparison.other)}


def test_the_same_is_exact() -> None:
    found = exactness(running(), planned())
    assert (found.exact, found.looked_up) == (True, ())
    assert found.comparison.unknown == ("Password",), "nobody can say whether they differ"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((*LAUNCH, "InstanceType"), "m7g.large"),
        ((*LAUNCH, "UserData"), {"Fn::Base64": "#cloud-config\nsource: app:2\npassword: hunter22\n"}),
        ((*IMAGES, "Own"), "ami-9"),
        (("Resources", "Listener", "Properties", "Port"), 80),
        (ARN, {"Ref": "Certificate"}),
        (("Mappings", "Senza", "Info", "StackName"), "shop2"),
        (("Parameters", "Size", "AllowedValues"), ["1", "3"]),
        (("Resources", "Record", "Properties", "Name"), "other.example.org."),
    ],
)
def test_what_somebody_changed_is_a_difference(path: tuple[Any, ...], value: Any) -> None:
    found = exactness(running(), planned(changed(*path, to=value)))
    assert not found.exact
    assert len(paths(found)) == 1


def test_a_literal_machine_image_is_the_definitions() -> None:
    template = changed(*LAUNCH, "ImageId", to="ami-2")
    assert not exactness(running(), planned(template)).exact, "the tag says that another one was looked up"


@pytest.mark.parametrize(
    ("path", "value", "tags"),
    [
        ((*LAUNCH, "ImageId"), "ami-2", {"senza:App:ami": "AmazonLinux2023 x86_64 ami-2"}),
        ((*IMAGES, "LatestTaupageImage"), "ami-9", {}),
    ],
)
def test_a_newer_machine_image_is_the_accounts(path: tuple[Any, ...], value: str, tags: dict[str, str]) -> None:
    found = exactness(running(), planned(changed(*path, to=value), tags))
    assert found.exact
    assert [one.new for one in found.machine_images] == [value]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("Mappings", "ServerSubnets", "eu-central-1", "Subnets"), ["subnet-1", "subnet-2", "subnet-3"]),
        (ARN, "arn:aws:acm:eu-central-1:111111111111:certificate/bbbb"),
        (ARN, "arn:aws:iam::111111111111:server-certificate/hello"),
    ],
)
def test_a_subnet_more_and_a_new_certificate_are_the_accounts(path: tuple[Any, ...], value: Any) -> None:
    found = exactness(running(), planned(changed(*path, to=value)))
    assert (found.exact, len(found.looked_up), found.machine_images) == (True, 1, ())


def test_the_priority_of_a_components_rule_is_the_listeners() -> None:
    rule = {"Type": "AWS::ElasticLoadBalancingV2::ListenerRule", "Properties": {"Priority": 46953, "ListenerArn": "l"}}
    moved = {**rule, "Properties": {"Priority": 123, "ListenerArn": "l"}}
    there = running({**TEMPLATE, "Resources": {"BackendRule": rule}})
    now = planned({**TEMPLATE, "Resources": {"BackendRule": moved}})
    found = exactness(there, replace(now, made_by={"BackendRule": "Backend"}))
    assert (found.exact, [one.path[0] for one in found.looked_up]) == (True, ["BackendRule"])
    assert not exactness(there, now).exact  # written out in the definition


def test_weights_are_traffic() -> None:
    assert exactness(running(), planned(changed("Resources", "Record", "Properties", "Weight", to=0))).exact


def test_tags_that_only_a_command_line_or_senza_gives_are_none_of_the_definitions() -> None:
    given_there = {"Team": "cheese", "senza:rollout": "20260601T120000Z-3fa9c1", "senza:App:image": "a@sha256:1"}
    assert exactness(running(tags=given_there), planned()).exact
    assert paths(exactness(running(tags={"Cost": "1"}), planned(tags={"Cost": "2"}))) == {"Cost"}
    assert paths(exactness(running(), planned(tags={"Cost": "2"}))) == {"Cost"}


def test_a_secret_in_clear_text_is_not_compared_and_never_shown() -> None:
    theirs = changed(*LAUNCH, "UserData", to={"Fn::Base64": "#cloud-config\nsource: app:1\npassword: of live\n"})
    assert exactness(running(), planned(theirs), {"of live"}).exact
    theirs = changed(*LAUNCH, "UserData", to={"Fn::Base64": "#cloud-config\nsource: app:2\npassword: of live\n"})
    found = exactness(running(), planned(theirs), {"of live"})
    assert paths(found) == {"Config.Properties.LaunchTemplateData.UserData"}
    shown = repr(found)
    assert "of live" not in shown
    assert "hunter22" not in shown


LEAVES = st.sampled_from(["a", "b", "secret", "x secret y", 1, True])
TREES = st.recursive(
    LEAVES,
    lambda node: st.lists(node, max_size=3) | st.dictionaries(st.sampled_from("abc"), node, max_size=3),
    max_leaves=8,
)


@given(TREES, TREES, st.sampled_from(["former", "other"]))
def test_only_the_secret_may_be_another_one(tree: Any, other: Any, former: str) -> None:
    def queue(properties: Any) -> dict[str, Any]:
        return {"Resources": {"App": {"Type": "AWS::SQS::Queue", "Properties": {"X": properties}}}}

    def replaced(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: replaced(value) for key, value in node.items()}
        if isinstance(node, list):
            return [replaced(value) for value in node]
        return node.replace("secret", former) if isinstance(node, str) else node

    def compared(old: Any, new: Any) -> bool:
        bare = Compiled(queue(new), "shop", "1", TAGS, {}, (), (), (), ())
        return exactness(Running(running().stack, queue(old)), bare, {"secret"}).comparison.resources == ()

    assert compared(replaced(tree), tree)
    if "secret" not in repr(tree):
        assert compared(other, tree) == (plain(other) == plain(tree))
