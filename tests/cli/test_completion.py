"""Completion in the shell: scripts, stack names, versions, and that the Tab key never hurts."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from senza.aws import Aws, Endpoint
from senza.cli.app_names import app_of
from senza.cli.context import Context
from senza.cli.main import cli
from senza.cli.stack_names import FRESH, cache_file, known_names, next_words, offered, read, remember
from senza.sandbox.embedded import EmbeddedSandbox
from tests.conftest import FakeClock

GUARD = 300.0
"""Seconds after which a test that hangs fails; nothing is proved by them."""
NAMES = ["hello-world-1", "hello-world-v1", "hello-world-v2", "kio-7", "nodash"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ["hello-world", "kio"]),
        (["hello-world"], ["1", "v1", "v2"]),
        (["hello-.*"], ["1", "v1", "v2"]),
        (["hello-world", "v1"], ["v2", "hello-world", "kio"]),
        (["hello-world", "v1", "v2"], ["hello-world", "kio"]),
        (["hello-world", "1", "kio"], ["7"]),
        (["("], []),
    ],
)
def test_what_follows_the_words_typed_so_far(words: list[str], expected: list[str]) -> None:
    assert next_words(words, NAMES) == expected


@pytest.mark.parametrize(("shell", "has"), [("bash", "complete -o"), ("zsh", "#compdef senza"), ("fish", "complete ")])
def test_each_shell_gets_its_script(shell: str, has: str) -> None:
    shown = CliRunner().invoke(cli, ["completion", shell], obj=Context(environ={}))
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert has in shown.stdout
    assert f"_SENZA_COMPLETE={shell}_complete" in shown.stdout


def test_another_shell_is_a_usage_error() -> None:
    assert CliRunner().invoke(cli, ["completion", "csh"], obj=Context(environ={})).exit_code == 2


def completed(environ: dict[str, str], typed: str) -> tuple[list[str], set[str], str]:
    """What a fresh process offers for a command line, which slow modules it imported, and what it said on stderr."""
    program = (
        "import sys\nsys.argv = ['senza']\nfrom senza.cli.main import run\n"
        "try:\n    run()\nexcept SystemExit:\n    pass\n"
        "print('MODULES', *(set(sys.modules) & {'boto3', 'botocore', 'yaml', 'troposphere'}))\n"
    )
    words = typed.split(" ")
    completing = {"_SENZA_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environ, **completing},
        capture_output=True,
        text=True,
        check=True,
    )
    *lines, last = done.stdout.splitlines()
    return [line.partition(",")[2] for line in lines if line], set(last.split()[1:]), done.stderr


def sandbox_environ(sandbox: EmbeddedSandbox) -> dict[str, str]:
    endpoint = sandbox.endpoint
    return {
        "SENZA_SANDBOX": "1",
        "AWS_ENDPOINT_URL": endpoint.url,
        "AWS_DEFAULT_REGION": endpoint.region,
        "AWS_ACCESS_KEY_ID": endpoint.access_key_id,
        "AWS_SECRET_ACCESS_KEY": endpoint.secret_access_key,
    }


def test_stacks_and_versions_are_offered_and_aws_is_asked_once(aws: Aws, sandbox: EmbeddedSandbox) -> None:
    body = json.dumps({"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}})
    for name in ("hello-world-1", "hello-world-2", "kio-7"):
        aws.call("cloudformation", "create_stack", StackName=name, TemplateBody=body)
    environ = sandbox_environ(sandbox)
    remember(Context(environ={**os.environ, **environ}), ["older-1"])
    assert completed(environ, "senza list ")[0] == ["older"], "fresh names are used as they are"
    cache_file(Context(environ={**os.environ, **environ})).unlink()
    sandbox.log.clear()
    context = Context(aws, environ={**os.environ, **environ})
    names = known_names(context, patience=GUARD)
    assert names == ["hello-world-1", "hello-world-2", "kio-7"]
    for typed, offers in (
        ("senza list ", ["hello-world", "kio"]),
        ("senza list hello-world ", ["1", "2"]),
        ("senza delete k", ["kio"]),
        ("senza traffic hello-world ", ["1", "2"]),
        ("senza traffic h", ["hello-world"]),
        ("senza rollout abort h", ["hello-world"]),
    ):
        remember(context, names)  # or else they would be fresh for a minute only, and five processes may take longer
        assert completed(environ, typed) == (offers, set(), "")
    assert [str(call) for call in sandbox.log] == ["cloudformation:ListStacks"]


def test_without_an_account_there_is_silence() -> None:
    offers, _, said = completed({"AWS_DEFAULT_REGION": "eu-central-1"}, "senza list hello-world ")
    assert (offers, said) == ([], "")


def test_files_are_offered_where_no_stack_begins_like_that() -> None:
    context = Context(environ={})
    remember(context, NAMES)
    ctx = click.Context(cli, obj=context)
    assert [(item.value, item.type) for item in offered(ctx, (), "definitions/")] == [("definitions/", "file")]
    assert offered(ctx, ("hello-world",), "9") == []


@pytest.mark.parametrize("command", ["create", "check"])
def test_files_are_offered_for_a_definition(command: str) -> None:
    found = ShellComplete(cli, {}, "senza", "_SENZA_COMPLETE").get_completions([command], "definitions/h")
    assert [(item.value, item.type) for item in found] == [("definitions/h", "file")]


def test_the_list_of_all_stacks_leaves_the_names_behind(aws: Aws, clock: FakeClock, sandbox: EmbeddedSandbox) -> None:
    context = Context(aws, clock=clock, environ={})
    body = json.dumps({"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}})
    aws.call("cloudformation", "create_stack", StackName="kio-7", TemplateBody=body)
    runner = CliRunner()
    assert runner.invoke(cli, ["list", "kio"], obj=context).exit_code == 0
    assert not cache_file(context).exists(), "one that lists some of them does not"
    assert runner.invoke(cli, ["list"], obj=context).exit_code == 0
    path = cache_file(context)
    assert read(path) == (clock.now(), ["kio-7"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_old_names_are_asked_for_again(aws: Aws, clock: FakeClock, sandbox: EmbeddedSandbox) -> None:
    context = Context(aws, clock=clock, environ={})
    remember(context, ["gone-1"])
    clock.sleep(FRESH - 1)
    assert known_names(context) == ["gone-1"]
    clock.sleep(1)
    assert known_names(context, patience=GUARD) == []


@pytest.fixture
def silent() -> Iterator[str]:
    """The URL of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_an_aws_that_does_not_answer_is_left_alone_for_a_while(silent: str, clock: FakeClock) -> None:
    context = Context(Aws(endpoint=Endpoint(silent, "eu-central-1", "x", "x")), clock=clock, environ={})
    remember(context, ["old-1"])
    clock.sleep(FRESH)
    assert known_names(context, patience=0.01) == ["old-1"]
    assert read(cache_file(context)) == (clock.now(), ["old-1"]), "the next Tab does not wait again"


