"""senza promote, from one account of the sandbox to another."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from senza.cli.main import cli
from senza.cli.promote import version_and_parameters
from senza.cli.promoting import Wish, definition_file, promote
from tests.promotion.conftest import LIVE, STAGING, Repository

BUDGETS = Path(__file__).parents[2] / "docs" / "budgets.md"
PROMOTE = "promote {} --from staging --to live"
HELLO, DOCKER = PROMOTE.format("hello-world"), PROMOTE.format("docker-hello")
READING = ("Describe", "List", "Get", "BatchGet", "AssumeRole")
SIZED = (
    ("InstanceType: t4g.small", 'InstanceType: "{{Arguments.Size}}"'),
    ("  Parameters:\n", "  Parameters:\n    - Size: {Default: t4g.small}\n"),
)


def move(senza: Repository, environment: str, tag: str, to: str) -> None:
    """Let a tag of the registry of that account name what another tag names."""
    aws = senza.aws(environment)
    found = aws.call("ecr", "batch_get_image", repositoryName="hello-world", imageIds=[{"imageTag": to}])["images"][0]
    aws.call("ecr", "batch_delete_image", repositoryName="hello-world", imageIds=[{"imageTag": tag}])
    aws.call("ecr", "put_image", repositoryName="hello-world", imageManifest=found["imageManifest"], imageTag=tag)


def digest(senza: Repository, environment: str, tag: str) -> str:
    answer = senza.aws(environment).call("ecr", "describe_images", repositoryName="hello-world")
    return next(str(one["imageDigest"]) for one in answer["imageDetails"] if tag in one.get("imageTags", ()))


def manifest(senza: Repository, environment: str, tag: str) -> str:
    wanted = [{"imageTag": tag}]
    answer = senza.aws(environment).call("ecr", "batch_get_image", repositoryName="hello-world", imageIds=wanted)
    return str(answer["images"][0]["imageManifest"])


def encrypted(senza: Repository, environment: str, text: str) -> str:
    """As base64, by a key of that account."""
    aws = senza.aws(environment)
    key = aws.call("kms", "create_key")["KeyMetadata"]["KeyId"]
    return base64.b64encode(aws.call("kms", "encrypt", KeyId=key, Plaintext=text.encode())["CiphertextBlob"]).decode()


def test_what_runs_is_deployed_exactly_though_its_tag_was_moved(senza: Repository) -> None:
    senza.define("docker", "", *SIZED)
    senza.environments(live="Size: t4g.large")
    senza("deploy docker.yaml 7 Size=t4g.nano ImageVersion=0.1 -e staging")
    image = digest(senza, "staging", "0.1")
    assert image == digest(senza, "live", "0.1")
    for environment in ("staging", "live"):
        aws = senza.aws(environment)
        aws.call("ecr", "put_image", repositoryName="hello-world", imageManifest=manifest(senza, environment, "0.1"),
                 imageTag="kept")  # fmt: skip
        move(senza, environment, "0.1", "0.2")
        assert digest(senza, environment, "0.1") != image
    shown = senza(f"{DOCKER} --definition docker.yaml --dry-run").stdout.splitlines()
    rows = [" ".join(line.split()) for line in shown[:6]]
    assert rows[0] == "docker-hello-7 from staging to live:"
    assert rows[2:4] == [
        "Size t4g.nano t4g.large differs senza.yaml, live",
        "ImageVersion 0.1 0.1 same as in staging",
    ]
    assert rows[5].endswith(f"{image} the same, by digest")
    assert "Create stack docker-hello-7" in "".join(shown)
    assert "docker-hello" not in senza("-e live list").stdout, "it was a dry run"

    source, target = senza.context("staging"), senza.context("live")
    source.aws().calls.clear()
    wish = Wish("docker-hello", "", {}, None, None, (("Team", "cheese"),), False, None)
    promote(source, target, wish, "", False, "")
    assert [call for call in source.aws().calls if not call.operation.startswith(READING)] == []
    there, here = senza.stack("staging", "docker-hello-7"), senza.stack("live", "docker-hello-7")
    assert (here["parameters"], here["tags"]["Team"]) == ({"Size": "t4g.large", "ImageVersion": "0.1"}, "cheese")
    text = json.dumps(senza.template("live", "docker-hello-7"))
    assert f"{LIVE}.dkr.ecr.eu-west-1.amazonaws.com/hello-world@{image}" in text
    assert STAGING not in text
    first = senza.rollout("live", "docker-hello").entries[0].facts
    assert first["promoted_from"] == {
        **{"environment": "staging", "account": STAGING, "region": "eu-central-1", "stack_id": there["id"]},
    }
    assert first["images"][0]["digest"] == image
    assert (first["definition"], first["version"]) == ("docker.yaml", "7"), "as the journal of staging said"


def test_a_definition_that_makes_something_else_by_now_is_refused(senza: Repository) -> None:
    senza.define("hello-world")
    senza("create hello-world.yaml 1 0.1 -e staging --tag Team=cheese")
    senza("traffic hello-world 1 100 -e staging")
    same = senza(f"{HELLO} --dry-run").stderr
    assert "Warning: whether stups/hello-world:0.1 is what runs in staging could not be verified" in same
    senza.define("hello-world", "", ("t2.micro", "t3.micro"), ("HealthCheckPath: /ui/", "HealthCheckPath: /health"))
    result = senza(HELLO, exit_code=1)
    assert "hello-world.yaml has changed since hello-world-1 was created in staging" in result.stderr
    assert "LaunchTemplateData.InstanceType: t2.micro → t3.micro" in result.stderr
    assert "HealthCheck.Target: HTTP:8080/ui/ → HTTP:8080/health" in result.stderr
    assert "~ AppServer  " not in result.stderr
    assert result.stdout == ""
    forced = senza(f"{HELLO} --dry-run --force")
    assert "Warning: hello-world.yaml has changed since" in forced.stderr
    assert "Create stack hello-world-1" in forced.stdout
    senza(f"{HELLO} --dry-run ImageVersion=0.1", exit_code=1)
    senza.define("hello-world", "", ("SecurityGroups: [app-hello-world]", "SecurityGroups: [nobodys]"))
    assert 'there is no security group "nobodys"' in senza(HELLO, exit_code=1).stderr


def test_the_journal_knows_the_commit_to_check_out(senza: Repository) -> None:
    senza.define("hello-world", "", ("        ports:", '        environment: {KEY: "aws:kms:AQICAHh"}\n        ports:'))
    git = ["git", "-C", str(senza.directory), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *words], check=True, env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull})
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    senza("deploy hello-world.yaml 1 0.1 -e staging")
    assert senza.rollout("staging", "hello-world").entries[0].facts["revision"] == commit
    same = senza(f"{HELLO} --dry-run").stderr
    assert "hello-world.yaml holds values that a KMS key encrypted (AppServer)" in same
    assert "AQICAHh" not in same
    senza.define("hello-world")
    assert f"it was created from ({commit[:12]}, says the journal of staging)" in senza(HELLO, exit_code=1).stderr


def test_another_value_than_there_is_no_change_of_the_definition(senza: Repository) -> None:
    senza.define("hello-world")
    senza("create hello-world.yaml 1 0.1 -e staging")
    result = senza(f"{PROMOTE.format('hello-world.yaml 1 ImageVersion=0.2')} --dry-run")
    assert "ImageVersion 0.1     0.2  differs command line" in result.stdout
    assert "stups/hello-world:0.2" in result.stdout


def test_which_version_and_whether_it_can_be_taken_for_an_example(senza: Repository) -> None:
    senza.define("hello-world")
    assert "there is no stack of hello-world in staging" in senza(HELLO, exit_code=1).stderr
    for version in "12":
        senza(f"create hello-world.yaml {version} 0.1 -e staging")
    assert "hello-world-1 from staging" in senza(f"{HELLO} --dry-run").stdout
    senza("traffic hello-world 2 10 -e staging")
    shared = senza(HELLO, exit_code=2).stderr
    assert (
        "no version of hello-world has all the traffic in staging: hello-world.hello.example.org: 1 90 %, 2 10 %"
        in shared
    )
    assert "hello-world-2 from staging" in senza(f"{PROMOTE.format('hello-world 2')} --dry-run").stdout
    missing = senza(f"{PROMOTE.format('hello-world 3')} --dry-run", exit_code=1).stderr
    assert "there is no stack hello-world-3 in staging" in missing
    senza.sandbox.settings.default_seconds = 30.0
    senza("create hello-world.yaml 4 0.1 -e staging")
    busy = senza(f"{PROMOTE.format('hello-world 4')} --dry-run", exit_code=1).stderr
    assert "hello-world-4 is CREATE_IN_PROGRESS in staging" in busy


SECRET = """
SenzaInfo:
  StackName: vault
  Parameters:
  - Password: {NoEcho: true}
  - Token: {NoEcho: true}
  - Key: {Default: none}
  - Topic: {Default: none}
  - Domain: {Default: "{{AccountInfo.AccountID}}"}
