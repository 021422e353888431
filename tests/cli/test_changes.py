"""diff, update through change sets, reviews and drift: what will happen is seen before it happens."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from senza.aws import Aws
from senza.cli.context import Context
from senza.cli.main import cli
from senza.errors import OperationFailed
from senza.journal import Caller, Journal
from senza.sandbox.embedded import EmbeddedSandbox
from senza.sandbox.world import Failure
from senza.stacks.drift import partly
from senza.stacks.references import StackRef
from senza.stacks.summaries import find_stacks
from tests.cli.conftest import HELLO_WORLD, Senza
from tests.conftest import FakeClock

BUDGETS = Path(__file__).parents[2] / "docs" / "budgets.md"
DIFF_CALLS = ["cloudformation:CreateChangeSet", "cloudformation:DeleteChangeSet"]


def changed(tmp_path: Path, old: str, new: str, version: str = "") -> str:
    """The hello-world definition with one text in place of another."""
    text = Path(HELLO_WORLD).read_text()
    assert old in text
    path = tmp_path / f"changed{version}.yaml"
    path.write_text(text.replace(old, new))
    return str(path)


def change_sets(aws: Aws, stack: str) -> list[str]:
    return [
        one["ChangeSetName"] for one in aws.pages("cloudformation", "list_change_sets", "Summaries", StackName=stack)
    ]


def test_diff_shows_user_data_line_by_line_and_what_is_replaced(senza: Senza, aws: Aws) -> None:
    senza("create DEF 1 0.1 --wait")
    assert senza.changes("diff DEF 1 0.4") == DIFF_CALLS
    said = senza("diff DEF 1 0.4").stdout
    assert "~ AppServerConfig  AWS::EC2::LaunchTemplate  (in place)" in said
    assert "-source: stups/hello-world:0.1" in said
    assert "+source: stups/hello-world:0.4" in said
    assert "~ AppServer  AWS::AutoScaling::AutoScalingGroup  (may replace it)" in said
    assert "follows from AppServerConfig.LatestVersionNumber" in said
    assert "ImageVersion: 0.1 → 0.4" in said
    assert change_sets(aws, "hello-world-1") == []


def test_diff_ends_with_1_only_where_something_differs(senza: Senza) -> None:
    senza("create DEF 1 0.1 --wait")
    senza("diff DEF 1 0.4 --exit-code", exit_code=1)
    assert "No differences from hello-world-1." in senza("diff DEF 1 0.1 --exit-code").stderr
    senza("diff DEF 1 0.1 --exit-code --tag Team=shop", exit_code=1)


def test_of_a_change_of_tags_it_is_said_what_nobody_writes(senza: Senza) -> None:
    """CloudFormation lists records whose load balancer gets a tag, as it only knows its name when it is done."""
    senza("create DEF 1 0.1 --wait")
    said = senza("diff DEF 1 0.1 --tag Team=shop").stdout
    assert "~ AppLoadBalancer  AWS::ElasticLoadBalancing::LoadBalancer  (in place, tags only)" in said
    assert "~ AppLoadBalancerMainDomain  AWS::Route53::RecordSet  (in place, if at all)" in said
    found = json.loads(senza("diff DEF 1 0.1 --tag Team=shop -o json").stdout)["resources"]
    assert {(one["logical_id"], one["effect"], one["note"]) for one in found} == {
        ("AppLoadBalancer", "none", "tags only"),
        ("AppLoadBalancerMainDomain", "none", "if at all"),
        ("AppLoadBalancerVersionDomain", "none", "if at all"),
        ("AppServer", "none", "tags only"),
    }
    assert (
        "changed in place, tags only: AppLoadBalancer, AppServer; "
        "changed in place, if at all: AppLoadBalancerMainDomain, AppLoadBalancerVersionDomain"
    ) in senza("update DEF 1 0.1 --tag Team=shop --wait").stderr


def test_diff_does_not_show_weights_that_were_moved(senza: Senza) -> None:
    senza("create DEF 1 0.1 --wait")
    senza("traffic hello-world 1 100")
    senza("diff DEF 1 0.1 --exit-code")


def test_against_another_version_what_names_the_version_is_folded(senza: Senza) -> None:
    senza("create DEF 1 0.1 --wait")
    result = senza("diff DEF 2 0.1 --exit-code")
    assert "differ only by the version (1 → 2); --all shows them" in result.stderr
    assert "what an update would replace is not known" in result.stderr
    found = json.loads(senza("diff DEF 2 0.2 -o json").stdout)
    assert (found["different"], found["stack"], found["change_set"]) == (True, "hello-world-1", False)
    assert {one["logical_id"] for one in found["resources"]} == {"AppServerConfig"}
    assert found["parameters"] == [{"path": "ImageVersion", "old": "0.1", "new": "0.2"}]
    everything = json.loads(senza("diff DEF 2 0.2 -o json --all").stdout)
    assert len(everything["resources"]) > 3
    senza("diff DEF 2 0.2 --against 7", exit_code=1)


def test_versions_without_their_resources_are_not_compared_with(
    senza: Senza, aws: Aws, sandbox: EmbeddedSandbox
) -> None:
    senza("create DEF 1 0.1 --wait")
    sandbox.settings.failures = [Failure("hello-world-2", "AppServer", reason="no capacity")]
    senza("create DEF 2 0.2 --wait", exit_code=1)
    body = json.dumps({"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}})
    for version in ("3", "4"):
        asked = {"StackName": f"hello-world-{version}", "ChangeSetName": "first", "ChangeSetType": "CREATE"}
        aws.call("cloudformation", "create_change_set", TemplateBody=body, **asked)
    result = senza("diff DEF 5 0.1 -o json")
    assert json.loads(result.stdout)["stack"] == "hello-world-1"
    assert (
        "Passed over, as not all of their resources are there: hello-world-4 (REVIEW_IN_PROGRESS), "
        "hello-world-3 (REVIEW_IN_PROGRESS), hello-world-2 (ROLLBACK_COMPLETE)."
    ) in result.stderr
    assert json.loads(senza("diff DEF 4 0.1 -o json").stdout)["stack"] == "hello-world-1"  # nothing is there of it
    assert "nothing was made of version 3" in senza("diff DEF 5 0.1 --against 3", exit_code=1).stderr
    senza("delete hello-world 1 --wait --force")
    lost = senza("diff DEF 5 0.1", exit_code=1).stderr
    assert "there is no version of hello-world to compare with" in lost


def test_a_number_that_happens_to_be_the_version_is_a_difference(senza: Senza, tmp_path: Path) -> None:
    senza("create DEF 1 0.1 --wait")
    bigger = changed(
        tmp_path,
        "Type: Senza::TaupageAutoScalingGroup",
        "Type: Senza::TaupageAutoScalingGroup\n      AutoScaling: {Minimum: 2, Maximum: 2}",
    )
    found = json.loads(senza("diff", bigger, "2", "0.1", "-o", "json").stdout)
    group = next(one for one in found["resources"] if one["logical_id"] == "AppServer")
    assert {"path": "Properties.MinSize", "old": "1", "new": "2"} in group["differences"]


def test_left_over_change_sets_of_ours_are_cleared_away(senza: Senza, aws: Aws, sandbox: EmbeddedSandbox) -> None:
    senza("create DEF 1 0.1 --wait")
    for name in ("senza-diff-1", "other"):
        body = {"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}}
        aws.call(
            "cloudformation",
            "create_change_set",
            StackName="hello-world-1",
            ChangeSetName=name,
            TemplateBody=json.dumps(body),
        )
    senza("diff DEF 1 0.4")
    assert change_sets(aws, "hello-world-1") == ["senza-diff-1", "other"]
    sandbox.advance(3600)
    senza("diff DEF 1 0.4")
    assert change_sets(aws, "hello-world-1") == ["other"]


def test_an_update_says_what_it_changes(senza: Senza) -> None:
    senza("create DEF 1 0.1 --wait")
    told = senza.told("update DEF 1 0.4 --wait")
    assert told[1 if "Warning" in told[0] else 0] == (
        "hello-world-1: perhaps replaced: AppServer; changed in place: AppServerConfig"
    )


def test_what_would_touch_a_record_with_traffic_is_refused(senza: Senza, aws: Aws, tmp_path: Path) -> None:
    senza("create DEF 1 0.1 --wait")
    internal = changed(tmp_path, "Scheme: internet-facing", "Scheme: internal")
    said = senza("diff", internal, "1", "0.1").stdout
    assert "~ AppLoadBalancer  AWS::ElasticLoadBalancing::LoadBalancer  (replaces it)" in said
    assert "~ AppLoadBalancerMainDomain  AWS::Route53::RecordSet  (in place)" in said  # no doubt about that
    senza("traffic hello-world 1 100")
    result = senza("update", internal, "1", "0.1", exit_code=1)
    assert "hello-world-1 has 100 % there" in result.stderr
    assert change_sets(aws, "hello-world-1") == []
    assert senza.changes("update", internal, "1", "0.1", "--force")[-1] == "cloudformation:ExecuteChangeSet"


def test_what_no_update_can_change_is_said_with_the_way_on(senza: Senza, aws: Aws, sandbox: EmbeddedSandbox) -> None:
    settings = sandbox.settings
    senza("create DEF 1 0.1 --wait")
    settings.failures = [Failure("hello-world-1", "AppServer", phase="update"), Failure("hello-world-2", "AppServer")]
    senza("update DEF 1 0.2 --wait", exit_code=1)  # its rollback fails, too
    senza("create DEF 2 0.1 --keep-failed --wait", exit_code=1)
    body = json.dumps({"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}})
    asked = {"StackName": "hello-world-3", "ChangeSetName": "first", "ChangeSetType": "CREATE"}
    aws.call("cloudformation", "create_change_set", TemplateBody=body, **asked)
    settings.default_seconds = 60
    senza("create DEF 4 0.1")
    ways = {
        "1": ("UPDATE_ROLLBACK_FAILED", "aws cloudformation continue-update-rollback --stack-name hello-world-1"),
        "2": ("CREATE_FAILED", "Delete it (senza delete hello-world 2) and create it again."),
        "3": ("REVIEW_IN_PROGRESS", "Nothing was made of it yet. Delete it (senza delete hello-world 3)"),
        "4": ("CREATE_IN_PROGRESS", "Wait for it first: senza wait hello-world 4"),
    }
    for version, (status, way) in ways.items():
        said = senza(f"update DEF {version} 0.3", exit_code=1).stderr
        assert f"stack hello-world-{version} is {status} and cannot be updated" in said
        assert way in said
        if version != "2":  # of that one only CloudFormation can say
            senza(f"update DEF {version} 0.3 --dry-run", exit_code=1)
        if version != "3":
            refused = json.loads(senza(f"diff DEF {version} 0.3 -o json").stdout)["refused"]
            assert refused == f"stack hello-world-{version} is {status} and cannot be updated"
    assert "senza update" not in senza("create DEF 3 0.1", exit_code=1).stderr
    assert "nothing goes on with it" in senza("wait hello-world 3", exit_code=1).stderr
    assert "Nothing was made of it yet." in senza("drift hello-world 3", exit_code=1).stderr


def test_a_name_that_has_no_other_version_is_not_taken_away(senza: Senza, aws: Aws, tmp_path: Path) -> None:
    """Of a record without weight nobody can say how much traffic it has: it has all that there is."""
    domains = "Domains: {MainDomain: {Type: standalone, Zone: hello.example.org, Subdomain: www}}"
    alone = f"Type: Senza::ElasticLoadBalancer\n      {domains}"
    senza("create", changed(tmp_path, "Type: Senza::WeightedDnsElasticLoadBalancer", alone), "1", "0.1", "--wait")
    definition = tmp_path / "changed.yaml"
    for old, new, said in (
        ("internet-facing", "internal", "replace AppLoadBalancer, which is behind the record of www.hello.example.org"),
        ("Subdomain: www", "Subdomain: web", "replace the record of www.hello.example.org, and all requests for it"),
        (
            domains,
            "Listeners: [{LoadBalancerPort: 80, InstancePort: 8080, Protocol: HTTP}]",
            "remove the record of www",
        ),
    ):
        text = definition.read_text()
        other = tmp_path / "other.yaml"
        other.write_text(text.replace(old, new))
        result = senza("update", str(other), "1", "0.1", exit_code=1)
        assert f"the update would {said}" in result.stderr
        assert change_sets(aws, "hello-world-1") == []
    senza("update", str(definition), "1", "0.2", "--wait")
    other.write_text(text.replace("Subdomain: www", "Subdomain: web"))
    senza("update", str(other), "1", "0.2", "--force")


KEPT = """
SenzaInfo: {StackName: jobs}
Resources:
  Kept: {Type: AWS::SQS::Queue, DeletionPolicy: Retain}
  Gone: {Type: AWS::SQS::Queue}
  Jobs: {Type: AWS::SQS::Queue, UpdateReplacePolicy: Retain, Properties: {QueueName: jobs}}
