"""What is not lost by accident: stacks with traffic, failed stacks, and what stays behind when a stack goes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from senza.aws import Aws
from senza.sandbox.embedded import EmbeddedSandbox
from senza.sandbox.world import Failure
from tests.cli.conftest import HELLO_WORLD, Senza


def protected(aws: Aws) -> dict[str, bool]:
    return {
        item["StackName"]: item["EnableTerminationProtection"]
        for item in aws.pages("cloudformation", "describe_stacks", "Stacks")
    }


def test_a_version_is_protected_while_it_has_traffic(senza: Senza, aws: Aws) -> None:
    senza("create DEF 1 0.1 --wait")
    assert protected(aws) == {"hello-world-1": False}
    senza("create DEF 2 0.2 --wait")  # version 1 is given all explicitly
    assert protected(aws) == {"hello-world-1": True, "hello-world-2": False}
    senza("traffic hello-world 2 10")
    assert protected(aws) == {"hello-world-1": True, "hello-world-2": True}
    assert "cloudformation:UpdateTerminationProtection" not in senza.changes("traffic hello-world 2 50")
    senza("traffic hello-world 2 100")
    assert protected(aws) == {"hello-world-1": False, "hello-world-2": True}
    senza("delete hello-world 1 --wait")
    senza("delete hello-world 2 --force --wait")
    assert protected(aws) == {}


def test_senza_deletes_what_somebody_else_protected_and_says_so(senza: Senza, aws: Aws) -> None:
    senza("create DEF 1 0.1 --wait")
    aws.call(
        "cloudformation", "update_termination_protection", StackName="hello-world-1", EnableTerminationProtection=True
    )
    told = senza.told("delete hello-world 1 --wait")
    assert any("hello-world-1 is protected against deletion; switching that off" in line for line in told)


def test_who_may_not_protect_may_move_traffic(senza: Senza, sandbox: EmbeddedSandbox) -> None:
    senza("create DEF 1 0.1 --wait")
    senza("create DEF 2 0.2 --wait")
    sandbox.settings.denied = ["cloudformation:UpdateTerminationProtection"]
    sandbox.faults.add("cloudformation:UpdateTerminationProtection", code="AccessDenied", message="not authorized")
    result = senza("traffic hello-world 2 10")
    assert "termination protection of hello-world-2 could not be switched on: not allowed" in result.stderr


def test_a_stuck_stack_goes_and_leaves_behind_what_cannot(senza: Senza, aws: Aws, sandbox: EmbeddedSandbox) -> None:
    senza("create DEF 1 0.1 --wait")
    assert "not DELETE_FAILED" in senza("delete hello-world 1 --stuck", exit_code=1).stderr
    sandbox.settings.failures = [Failure("hello-world-1", "AppLoadBalancer", "delete", "has dependents")]
    senza("delete hello-world 1 --wait", exit_code=1)
    told = senza.told("delete hello-world 1 --stuck --wait")
    at = told.index("hello-world-1 leaves behind:")
    assert told[at + 1] == ("  AppLoadBalancer (AWS::ElasticLoadBalancing::LoadBalancer) hello-world-1: has dependents")
    assert told[-1] == "Wait for hello-world-1: done"
    names = [one["LoadBalancerName"] for one in aws.call("elb", "describe_load_balancers")["LoadBalancerDescriptions"]]
    assert names == ["hello-world-1"]


RETAINING = """
SenzaInfo:
  StackName: keeper
Resources:
  Orders:
    Type: AWS::SQS::Queue
    DeletionPolicy: Retain
    Properties: {QueueName: orders}
  Other:
    Type: AWS::SQS::Queue
"""


def test_what_the_template_retains_is_listed(senza: Senza, tmp_path: Path) -> None:
    definition = tmp_path / "keeper.yaml"
    definition.write_text(RETAINING)
    senza("create", str(definition), "1", "--wait")
    result = senza("delete keeper 1")
    assert "keeper-1 leaves behind:\n  Orders (AWS::SQS::Queue)" in result.stderr
    assert "DeletionPolicy Retain" in result.stderr
    assert "Other" not in result.stderr


def test_a_failed_creation_is_kept_to_find_out_why(senza: Senza, sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.failures = [Failure("hello-world-1", "AppServer", reason="no capacity")]
    senza("create DEF 1 0.1 --wait --keep-failed", exit_code=1)
    assert '"AppLoadBalancer"' in senza("resources hello-world 1 -o json").stdout


def test_a_failed_update_is_kept_to_find_out_why(senza: Senza, aws: Aws, sandbox: EmbeddedSandbox) -> None:
    senza("create DEF 1 0.1 --wait")
    sandbox.settings.failures = [Failure("hello-world-1", "AppServer", "update", reason="no capacity")]
    senza("update DEF 1 0.4 --wait --keep-failed", exit_code=1)
    (stack,) = aws.call("cloudformation", "describe_stacks", StackName="hello-world-1")["Stacks"]
    assert stack["StackStatus"] == "UPDATE_FAILED"
    sandbox.settings.failures = []
    senza("update DEF 1 0.5 --wait")  # where the cause is gone, the next update goes on from there


WATCHED = """
SenzaInfo:
  StackName: jobs
  RollbackTriggers: {triggers}