SenzaComponents:
- Configuration: {Type: Senza::Configuration}
Resources:
  Settings:
    Type: AWS::SSM::Parameter
    Properties: {Name: /vault/settings, Type: String, Value: {"Fn::Sub": "${Password} ${Key} ${Topic} ${Domain}"}}
  Jobs:
    Type: AWS::SQS::Queue
    Properties: {QueueName: "q-{{Arguments.Token}}-{{Arguments.version}}"}
"""


def test_secrets_are_said_anew_and_never_shown(senza: Repository) -> None:
    senza.define("vault", SECRET)
    staging = "Password=battery-staple Token=horse-staging"
    senza(f"create vault.yaml 1 {staging} Topic=arn:aws:sns:eu-central-1:{STAGING}:ops -e staging")
    plan = f"{PROMOTE.format('vault')} --strategy recreate --dry-run"
    unknown = senza(plan, exit_code=2).stderr
    assert "the values of Password, Token cannot be read back from staging" in unknown
    ciphertext = encrypted(senza, "live", "battery-live")
    senza.environments(live=f"Password: senza:kms:{ciphertext}")
    (senza.directory / "secrets.yaml").write_text("Token: correct-live\n")
    result = senza(f"{plan} --parameter-file secrets.yaml")
    rows = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert rows[2:7] == [
        "Password *** *** not known senza.yaml, live",
        "Token *** *** not known command line",
        "Key none none same as in staging",
        f"Topic arn:aws:sns:eu-central-1:{STAGING}:ops arn:aws:sns:eu-central-1:{STAGING}:ops same as in staging",
        f"Domain {STAGING} {LIVE} differs default",
    ]
    assert "the parameter Topic is arn:aws:sns" in result.stderr
    assert "environments.live.parameters in senza.yaml can say what it is in live" in result.stderr
    twice = senza(f"{plan} --parameter-file secrets.yaml Token=other", exit_code=2)
    assert "the parameter Token is given twice" in twice.stderr
    for one in (result, twice):
        assert not {word for word in ("battery", "horse", "correct-live", ciphertext) if word in one.output}
    assert "there is no stack of vault" not in senza("-e live list", exit_code=0).output


def test_a_ciphertext_of_another_account_is_refused_unless_it_is_forced(senza: Repository) -> None:
    senza.define("vault", SECRET)
    senza("create vault.yaml 1 aaaa bbbb Key=aws:kms:AQICAHh -e staging")
    plan = f"{PROMOTE.format('vault')} --strategy recreate --dry-run Password=cccc Token=dddd"
    refused = senza(plan, exit_code=2).stderr
    assert f"Key: encrypted with a KMS key of staging ({STAGING}, eu-central-1), which live cannot decrypt" in refused
    assert "Warning: Key: encrypted with a KMS key of staging" in senza(f"{plan} --force").stderr
    assert "differs command line" in " ".join(senza(f"{plan} Key=aws:kms:BQICAHh").stdout.split())


def test_an_image_that_is_started_by_its_tag_is_compared_with_what_was_written_down(senza: Repository) -> None:
    ecr = "{{AccountInfo.AccountID}}.dkr.ecr.{{AccountInfo.Region}}.amazonaws.com"
    senza.define("hello-world", "", ("stups/hello-world:", f"{ecr}/hello-world:"))
    senza("deploy hello-world.yaml 1 0.1 -e staging")
    plan = f"{HELLO} --dry-run"
    assert "the same by now, by its tag" in senza(plan).stdout
    former = digest(senza, "live", "0.1")
    move(senza, "live", "0.1", "0.2")
    refused = senza(plan, exit_code=1).stderr
    image = f"{LIVE}.dkr.ecr.eu-west-1.amazonaws.com/hello-world:0.1"
    assert f"{image} was {former} there, and is {digest(senza, 'live', '0.1')} now" in refused
    forced = senza(f"{plan} --force")
    assert "another: the tag was moved" in forced.stdout
    assert "would become another" in forced.stderr


def test_a_newer_machine_image_is_told_and_stands_in_nobodys_way(senza: Repository) -> None:
    senza.define("docker")
    senza("create docker.yaml 1 0.1 -e staging")
    name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
    newer(senza, name, "ami-0a000000000000062")
    result = senza("promote docker-hello --definition docker.yaml --from staging --to live --dry-run")
    assert "AppServerConfig: in staging it is ami-0a000000000000052, and by now ami-0a000000000000062" in result.stderr
    assert "the same, by digest" in result.stdout


def newer(senza: Repository, parameter: str, image: str) -> None:
    """Publish another machine image, in staging's region."""
    from moto.ssm.models import ssm_backends

    assert senza.aws("staging").region == "eu-central-1"
    known = ssm_backends[STAGING]["eu-central-1"]._parameters[parameter]
    known[-1].value = image


