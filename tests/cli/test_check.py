"""``senza check``: offline, its exit codes and formats; and what ``create`` and ``update`` make of the same rules."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from senza.aws import Aws
from senza.cli.context import Context
from senza.cli.main import cli
from senza.sandbox.embedded import EmbeddedSandbox
from tests.cli.conftest import HELLO_WORLD

if TYPE_CHECKING:
    from tests.cli.conftest import Senza

ROOT = Path(__file__).parents[2]
FACTS = (
    *("acm ListCertificates", "ec2 DescribeImages", "ec2 DescribeSecurityGroups", "ec2 DescribeSubnets"),
    *("ec2 DescribeVpcs", "route53 ListHostedZones"),
)
BUDGET: dict[str, tuple[str, ...]] = {
    "check DEF": (),
    "check DEF 1 0.1 --aws": (
        *FACTS,
        *("autoscaling DescribeAccountLimits", "cloudformation DescribeStacks", "cloudwatch GetMetricData"),
        *("ec2 DescribeInstanceTypeOfferings", "ec2 DescribeInstanceTypes", "elb DescribeAccountLimits"),
        *("elb DescribeLoadBalancers", "iam SimulatePrincipalPolicy", "route53 ListResourceRecordSets"),
        *("service-quotas GetServiceQuota", "sts GetCallerIdentity"),
    ),
}
"""The calls of each command on hello-world; docs/budgets.md says the same."""

OPEN = """\
SenzaInfo:
  StackName: jobs
Resources:
  Door:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: a door
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}]
"""
SECRET = f"""\
SenzaInfo: {{StackName: jobs}}
Description: {"glpat-" + "aB3dE6gH9jK2mN5pQ8sT"}
Resources: {{Jobs: {{Type: "AWS::SQS::Queue"}}}}
"""


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> Context:
    """Without a region, credentials or a network."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("nothing may be asked of the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return Context(environ={}, interactive=False)


def check(context: Context, *words: str) -> Result:
    return CliRunner().invoke(cli, ["check", *words], obj=context)


def written(folder: Path, text: str) -> str:
    path = folder / "app.yaml"
    path.write_text(text)
    return str(path)


def test_hello_world_needs_neither_aws_nor_arguments(offline: Context) -> None:
    result = check(offline, HELLO_WORLD, "--no-lint")
    assert (result.exit_code, result.stderr) == (0, f"0 errors and 1 warning in {HELLO_WORLD}\n")
    assert "AppLoadBalancer is internet-facing" in result.stdout
    assert check(offline, HELLO_WORLD, "--no-lint", "--strict").exit_code == 1
    assert check(offline, HELLO_WORLD, "ImageVersion=0.1", "--no-lint").exit_code == 0
    assert check(offline, HELLO_WORLD, "1", "0.1", "--no-lint").exit_code == 0


def test_errors_and_usage_have_codes_of_their_own(offline: Context, tmp_path: Path) -> None:
    path = written(tmp_path, "SenzaInfo: {StackName: jobs}\nResources: []\n")
    result = check(offline, path)
    assert result.exit_code == 1
    assert f"{path}:2: error SZ001: Resources must be a mapping, not a list" in result.stdout
    assert result.stderr == f"Error: 1 error and 0 warnings in {path}\n"
    assert check(offline, str(tmp_path / "nowhere.yaml")).exit_code == 2
    assert check(offline, HELLO_WORLD, "1.0").exit_code == 2
    assert check(offline, HELLO_WORLD, "1", "a", "b").exit_code == 2


def test_sections_that_only_other_commands_read(offline: Context, tmp_path: Path) -> None:
    info = "StackName: jobs, Rollout: {Strategi: Canary}, RollbackTriggers: {Minutes: 500}"
    path = written(tmp_path, f'SenzaInfo: {{{info}}}\nResources: {{Jobs: {{Type: "AWS::SQS::Queue"}}}}\n')
    result = check(offline, path, "--no-lint")
    assert result.exit_code == 1
    assert f"{path}:1: error SZ001: Rollout has no key Strategi" in result.stdout
    assert f"{path}:1: error SZ001: SenzaInfo.RollbackTriggers.Minutes must be 0 to 180" in result.stdout


def test_all_is_well(offline: Context, tmp_path: Path) -> None:
    path = written(tmp_path, 'SenzaInfo: {StackName: jobs}\nResources: {Jobs: {Type: "AWS::SQS::Queue"}}\n')
    result = check(offline, path, "--strict")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"Nothing is wrong in {path}.\n")


def test_what_was_clean_is_remembered_by_a_digest(tmp_path: Path) -> None:
    path = written(tmp_path, 'SenzaInfo: {StackName: jobs}\nResources: {Jobs: {Type: "AWS::SQS::Queue"}}\n')
    context = Context(environ={"XDG_CACHE_HOME": str(tmp_path / "cache")}, interactive=False)
    file = tmp_path / "cache" / "senza" / "linted.json"
    for _ in range(2):
        assert check(context, path).exit_code == 0
        (digest,) = json.loads(file.read_text())
        assert len(digest) == 64
    file.write_text("no JSON")
    assert check(context, path).exit_code == 0
    assert json.loads(file.read_text()) == [digest]


