"""``senza userdata``, and the container of a definition on this machine."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from senza.aws import Aws
from senza.cli.context import Context
from senza.cli.main import cli
from senza.clock import Clock
from senza.sandbox.embedded import EmbeddedSandbox

ROOT = Path(__file__).parents[2]
DOCKER = str(ROOT / "definitions" / "docker.yaml")
REGISTRY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
APP = """\
SenzaInfo: {StackName: app}
SenzaComponents:
- C: {Type: Senza::AutoConfiguration}
"""
GROUP = """\
- %s:
    Type: Senza::DockerAutoScalingGroup
    InstanceType: t3.micro
    KmsKeys: [alias/senza]
    TaupageConfig:
      source: 123456789012.dkr.ecr.eu-central-1.amazonaws.com/hello-world:0.1
      %s
"""
FAKE = """\
#!/bin/sh
{ printf '%s\\n' "$@"; echo "SECRET=$SECRET"; } > "$OUT"
[ ! -e "$META/taupage.yaml" ] || cat "$META/taupage.yaml" > "$META/seen"
exit 7
"""


class UserData:
    """``run("--run-locally")`` gives the command on a definition that was written before."""

    def __init__(self, aws: Aws, folder: Path) -> None:
        self._aws = aws
        self.folder = folder
        self.environ = {"HOME": str(folder), "XDG_STATE_HOME": str(folder / "state"), "PATH": f"{folder}:/usr/bin:/bin"}

    def write(self, *groups: tuple[str, str]) -> None:
        text = APP + "".join(GROUP % group for group in groups)
        (self.folder / "app.yaml").write_text(text)

    def __call__(self, *words: str, definition: str = "") -> Result:
        context = Context(self._aws, environ=self.environ, interactive=False)
        arguments = [definition or str(self.folder / "app.yaml"), "1", *(["0.1"] if definition else [])]
        return CliRunner().invoke(cli, ["userdata", *arguments, *words], obj=context)

    def program(self, name: str = "docker") -> Path:
        """A program that writes down what it was called with; returns where."""
        program = self.folder / name
        out = self.folder / "called"
        self.environ.update(OUT=str(out), META=str(self.folder / "state/senza/run/app-1-App/meta"))
        program.write_text(FAKE)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return out


@pytest.fixture
def run(aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UserData:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return UserData(aws, tmp_path)


def test_what_an_instance_is_told(run: UserData) -> None:
    shown = run(definition=DOCKER)
    assert shown.exit_code == 0
    told: dict[str, Any] = yaml.safe_load(shown.stdout)
    files = {file["path"]: file for file in told["write_files"]}
    config = json.loads(files["/opt/senza/config.json"]["content"])["config"]
    assert config["image"].startswith(f"{REGISTRY}/hello-world@sha256:")
    assert '{"Ref": "AppServerLogGroup"}' in files["/opt/senza/values"]["content"]
    tree = json.loads(run("-o", "json", definition=DOCKER).stdout)
    assert tree["Fn::Join"][1][0].startswith("#cloud-config")


def test_taupage_too(run: UserData) -> None:
    shown = run(definition=str(ROOT / "definitions" / "hello-world.yaml"))
    assert shown.stdout.startswith("#taupage-ami-config\nruntime: Docker\nsource: stups/hello-world:0.1\n")


def test_one_of_several(run: UserData) -> None:
    run.write(("Web", "environment: {A: '1'}"), ("Worker", "environment: {B: '2'}"))
    both = run()
    assert both.exit_code == 2
    assert "several groups have user data: Web, Worker" in both.stderr
    assert '"B": "2"' in run("--component", "Worker").stdout
    assert "Did you mean Worker?" in run("--component", "Workr").stderr


def test_the_command_is_printed_without_secrets(run: UserData) -> None:
    run.write(("App", "environment: {PLAIN: a b, SECRET: 'aws:ssm:/app/secret'}\n      privileged: true"))
    printed = run("--run-locally", "--print-command")
    assert printed.exit_code == 0
    (line,) = printed.stdout.splitlines()
    meta = run.folder / "state/senza/run/app-1-App/meta"
    assert line.startswith(
        "docker run --rm --name=app-1-app -e CREDENTIALS_DIR=/meta/credentials -e APPLICATION_ID=app "
    )
    assert f" -e 'PLAIN=a b' -e SECRET -v {meta}:/meta:ro -u 999 --privileged {REGISTRY}/hello-world@sha256:" in line
    assert "SECRET has to be in the environment: the value of aws:ssm:/app/secret." in printed.stderr
    assert not (run.folder / "state").exists()


def test_the_container_runs_with_the_developers_own_permissions(run: UserData, aws: Aws) -> None:
    aws.call("ssm", "put_parameter", Name="/app/secret", Value="s3cret\nvalue", Type="SecureString")
    aws.call("secretsmanager", "create_secret", Name="key", SecretString='{"pem": "PEM"}')
    run.write(
        (
            "App",
            "environment: {PLAIN: a, SECRET: 'aws:ssm:/app/secret'}\n"
            "      credentials: {key.pem: 'aws:secretsmanager:key#pem'}\n"
            "      mounts: {/data: {partition: /dev/xvdf}}",
        )
    )
    out = run.program()
    done = run("--run-locally", "--env", "PLAIN=b")
    assert done.exit_code == 7, done.output
    lines = out.read_text().splitlines()
    assert lines[:2] == ["run", "--rm"]
    assert "PLAIN=b" in lines
    assert lines[lines.index("SECRET") - 1] == "-e"
    assert "SECRET=s3cret" in lines  # of its environment
    assert "s3cret" not in done.output
    state = run.folder / "state/senza/run/app-1-App"
    assert f"{state}/mounts/data:/data" in lines
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert sorted(path.name for path in (state / "meta").rglob("*")) == ["credentials", "seen"]
    assert json.loads((state / "meta" / "seen").read_text())["environment"]["SECRET"] == "aws:ssm:/app/secret"


def test_secrets_of_all_kinds(run: UserData, aws: Aws, sandbox: EmbeddedSandbox) -> None:
    run.write(("App", f"environment: {{SECRET: 'aws:kms:{sandbox.values['kms_ciphertext']}'}}"))
    out = run.program("podman")
    assert run("--run-locally", "--with", "podman").exit_code == 7
    assert "SECRET=top secret" in out.read_text().splitlines()


@pytest.mark.parametrize(
    ("config", "words", "said"),
    [
        (
            "environment: {A: {Ref: X}}",
            (),
            "environment.A becomes known to CloudFormation only\nGive a value: --env A=",
        ),
        ("hostname: {Ref: X}", (), "hostname becomes known to CloudFormation only"),
        ("environment: {PATH: 'aws:ssm:/x'}", (), "the secret PATH cannot be handed over"),
        ("environment: {A: 'aws:ssm:/missing'}", (), "missing"),
        ("environment: {A: '1'}", ("--with", "podman"), "podman is not installed"),
    ],
)
def test_what_cannot_be_run(config: str, words: tuple[str, ...], said: str, run: UserData) -> None:
    run.write(("App", config))
    run.program()
    failed = run("--run-locally", *words)
    assert failed.exit_code in (1, 2)
    assert said in failed.stderr
    assert not (run.folder / "called").exists()


def test_nothing_to_run_it_with(run: UserData) -> None:
    run.write(("App", "environment: {A: '1'}"))
    failed = run("--run-locally")
    assert (failed.exit_code, "neither docker nor podman is installed" in failed.stderr) == (1, True)
    assert run("--print-command").exit_code == 2


def test_the_example_deploys_on_the_sandbox(aws: Aws, clock: Clock, tmp_path: Path) -> None:
    def senza(*words: str) -> Result:
        context = Context(aws, clock=clock, environ={"HOME": str(tmp_path)}, interactive=False)
        return CliRunner().invoke(cli, list(words), obj=context)

    assert senza("print", DOCKER, "1", "0.1").exit_code == 0
    assert sorted(map(str, aws.calls)) == [  # as docs/images.md says; ECR by its API only here
        *("acm:ListCertificates", "ec2:DescribeInstanceTypes", "ec2:DescribeRouteTables", "ec2:DescribeSubnets"),
        *("ec2:DescribeVpcs", "ecr:BatchGetImage", "route53:ListHostedZones", "ssm:GetParameters"),
        "sts:GetCallerIdentity",
    ]
    created = senza("create", DOCKER, "1", "0.1", "--wait")
    assert created.exit_code == 0, created.output
    stack = aws.call("cloudformation", "describe_stacks", StackName="docker-hello-1")["Stacks"][0]
    tags = {tag["Key"]: tag["Value"] for tag in stack["Tags"]}
    assert tags["senza:AppServer:ami"] == "AmazonLinux2023 arm64 ami-0a000000000000052"
    assert tags["senza:AppServer:source"].startswith("https://github.com/example/hello-world ")
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    missing = senza("create", DOCKER, "2", "0.9")
    assert missing.exit_code == 1
    assert f"there is no container image {REGISTRY}/hello-world:0.9" in missing.stderr


def test_a_policy_refuses_before_anything_is_made(aws: Aws, clock: Clock, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("name: acme\nregistries: [ghcr.io/acme]\nprovenance: {required: [repository, revision]}\n")
    environ = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}

    def senza(*words: str) -> Result:
        return CliRunner().invoke(cli, list(words), obj=Context(aws, clock=clock, environ=environ, interactive=False))

    refused = senza("create", DOCKER, "1", "0.1", "--verify", str(policy))
    assert refused.exit_code == 1
    assert f"the policy acme ({policy}) refuses it: {REGISTRY}/hello-world is not from an allowed" in refused.stderr
    assert "TaupageConfig.source" in refused.stderr
    assert senza("config", "policy.file", str(policy)).exit_code == 0
    assert senza("create", DOCKER, "1", "0.1").exit_code == 1
    assert "CreateStack" not in {call.operation for call in aws.calls}
    forced = senza("create", DOCKER, "1", "0.1", "--force")
    assert forced.exit_code == 0, forced.output
    stack = aws.call("cloudformation", "describe_stacks", StackName="docker-hello-1")["Stacks"][0]
    tags = {tag["Key"]: tag["Value"] for tag in stack["Tags"]}
    assert tags["senza:AppServer:policy"].endswith(" forced: registries")
