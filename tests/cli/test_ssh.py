"""``senza ssh``: the right instance, a command that opens the session, and clear words where it cannot be opened."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from senza.aws import Aws
from senza.cli.context import Context
from senza.cli.main import cli
from senza.cli.ssh import with_keys
from senza.clock import Clock
from senza.sandbox.embedded import EmbeddedSandbox
from tests.fleet.groups.conftest import Fleet

Ssh = Callable[..., Result]


@pytest.fixture
def fleet(aws: Aws, sandbox: EmbeddedSandbox) -> Fleet:
    return Fleet(aws, sandbox.values)


@pytest.fixture
def ssh(aws: Aws) -> Ssh:
    def run(*words: str) -> Result:
        return CliRunner().invoke(cli, ["ssh", *words], obj=Context(aws, environ={}))

    return run


def test_the_instance_launched_last_is_meant(fleet: Fleet, ssh: Ssh, sandbox: EmbeddedSandbox) -> None:
    fleet.create()
    sandbox.advance(100)
    before = {one.id for one in fleet.the_group().members}
    fleet.point(MaxSize=3, DesiredCapacity=3)
    (newest,) = {one.id for one in fleet.the_group().members} - before
    result = ssh("app", "1", "--print", "--reason", "it's full")
    assert result.exit_code == 0, result.stderr
    reason = "'it'\"'\"'s full'"
    assert result.stdout == f"aws ssm start-session --target {newest} --region eu-central-1 --reason {reason}\n"
    assert result.stderr.startswith(f"{newest} of app-1 (172.20.")
    other = sorted(before)[0]
    assert f"--target {other} " in ssh("app", "1", "--print", "--instance", other).stdout


def test_the_profile_goes_along(fleet: Fleet, ssh: Ssh) -> None:
    fleet.create()
    assert ssh("app", "1", "--profile", "live", "--print").stdout.endswith("--profile live\n")


def test_a_session_on_the_sandbox_never_reaches_aws(fleet: Fleet, ssh: Ssh) -> None:
    fleet.create()
    result = ssh("app", "1")
    assert result.stdout.startswith("aws ssm start-session --target i-")
    assert "Instances of the sandbox have no shell; this is the command:" in result.stderr


def test_what_is_missing_is_said(fleet: Fleet, ssh: Ssh, sandbox: EmbeddedSandbox) -> None:
    fleet.create(sizes=(1, 1, 1))
    ident = fleet.the_group().members[0].id
    sandbox.settings.ssm_ping = {ident: ""}
    result = ssh("app", "1")
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"instance {ident} is not managed by Systems Manager" in result.stderr
    assert "It has no instance profile: give it a role with the policy AmazonSSMManagedInstanceCore." in result.stderr
    profile_for(fleet.aws, ident)
    assert (
        "the role in its instance profile app lacks the policy AmazonSSMManagedInstanceCore" in ssh("app", "1").stderr
    )
    sandbox.settings.ssm_ping = {ident: "ConnectionLost"}
    assert f"has lost the connection to {ident} (ConnectionLost)" in ssh("app", "1").stderr


def profile_for(aws: Aws, ident: str) -> None:
    aws.call("iam", "create_instance_profile", InstanceProfileName="app")
    aws.call("ec2", "associate_iam_instance_profile", InstanceId=ident, IamInstanceProfile={"Name": "app"})


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["gone", "1"], 1, "there is no stack gone 1"),
        (["empty", "1"], 1, "empty 1 has no running instance"),
        (["app", "1", "--instance", "i-0123456789abcdef0"], 1, "app 1 has no instance i-0123456789abcdef0"),
        (["app", "1", "--reason", ""], 2, "--reason has 0 characters"),
        (["app", "1", "--reason", "x" * 257], 2, "--reason has 257 characters"),
        ([], 2, "Missing argument 'STACK_REF...'"),
    ],
)
def test_no_instance(fleet: Fleet, ssh: Ssh, words: list[str], code: int, said: str) -> None:
    fleet.create()
    fleet.create("empty-1", sizes=(0, 0, 1))
    result = ssh(*words)
    assert (result.exit_code, said in result.stderr) == (code, True), result.stderr


def test_an_instance_that_was_stopped(fleet: Fleet, ssh: Ssh) -> None:
    fleet.create()
    ident = fleet.the_group().members[0].id
    fleet.aws.call("ec2", "stop_instances", InstanceIds=[ident])
    result = ssh("app", "1", "--instance", ident)
    assert (result.exit_code, f"instance {ident} is STOP" in result.stderr) == (2, True)


def in_a_shell(sandbox: EmbeddedSandbox, tools: Path, *words: str, terminal: bool) -> tuple[str, str]:
    """(stdout, stderr) of a real ``senza ssh`` that believes the endpoint to be an AWS."""
    endpoint = sandbox.endpoint
    environ = os.environ | {
        "PATH": str(tools),
        "AWS_ENDPOINT_URL": endpoint.url,
        "AWS_DEFAULT_REGION": endpoint.region,
        "AWS_ACCESS_KEY_ID": endpoint.access_key_id,
        "AWS_SECRET_ACCESS_KEY": endpoint.secret_access_key,
    }
    master, slave = pty.openpty()
    stream = slave if terminal else subprocess.DEVNULL
    process = subprocess.Popen(
        [sys.executable, "-m", "senza", "ssh", *words],
        env=environ,
        stdin=stream,
        stdout=slave if terminal else subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    os.close(slave)
    out, err = process.communicate()
    shown = shown_on(master) if terminal else out
    os.close(master)
    assert process.returncode == 0, err.decode()
    return shown.decode().replace("\r\n", "\n"), err.decode()


def shown_on(master: int) -> bytes:
    """Everything that the terminal got, which comes in pieces: reading fails after the last one (Linux, pty(7)), or
    ends (BSD)."""
    shown = b""
    with suppress(OSError):
        while piece := os.read(master, 10_000):
            shown += piece
    return shown


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder with an AWS command line that only says what it was given."""
    for name in ("aws", "session-manager-plugin"):
        (tmp_path / name).write_text('#!/bin/sh\nfor word in "$@"; do echo "<$word>"; done\n')
        (tmp_path / name).chmod(0o755)
    return tmp_path