def test_one_that_was_interrupted_goes_on_when_it_is_said_again(senza: Repository) -> None:
    senza.define("hello-world")
    senza("create hello-world.yaml 1 0.1 -e staging")
    senza.sandbox.faults.add("cloudformation:CreateStack", status=403, code="AccessDenied")
    failed = senza(HELLO, exit_code=1).stderr
    assert "Go on: senza -e live rollout resume hello-world." in failed
    assert "hello-world-1 is promoted." in senza(HELLO).stdout
    kinds = [entry.kind for entry in senza.rollout("live", "hello-world").entries]
    assert "resumed" in kinds
    assert senza.stack("live", "hello-world-1")["status"] == "CREATE_COMPLETE"
    assert "100.0" in senza("-e live traffic hello-world 1").stdout


def test_what_is_there_already_has_to_be_the_same(senza: Repository) -> None:
    senza.define("hello-world")
    senza("create hello-world.yaml 1 0.1 -e staging")
    senza("create hello-world.yaml 1 0.1 -e live")
    assert "Create stack" not in senza(f"{HELLO} --dry-run").stdout, "it only gets the traffic"
    senza("update hello-world.yaml 1 0.2 -e live")
    result = senza(HELLO, exit_code=1)
    assert "live has a hello-world-1 already, which is another one" in result.stderr
    assert "ImageVersion: 0.2 → 0.1" in result.stderr
    assert "Give hello-world-1 100 % of the traffic" in senza(f"{HELLO} --dry-run --force").stdout


