"""How many calls each command makes on hello-world, exactly, and that docs/budgets.md says so.

Retries count, polls of GetChange do not: how often Route 53 is asked depends on how long it takes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from senza.aws import Aws
from senza.cli.context import Context
from senza.cli.main import cli
from senza.clock import Clock
from senza.journal import Caller, Journal
from senza.sandbox.embedded import EmbeddedSandbox
from tests.rollout.conftest import Rollouts
from tests.traffic.balancing import Edge
from tests.traffic.conftest import ZONE, Apps

ROOT = Path(__file__).parents[2]
DEFINITIONS = {
    "DEF": "hello-world.yaml",
    "EDGE": "shared-load-balancer.yaml",
    "SHARED": "shared-hello-world.yaml",
}
POLL = "route53:GetChange"
FACTS = [
    "acm:ListCertificates",
    "ec2:DescribeImages",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "route53:ListHostedZones",
]
"""What hello-world has to know about the account."""
STACKS = ["cloudformation:ListStacks"]
STACK = ["cloudformation:DescribeStacks"]
RECORDS = ["route53:ListHostedZones", "route53:ListResourceRecordSets"]
SHARES = [*STACKS, "cloudformation:ListStackResources", *RECORDS]
NO_JOURNAL = ["s3:GetObject"]
"""Looking for the lock of an app tells that there is no journal."""
JOURNAL = ["s3:GetObject", "sts:GetCallerIdentity", *["s3:PutObject"] * 4]
"""With one: look for the lock, who we are, take it, write before and after, release it."""
HISTORY = ["sts:GetCallerIdentity", *["s3:ListObjectsV2"] * 2, *["s3:GetObject"] * 14]
"""Of seven operations: their ids, their keys, and the first and last entry of each."""
INSTANCES = [
    *("ec2:DescribeInstances", "autoscaling:DescribeAutoScalingGroups"),
    *["elb:DescribeInstanceHealth"] * 2,
]
"""AWS tells the health of one classic balancer at a time, and each of two versions has one."""
SWITCH = [
    *(*STACK, "cloudformation:ListStackResources", *RECORDS),
    *("route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets"),
    *NO_JOURNAL,
]
PROTECT = ["cloudformation:UpdateTerminationProtection"]
"""For each version that gets its first traffic, or loses its last."""

BUDGET: dict[str, list[str]] = {
    command: sorted(calls)
    for command, calls in {
        "print DEF 1 0.1": FACTS,
        # no version has a record yet, so it is looked whether one is just being created
        "create DEF 1 0.1": [
            *(*FACTS, *STACK, *STACKS),
            *("route53:ListResourceRecordSets", "cloudformation:CreateStack", *NO_JOURNAL),
        ],
        # version 1 has all traffic by being alone, and is given the whole weight before version 2 is created
        "create DEF 2 0.2": [
            *(*FACTS, *STACK, "route53:ListResourceRecordSets"),
            *("route53:ChangeResourceRecordSets", "cloudformation:CreateStack", *NO_JOURNAL, *PROTECT),
        ],
        "list": STACKS,
        "resources hello-world 1": [*STACK, "cloudformation:ListStackResources"],
        "events hello-world 1": [*STACK, "cloudformation:DescribeStackEvents"],
        "domains hello-world": SHARES,
        "traffic hello-world": SHARES,
        "traffic hello-world 2 50": SWITCH + PROTECT,
        "traffic hello-world 2 100": SWITCH + PROTECT,
        "instances hello-world": INSTANCES,
        "status hello-world": [*INSTANCES, *SHARES],
        "health hello-world": [*STACKS, "autoscaling:DescribeAutoScalingGroups", "cloudwatch:GetMetricData"],
        "images": ["ec2:DescribeImages", "ec2:DescribeInstances"],
        "console hello-world 1": ["ec2:DescribeInstances", "ec2:GetConsoleOutput"],
        "create DEF 3 0.3": [
            *(*FACTS, *STACK, "route53:ListResourceRecordSets"),
            *("cloudformation:CreateStack", *NO_JOURNAL),
        ],
        "wait hello-world 1": STACK,
        "dump hello-world 1": [*STACK, "cloudformation:GetTemplate"],
        "update DEF 1 0.4": [
            *(*FACTS, *STACK, "cloudformation:GetTemplate"),
            # a change set says what happens before it happens
            *(f"cloudformation:{verb}ChangeSet" for verb in ("Create", "Describe", "Execute")),
            *NO_JOURNAL,
        ],
        "delete hello-world 1": [
            *(*STACK, "cloudformation:ListStackResources", "cloudformation:GetTemplate", *RECORDS),
            *("cloudformation:DeleteStack", *NO_JOURNAL),
        ],
        "wait hello-world 1 -d": STACKS,
    }.items()
}
"""The commands in the order in which they are given, and the calls of each."""

SHARED_BEFORE = ["create EDGE 1", "create SHARED 1 0.1", "create SHARED 2 0.2"]
"""Makes two versions of the app ``hello`` behind a shared load balancer."""
AT_RULES = ["resourcegroupstaggingapi:GetResources", "elbv2:DescribeRules"]
"""The target groups of the region that share a domain, and the rules of one listener."""
SHARED_SHARES = [*SHARES, *AT_RULES]
SHARED_SWITCH = [
    # Route 53 is asked whether it has a record that leads past the balancer; the rule is read before and after
    *(*STACK, "cloudformation:ListStackResources", *RECORDS, *AT_RULES),
    *["elbv2:DescribeRules"] * 2,
    *NO_JOURNAL,
]
SHARED_DELETE = [*STACK, "cloudformation:ListStackResources", "cloudformation:GetTemplate", *AT_RULES, *NO_JOURNAL]

SHARED: dict[str, list[str]] = {
    command: sorted(calls)
    for command, calls in {
        "traffic hello": SHARED_SHARES,
        "traffic hello 1 100": [*SHARED_SWITCH, "elbv2:CreateRule", *PROTECT],
        "traffic hello 2 50": [*SHARED_SWITCH, "elbv2:ModifyRule", *PROTECT],
        "traffic hello 2 20": [*SHARED_SWITCH, "elbv2:ModifyRule"],
        "domains hello": SHARED_SHARES,
        "status hello": [
            *("ec2:DescribeInstances", "autoscaling:DescribeAutoScalingGroups", *SHARED_SHARES),
            *["elbv2:DescribeTargetHealth"] * 2,
        ],
        "health hello": [
            *(*STACKS, "autoscaling:DescribeAutoScalingGroups"),
            *("elbv2:DescribeTargetGroups", "cloudwatch:GetMetricData"),
        ],
        "traffic hello 2 100": [*SHARED_SWITCH, "elbv2:ModifyRule", *PROTECT],
        "delete hello 1": [*SHARED_DELETE, "cloudformation:DeleteStack"],
        "delete hello 2 --force": [
            *(*SHARED_DELETE, *["elbv2:DescribeRules"] * 2, "elbv2:DeleteRule", *PROTECT),
            "cloudformation:DeleteStack",
        ],
    }.items()
}
"""The same behind a shared load balancer, of which one call reads the weights of all apps."""

ALLOWED = {"print": 8, "create": 12, "list": 1, "resources": 2, "events": 2, "domains": 4, "delete": 7}
"""The most that we ever want."""
ALLOWED_TRAFFIC = {"show": 4, "switch": 8}

CLASSIC = {
    "print DEF 1 0.1": 19,
    "create DEF 1 0.1": 20,
    "create DEF 2 0.2": 20,
    "list": 2,
    "resources hello-world 1": 3,
    "events hello-world 1": 3,
    "domains hello-world": 10,
    "traffic hello-world": 12,
    "traffic hello-world 2 50": 25,
    "traffic hello-world 2 100": 20,
    "instances hello-world": 4,
    "status hello-world": 8,
    "health hello-world": 13,
    "images": 6,
    "console hello-world 1": 4,
    "create DEF 3 0.3": 20,
    "wait hello-world 1": 1,
    "dump hello-world 1": 3,
    "update DEF 1 0.4": 20,
    "delete hello-world 1": 10,
    "wait hello-world 1 -d": 1,
}
"""What stups-senza 2.1 sends for the same, measured once on a moto that counts requests."""

ROLLOUT_STEPS = "Steps: [{Weight: 20, Bake: 10m}, {Weight: 100, Bake: 10m}]"
"""Long enough for every gate to pass at its first look after the bake, so that nothing is looked at once more."""
FRESH_BUCKET = dict.fromkeys(
    [
        *("s3:CreateBucket", "s3:PutPublicAccessBlock", "s3:PutBucketEncryption", "s3:PutBucketPolicy"),
        *("s3:PutBucketLifecycleConfiguration", "s3:PutBucketTagging", "s3:PutBucketVersioning"),
    ],
    1,
)
"""What the first rollout in an account makes of the bucket of the journal."""
DEPLOY = {
    **dict.fromkeys(FACTS, 1),
    "autoscaling:DescribeAutoScalingGroups": 11,
    "cloudformation:CreateStack": 1,
    "cloudformation:DescribeStacks": 5,
    "cloudformation:ListStackResources": 4,
    "cloudformation:ListStacks": 3,
    "cloudformation:UpdateTerminationProtection": 2,  # the new version's first traffic, the old one's last
    "cloudwatch:GetMetricData": 23,  # once a minute of watching, at both ends; once for the loads
    "elb:DescribeInstanceHealth": 2,
    "resourcegroupstaggingapi:GetResources": 1,
    "route53:ChangeResourceRecordSets": 2,
    "route53:ListResourceRecordSets": 7,
    "s3:GetObject": 56,  # whether somebody asks to stop: twice a minute, and after each step
    "s3:PutObject": 37,  # lock, intention and outcome of each step, and the lock's lease
    "sts:GetCallerIdentity": 1,
}
NEWEST = {"s3:ListObjectsV2": 2, "sts:GetCallerIdentity": 1}
"""To find the newest rollout; then each of its entries is read."""
ROLLOUTS: dict[str, dict[str, int]] = {
    "deploy DEF 2 0.2": {**DEPLOY, **FRESH_BUCKET, "s3:PutObject": 38},
    "rollout status hello-world": {**dict.fromkeys(SHARES, 1), **NEWEST, "s3:GetObject": 30},
    "rollout report hello-world --file REPORT": {**NEWEST, "s3:GetObject": 30},
    "deploy DEF 3 0.3": DEPLOY,
    # of one that was promoted; the keys are listed once more, as another process may have gone on meanwhile
    "rollout abort hello-world": {
        "autoscaling:DescribeAutoScalingGroups": 3,
        "cloudformation:ListStackResources": 1,
        "cloudformation:UpdateTerminationProtection": 2,
        "elb:DescribeInstanceHealth": 1,
        "route53:ChangeResourceRecordSets": 1,
        "route53:ListHostedZones": 1,
        "route53:ListResourceRecordSets": 2,
        "s3:GetObject": 36,
        "s3:ListObjectsV2": 3,
        "s3:PutObject": 15,
        "sts:GetCallerIdentity": 1,
    },
}
"""The commands of a rollout in the order in which they are given, and how often they make each call."""

Calls = Callable[[str], list[str]]


@pytest.fixture
def apps(aws: Aws) -> Apps:
    return Apps(aws)


@pytest.fixture
def calls(aws: Aws, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Gives a command, and returns the calls that it made. Nothing else can be reached."""
    for scheme in ("http", "https"):
        monkeypatch.setenv(f"{scheme}_proxy", "http://127.0.0.1:9")

    def give(command: str) -> list[str]:
        before = len(aws.calls)
        words = [
            str(ROOT / "definitions" / DEFINITIONS[word]) if word in DEFINITIONS else word for word in command.split()
        ]
        result = CliRunner().invoke(cli, words, obj=Context(aws, clock=clock))
        assert result.exit_code == 0, f"{command}: {result.output}"
        return sorted(str(call) for call in aws.calls[before:])

    return give


