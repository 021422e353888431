"""``senza instances``: right behind every kind of balancer, and few calls."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from senza.aws import Aws
from senza.fleet.balancers import HEALTHY
from senza.fleet.instances import list_instances, source_in, stack_filter
from senza.sandbox.embedded import EmbeddedSandbox
from senza.stacks.references import StackRef, parse_refs
from tests.fleet.views.conftest import IMAGE, Fleet, Run, rows

KEYS = [
    *("stack_name", "version", "resource_id", "instance_id", "public_ip", "private_ip"),
    *("state", "lb_status", "launch_time"),
]


def test_a_row_has_the_keys_of_the_classic_tool(fleet: Fleet, run: Run) -> None:
    fleet.create("shop-1")
    (row,) = rows(run("instances", "shop", "-o", "json"))
    assert list(row) == KEYS
    address, launched = row.pop("private_ip"), row.pop("launch_time")
    assert address.startswith("172.20.")
    assert isinstance(launched, int)
    assert row == {
        "stack_name": "shop",
        "version": "1",
        "resource_id": "AppServer",
        "instance_id": fleet.ids("shop-1")[0],
        "public_ip": None,
        "state": "RUNNING",
        "lb_status": "IN_SERVICE",
    }


@pytest.mark.parametrize(
    ("balancers", "status"),
    [
        (["classic"], "IN_SERVICE"),
        (["application"], "HEALTHY"),
        (["network"], "HEALTHY"),
        ([], None),
    ],
)
@pytest.mark.parametrize("launched_by", ["template", "configuration", "mixed"])
def test_the_status_is_that_of_the_balancer(
    fleet: Fleet, run: Run, balancers: list[str], status: str | None, launched_by: str
) -> None:
    fleet.create(
        "shop-1",
        balancers,
        instances=2,
        configuration=launched_by == "configuration",
        mixed=launched_by == "mixed",
    )
    found = rows(run("instances", "shop", "-o", "json", "-d"))
    assert [(row["instance_id"], row["lb_status"]) for row in found] == [
        (name, status) for name in sorted(fleet.ids("shop-1"))
    ]
    assert {row["docker_source"] for row in found} == {"registry.example.org/stups/shop-1:1"}


def test_behind_two_balancers_the_one_that_sends_nothing_counts(
    fleet: Fleet, run: Run, sandbox: EmbeddedSandbox
) -> None:
    fleet.create("shop-1", ["classic", "application"], instances=2)
    first, second = sorted(fleet.ids("shop-1"))
    sandbox.settings.instance_health[first] = "OutOfService"
    states = {row["instance_id"]: row["lb_status"] for row in rows(run("instances", "-o", "json"))}
    assert states[first] not in HEALTHY
    assert states[second] in HEALTHY


def test_an_instance_without_a_group_may_stand_behind_a_classic_balancer(fleet: Fleet, run: Run) -> None:
    properties = {"ImageId": IMAGE, "SubnetId": fleet.subnets[0]}
    server = {"Type": "AWS::EC2::Instance", "Properties": properties}
    balancer = fleet.classic("shop-1", Instances=[{"Ref": "Server"}])
    fleet.create_stack("shop-1", {"Server": server, "Classic": balancer, "Spare": server})
    states = {row["resource_id"]: row["lb_status"] for row in rows(run("instances", "shop", "-o", "json"))}
    assert states == {"Server": "IN_SERVICE", "Spare": None}


def test_an_instance_without_a_group_may_be_a_target_of_its_stack(fleet: Fleet, run: Run) -> None:
    server = {"Type": "AWS::EC2::Instance", "Properties": {"ImageId": IMAGE, "SubnetId": fleet.subnets[0]}}
    modern = fleet.modern("shop-1", "application")
    modern["ApplicationTargetGroup"]["Properties"]["Targets"] = [{"Id": {"Ref": "Server"}}]
    fleet.create_stack("shop-1", {"Server": server, "Spare": server, **modern})
    fleet.create("shop-2", ["network"])
    (group,) = fleet.aws.call("elbv2", "describe_target_groups", Names=["shop-1-app"])["TargetGroups"]
    (instance,) = [row["instance_id"] for row in listed(run) if row["resource_id"] == "Server"]
    register = {"TargetGroupArn": group["TargetGroupArn"], "Targets": [{"Id": instance}]}
    fleet.aws.call("elbv2", "register_targets", **register)  # moto leaves out what the template says
    states = {(row["stack_name"], row["resource_id"]): row["lb_status"] for row in listed(run)}
    assert states == {("shop", "Server"): "HEALTHY", ("shop", "Spare"): None, ("shop", "AppServer"): "HEALTHY"}
    made = fleet.counted(lambda: run("instances", "shop"))
    assert (made.count("resourcegroupstaggingapi:GetResources"), made.count("elbv2:DescribeTargetHealth")) == (1, 2)


def listed(run: Run) -> list[dict[str, str]]:
    found: list[dict[str, str]] = rows(run("instances", "-o", "json"))
    return found


def test_a_group_without_a_balancer_costs_no_call_for_health(fleet: Fleet, run: Run) -> None:
    fleet.create("shop-1", [])
    assert fleet.counted(lambda: run("instances", "shop")) == [
        "autoscaling:DescribeAutoScalingGroups",
        "ec2:DescribeInstances",
    ]


@pytest.mark.parametrize("versions", [2, 7])
def test_calls_are_one_per_balancer_and_two(fleet: Fleet, run: Run, versions: int) -> None:
    for version in range(versions):
        fleet.create(f"shop-{version}", ["classic" if version % 2 else "application"])
    made = fleet.counted(lambda: run("instances", "shop"))
    assert made == sorted(
        [
            *("autoscaling:DescribeAutoScalingGroups", "ec2:DescribeInstances"),
            *["elb:DescribeInstanceHealth"] * (versions // 2),
            *["elbv2:DescribeTargetHealth"] * ((versions + 1) // 2),
        ]
    )


def test_a_balancer_that_goes_meanwhile_is_no_failure(fleet: Fleet, run: Run, sandbox: EmbeddedSandbox) -> None:
    fleet.create("shop-1")
    fleet.aws.call("elb", "delete_load_balancer", LoadBalancerName="shop-1")
    assert [row["lb_status"] for row in rows(run("instances", "-o", "json"))] == [None]


def test_references_choose_by_regular_expression(fleet: Fleet, aws: Aws) -> None:
    for stack in ("shop-1", "shop-2", "shop-eu-1", "blog-1"):
        fleet.create(stack, [])

    def chosen(*words: str) -> list[str]:
        return [instance.stack for instance in list_instances(aws, parse_refs(words))]

    assert chosen("shop") == ["shop-1", "shop-2"]
    assert chosen("shop", "2") == ["shop-2"]
    assert chosen("shop.*", "1") == ["shop-1", "shop-eu-1"]
    assert chosen("shop", "2", "blog") == ["blog-1", "shop-2"]
    assert chosen() == ["blog-1", "shop-1", "shop-2", "shop-eu-1"]


def test_plain_names_are_filtered_at_the_source() -> None:
    tag = "tag:aws:cloudformation:stack-name"
    assert stack_filter([StackRef("shop"), StackRef("blog", "2")]) == [{"Name": tag, "Values": ["blog-2", "shop*"]}]
    everything = [{"Name": "tag-key", "Values": ["aws:cloudformation:stack-name"]}]
    assert stack_filter([StackRef("shop"), StackRef("b.*")]) == everything
    assert stack_filter([StackRef(f"app{number}") for number in range(201)]) == everything
    assert stack_filter([]) == everything


def test_all_and_terminated_add_what_is_left_out(fleet: Fleet, run: Run) -> None:
    fleet.create("shop-1", [], instances=1)
    lonely, gone = fleet.run_instance(), fleet.run_instance()
    fleet.aws.call("ec2", "terminate_instances", InstanceIds=[gone])
    own = fleet.ids("shop-1")

    def listed(*options: str) -> dict[str, str]:
        return {row["instance_id"]: row["state"] for row in rows(run("instances", "-o", "json", *options))}

    assert list(listed()) == own
    assert listed("--all") == {own[0]: "RUNNING", lonely: "RUNNING"}
    assert listed("--all", "--terminated") == {own[0]: "RUNNING", lonely: "RUNNING", gone: "TERMINATED"}
    assert list(listed("--terminated")) == own


def test_a_stack_without_instances_is_empty_and_one_that_is_missing_an_error(fleet: Fleet, run: Run) -> None:
    fleet.create_stack("shop-1", {"Jobs": {"Type": "AWS::SQS::Queue"}})
    assert rows(run("instances", "shop", "-o", "json")) == []
    result = run("instances", "shop", "2")
    assert result.exit_code == 1
    assert result.stderr == "Error: there is no stack shop 2\nsenza list shows the stacks of this region.\n"


def test_docker_image_is_a_column_of_its_own(fleet: Fleet, run: Run) -> None:
    fleet.create("shop-1", [])
    assert run("instances", "-o", "tsv").stdout.split("\n")[0] == "\t".join(KEYS)
    with_image = run("instances", "-d", "-o", "tsv").stdout.split("\n")[0].split("\t")
    assert with_image == [*KEYS[:-1], "docker_source", "launch_time"]
    image = rows(run("instances", "-f", "docker_source", "-o", "json"))
    assert image == [{"docker_source": "registry.example.org/stups/shop-1:1"}]


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("#taupage-ami-config\nsource: app:1\n", "app:1"),
        ("#!/bin/sh\nexit 0\n", None),
        ("{unbalanced: [", None),
        ("- a list", None),
        ("", None),
        ("\xff\xfe", None),
    ],
)
def test_only_taupage_user_data_has_an_image(text: str, source: str | None) -> None:
    assert source_in(base64.b64encode(text.encode("latin-1")).decode()) == source


def test_piu_is_asked_for_each_instance(fleet: Fleet, run: Run, piu: Path) -> None:
    fleet.create("shop-1", instances=2)
    result = run("instances", "shop", "-p", "why; not", "-O", "odd.example.org", "-o", "json")
    expected = [
        word
        for row in json.loads(result.stdout)
        for word in ("request-access", row["private_ip"], "why; not via senza", "-O", "odd.example.org")
    ]
    assert piu.read_text().splitlines() == expected


def test_piu_connects_where_there_is_one_instance(fleet: Fleet, run: Run, piu: Path) -> None:
    fleet.create("shop-1")
    assert run("instances", "shop", "--piu", "why").exit_code == 0
    assert piu.read_text().splitlines()[2:] == ["why via senza", "--connect"]


def test_piu_that_fails_is_told(fleet: Fleet, run: Run, piu: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet.create("shop-1")
    (row,) = rows(run("instances", "-o", "json"))
    monkeypatch.setenv("FAILS", row["private_ip"])
    result = run("instances", "shop", "--piu", "why")
    assert result.exit_code == 1
    assert f"piu ended with exit code 1 for {row['instance_id']} ({row['private_ip']})" in result.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["-O", "odd"], 2, "--odd-host is the bastion for --piu, which is missing"),
        (["-p", "why", "-W"], 2, "--piu cannot be combined with watching"),
        (["-p", "why"], 1, "piu is not installed"),
    ],
)
def test_piu_is_refused_before_anything_is_asked(
    fleet: Fleet, run: Run, words: list[str], code: int, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    fleet.create("shop-1")
    before = len(fleet.aws.calls)
    result = run("instances", *words)
    assert (result.exit_code, len(fleet.aws.calls)) == (code, before)
    assert said in result.stderr


def test_piu_needs_a_running_instance(fleet: Fleet, run: Run, piu: Path) -> None:
    fleet.create("shop-1")
    fleet.aws.call("ec2", "stop_instances", InstanceIds=fleet.ids("shop-1"))
    result = run("instances", "shop", "--piu", "why")
    assert result.exit_code == 1
    assert "none of these instances is running" in result.stderr