def test_in_a_terminal_the_aws_command_line_takes_over(fleet: Fleet, sandbox: EmbeddedSandbox, tools: Path) -> None:
    fleet.create(sizes=(1, 1, 1))
    ident = fleet.the_group().members[0].id
    shown, _ = in_a_shell(sandbox, tools, "app", "1", "--reason", "two words", terminal=True)
    words = ["ssm", "start-session", "--target", ident, "--region", "eu-central-1", "--reason", "two words"]
    assert shown.splitlines() == [f"<{word}>" for word in words]


def test_without_terminal_or_tools_the_command_is_printed(fleet: Fleet, sandbox: EmbeddedSandbox, tools: Path) -> None:
    fleet.create(sizes=(1, 1, 1))
    printed = f"aws ssm start-session --target {fleet.the_group().members[0].id} --region eu-central-1\n"
    shown, said = in_a_shell(sandbox, tools, "app", "1", terminal=False)
    assert (shown, "This is no terminal; this is the command:" in said) == (printed, True)
    (tools / "session-manager-plugin").unlink()
    shown, said = in_a_shell(sandbox, tools, "app", "1", terminal=True)
    missing = "its Session Manager plugin (session-manager-plugin) is not installed; this is the command:"
    assert (shown, missing in said) == (printed, True)


def test_an_environment_brings_its_own_credentials(
    fleet: Fleet, aws: Aws, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = "account: 123456789012, region: eu-central-1"
    role = "arn:aws:iam::123456789012:role/deploy"
    (tmp_path / "senza.yaml").write_text(
        f"environments:\n  live: {{{place}, role: '{role}'}}\n  test: {{{place}, profile: acme}}\n"
    )
    monkeypatch.chdir(tmp_path)
    fleet.create()

    def printed(name: str) -> Result:
        context = Context(aws, clock=clock, environ={})
        return CliRunner().invoke(cli, ["ssh", "app", "1", "--print", "-e", name], obj=context)

    by_role, by_profile = printed("live"), printed("test")
    assert by_role.stdout.endswith(" --region eu-central-1\n")
    assert f"It needs credentials of {role}.\n" in by_role.stderr
    assert by_profile.stdout.endswith(" --region eu-central-1 --profile acme\n")


def test_credentials_of_others_do_not_go_along() -> None:
    environ = {"AWS_PROFILE": "mine", "AWS_SESSION_TOKEN": "mine", "AWS_ACCESS_KEY_ID": "mine", "TERM": "xterm"}
    keys = {"AWS_ACCESS_KEY_ID": "theirs", "AWS_SECRET_ACCESS_KEY": "secret"}
    assert with_keys(environ, keys) == {"TERM": "xterm", **keys}
