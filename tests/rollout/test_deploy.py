"""``senza deploy`` and ``senza rollout`` as a user meets them, on the sandbox, with its metrics and its clock."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from senza.aws import Call
from senza.clock import Clock
from tests.rollout.conftest import APP, DOMAIN, Rollouts


def test_a_canary_that_is_as_good_gets_all_traffic(rollouts: Rollouts) -> None:
    rollouts.start()
    result = rollouts.senza("deploy DEF 2 0.2")
    assert result.stdout == "hello-world-2 is promoted.\n"
    assert rollouts.weights() == {"1": 0, "2": 200}
    assert rollouts.progress().result == "promoted"
    assert [weight for _, weight in shifts(rollouts)] == [40, 200]
    assert "20 %: 3 of 3 min" in result.stderr
    assert rollouts.stacks() == {"1": "CREATE_COMPLETE", "2": "CREATE_COMPLETE"}


def test_one_that_fails_more_often_is_taken_back(rollouts: Rollouts) -> None:
    rollouts.start(errors="2=10%")
    result = rollouts.senza("deploy DEF 2 0.2", exit_code=1)
    assert "hello-world-2 was taken back: " in result.stderr
    assert "error" in result.stderr
    assert rollouts.weights() == {"1": 200, "2": 0}
    assert rollouts.progress().result == "taken back"
    assert rollouts.stacks()["2"] == "CREATE_COMPLETE", "it stays for a post mortem"


def test_one_that_is_slower_is_taken_back(rollouts: Rollouts) -> None:
    rollouts.define("Steps: [{Weight: 20, Bake: 15m}, {Weight: 100, Bake: 15m}]")
    rollouts.start("6000/m", latency="2=+100ms")
    result = rollouts.senza("deploy DEF 2 0.2", exit_code=1)
    assert "latency" in result.stderr
    assert rollouts.weights() == {"1": 200, "2": 0}


CONVERSION = (
    "Steps: [{Weight: 20, Bake: 10m}, {Weight: 100, Bake: 10m}]",
    "Gates:",
    "  - Name: conversion",
    "    Metric: {Namespace: hello-world, Name: Conversions, Statistic: Sum, Dimensions: {StackVersion: '{version}'}}",
    "    Of: {Namespace: hello-world, Name: Visits, Statistic: Sum, Dimensions: {StackVersion: '{version}'}}",
    "    Compare: baseline",
    "    Direction: higher is better",
)


@pytest.mark.parametrize(("new", "weights"), [("30%", {"1": 0, "2": 200}), ("20%", {"1": 200, "2": 0})])
def test_business_decides(rollouts: Rollouts, new: str, weights: dict[str, int]) -> None:
    rollouts.define(*CONVERSION)
    rollouts.start(metrics=f"conversion=25% 2:conversion={new}")
    result = rollouts.senza("deploy DEF 2 0.2", exit_code=None)
    assert rollouts.weights() == weights, result.output
    assert ("conversion" in result.stderr and result.exit_code == 1) == (new == "20%")


def test_the_first_version_gets_all_at_once(rollouts: Rollouts) -> None:
    rollouts.define("Steps: [{Weight: 20, Bake: 3m}, {Weight: 100, Bake: 2m}]")
    rollouts.load()
    rollouts.senza("deploy DEF 1 0.1")
    assert rollouts.weights() == {"1": 200}


def test_silence_holds_and_then_asks_a_person(rollouts: Rollouts) -> None:
    rollouts.define("Steps: [{Weight: 20, Bake: 3m}, {Weight: 100, Bake: 2m}]", "Patience: 5m")
    rollouts.start("0/m")
    result = rollouts.senza("deploy DEF 2 0.2", exit_code=1)
    assert "still inconclusive after 5 min more" in result.stderr
    assert "senza sandbox load hello-world" in result.stderr, "nobody told it that there are requests"
    assert "senza rollout resume hello-world" in result.stderr
    assert rollouts.weights() == {"1": 160, "2": 40}, "traffic stays where it is"
    assert rollouts.progress().open
    rollouts.senza(f"rollout promote {APP}")
    assert rollouts.weights() == {"1": 0, "2": 200}


def test_it_scales_before_it_shifts_and_gives_the_minimum_back(rollouts: Rollouts) -> None:
    rollouts.define("Steps: [{Weight: 50, Bake: 3m}, {Weight: 100, Bake: 2m}]", minimum=1, maximum=10)
    rollouts.start()
    rollouts.senza(f"scale {APP} 1 5")
    seen: dict[str, tuple[int, int]] = {}

    def observe(call: Call) -> None:
        if call.operation == "ChangeResourceRecordSets":
            seen[str(len(seen))] = rollouts.sizes()["2"]

    rollouts.senza("deploy DEF 2 0.2", observe=observe)
    assert list(seen.values()) == [(3, 3), (5, 5)]
    assert rollouts.sizes() == {"1": (1, 1), "2": (1, 5)}


def test_an_old_version_that_somebody_still_uses_keeps_its_size(rollouts: Rollouts) -> None:
    off = ("Gates: [{ErrorRatio: off}, {Latency: off}, {HealthyHosts: off}]",)
    rollouts.define("Steps: [{Weight: 100, Bake: 2m}]", *off, minimum=1, maximum=10)
    rollouts.start(lag="60m")
    rollouts.senza(f"scale {APP} 1 5")
    result = rollouts.senza("deploy DEF 2 0.2")
    assert "left as it is: its load balancer still gets" in result.stderr
    assert rollouts.sizes()["1"] == (1, 5)


def test_blue_green_switches_once_and_keeps_the_old_one_warm(rollouts: Rollouts) -> None:
    rollouts.define("Strategy: BlueGreen", minimum=2, maximum=10)
    rollouts.start()
    rollouts.senza("deploy DEF 2 0.2")
    assert [weight for _, weight in shifts(rollouts)] == [200]
    assert rollouts.sizes()["1"] == (2, 2)
    rollouts.senza(f"rollout abort {APP}")
    assert rollouts.weights() == {"1": 200, "2": 0}, "the way back stays open"


def test_recreate_never_runs_two(rollouts: Rollouts) -> None:
    rollouts.define("Strategy: Recreate")
    rollouts.start()
    instances: list[int] = []

    def observe(call: Call) -> None:
        if call.operation == "CreateStack":
            instances.append(rollouts.sizes()["1"][1])

    rollouts.senza("deploy DEF 2 0.2", observe=observe)
    assert instances == [0]
    assert rollouts.weights() == {"1": 0, "2": 200}


def test_rolling_renews_the_instances_of_one_version(rollouts: Rollouts) -> None:
    rollouts.define("Strategy: Rolling")
    rollouts.start()
    before = instances(rollouts)
    rollouts.senza("deploy DEF 1 0.9")
    assert before.isdisjoint(instances(rollouts))
    assert rollouts.weights() == {"1": 200}
    rollouts.senza(f"rollout abort {APP}")
    template = rollouts.senza(f"dump {APP} 1").stdout
    assert "hello-world:0.1" in template
    assert "hello-world:0.9" not in template


RECORD = """
Resources:
  Extra:
    Type: AWS::Route53::RecordSet
    Properties:
      HostedZoneName: hello.example.org.
      Name: extra.hello.example.org.
      Type: A
      TTL: {Ref: Ttl}
      ResourceRecords: [192.0.2.1]
      SetIdentifier: hello-world-1
      Weight: 200