@pytest.mark.parametrize("content", ["", "[]", '{"at": "x", "names": []}', '{"at": 1}', "\0"])
def test_a_broken_file_counts_as_none(content: str, tmp_path: Path) -> None:
    (tmp_path / "stacks.json").write_text(content)
    assert read(tmp_path / "stacks.json") == (0.0, [])


def test_each_account_and_region_has_names_of_its_own() -> None:
    one, other = Context(environ={}), Context(environ={})
    other.choose("region", "eu-west-1")
    profile = Context(environ={"AWS_PROFILE": "live"})
    assert len({cache_file(context) for context in (one, other, profile)}) == 3


def test_a_cache_that_cannot_be_written_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    remember(Context(environ={"XDG_CACHE_HOME": str(tmp_path / "file")}), NAMES)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Definitions as people write them, a file that is none, and one from which nothing can be read."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "definitions").mkdir()
    (tmp_path / "senza.yaml").write_text("environments: {live: {account: '111111111111'}}")
    (tmp_path / "web.yaml").write_text("SenzaInfo:\n  StackName: hello-web\n")
    (tmp_path / "definitions" / "hello.yml").write_text("SenzaInfo:\n  StackName: hello-world\n")
    (tmp_path / "other.yaml").write_text("Other:\n  StackName: hello-other\n")
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    return tmp_path


@pytest.mark.usefixtures("repository")
def test_the_apps_to_promote_are_those_of_the_definitions_at_hand() -> None:
    assert completed({}, "senza promote hello") == (["hello-web", "hello-world"], set(), "")
    assert completed({}, "senza promote hello-wor")[0] == ["hello-world"]
    assert completed({}, "senza promote other.")[0] == ["other."], "a file's name"


@pytest.mark.parametrize(
    ("text", "app"),
    [
        ("SenzaInfo:\n  StackName: hello", "hello"),
        ("# a\n'SenzaInfo': # b\n# c\n\n  Parameters:\n    - StackNames: {}\n  \"StackName\": 'hello' # d\n", "hello"),
        ("SenzaInfo:\r\n  StackName: hello\r\nResources: {}\r\n", "hello"),
        ("Other:\n  StackName: hello\n", None),
        ("SenzaInfo:\n  Parameters: []\nOther:\n  StackName: hello\n", None),
        ("SenzaInfo:\n  StackName: 'hello-{{Arguments.Name}}'\n", None),
        ("SenzaInfo:\n" + "\n \n  #\n" * 300_000 + "SenzaInfo:" + " " * 300_000, None),
    ],
)
def test_the_stack_name_in_a_definition(text: str, app: str | None) -> None:
    begin = time.process_time()
    assert app_of(text) == app
    assert time.process_time() - begin < 60, "the Tab key does not wait for strange files"
