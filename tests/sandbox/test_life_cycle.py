"""The sandbox process for real: started, killed, started twice, stopped, and found by a shell."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from senza.aws import Aws
from senza.cli.sandbox import command
from senza.errors import NotFound, OperationFailed, UsageError
from senza.sandbox import control, state

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state directory of the test's own; whatever was started for it is stopped."""
    monkeypatch.setenv("SENZA_SANDBOX_STATE", str(tmp_path / "state"))
    yield tmp_path / "state"
    control.stop()


def run_senza(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from senza.cli.sandbox import command; command()", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    )


def test_it_starts_once_serves_resets_and_stops_without_a_trace(folder: Path) -> None:
    with ThreadPoolExecutor() as pool:  # two starts at the same moment
        said = [text for text, _ in pool.map(lambda _: run_senza("start").communicate(timeout=600), range(2))]
    assert sorted("already" in text for text in said) == [False, True], said

    running = state.read()
    assert running is not None
    assert (folder / state.FILE).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert running.access_key_id.startswith("AKIASANDBOX")
    assert len(running.access_key_id) == 20
    again, fresh = control.start()
    assert (again, fresh) == (running, False)

    aws = Aws(endpoint=state.endpoint())
    aws.call("sns", "create_topic", Name="left-over")
    assert CliRunner().invoke(command, ["reset"]).exit_code == 0
    assert not [one for one in aws.pages("sns", "list_topics", "Topics") if one["TopicArn"].endswith("left-over")]

    facts = json.loads(CliRunner().invoke(command, ["status", "-o", "json"]).output)
    assert facts["url"] == running.url
    assert facts["hosted_zones"] == ["hello.example.org."]
    assert running.secret_access_key not in json.dumps(facts)

    assert_a_shell_reaches_it_and_leaves_it(aws, running)

    assert "has ended" in CliRunner().invoke(command, ["stop"]).output
    assert state.identity_of(running.pid) == ""
    assert not (folder / state.FILE).exists()
    assert state.read() is None
    assert "No sandbox was running" in CliRunner().invoke(command, ["stop"]).output


def assert_a_shell_reaches_it_and_leaves_it(aws: Aws, running: state.State) -> None:
    senza = f"{sys.executable} -c 'from senza.cli.sandbox import command; command()'"
    script = f"""
        export AWS_PROFILE=mine AWS_ENDPOINT_URL_S3=http://elsewhere.example.org AWS_SESSION_TOKEN=real
        eval "$({senza} env)"
        echo "$AWS_ENDPOINT_URL $SENZA_SANDBOX [$AWS_PROFILE$AWS_ENDPOINT_URL_S3$AWS_SESSION_TOKEN]"
        {sys.executable} -c 'import boto3; print(boto3.client("iam").list_account_aliases()["AccountAliases"][0])'
        eval "$({senza} env --unset)"
        echo "[$AWS_ENDPOINT_URL$AWS_ACCESS_KEY_ID$SENZA_SANDBOX]"
    """
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "SHELL": "/bin/sh"}
    said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, env=environment, check=False)
    assert said.stdout.splitlines() == [f"{running.url} 1 []", "acme-hello", "[]"], said.stderr


def test_a_killed_one_does_not_block_the_next_start(folder: Path) -> None:
    first, _ = control.start()
    os.kill(first.pid, signal.SIGKILL)
    os.waitpid(first.pid, 0)
    assert (folder / state.FILE).exists(), "it had no time to clean up"
    assert state.read() is None

    second, fresh = control.start()
    assert fresh
    assert second.pid != first.pid
    assert second.access_key_id != first.access_key_id


def test_a_recycled_process_number_is_not_taken_for_it(folder: Path) -> None:
    own = os.getpid()
    stranger = state.State("http://127.0.0.1:1", 1, own, "another/1", "eu-central-1", "AKIASANDBOX", "secret", 0.0)
    state.write(stranger)
    assert state.read() is None
    assert control.stop() is None  # and this test goes on
    state.write(state.State(**{**vars(stranger), "identity": state.identity_of(own)}))
    assert state.read() is not None
    state.forget(own)