"""


def test_what_a_policy_keeps_is_not_said_to_be_deleted(senza: Senza, tmp_path: Path) -> None:
    definition = tmp_path / "jobs.yaml"
    definition.write_text(KEPT)
    senza("create", str(definition), "1", "--wait")
    lines = KEPT.replace("QueueName: jobs", "QueueName: work").splitlines(keepends=True)
    definition.write_text("".join(line for line in lines if "Kept" not in line and "Gone" not in line))
    said = senza("diff", str(definition), "1").stdout
    assert "- Kept  AWS::SQS::Queue  (leaves it behind)" in said
    assert "- Gone  AWS::SQS::Queue  (deletes it)" in said
    assert "~ Jobs  AWS::SQS::Queue  (replaces it, the old one stays)" in said
    told = senza("update", str(definition), "1").stderr
    assert "jobs-1: deleted: Gone; left behind: Kept; replaced, the old one stays: Jobs" in told


CONDITIONAL = """
SenzaInfo: {StackName: jobs, Parameters: [Size: {}]}
SenzaComponents: [Configuration: {Type: Senza::Configuration}]
Conditions: {Large: {"Fn::Equals": [{Ref: Size}, large]}}
Resources:
  Jobs: {Type: AWS::SQS::Queue}
  More: {Type: AWS::SQS::Queue, Condition: Large, Properties: {DelaySeconds: 5}}