"""


def test_rolling_refuses_what_only_a_change_set_tells(rollouts: Rollouts) -> None:
    """The templates are the same, and the value of a parameter would have a record written that has traffic."""
    rollouts.define("Strategy: Rolling", "Bake: 1m", "Gates: [{ErrorRatio: off}, {Latency: off}, {HealthyHosts: off}]")
    file = Path(rollouts.definition)
    file.write_text(
        file.read_text().replace("  Parameters:\n", "  Parameters:\n    - Ttl: {Default: 20}\n", 1) + RECORD
    )
    rollouts.senza("create DEF 1 ImageVersion=0.1")

    def updated(command: str, exit_code: int = 0) -> tuple[str, list[str]]:
        before = len(rollouts.sandbox.log)
        said = rollouts.senza(command, exit_code=exit_code).stderr
        made = [call.operation for call in rollouts.sandbox.log[before:] if "Update" in str(call) or "Set" in str(call)]
        return said, [one for one in made if one.endswith(("ChangeSet", "UpdateStack"))]

    said, made = updated("deploy DEF 1 Ttl=30 ImageVersion=0.1", 1)
    assert "the update would rewrite the record of extra.hello.example.org" in said
    assert made == ["CreateChangeSet", "DescribeChangeSet", "DeleteChangeSet"]
    rollouts.senza(f"rollout abort {APP}")
    rollouts.sandbox.advance(1)  # whose clock stands still: the ids of both rollouts would be the same but for chance
    _, made = updated("deploy DEF 1 ImageVersion=0.9")
    assert made == ["CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet"]
    (step,) = [entry for entry in rollouts.operation().entries if "effects" in entry.facts.get("before", {})]
    assert step.facts["before"]["effects"]["AppServerConfig"] == "none"


def test_dry_run_shows_the_plan_and_changes_nothing(rollouts: Rollouts) -> None:
    rollouts.start()
    before = len(rollouts.sandbox.log)
    result = rollouts.senza("deploy DEF 2 0.2 --strategy blue-green --dry-run")
    assert "Give hello-world-2 100 % of the traffic" in result.stdout
    assert "Earliest end: " in result.stdout
    changed = [
        call for call in rollouts.sandbox.log[before:] if not call.operation.startswith(("Describe", "List", "Get"))
    ]
    assert changed == []


def test_a_hook_that_says_no_stops_it_before_any_traffic(rollouts: Rollouts) -> None:
    rollouts.define(
        "Steps: [{Weight: 20, Bake: 3m}, {Weight: 100, Bake: 2m}]",
        "Hooks: [{When: before-traffic, Run: 'echo $SENZA_STACK at $SENZA_WEIGHT is broken; exit 3'}]",
    )
    rollouts.start()
    result = rollouts.senza("deploy DEF 2 0.2", exit_code=1)
    assert "hello-world-2 at 0 is broken" in result.stderr
    assert rollouts.weights() == {"1": 200, "2": 0}


def test_a_version_that_cannot_be_created_leaves_everything_as_it_was(rollouts: Rollouts) -> None:
    from senza.sandbox.world import Failure

    rollouts.start()
    rollouts.sandbox.settings.failures.append(Failure("hello-world-2", "AppServer", reason="no such image"))
    result = rollouts.senza("deploy DEF 2 0.2", exit_code=1)
    assert "no such image" in result.stderr
    assert rollouts.weights() == {"1": 200}
    assert rollouts.progress().result == "taken back"


def test_status_tells_everything(rollouts: Rollouts) -> None:
    rollouts.start(errors="2=10%")
    rollouts.senza("deploy DEF 2 0.2", exit_code=1)
    text = rollouts.senza(f"rollout status {APP}").stdout
    assert text.startswith("hello-world 2 (before: hello-world-1): taken back: ")
    facts = json.loads(rollouts.senza(f"rollout status {APP} -o json").stdout)
    assert facts["traffic"] == {DOMAIN: {"hello-world-1": 100.0, "hello-world-2": 0.0}}
    assert facts["result"] == "taken back"
    assert any(verdict["says"] == "fail" for verdict in facts["verdicts"])
    failed = [step["step"] for step in facts["steps"] if step["state"] == "failed"]
    assert failed == ["Watch hello-world-2 at 20 % for 3 min"]
    assert {step["state"] for step in facts["steps"]} == {"done", "failed"}


class Watching:
    """A clock for somebody who looks three times."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.looks: list[int] = []
        self.calls = 0

    def now(self) -> float:
        return self.clock.now()

    def sleep(self, seconds: float) -> None:
        self.looks.append(self.calls)
        self.calls = 0
        if len(self.looks) == 3:
            raise KeyboardInterrupt
        self.clock.sleep(seconds)

    def observe(self, call: Call) -> None:
        self.calls += call.operation == "GetObject"