def without_polls(calls: list[str]) -> list[str]:
    return [call for call in calls if call != POLL]


def test_every_command_makes_exactly_these_calls(calls: Calls) -> None:
    assert {command: without_polls(calls(command)) for command in BUDGET} == BUDGET


def test_with_a_journal_each_change_costs_five_more(aws: Aws, clock: Clock, apps: Apps, calls: Calls) -> None:
    caller = Caller(aws)
    journal = Journal(aws, clock, account_id=caller.account_id, who=caller.who)
    journal.ensure()
    journal.begin("other", "rollout", {})
    changing = ("create", "update", "delete", "traffic hello-world 2")
    for command, expected in BUDGET.items():
        with_journal = sorted([*expected, *JOURNAL])
        with_journal.remove("s3:GetObject")
        wanted = with_journal if command.startswith(changing) else expected
        assert without_polls(calls(command)) == wanted, command
    assert calls("history hello-world") == sorted(HISTORY)


def test_no_command_has_more_than_we_want() -> None:
    for command, expected in BUDGET.items():
        name, *words = command.split()
        if name == "traffic":
            assert len(expected) <= ALLOWED_TRAFFIC["switch" if len(words) > 1 else "show"], command
        else:
            assert len(expected) <= ALLOWED.get(name, len(expected)), command