"""


def test_what_a_condition_makes_and_deletes_is_seen_before(senza: Senza, tmp_path: Path) -> None:
    definition = tmp_path / "jobs.yaml"
    definition.write_text(CONDITIONAL)
    senza("create", str(definition), "1", "small", "--wait")
    assert "+ More  AWS::SQS::Queue\n" in senza("diff", str(definition), "1", "large").stdout
    assert "jobs-1: created: More" in senza("update", str(definition), "1", "large", "--wait").stderr
    assert "- More  AWS::SQS::Queue  (deletes it)" in senza("diff", str(definition), "1", "small").stdout


RECORD = """
SenzaInfo:
  StackName: shop
  Parameters:
  - Ttl: {}
SenzaComponents:
- Configuration: {Type: Senza::Configuration}
Resources:
  Main:
    Type: AWS::Route53::RecordSet
    Properties:
      HostedZoneName: hello.example.org.
      Name: shop.hello.example.org.
      Type: A
      TTL: {Ref: Ttl}
      ResourceRecords: [192.0.2.1]
      SetIdentifier: shop-1
      Weight: 0
"""


def test_what_only_cloudformation_can_see_is_refused_as_well(senza: Senza, aws: Aws, tmp_path: Path) -> None:
    definition = tmp_path / "shop.yaml"
    definition.write_text(RECORD)
    senza("create", str(definition), "1", "20", "--wait")
    senza("update", str(definition), "1", "25", "--wait")  # without traffic it may be written
    senza("traffic shop 1 100")
    result = senza("update", str(definition), "1", "30", exit_code=1)
    assert "the update would rewrite the record of shop.hello.example.org" in result.stderr
    assert change_sets(aws, "shop-1") == []
    assert senza.changes("update", str(definition), "1", "30", "--force")[-1] == "cloudformation:ExecuteChangeSet"


def test_a_review_asks_and_nothing_is_left_when_the_answer_is_no(senza: Senza, aws: Aws) -> None:
    senza("create DEF 1 0.1 --wait")
    result = senza("update DEF 1 0.4 --review", stdin="n\n", exit_code=1)
    assert "+source: stups/hello-world:0.4" in result.stdout
    assert "nothing was done, as you wished" in result.stderr
    assert "nobody answered" in senza("update DEF 1 0.4 --review", exit_code=1).stderr
    assert change_sets(aws, "hello-world-1") == []
    senza("update DEF 1 0.4 --review", stdin="y\n")
    result = senza("create DEF 2 0.5 --review", stdin="n\n", exit_code=1)
    assert "Compared with hello-world-1:" in result.stdout
    senza("create DEF 2 0.5 --review", stdin="y\n")
    assert "hello-world" in senza("list hello-world 2").stdout


CALLS = {
    "diff DEF 1 0.4": [
        *("DescribeStacks", "GetTemplate", "ListChangeSets"),
        *("CreateChangeSet", "DescribeChangeSet", "DeleteChangeSet"),
    ],
    "diff DEF 2 0.4": ["DescribeStacks", "ListStacks", "DescribeStacks", "GetTemplate"],
    "drift hello-world 1": [
        *("DescribeStacks", "DetectStackDrift"),
        *("DescribeStackDriftDetectionStatus", "DescribeStackResourceDrifts"),
    ],
}
"""What is asked of CloudFormation; docs/budgets.md says how many."""


@pytest.mark.parametrize("command", CALLS)
def test_looking_costs_exactly_these_calls(command: str, senza: Senza, sandbox: EmbeddedSandbox) -> None:
    senza("create DEF 1 0.1 --wait")
    sandbox.log.clear()
    senza(command)
    made = [one.operation for one in sandbox.log if one.service == "cloudformation"]
    assert made == CALLS[command]
    words = " ".join(command.split()[:3])
    row = next(line for line in BUDGETS.read_text().splitlines() if line.startswith(f"| `{words}"))
    assert int(row.split("|")[2]) == len(sandbox.log)


class SlowReviewer(Context):
    """Somebody who thinks before saying yes, and meanwhile something happens."""

    meanwhile: Callable[[], object]

    def agrees(self, question: str, hint: str) -> bool:
        self.meanwhile()
        return True


def reviewed(context: SlowReviewer, *words: str) -> Result:
    return CliRunner().invoke(cli, [*words, "--review"], obj=context)


def test_traffic_that_comes_while_somebody_reviews_is_seen(
    senza: Senza, aws: Aws, clock: FakeClock, tmp_path: Path
) -> None:
    senza("create DEF 1 0.1 --wait")
    internal = changed(tmp_path, "Scheme: internet-facing", "Scheme: internal")
    context = SlowReviewer(aws, clock=clock, environ={}, interactive=False)
    context.meanwhile = lambda: senza("traffic hello-world 1 100")
    result = reviewed(context, "update", internal, "1", "0.1")
    assert result.exit_code == 1
    assert "the update would replace AppLoadBalancer" in result.stderr
    assert change_sets(aws, "hello-world-1") == []


@pytest.mark.parametrize("command", ["update 1 0.2", "create 2 0.2"])
def test_who_thinks_longer_than_the_lock_lasts_does_nothing(
    command: str, senza: Senza, aws: Aws, clock: FakeClock, sandbox: EmbeddedSandbox
) -> None:
    senza("create DEF 1 0.1 --wait")
    caller = Caller(aws)
    journal = Journal(aws, clock, account_id=caller.account_id, who=caller.who)
    journal.ensure()
    journal.begin("shop", "rollout", {})
    context = SlowReviewer(aws, clock=clock, environ={}, interactive=False)

    def somebody_else() -> None:
        sandbox.advance(600)
        senza("traffic hello-world 1 100")

    context.meanwhile = somebody_else
    verb, *rest = command.split()
    result = reviewed(context, verb, HELLO_WORLD, *rest)
    assert result.exit_code == 1
    assert "the lock of hello-world was taken away from this process" in result.stderr
    assert [one["StackStatus"] for one in aws.call("cloudformation", "describe_stacks")["Stacks"]] == [
        "CREATE_COMPLETE"
    ]


def test_a_diff_needs_no_permission_to_make_change_sets(senza: Senza, sandbox: EmbeddedSandbox) -> None:
    senza("create DEF 1 0.1 --wait")
    sandbox.settings.denied = ["cloudformation:CreateChangeSet", "cloudformation:ListChangeSets"]
    result = senza("diff DEF 1 0.2")
    assert "+source: stups/hello-world:0.2" in result.stdout
    assert "What an update would do is not known: cloudformation CreateChangeSet failed" in result.stderr
    assert "The permission cloudformation:CreateChangeSet is missing" in senza("update DEF 1 0.2", exit_code=1).stderr


def test_a_diff_says_that_there_are_too_many_resources(senza: Senza, tmp_path: Path) -> None:
    definition = tmp_path / "many.yaml"
    definition.write_text("SenzaInfo: {StackName: many}\nResources:\n  Q1: {Type: AWS::SQS::Queue}\n")
    senza("create", str(definition), "1", "--wait")
    with definition.open("a") as file:
        file.writelines(f"  Q{number}: {{Type: AWS::SQS::Queue}}\n" for number in range(2, 502))
    for version in ("1", "2"):
        assert (
            "the template has 501 Resources; CloudFormation allows 500"
            in senza("diff", str(definition), version).stderr
        )


def test_somebody_deletes_the_change_set(senza: Senza, sandbox: EmbeddedSandbox) -> None:
    senza("create DEF 1 0.1 --wait")
    gone = {"code": "ChangeSetNotFound", "message": "ChangeSet [x] does not exist", "status": 404}
    sandbox.faults.add("cloudformation:DescribeChangeSet", **gone)
    assert "somebody deleted the change set of hello-world-1" in senza("update DEF 1 0.4", exit_code=1).stderr


def test_somebody_else_was_faster(senza: Senza, aws: Aws, sandbox: EmbeddedSandbox) -> None:
    senza("create DEF 1 0.1 --wait")
    sandbox.faults.add(
        "cloudformation:ExecuteChangeSet", code="InvalidChangeSetStatus", message="ChangeSet cannot be executed"
    )
    assert "was changed by somebody else" in senza("update DEF 1 0.4", exit_code=1).stderr


def test_drift_is_what_somebody_changed_and_not_what_traffic_moved(senza: Senza, aws: Aws) -> None:
    senza("create DEF 1 0.1 --wait")
    senza("traffic hello-world 1 100")
    result = senza("drift hello-world 1 --exit-code")
    assert "Nothing drifted." in result.stderr
    assert "traffic, no drift" in result.stdout
    group = aws.call("autoscaling", "describe_auto_scaling_groups")["AutoScalingGroups"][0]
    aws.call("autoscaling", "update_auto_scaling_group", AutoScalingGroupName=group["AutoScalingGroupName"], MaxSize=3)
    found = json.loads(senza("drift hello-world 1 --exit-code -o json", exit_code=1).stdout)
    real = [
        (one["LogicalResourceId"], one["property"], one["template"], one["actual"])
        for one in found
        if not one["expected"]
    ]
    assert real == [("AppServer", "MaxSize", "1", "3")]


SECRET_RECORD = """
SenzaInfo: {StackName: shop, Parameters: [Password: {NoEcho: true}]}
SenzaComponents: [Configuration: {Type: Senza::Configuration}]
Resources:
  Main:
    Type: AWS::Route53::RecordSet
    Properties:
      HostedZoneName: hello.example.org.
      Name: shop.hello.example.org.
      Type: TXT
      TTL: 20
      ResourceRecords: [{"Fn::Sub": '"${Password}"'}]