Resources:
  Jobs:
    Type: AWS::SQS::Queue
    Properties: {{DelaySeconds: {delay}}}
  Backlog:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: backlog
      Namespace: App
      MetricName: Backlog
      Statistic: Sum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 1
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: ignore
"""


def test_alarms_of_the_stack_turn_an_update_back(senza: Senza, aws: Aws, tmp_path: Path) -> None:
    definition = tmp_path / "jobs.yaml"
    definition.write_text(WATCHED.format(triggers="{OwnAlarms: true, Minutes: 5}", delay=1))
    senza("create", str(definition), "1", "--wait")
    definition.write_text(WATCHED.format(triggers="{OwnAlarms: true, Minutes: 5}", delay=2))
    senza("update", str(definition), "1")
    aws.call("cloudwatch", "set_alarm_state", AlarmName="backlog", StateValue="ALARM", StateReason="test")
    told = senza.told("wait jobs 1", exit_code=1)
    assert any("UPDATE_ROLLBACK_COMPLETE" in line for line in told)
    assert json.loads(senza("dump jobs 1").stdout)["Resources"]["Jobs"]["Properties"]["DelaySeconds"] == 1


def test_an_alarm_that_goes_with_the_update_does_not_watch_it(senza: Senza, aws: Aws, tmp_path: Path) -> None:
    """It would be missing at the end, which turns the update back."""
    definition = tmp_path / "jobs.yaml"
    definition.write_text(WATCHED.format(triggers="{OwnAlarms: true}", delay=1))
    senza("create", str(definition), "1", "--wait")
    alarm = WATCHED.index("  Backlog:")
    definition.write_text(WATCHED[:alarm].format(triggers="{OwnAlarms: true}", delay=2))
    senza("update", str(definition), "1", "--wait")
    (stack,) = aws.call("cloudformation", "describe_stacks", StackName="jobs-1")["Stacks"]
    assert stack["RollbackConfiguration"].get("RollbackTriggers", []) == []


def test_wrong_triggers_are_said_before_weights_are_moved(senza: Senza, tmp_path: Path) -> None:
    senza("create DEF 1 0.1 --wait")
    text = Path(HELLO_WORLD).read_text().replace("hello-world\n", "hello-world\n  RollbackTriggers: {Alarms: [x]}\n", 1)
    definition = tmp_path / "hello-world.yaml"
    definition.write_text(text)
    assert senza.changes("create", str(definition), "2", "0.1", exit_code=1) == []
    assert "there is no alarm x" in senza("diff", str(definition), "1", "0.2").stderr


@pytest.mark.parametrize(
    ("triggers", "said"),
    [
        ("{Alarms: [nobody]}", "there is no alarm nobody"),
        ("{Minutes: 500}", "Minutes must be 0 to 180"),
        ("backlog", "must be a mapping"),
        ("{Alarm: [x]}", "must be a mapping of Alarms, OwnAlarms, Minutes"),
        ("{Alarms: [a, b, c, d, e, f]}", "names 6 alarms; CloudFormation takes 5"),
    ],
)
def test_wrong_triggers_are_said_before_anything_is_made(
    senza: Senza, tmp_path: Path, triggers: str, said: str
) -> None:
    definition = tmp_path / "jobs.yaml"
    definition.write_text(WATCHED.format(triggers=triggers, delay=1))
    result = senza("create", str(definition), "1", exit_code=1 if "nobody" in said else 2)
    assert said in result.stderr


PROTECTED = """
SenzaInfo: {StackName: edge}
SenzaComponents:
  - Network: {Type: Senza::StupsAutoConfiguration}
  - Edge:
      Type: Senza::SharedLoadBalancer
      SecurityGroups: [app-hello-world-lb]
      LoadBalancerAttributes: [{Key: deletion_protection.enabled, Value: "true"}]
"""


def test_what_surrounds_a_protected_load_balancer_stays_with_it(senza: Senza, aws: Aws, tmp_path: Path) -> None:
    (tmp_path / "edge.yaml").write_text(PROTECTED)
    senza(f"create {tmp_path}/edge.yaml 1 --wait")
    error = senza("delete edge 1 --wait", exit_code=1).stderr
    assert "Edge of edge-1 is protected from deletion" in error
    assert "Update the stack without deletion_protection.enabled" in error
    (stack,) = aws.call("cloudformation", "describe_stacks", StackName="edge-1")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert "aws elbv2 modify-load-balancer-attributes" in error
    senza("delete edge 1 --wait --force", exit_code=1)  # only the load balancer is left, as was said
    senza("delete edge 1 --stuck --wait")


def test_who_switched_the_protection_off_by_hand_can_delete(senza: Senza, aws: Aws, tmp_path: Path) -> None:
    (tmp_path / "edge.yaml").write_text(PROTECTED)
    senza(f"create {tmp_path}/edge.yaml 1 --wait")
    (balancer,) = aws.pages("elbv2", "describe_load_balancers", "LoadBalancers")
    off = [{"Key": "deletion_protection.enabled", "Value": "false"}]
    aws.call("elbv2", "modify_load_balancer_attributes", LoadBalancerArn=balancer["LoadBalancerArn"], Attributes=off)
    senza("delete edge 1 --wait")
    assert list(aws.pages("elbv2", "describe_load_balancers", "LoadBalancers")) == []
