"""Stacks, versions and records that somebody should look after."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from senza.aws import Aws
from senza.doctor import estate, records
from senza.doctor.model import Finding
from senza.sandbox.world import START, Failure
from senza.stacks.summaries import Stack
from tests.doctor.conftest import DAY, MAIN, ZONE, Doctor, said
from tests.traffic.balancing import Edge

NOW = datetime.fromtimestamp(START, UTC)
QUEUE = {"Type": "AWS::SQS::Queue"}


def stack(status: str, created_days_ago: float = 0, updated_days_ago: float | None = None) -> Stack:
    updated = None if updated_days_ago is None else NOW - timedelta(days=updated_days_ago)
    return Stack("shop-1", "arn:1", status, NOW - timedelta(days=created_days_ago), updated=updated)


@pytest.mark.parametrize(
    ("status", "level", "command"),
    [
        ("CREATE_FAILED", "error", "senza delete shop 1"),
        ("DELETE_FAILED", "error", "senza delete shop 1"),
        ("ROLLBACK_FAILED", "error", "senza delete shop 1"),
        ("ROLLBACK_COMPLETE", "warning", "senza delete shop 1"),
        ("UPDATE_FAILED", "error", "aws cloudformation rollback-stack --stack-name shop-1"),
        ("UPDATE_ROLLBACK_FAILED", "error", "aws cloudformation continue-update-rollback --stack-name shop-1"),
    ],
)
def test_a_failed_stack_is_told_with_the_way_out(status: str, level: str, command: str) -> None:
    finding = estate.failed(stack(status))
    assert finding
    assert (finding.level, finding.subject) == (level, "shop-1")
    assert finding.advice.startswith("See why: senza events shop 1.")
    assert finding.advice.endswith(command)


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_a_settled_stack_is_fine(status: str) -> None:
    assert estate.failed(stack(status)) is None
    assert estate.lasting(stack(status, 99), START) is None


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (stack("CREATE_IN_PROGRESS", 2), True),
        (stack("REVIEW_IN_PROGRESS", 2), True),
        (stack("CREATE_IN_PROGRESS", 0.9), False),
        (stack("UPDATE_IN_PROGRESS", 99, 2), True),
        (stack("UPDATE_IN_PROGRESS", 99, 0.9), False),
        (stack("DELETE_IN_PROGRESS", 99, 50), False),  # nobody knows since when
    ],
)
def test_a_stack_in_progress_for_more_than_a_day_is_told(found: Stack, told: bool) -> None:
    assert (estate.lasting(found, START) is not None) == told


def test_stuck_stacks_of_the_account(doctor: Doctor) -> None:
    doctor.sandbox.settings.failures = [Failure("shop-1", "Jobs")]
    doctor.create("shop-1", Jobs=QUEUE)
    doctor.sandbox.settings.default_seconds = 3 * DAY
    doctor.create("shop-2", Jobs=QUEUE)
    doctor.sandbox.advance(0.5 * DAY)
    assert said(doctor.asks(estate.STUCK)) == [
        ("warning", "shop-1 could not be created (ROLLBACK_COMPLETE) and only occupies its name")
    ]
    doctor.sandbox.advance(1.5 * DAY)
    assert said(doctor.asks(estate.STUCK))[1:] == [("warning", "shop-2 is CREATE_IN_PROGRESS for 2 days")]


def test_an_old_version_without_traffic_is_told_once_another_has_some(doctor: Doctor) -> None:
    doctor.create("shop-1")
    doctor.sandbox.advance(13 * DAY)
    doctor.create("shop-2", weight=200)
    assert doctor.asks(estate.IDLE) == []
    doctor.sandbox.advance(2 * DAY)
    (finding,) = doctor.asks(estate.IDLE)
    assert said([finding]) == [("warning", "shop-1 is 15 days old and has no traffic (shop-2 has)")]
    assert finding.advice.endswith("senza delete shop 1")
    doctor.record("shop-2", 0)
    assert doctor.asks(estate.IDLE) == []


def test_a_launch_configuration_is_told(doctor: Doctor) -> None:
    assert doctor.asks(estate.LAUNCH_CONFIGURATIONS) == []
    doctor.sandbox.settings.allow_launch_configurations = True
    subnet = next(iter(doctor.sandbox.values["subnets"].values()))
    config = {"ImageId": "ami-0a000000000000002", "InstanceType": "t3.micro"}
    group = {"MinSize": "0", "MaxSize": "0", "LaunchConfigurationName": {"Ref": "Config"}}
    doctor.create(
        "shop-1",
        Config={"Type": "AWS::AutoScaling::LaunchConfiguration", "Properties": config},
        AppServer={
            "Type": "AWS::AutoScaling::AutoScalingGroup",
            "Properties": group | {"VPCZoneIdentifier": [subnet]},
        },
    )
    assert [(finding.level, finding.subject) for finding in doctor.asks(estate.LAUNCH_CONFIGURATIONS)] == [
        ("info", "shop-1")
    ]


# -- records


def performed(doctor: Doctor, finding: Finding) -> None:
    """Do what the advice says."""
    words = shlex.split(finding.advice.partition("aws route53 ")[2])
    assert words[0] == "change-resource-record-sets"
    given = dict(zip(words[1::2], words[2::2], strict=True))
    doctor.aws.call(
        "route53",
        "change_resource_record_sets",
        HostedZoneId=given["--hosted-zone-id"],
        ChangeBatch=json.loads(given["--change-batch"]),
    )


@pytest.mark.parametrize(("weight", "level"), [(0, "warning"), (100, "error")])
def test_a_record_whose_stack_is_gone_is_told_and_the_command_removes_it(
    doctor: Doctor, weight: int, level: str
) -> None:
    doctor.create("shop-2", weight=100)
    doctor.record("shop-1", weight)
    (finding,) = doctor.asks(records.ORPHANED)
    assert (finding.level, finding.subject) == (level, MAIN)
    assert ("50 % of" in finding.message) == bool(weight)
    performed(doctor, finding)
    assert doctor.asks(records.ORPHANED) == []


@pytest.mark.parametrize(
    ("identifier", "name", "region", "told"),
    [
        ("web-1", MAIN, "eu-central-1", True),  # leads to a balancer of this region
        ("web-1", MAIN, "us-east-1", False),  # whose stacks are not known here
        ("web-1", MAIN, "", False),  # might be anything
        ("web-1", f"web.{ZONE}", "", True),  # called as senza calls the domain of web
        ("blue", f"blue.{ZONE}", "eu-central-1", False),  # no stack's name
    ],
)
def test_only_what_looks_like_a_stack_of_this_region_counts(
    doctor: Doctor, identifier: str, name: str, region: str, told: bool
) -> None:
    doctor.create("shop-2", weight=100)
    doctor.record(identifier, 0, name=name, balancer_in=region)
    assert bool(doctor.asks(records.ORPHANED)) == told


def test_several_versions_at_0_are_told(doctor: Doctor) -> None:
    doctor.create("shop-1")
    assert doctor.asks(records.UNWEIGHTED) == []
    doctor.sandbox.advance(60)
    doctor.create("shop-2")
    (finding,) = doctor.asks(records.UNWEIGHTED)
    assert (finding.level, finding.subject) == ("warning", MAIN)
    assert finding.advice.endswith("senza traffic shop 2 100")
    doctor.record("shop-1", 1)
    assert doctor.asks(records.UNWEIGHTED) == []


def test_what_others_keep_at_0_is_their_business(doctor: Doctor) -> None:
    for identifier in ("blue", "green"):
        doctor.record(identifier, 0)
    assert doctor.asks(records.UNWEIGHTED) == []


# -- rules


@pytest.fixture
def edge(aws: Aws) -> Edge:
    return Edge(aws)


def in_front_of(doctor: Doctor, edge: Edge, stack: str) -> None:
    """A version whose group is behind the balancer: only then are rules looked at."""
    subnet = next(iter(doctor.sandbox.values["subnets"].values()))
    data = {"ImageId": "ami-0a000000000000002", "InstanceType": "t3.micro"}
    template = {"LaunchTemplateId": {"Ref": "Template"}, "Version": {"Fn::GetAtt": ["Template", "LatestVersionNumber"]}}
    group: dict[str, Any] = {"MinSize": "0", "MaxSize": "0", "LaunchTemplate": template}
    group |= {"VPCZoneIdentifier": [subnet], "TargetGroupARNs": [{"Ref": "Web"}]}
    edge.create(
        stack,
        Template={"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": data}},
        AppServer={"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": group},
    )


def test_versions_at_rules_are_looked_at_like_those_with_records(doctor: Doctor, edge: Edge) -> None:
    in_front_of(doctor, edge, "shop-1")
    doctor.sandbox.advance(16 * DAY)
    in_front_of(doctor, edge, "shop-2")
    (finding,) = doctor.asks(records.UNWEIGHTED)
    assert finding.message.startswith(f"all 2 versions at {MAIN} have weight 0: the load balancer then answers with")
    assert doctor.asks(estate.IDLE) == []
    edge.put({"shop-2": 200})
    assert said(doctor.asks(estate.IDLE)) == [("warning", "shop-1 is 16 days old and has no traffic (shop-2 has)")]
    assert (doctor.asks(records.UNWEIGHTED), doctor.asks(records.ORPHANED)) == ([], [])


def test_a_target_group_that_a_stack_left_in_a_rule_is_told(doctor: Doctor, edge: Edge) -> None:
    in_front_of(doctor, edge, "shop-2")
    edge.create("shop-1")
    edge.put({"shop-1": 100, "shop-2": 100})
    doctor.aws.call("cloudformation", "delete_stack", StackName="shop-1")
    doctor.aws.call("cloudformation", "delete_stack", StackName="shop-1", RetainResources=["Web"])
    (finding,) = doctor.asks(records.ORPHANED)
    assert finding.level == "error"
    assert "sends requests for shop.hello.example.org to shop-1-Web" in finding.message
    assert "which is left of the stack shop-1" in finding.message


def test_without_target_groups_nothing_is_asked_about_rules(doctor: Doctor) -> None:
    doctor.create("shop-1")
    before = len(doctor.aws.calls)
    doctor.asks(records.UNWEIGHTED)
    assert not [call for call in doctor.aws.calls[before:] if call.service in ("elbv2", "resourcegroupstaggingapi")]