def test_programs_get_documents(offline: Context, tmp_path: Path) -> None:
    path = written(tmp_path, OPEN)
    (row,) = json.loads(check(offline, path, "--no-lint", "--format", "json").stdout)
    assert (row["rule"], row["line"], row["component"]) == ("SZ101", 8, "Door")
    log = json.loads(check(offline, path, "--no-lint", "--format", "sarif").stdout)
    assert [result["ruleId"] for result in log["runs"][0]["results"]] == ["SZ101"]
    command = check(offline, path, "--no-lint", "--format", "github").stdout
    assert command.startswith(f"::warning file={path},line=8,title=senza check SZ101::port 22 of Door")


SPELT_OUT = """
SenzaInfo:
  StackName: jobs
  Parameters: [Password: {NoEcho: true}, Unused: {NoEcho: true, MinLength: 7}]
Resources:
  Jobs:
    Type: AWS::SQS::Queue
    Properties: {Tags: [{Key: Door, Value: "{{Arguments.Password}} example"}]}
"""


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_no_finding_repeats_a_secret(form: str, offline: Context, tmp_path: Path) -> None:
    """cfn-lint does, and each format quotes once more what it has quoted already."""
    pytest.importorskip("cfnlint")
    secret = "Password=hunter2#'bird\"cage%\\song"
    said = check(offline, written(tmp_path, SPELT_OUT), "1", secret, "--format", form).output
    assert "*** example" in said
    assert not [part for part in ("hunter2", "bird", "cage", "song") if part in said]


def test_create_tells_warnings_and_goes_on(senza: Senza, tmp_path: Path) -> None:
    path = written(tmp_path, OPEN)
    told = (
        f"Warning: {path}:8: Resources.Door.Properties.SecurityGroupIngress[0].CidrIp: port 22 of Door can be reached"
    )
    assert told in senza(f"create {path} 1").stderr
    assert told in senza(f"update {path} 1").stderr


def test_create_stops_at_an_error_unless_forced(senza: Senza, tmp_path: Path) -> None:
    path = written(tmp_path, SECRET)
    refused = senza(f"create {path} 1", exit_code=2)
    assert f"Error: {path}:2: Description: Description holds a GitLab token (SZ104)" in refused.stderr
    assert "--force" in refused.stderr
    assert "glpat" not in refused.stderr
    assert senza("list -o json").stdout.strip() == "[]"
    forced = senza(f"create {path} 1 --force")
    assert "Warning: " in forced.stderr
    assert "(SZ104)" in forced.stderr


def test_create_knows_the_zones_of_the_subnets_that_were_found(
    senza: Senza, aws: Aws, sandbox: EmbeddedSandbox
) -> None:
    """Two public subnets in a zone are nothing special; a load balancer cannot stand in both."""
    more = aws.call(
        *("ec2", "create_subnet"),
        VpcId=sandbox.values["vpc_id"],
        CidrBlock="172.20.200.0/24",
        AvailabilityZone="eu-central-1a",
        TagSpecifications=[{"ResourceType": "subnet", "Tags": [{"Key": "Name", "Value": "dmz-more"}]}],
    )
    assert more["Subnet"]["AvailabilityZone"] == "eu-central-1a"
    result = senza("create DEF 1 0.1", exit_code=2)
    assert "AppLoadBalancer would have two subnets in eu-central-1a" in result.stderr
    assert aws.call("cloudformation", "list_stacks")["StackSummaries"] == []


def test_create_of_hello_world_is_quiet(senza: Senza) -> None:
    warnings = [line for line in senza(f"create {HELLO_WORLD} 1 0.1").stderr.splitlines() if "(SZ" in line]
    assert warnings == []


@pytest.mark.parametrize("command", BUDGET)
def test_it_makes_exactly_these_calls(command: str, senza: Senza, aws: Aws) -> None:
    senza(f"{command} --no-lint")
    assert sorted(str(call).replace(":", " ") for call in aws.calls) == sorted(BUDGET[command])


def test_the_documentation_says_the_same() -> None:
    document = (ROOT / "docs" / "budgets.md").read_text().partition("## Checks")[2].partition("\n## ")[0]
    rows = [f"| `{command}` | {len(calls)} | {', '.join(sorted(calls))} |" for command, calls in BUDGET.items()]
    assert [line for line in document.splitlines() if line.startswith("| `")] == rows


def test_the_account_is_asked_where_that_is_wanted(senza: Senza, sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.denied = ["cloudformation:CreateStack"]
    assert "SZ602" not in senza(f"check {HELLO_WORLD} --no-lint").stdout
    found = senza(f"check {HELLO_WORLD} --aws --no-lint").stdout
    assert "warning SZ602: not allowed for all resources: cloudformation:CreateStack" in found


def test_an_image_that_is_not_there(senza: Senza, tmp_path: Path) -> None:
    """Only where its tag is not made up."""
    definition = str(ROOT / "definitions" / "docker.yaml")
    assert "SZ001" not in senza(f"check {definition} --aws --no-lint").stdout
    found = senza(f"check {definition} 1 no-such-version --aws --no-lint", exit_code=1).stdout
    assert "error SZ001: " in found
    assert "no-such-version" in found