def test_a_start_that_fails_says_why(folder: Path) -> None:
    with pytest.raises(OperationFailed, match="could not start") as raised:
        control.start(region="nowhere-1")
    assert "there is no AWS region 'nowhere-1'" in raised.value.hint
    assert not (folder / state.FILE).exists()


def test_without_moto_one_sentence_says_what_to_install(folder: Path) -> None:
    script = "import sys; sys.modules['moto'] = None; from senza.sandbox import control; control.start()"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=REPOSITORY, check=False)
    assert "pip install 'senza[sandbox]'" in said.stderr
    assert not folder.exists()


def test_looking_for_it_imports_neither_moto_nor_boto3() -> None:
    script = "import sys, senza.sandbox.control; print({'moto', 'boto3', 'botocore', 'werkzeug'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert said.stdout == "set()\n"


def test_nothing_running_is_said_with_what_to_do(folder: Path) -> None:
    for asking in (state.endpoint, control.status, control.reset):
        with pytest.raises(NotFound, match="no sandbox is running") as raised:
            asking()
        assert raised.value.hint == "Start one: senza sandbox start"


@pytest.mark.parametrize("broken", ["", "[]", "{}", '{"pid": "x"}', "null"])
def test_a_damaged_state_file_counts_as_none(folder: Path, broken: str) -> None:
    folder.mkdir()
    (folder / state.FILE).write_text(broken)
    assert state.read() is None


def test_environment_for_fish_and_behind_a_proxy() -> None:
    running = state.State("http://127.0.0.1:8", 8, 1, "x", "eu-central-1", "AKIASANDBOX1", "it's", 0.0)
    fish = control.environment(running, {}, fish=True)
    assert "set -gx AWS_ENDPOINT_URL http://127.0.0.1:8;" in fish
    assert "set -e AWS_PROFILE;" in fish
    behind = control.environment(running, {"HTTP_PROXY": "http://proxy:3128", "no_proxy": "intranet"})
    assert "export NO_PROXY=intranet,127.0.0.1;" in behind
    assert not any("NO_PROXY" in line for line in control.environment(running, {}))


def test_each_command_explains_itself_with_an_example() -> None:
    for name in ("start", "status", "reset", "stop", "load", "env"):
        said = CliRunner().invoke(command, [name, "--help"]).output
        assert f"senza sandbox {name}" in said


def test_what_others_may_have_put_there_is_not_believed(folder: Path, tmp_path: Path) -> None:
    own = os.getpid()
    mine = state.State("http://127.0.0.1:1", 1, own, state.identity_of(own), "eu-central-1", "AKIASANDBOX", "x", 0.0)
    state.write(mine)
    try:
        assert state.read() == mine
        (folder / state.FILE).rename(folder / "elsewhere.json")
        (folder / state.FILE).symlink_to(folder / "elsewhere.json")
        assert state.read() is None
    finally:
        state.forget(own)  # or else the sandbox that is ended after the test were the test
    precious = tmp_path / "precious"
    precious.write_text("of the user")
    (folder / control.LOCK).symlink_to(precious)
    with pytest.raises(OSError, match="symbolic links"), control.locked():
        pass
    (folder / f"{state.FILE}.{own}").symlink_to(precious)
    state.write(state.State(**{**vars(mine), "identity": "another/1"}))
    assert precious.read_text() == "of the user"
    (folder / control.LOCK).unlink()
    folder.chmod(0o1777)
    with pytest.raises(UsageError, match="everybody may write into"):
        state.write(mine)
    folder.chmod(0o700)


def test_files_are_private_whatever_the_umask(folder: Path) -> None:
    own = os.getpid()
    before = os.umask(0)
    try:
        state.write(state.State("http://127.0.0.1:1", 1, own, "x", "eu-central-1", "AKIASANDBOX", "secret", 0.0))
        with control.locked():
            pass
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        state.FILE: 0o600,
        control.LOCK: 0o600,
    }