def test_what_the_command_line_cannot_mean(senza: Repository) -> None:
    senza.define("hello-world")
    (senza.directory / "other.yaml").write_text(
        "SenzaInfo: {StackName: other}\nResources: {Q: {Type: AWS::SQS::Queue}}"
    )
    senza("create hello-world.yaml 1 0.1 -e staging")
    senza("create other.yaml 1 -e staging --force")
    for command, said in {
        "promote hello-world --from staging": "Missing option '--to'",
        "promote hello-world --from staging --to staging": "staging is promoted to itself",
        "promote hello-world --from staging --to life": "Did you mean live?",
        "-e lab " + HELLO: "promote goes from staging to live, and -e or SENZA_ENVIRONMENT says lab",
        f"{HELLO} 1 0.1": "argument 3 has no =",
        f"{HELLO} A=1 A=2": "the parameter A is given twice",
        f"{HELLO} ImageVersoin=1": "Did you mean ImageVersion?",
        f"{HELLO} --definition other.yaml": "other.yaml is the definition of other, not of hello-world",
        f"{HELLO} --definition missing.yaml": "missing.yaml",
    }.items():
        assert said in senza(command, exit_code=2).stderr, command
    (senza.directory / "hello-world.yaml").unlink()
    nowhere = senza(HELLO, exit_code=2).stderr
    assert "there is no definition of hello-world: looked for hello-world.yaml, definitions/hello-world.yaml" in nowhere
    text = (senza.directory / "senza.yaml").read_text().replace(LIVE, STAGING).replace("eu-west-1", "eu-central-1")
    (senza.directory / "senza.yaml").write_text(text)
    assert f"staging and live are one place: account {STAGING}, eu-central-1" in senza(HELLO, exit_code=2).stderr


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("sub/app.yaml", "sub/app.yaml"),
        ("file://sub/app.yaml", "sub/app.yaml"),
        ("sub/none.yaml", "shop.yaml"),
        ("../outside.yaml", "shop.yaml"),
        ("https://example.org/app.yaml", "shop.yaml"),
        ("", "shop.yaml"),
    ],
)
def test_only_what_is_checked_out_is_taken_for_the_definition(senza: Repository, said: str, wanted: str) -> None:
    (senza.directory / "sub").mkdir()
    for name in ("sub/app.yaml", "shop.yaml", "../outside.yaml"):
        (senza.directory / name).write_text("SenzaInfo: {StackName: shop}\n")
    wish = Wish("shop", "", {}, None, None, (), False, None)
    assert definition_file(senza.context(), wish, {"definition": said}) == wanted
    absolute = str(senza.directory / "sub/app.yaml")
    assert definition_file(senza.context(), wish, {"definition": absolute}) == absolute
    assert definition_file(senza.context(), replace(wish, definition="x"), {"definition": said}) == "x"


