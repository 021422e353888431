"""Nothing of the sandbox can reach AWS, and nothing that is meant for it goes to anybody else."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from senza.aws import Aws, Endpoint
from senza.cli.context import Context
from senza.cli.endpoints import chosen
from senza.cli.failure import write_report
from senza.cli.files import made, write_whole
from senza.errors import Refused, UsageError
from senza.sandbox.embedded import EmbeddedSandbox
from tests.rollout.conftest import Rollouts, rollouts
from tests.rollout.metrics.conftest import Server, server

__all__ = ["rollouts", "server"]

REAL = {
    **{
        "AWS_PROFILE": "live",
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_SECRET_ACCESS_KEY": "real",
        "AWS_REGION": "us-east-1",
    },
    **{"AWS_SESSION_TOKEN": "real", "AWS_ENDPOINT_URL_CLOUDFORMATION": "http://127.0.0.1:9", "AWS_ROLE_ARN": "arn:x"},
    **{"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9"},
    **{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_CA_BUNDLE": "/nowhere", "HTTP_PROXY": "http://127.0.0.1:9"},
    **{"HTTPS_PROXY": "http://127.0.0.1:9", "AWS_USE_PATH_STYLE": "x"},
}
"""What a user's shell may hold; nothing of it may count in the sandbox."""
CONFIG = """\
[default]
endpoint_url = http://127.0.0.1:9
services = others
source_profile = live
role_arn = arn:aws:iam::123456789012:role/live
credential_process = /bin/false
[profile live]
sso_start_url = http://127.0.0.1:9
[services others]
cloudformation =
  endpoint_url = http://127.0.0.1:9
"""


def test_no_setting_of_the_user_leads_out_of_the_sandbox(
    sandbox: EmbeddedSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, over_http: None
) -> None:
    config = tmp_path / "config"
    config.write_text(CONFIG)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.delenv("NO_PROXY")
    for name, value in REAL.items():
        monkeypatch.setenv(name, value)
    aws = Aws(endpoint=sandbox.endpoint)
    assert aws.call("sts", "get_caller_identity")["Account"] == sandbox.values["account_id"]
    for service, operation in (
        ("cloudformation", "describe_stacks"),
        ("s3", "list_buckets"),
        ("route53", "list_hosted_zones"),
    ):
        aws.call(service, operation)
    assert aws.in_region("eu-west-1").call("ec2", "describe_regions")["Regions"]
    assert {str(call).partition(":")[0] for call in sandbox.log} == {"sts", "cloudformation", "s3", "route53", "ec2"}


def test_what_senza_runs_in_the_sandbox_meets_the_sandbox_only(rollouts: Rollouts, tmp_path: Path) -> None:
    """A hook that says ``aws ...`` must not do it in the account that the user's shell means."""
    told = tmp_path / "told"
    rollouts.define(
        "Steps: [{Weight: 100, Bake: 1m}]",
        "Gates: [{ErrorRatio: off}, {Latency: off}, {HealthyHosts: off}]",
        f"Hooks: [{{When: before-traffic, Run: 'env > {told}'}}]",
    )
    rollouts.senza("deploy DEF 1 0.1", environ={**REAL, "PATH": os.environ["PATH"], "MINE": "kept"})
    seen = dict(line.split("=", 1) for line in told.read_text().splitlines() if "=" in line)
    assert {name: seen[name] for name in seen if name.startswith("AWS_")} == {
        name: value for name, value in rollouts.sandbox.endpoint.variables().items() if name.startswith("AWS_")
    }
    assert (seen["MINE"], seen["SENZA_SANDBOX"], seen["NO_PROXY"]) == ("kept", "1", "127.0.0.1")


def test_beside_the_real_aws_programs_keep_the_environment() -> None:
    assert Aws("eu-west-1").surroundings(REAL) is REAL


@pytest.mark.parametrize(
    "url",
    [
        "https://cloudformation.eu-central-1.amazonaws.com",
        "http://10.0.0.7:5000",
        "https://localhost:1",
        "http://[::1",
        "x",
    ],
)
def test_the_variables_of_a_sandbox_mean_this_machine(url: str) -> None:
    environ = {**REAL, "SENZA_SANDBOX": "1", "AWS_ENDPOINT_URL": url}
    with pytest.raises(UsageError, match="where none can be"):
        chosen(environ, sandbox=False, profile=None, say=lambda text: None)


def test_a_port_that_is_another_programs_by_now_is_told_nothing_more(server: Server) -> None:
    server.answer({"Count": 1})
    aws = Aws(endpoint=Endpoint(server.url, "eu-central-1", "AKIASANDBOX", "x"))
    for _ in range(2):
        with pytest.raises(Refused, match="what answers is none"):
            aws.call("dynamodb", "list_tables")
    assert len(server.asked) == 2, "each time once, without another attempt"


def test_what_is_written_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        directory = made(tmp_path / "a" / "b" / "senza")
        write_whole(directory / "file", "text")
        write_report(KeyError("x"), tmp_path / "c" / "d" / "senza")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*") if path.is_dir()}
    assert modes == dict.fromkeys(("a", "b", "c", "d", "senza"), 0o700)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*") if path.is_file()} == {0o600}


def test_a_profile_and_the_sandbox_exclude_each_other() -> None:
    context = Context(environ={})
    context.sandbox, context.profile = True, "live"
    with pytest.raises(UsageError, match="--profile cannot be combined"):
        context.aws()