"""


def test_drift_shows_no_secret(senza: Senza, aws: Aws, tmp_path: Path) -> None:
    definition = tmp_path / "shop.yaml"
    definition.write_text(SECRET_RECORD)
    senza("create", str(definition), "1", "hunter2", "--wait")
    zone = aws.call("route53", "list_hosted_zones")["HostedZones"][0]["Id"]
    record = {"Name": "shop.hello.example.org.", "Type": "TXT", "TTL": 99, "ResourceRecords": [{"Value": '"former2"'}]}
    changes = [{"Action": "UPSERT", "ResourceRecordSet": record}]
    aws.call("route53", "change_resource_record_sets", HostedZoneId=zone, ChangeBatch={"Changes": changes})
    for command in ("drift shop 1 -o json", "drift shop -o json"):
        rows = {one["property"]: one for one in json.loads(senza(command).stdout)}
        assert (rows["TTL"]["template"], rows["TTL"]["actual"]) == ("20", "99")
        assert (rows["ResourceRecords"]["template"], rows["ResourceRecords"]["actual"]) == ("***", "***")


def test_where_nothing_drifted_there_is_no_table(senza: Senza) -> None:
    senza("create DEF 1 0.1 --wait")
    result = senza("drift hello-world 1")
    assert (result.stdout, "Nothing drifted." in result.stderr) == ("", True)
    assert json.loads(senza("drift hello-world 1 -o json").stdout) == []
    assert senza("drift hello-world 1 -o tsv").stdout.startswith("stack_name\t")


def test_drift_of_what_cannot_be_compared(senza: Senza, sandbox: EmbeddedSandbox) -> None:
    senza("create DEF 1 0.1 --wait")
    sandbox.settings.default_seconds = 3600
    senza("create DEF 2 0.2")
    said = senza("drift hello-world 2", exit_code=1).stderr
    assert "hello-world-2 is CREATE_IN_PROGRESS and cannot be compared now" in said
    assert "senza wait hello-world 2" in said
    result = senza("drift hello-world")
    assert "Warning: stack hello-world-2 is CREATE_IN_PROGRESS and cannot be compared now" in result.stderr
    assert "Of the rest nothing drifted." in result.stderr
    senza("drift hello-world --exit-code", exit_code=1)


def test_drift_of_a_broken_stack(senza: Senza, sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.failures = [Failure("hello-world-1", "AppServer", reason="no capacity")]
    senza("create DEF 1 0.1 --wait", exit_code=1)
    said = senza("drift hello-world 1", exit_code=1).stderr
    assert "stack hello-world-1 is ROLLBACK_COMPLETE and cannot be compared\nOnly a stack that was created" in said


def test_some_resources_may_be_left_out_of_a_comparison(aws: Aws, senza: Senza) -> None:
    senza("create DEF 1 0.1 --wait")
    (stack,) = find_stacks(aws, [StackRef("hello-world")])
    answer = {"DetectionStatus": "DETECTION_FAILED", "DetectionStatusReason": "Failed to detect drift on [Queue]."}
    with pytest.raises(OperationFailed, match="could not compare hello-world-1: Failed to detect drift on"):
        partly(stack, answer)
    told = partly(stack, {**answer, "StackDriftStatus": "IN_SYNC"})
    assert told == "not all of hello-world-1 could be compared: Failed to detect drift on [Queue]"


def test_the_mark_of_a_rollout_stays(senza: Senza, aws: Aws) -> None:
    senza("create DEF 1 0.1 --wait --tag senza:rollout=20260601T120000Z-3fa9c1")
    senza("diff DEF 1 0.1 --exit-code")
    senza("diff DEF 2 0.1 --exit-code")
    senza("update DEF 1 0.4 --wait")
    tags = aws.call("cloudformation", "describe_stacks", StackName="hello-world-1")["Stacks"][0]["Tags"]
    assert {"Key": "senza:rollout", "Value": "20260601T120000Z-3fa9c1"} in tags


DEFAULTS = """
SenzaInfo: {StackName: jobs}
Parameters:
  Delay: {Type: Number, Default: 5}
  Fifo: {Type: String, Default: true}