def test_the_words_behind_the_name() -> None:
    assert version_and_parameters(()) == ("", {})
    assert version_and_parameters(("1.4",)) == ("1.4", {})
    assert version_and_parameters(("A=1", "B==")) == ("", {"A": "1", "B": "="})
    assert version_and_parameters(("1", "A=")) == ("1", {"A": ""})


@pytest.mark.parametrize(("words", "offered"), [(["--from"], ["staging"]), (["--from", "live", "--to"], ["staging"])])
def test_environments_are_completed(senza: Repository, words: list[str], offered: list[str]) -> None:
    completion = ShellComplete(cli, {"obj": senza.context()}, "senza", "_SENZA_COMPLETE")
    assert [one.value for one in completion.get_completions(["promote", "x", *words], "st")] == offered


CALLS = {
    "promote hello-world --from staging --to live --dry-run": {
        **{"sts:AssumeRole": 2, "sts:GetCallerIdentity": 2},
        # who has the traffic in staging, its stack, and what the journal says of it; is it in live already?
        **{"cloudformation:ListStacks": 2, "cloudformation:ListStackResources": 2, "route53:ListHostedZones": 2},
        **{"route53:ListResourceRecordSets": 1, "cloudformation:DescribeStacks": 2, "cloudformation:GetTemplate": 1},
        **{"s3:ListObjectsV2": 2, "s3:GetObject": 1},
        # do its groups launch what the stack says?
        **{"autoscaling:DescribeAutoScalingGroups": 1},
        # what hello-world has to know about each account; the other ListStacks and zones are for the plan
        **dict.fromkeys(("acm:ListCertificates", "ec2:DescribeImages", "ec2:DescribeSecurityGroups"), 2),
        **dict.fromkeys(("ec2:DescribeSubnets", "ec2:DescribeVpcs"), 2),
    },
}


def test_it_makes_exactly_these_calls(senza: Repository) -> None:
    senza.define("hello-world")
    senza("deploy hello-world.yaml 1 0.1 -e staging")
    for command, expected in CALLS.items():
        senza.sandbox.log.clear()
        senza(command)
        assert Counter(map(str, senza.sandbox.log)) == expected
        words = ", ".join(
            call.replace(":", " ") + (f" ×{times}" if times > 1 else "") for call, times in sorted(expected.items())
        )
        assert f"| `{command}` | {sum(expected.values())} | {words} |" in BUDGETS.read_text(), words


def test_secrets_of_a_promotion_are_told_nobody(senza: Repository) -> None:
    """Given on the command line, in a file and as ciphertext by senza.yaml: AWS repeats them, and senza does not."""
    secret = {name: f"canary{name}8Xq2Zr" for name in ("Word", "File", "Here")}
    declared = "".join(f"    - {name}: {{NoEcho: true}}\n" for name in secret)
    senza.define("hello-world", "", ("  Parameters:\n", f"  Parameters:\n{declared}"))
    senza.environments(live=f"Here: senza:kms:{encrypted(senza, 'live', secret['Here'])}")
    Path("file.yaml").write_text(f"File: {secret['File']}\n")
    given = f"Word={secret['Word']} --parameter-file file.yaml"
    senza(f"deploy hello-world.yaml 1 ImageVersion=0.1 Here=other {given} -e staging")
    senza.sandbox.faults.add("cloudformation:CreateStack", code="ValidationError", message=" ".join(secret.values()))
    refused = senza(f"{HELLO} {given}", exit_code=1)
    assert "*** *** *** (ValidationError)" in refused.stderr
    told = [refused.output, senza(f"{HELLO} {given} --dry-run").output, senza(f"{HELLO} {given}").output]
    told += [json.dumps([dict(one.facts) for one in senza.rollout("live", "hello-world").entries])]
    told += [json.dumps(senza.template("live", "hello-world-1"))]
    assert not [(name, text) for text in told for name, word in secret.items() if word in text]