def test_no_command_makes_more_calls_than_the_classic_tool() -> None:
    assert {command: len(expected) for command, expected in BUDGET.items() if len(expected) > CLASSIC[command]} == {}


@pytest.mark.parametrize("versions", [2, 30])
def test_traffic_and_domains_cost_the_same_for_any_number_of_versions(apps: Apps, calls: Calls, versions: int) -> None:
    names = [f"hello-world-{number}" for number in range(1, versions + 1)]
    for name in names:
        apps.create(name, {"Main": "hello-world.hello.example.org", "VersionDomain": f"{name}.{ZONE.rstrip('.')}"})
    apps.set(dict.fromkeys(names, 200 // versions), "hello-world.hello.example.org")
    for command in ("domains hello-world", "traffic hello-world"):
        assert calls(command) == BUDGET[command]
    assert without_polls(calls("traffic hello-world 2 40")) == sorted(SWITCH)


def test_behind_a_shared_load_balancer_each_command_makes_exactly_these_calls(calls: Calls) -> None:
    for command in SHARED_BEFORE:
        calls(command)
    assert {command: calls(command) for command in SHARED} == SHARED


@pytest.mark.parametrize("versions", [2, 30])
def test_traffic_and_domains_at_a_rule_cost_the_same_for_any_number_of_versions(
    aws: Aws, calls: Calls, versions: int
) -> None:
    edge = Edge(aws)
    for number in range(1, versions + 1):
        edge.create(f"hello-{number}", "hello.hello.example.org")
    edge.put({"hello-1": 100, "hello-2": 100}, "hello.hello.example.org")
    for command in ("domains hello", "traffic hello", "traffic hello 2 20"):
        assert calls(command) == SHARED[command]


@pytest.mark.parametrize(("stacks", "pages"), [(100, 1), (101, 2)])
def test_list_makes_one_call_for_each_100_stacks(aws: Aws, calls: Calls, stacks: int, pages: int) -> None:
    body = json.dumps({"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}})
    for number in range(stacks):
        aws.call("cloudformation", "create_stack", StackName=f"app-{number}", TemplateBody=body)
    assert calls("list") == STACKS * pages


@pytest.mark.parametrize("pending", [0, 3])
def test_a_switch_asks_until_route_53_is_in_sync(
    sandbox: EmbeddedSandbox, apps: Apps, calls: Calls, pending: int
) -> None:
    for name in ("hello-world-1", "hello-world-2"):
        apps.create(name)
    apps.set({"hello-world-1": 200})
    sandbox.settings.insync_polls = pending
    made = calls("traffic hello-world 2 50")
    assert (without_polls(made), made.count(POLL)) == (BUDGET["traffic hello-world 2 50"], pending + 1)


def test_a_rollout_makes_exactly_these_calls(sandbox: EmbeddedSandbox, clock: Clock, tmp_path: Path) -> None:
    rollouts = Rollouts(sandbox, clock, tmp_path)
    rollouts.define(ROLLOUT_STEPS)
    rollouts.start()

    def made(command: str) -> dict[str, int]:
        before = len(sandbox.log)
        rollouts.senza(command.replace("REPORT", str(tmp_path / "report.html")))
        return dict(Counter(call for call in map(str, sandbox.log[before:]) if call != POLL))

    assert {command: made(command) for command in ROLLOUTS} == ROLLOUTS


def in_words(counted: Mapping[str, int]) -> str:
    """A cell of docs/budgets.md."""
    named = {call.replace(":", " "): times for call, times in counted.items()}
    return ", ".join(call if times == 1 else f"{call} ×{times}" for call, times in sorted(named.items()))


def table() -> list[str]:
    """The rows of the table of all commands in docs/budgets.md."""
    return [
        f"| `{command}` | {len(expected)} | {CLASSIC[command]} | {in_words(Counter(expected))} |"
        for command, expected in BUDGET.items()
    ]


def shared_table() -> list[str]:
    return [
        f"| `{command}` | {len(expected)} | {in_words(Counter(expected))} |" for command, expected in SHARED.items()
    ]


def rollout_table() -> list[str]:
    return [
        f"| `{command}` | {sum(expected.values())} | {in_words(expected)} |" for command, expected in ROLLOUTS.items()
    ]


@pytest.mark.parametrize(
    ("section", "rows"),
    [
        ("AWS calls", table()),
        ("Behind a shared load balancer", shared_table()),
        ("Rollouts", rollout_table()),
    ],
)
def test_the_documentation_says_the_same(section: str, rows: list[str]) -> None:
    document = (ROOT / "docs" / "budgets.md").read_text().partition(f"## {section}\n")[2].partition("\n## ")[0]
    documented = [line for line in document.splitlines() if line.startswith("| `")]
    assert documented == rows, "docs/budgets.md should have:\n" + "\n".join(rows)
