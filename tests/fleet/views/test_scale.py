"""200 stacks, 50 apps with four versions each: calls in proportion to pages."""

from __future__ import annotations

from functools import partial

import pytest

from senza.traffic.parts import parts_of
from tests.fleet.views.conftest import Fleet, Run, rows

APPS, VERSIONS = 50, 4
STACKS = ["cloudformation:ListStacks"] * 2
RECORDS = ["route53:ListHostedZones", "route53:ListResourceRecordSets", "route53:ListResourceRecordSets"]
OWNERS = ["resourcegroupstaggingapi:GetResources"] * 2
INSTANCES = ["ec2:DescribeInstances", *["autoscaling:DescribeAutoScalingGroups"] * 2]
STATES = [*["elb:DescribeInstanceHealth"] * 180, *["elbv2:DescribeTargetHealth"] * 20]
"""Neither can be asked about two balancers at once."""

CALLS = {
    "list": STACKS,
    "domains": [*STACKS, *RECORDS, *OWNERS],
    "status": [*STACKS, *RECORDS, *OWNERS, *INSTANCES, *STATES],
    "instances": [*INSTANCES, *STATES],
    "health": [
        *(*STACKS, *["autoscaling:DescribeAutoScalingGroups"] * 2),
        *("elbv2:DescribeTargetGroups", *["cloudwatch:GetMetricData"] * 3),
    ],
    "images": ["ec2:DescribeImages", "ec2:DescribeInstances"],
}
ALLOWED = {"list": 3, "domains": 10 + 2, "status": 2 * APPS * VERSIONS}
"""What the classic tool needs for these: 3, 606 and 803."""


@pytest.fixture
def stacks(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Their full names: every tenth app stands behind an application balancer. No domain can be reached."""
    for scheme in ("http", "https"):
        monkeypatch.setenv(f"{scheme}_proxy", "http://127.0.0.1:9")
    names = []
    for app in range(APPS):
        for version in range(1, VERSIONS + 1):
            names.append(f"app{app}-{version}")
            fleet.create(names[-1], ["application" if app % 10 == 9 else "classic"], records=True)
    return names


def test_the_calls_on_200_stacks_and_that_what_they_show_is_so(stacks: list[str], fleet: Fleet, run: Run) -> None:
    # one test, as it is the stacks that take the time
    shown = {}

    def show(command: str) -> None:
        shown[command] = rows(run(command, "-o", "json"))

    assert {command: fleet.counted(partial(show, command)) for command in CALLS} == {
        command: sorted(calls) for command, calls in CALLS.items()
    }
    assert {command: len(CALLS[command]) <= most for command, most in ALLOWED.items()} == dict.fromkeys(ALLOWED, True)

    exact = fleet.aws.parallel({stack: partial(parts_of, fleet.aws, stack) for stack in stacks})
    domains: dict[str, dict[str, str]] = {stack: {} for stack in stacks}
    for row in shown["domains"]:
        domains[f"{row['stack_name']}-{row['version']}"][row["resource_id"]] = row["domain"]
    assert domains == {stack: parts.names for stack, parts in exact.items()}
    states = {"application": "HEALTHY", "classic": "IN_SERVICE"}
    assert [(row["lb_status"], row["healthy_instances"], row["main_dns"]) for row in shown["status"]] == [
        (states["application" if int(stack[3:-2]) % 10 == 9 else "classic"], 1, True) for stack in by_age(stacks)
    ]


def by_age(stacks: list[str]) -> list[str]:
    """As ``list`` shows them: all of one moment, so by name."""
    return sorted(stacks)