Resources:
  Jobs:
    Type: AWS::SQS::Queue
    Properties: {DelaySeconds: {Ref: Delay}}
"""


def test_defaults_of_parameters_are_no_difference(senza: Senza, tmp_path: Path) -> None:
    definition = tmp_path / "jobs.yaml"
    definition.write_text(DEFAULTS)
    senza("create", str(definition), "1", "--wait")
    senza("diff", str(definition), "1", "--exit-code")
    senza("diff", str(definition), "2", "--exit-code")
    definition.write_text(DEFAULTS.replace("Default: 5", "Default: 6"))
    found = json.loads(senza("diff", str(definition), "1", "-o", "json").stdout)
    assert found["parameters"] == [{"path": "Delay", "old": "5", "new": "6"}]
    assert [(one["logical_id"], one["because"]) for one in found["resources"]] == [("Jobs", ["Delay"])]


SECRET = """
SenzaInfo:
  StackName: vault
  Parameters:
  - Password: {NoEcho: true}
Resources:
  Jobs:
    Type: AWS::SQS::Queue
    Properties: {QueueName: 'q-{{Arguments.Password}}'}
"""


def test_secrets_are_not_shown(senza: Senza, tmp_path: Path) -> None:
    definition = tmp_path / "vault.yaml"
    definition.write_text(SECRET)
    senza("create", str(definition), "1", "hunter22", "--wait")
    for output in ("text", "json"):
        result = senza("diff", str(definition), "1", "hunter33", "--exit-code", "-o", output, exit_code=1)
        assert "hunter" not in result.output
        assert "***" in result.output
    assert "hunter" not in senza("update", str(definition), "1", "hunter33", "--review", exit_code=1).output


@pytest.mark.parametrize("size", [60_000])
def test_a_large_template_goes_through_s3(senza: Senza, aws: Aws, tmp_path: Path, size: int) -> None:
    definition = tmp_path / "large.yaml"
    queues = "".join(
        f"  Q{number}:\n    Type: AWS::SQS::Queue\n    Properties: {{QueueName: '{'q' * 60}-{number}'}}\n"
        for number in range(size // 140)
    )
    definition.write_text(f"SenzaInfo: {{StackName: large}}\nResources:\n{queues}")
    senza("create", str(definition), "1", "--wait")
    assert "No differences" in senza("diff", str(definition), "1").stderr
    definition.write_text(definition.read_text().replace("-1'}", "-1', DelaySeconds: 5}"))
    senza("update", str(definition), "1", "--wait")
    buckets = [one["Name"] for one in aws.call("s3", "list_buckets")["Buckets"] if "senza-journal" in one["Name"]]
    keys = [
        one["Key"] for one in aws.pages("s3", "list_objects_v2", "Contents", Bucket=buckets[0], Prefix="templates/")
    ]
    assert len(keys) == 2
    assert all(key.startswith("templates/large-1/") for key in keys)