def test_who_watches_reads_each_entry_once(rollouts: Rollouts) -> None:
    rollouts.start()
    rollouts.senza("deploy DEF 2 0.2")
    watching = Watching(rollouts.clock)
    result = rollouts.senza(f"rollout status {APP} -W", clock=watching, observe=watching.observe, exit_code=130)
    assert watching.looks == [len(rollouts.operation().entries), 0, 0]
    assert result.stdout.count("hello-world 2 (before: hello-world-1): promoted") == 3


def test_the_report_shows_the_verdict(rollouts: Rollouts, tmp_path: object) -> None:
    rollouts.start(errors="2=10%")
    rollouts.senza("deploy DEF 2 0.2", exit_code=1)
    path = f"{tmp_path}/report.html"
    rollouts.senza(f"rollout report {APP} --file {path}")
    with open(path, encoding="utf-8") as file:
        page = file.read()
    assert "taken back" in page
    assert "<svg" in page


def test_old_versions_go_when_they_are_kept_no_more(rollouts: Rollouts) -> None:
    rollouts.define("Steps: [{Weight: 20, Bake: 3m}, {Weight: 100, Bake: 2m}]", "Keep: {Versions: 1, For: 1h}")
    rollouts.start()
    rollouts.senza("deploy DEF 2 0.2")
    rollouts.senza("deploy DEF 3 0.3")
    assert set(rollouts.stacks()) == {"1", "2", "3"}, "version 1 had traffic an hour ago"
    rollouts.sandbox.advance(2 * 3600)
    said = rollouts.senza(f"rollout cleanup {APP} --dry-run").stdout
    assert said == "hello-world-1: goes\nhello-world-2: it is one of the 1 that are kept\n"
    rollouts.senza(f"rollout cleanup {APP}")
    assert set(rollouts.stacks()) == {"2", "3"}


def shifts(rollouts: Rollouts) -> list[tuple[float, int]]:
    from senza.rollout.steps import Shift

    return [(entry.at, step.weight) for step, entry in rollouts.progress().confirmed if isinstance(step, Shift)]


def instances(rollouts: Rollouts) -> set[str]:
    groups = rollouts.aws.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups")
    return {instance["InstanceId"] for group in groups for instance in group["Instances"]}
