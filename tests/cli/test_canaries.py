"""Canaries: a word for each place that may hold a secret, which must come out nowhere but where CloudFormation is told.

Commands run as a user runs them, those that fail included, against an AWS that repeats what it was sent. Then all that
was printed, written to files, to the journal, into templates, descriptions, tags and messages is searched, for the
words themselves and for what they are in base64.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from senza.aws import Aws, Call
from senza.cli.context import Context
from senza.cli.main import cli
from senza.sandbox.embedded import EmbeddedSandbox
from senza.sandbox.world import Failure
from tests.conftest import FakeClock
from tests.rollout.conftest import HELLO_WORLD
from tests.rollout.metrics.conftest import Server, server

__all__ = ["server"]

GIVEN = ("argument", "keyword", "file", "environment", "token", "chat", "hook")
"""Names of NoEcho parameters, the first of which is given by its position."""
CANARIES = {name: f"canary{name}8Xq2Zr" for name in (*GIVEN, "kms", "url")}
SECRET = {name: word if name in ("token", "chat", "hook") else f'{word}"&% +\\é' for name, word in CANARIES.items()}
"""With what is written otherwise in JSON, in URLs and by Python, but for those that become part of a URL."""
INFO = """\
  SpotinstAccessToken: "{{Arguments.Token}}"
  DatabasePassword: "senza:kms:KMS"
  Rollout:
    Steps: [{Weight: 20, Bake: 3m}, {Weight: 100, Bake: 2m}]
    Gates: [{ErrorRatio: off}, {Latency: off}, {HealthyHosts: off}]
    Hooks:
      - {When: before-traffic, Url: "SERVER/{{Arguments.Hook}}"}
      - {When: after-step, Run: 'echo "Ran with $SECRET"; test ! -e broken'}
    Notify: [{Url: "SERVER/{{Arguments.Chat}}"}, {Topic: deploys}]
"""
SETTINGS = """\
Resources:
  Settings:
    Type: AWS::SSM::Parameter
    Properties:
      Name: "/hello-world/{{SenzaInfo.StackVersion}}"
      Type: String
      Value: !Sub "${Argument} ${Keyword} ${File} ${Environment} ${DatabasePassword}"
"""


class Mine:
    """A user's machine, the account, and whoever hears of it. said: what commands printed."""

    def __init__(self, sandbox: EmbeddedSandbox, clock: FakeClock, directory: Path, server: Server) -> None:
        self.sandbox, self.clock, self.directory, self.server = sandbox, clock, directory, server
        self.aws = Aws(endpoint=sandbox.endpoint)
        self.said: dict[str, str] = {}
        self.queue = self._inbox()
        key = self.aws.call("kms", "create_key")["KeyMetadata"]["KeyId"]
        sealed = self.aws.call("kms", "encrypt", KeyId=key, Plaintext=SECRET["kms"].encode())["CiphertextBlob"]
        declared = "".join(f"    - {name.capitalize()}: {{NoEcho: true, Default: ''}}\n" for name in GIVEN)
        text = HELLO_WORLD.read_text().replace("  Parameters:\n", f"{INFO}  Parameters:\n{declared}") + SETTINGS
        text = text.replace("KMS", base64.b64encode(sealed).decode()).replace("SERVER", server.url)
        self.definition = directory / "hello-world.yaml"
        self.definition.write_text(text)
        (directory / "values.yaml").write_text(f"File: {json.dumps(SECRET['file'])}\n")
        account = sandbox.values["account_id"]
        (directory / "senza.yaml").write_text(
            f'environments:\n  mine:\n    account: "{account}"\n    region: eu-central-1\n'
            f"    parameters: {{Environment: {json.dumps(SECRET['environment'])}}}\n"
        )
        self.inputs = sorted(directory.iterdir())
        keywords = [
            f"{name.capitalize()}={SECRET[name]}" for name in GIVEN if name not in ("argument", "file", "environment")
        ]
        self.words = [
            SECRET["argument"],
            *keywords,
            "ImageVersion=0.1",
            "--parameter-file",
            "values.yaml",
            "-e",
            "mine",
        ]

    def _inbox(self) -> str:
        """A queue that gets what is told to the topic ``deploys``."""
        call = self.aws.call
        queue = str(call("sqs", "create_queue", QueueName="inbox")["QueueUrl"])
        attributes = call("sqs", "get_queue_attributes", QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
        topic = call("sns", "create_topic", Name="deploys")["TopicArn"]
        call("sns", "subscribe", TopicArn=topic, Protocol="sqs", Endpoint=attributes["QueueArn"])
        return queue

    def __call__(self, command: str, *, exit_code: int | None = 0, buggy: bool = False) -> str:
        """A command; DEF is the definition, ``...`` what goes with it. buggy: its first call meets a bug of ours."""
        arguments: list[str] = []
        for word in command.split():
            arguments += [str(self.definition)] if word == "DEF" else self.words if word == "..." else [word]

        def fail(call: Call) -> None:
            if call.service == "cloudformation":
                raise RuntimeError(echo())

        aws = Aws(endpoint=self.sandbox.endpoint, observe=fail) if buggy else self.aws
        environ = {"SECRET": SECRET["argument"], "PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
        context = Context(aws, clock=self.clock, environ=environ, interactive=False)
        result = CliRunner().invoke(cli, arguments, obj=context)
        self.said[command] = self.said.get(command, "") + result.output
        assert exit_code in (None, result.exit_code), f"{command}: {result.exit_code} {result.output}"
        return result.output

    def leaks(self) -> list[str]:
        """Which canary sings, and where."""
        found = [
            f"{name} in {where}: {around(text, trace)}"
            for where, text in self._evidence()
            for name, word in CANARIES.items()
            for trace in traces(word)
            if trace in text
        ]
        return found

    def _evidence(self) -> Iterator[tuple[str, str]]:
        yield from ((f"the output of {command}", output) for command, output in self.said.items())
        for folder in (self.directory, Path(os.environ["HOME"])):
            files = [path for path in folder.rglob("*") if path.is_file() and path not in self.inputs]
            yield from ((str(path), path.read_text(errors="replace")) for path in files)
        yield from self._in_the_account()
        for _, _, headers, body in self.server.asked:
            yield "what a webhook was told", f"{headers}\n{body.decode()}"

    def _in_the_account(self) -> Iterator[tuple[str, str]]:
        call, pages = self.aws.call, self.aws.pages
        for bucket in [one["Name"] for one in call("s3", "list_buckets")["Buckets"] if "journal" in one["Name"]]:
            for item in pages("s3", "list_objects_v2", "Contents", Bucket=bucket):
                body = call("s3", "get_object", Bucket=bucket, Key=item["Key"])["Body"].read().decode()
                yield f"s3 {item['Key']}", f"{item['Key']}\n{body}"
        for stack in call("cloudformation", "describe_stacks")["Stacks"]:
            name = stack["StackName"]
            yield f"stack {name}", json.dumps(stack, default=str)
            body = call("cloudformation", "get_template", StackName=name)["TemplateBody"]
            yield f"template of {name}", json.dumps(body, default=str)
            for listed in pages("cloudformation", "list_change_sets", "Summaries", StackName=name):
                yield f"change set of {name}", json.dumps(listed, default=str)
        answer = call("sqs", "receive_message", QueueUrl=self.queue, MaxNumberOfMessages=10)
        yield from (("what a topic was told", message["Body"]) for message in answer.get("Messages", ()))


def traces(word: str) -> Iterator[str]:
    """The word, and what is certain of it in base64 wherever it begins."""
    yield word
    for before in range(3):
        yield base64.b64encode(b"\0" * before + word.encode()).decode()[4 if before else 0 :].rstrip("=")[:-1]


def around(text: str, trace: str) -> str:
    place = text.index(trace)
    return repr(text[max(0, place - 200) : place + len(trace) + 60])


def echo(*, decrypted: bool = True) -> str:
    """What a careless service might say. decrypted: whether KMS was asked before."""
    told = [SECRET[name] for name in GIVEN] + [SECRET["kms"]] * decrypted
    return " ".join(
        form
        for one in told
        for form in (one, json.dumps(one), repr(one), quote(one), base64.b64encode(f"x {one} y".encode()).decode())
    )


@pytest.fixture
def mine(
    sandbox: EmbeddedSandbox, clock: FakeClock, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> Mine:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SENZA_DEBUG", raising=False)
    server.answer({"message": f"unlike {SECRET['hook']} it is well"})
    return Mine(sandbox, clock, tmp_path, server)


LOOKING = (
    *("list hello-world -o json", "resources hello-world -o tsv", "events hello-world", "events hello-world -o json"),
    *("status hello-world", "instances hello-world -o json", "domains hello-world", "health hello-world", "images"),
    *("drift hello-world", "dump hello-world", "dump hello-world -o yaml", "console hello-world", "history -o json"),
    *("rollout status hello-world", "rollout status hello-world -o json", "rollout report hello-world"),
    *("traffic hello-world", "wait hello-world 1", "delete hello-world 1 --dry-run", "doctor"),
)


def test_what_goes_well_tells_no_secret(mine: Mine) -> None:
    for form in ("text", "json", "sarif", "github"):
        mine(f"check DEF 1 ... --no-lint --format {form}", exit_code=None)
    for command in (
        "print DEF 1 ...",
        "print DEF 1 ... -o yaml",
        "create DEF 1 ... --dry-run",
        "create DEF 1 ... --wait",
    ):
        mine(command)
    mine("traffic hello-world 1 100")
    mine("deploy DEF 2 ... --dry-run")
    mine("deploy DEF 2 ...")
    for command in ("update DEF 2 ... --tag a=b", "diff DEF 2 ...", "diff DEF 2 ... -o json", "diff DEF 3 ... --all"):
        mine(command, exit_code=None)
    mine("update DEF 2 ... --review --tag a=c", exit_code=1)
    for command in LOOKING:
        mine(command, exit_code=None)
    assert len(mine.server.asked) > 2, "nobody was told anything"
    assert mine.leaks() == []


def test_what_aws_repeats_is_not_told(mine: Mine) -> None:
    mine("create DEF 1 ... --wait")
    mine("traffic hello-world 1 100")
    faults = mine.sandbox.faults
    for operation, command in (
        ("cloudformation:CreateStack", "create DEF 2 ..."),
        ("cloudformation:CreateChangeSet", "update DEF 1 ... --tag a=b"),
        ("cloudformation:CreateChangeSet", "diff DEF 1 ... --tag a=b"),
        ("cloudformation:ExecuteChangeSet", "update DEF 1 ... --tag a=b"),
        ("kms:Decrypt", "create DEF 2 ..."),
        ("ec2:DescribeSubnets", "print DEF 2 ..."),
    ):
        faults.add(operation, code="ValidationError", message=echo(decrypted=operation.startswith("cloudformation")))
        assert "***" in mine(command, exit_code=None), command
        faults.clear()
    assert mine.leaks() == []


def test_a_rollout_that_fails_tells_no_secret(mine: Mine) -> None:
    mine("create DEF 1 ... --wait")
    mine("traffic hello-world 1 100")
    mine.sandbox.settings.failures = [Failure("hello-world-2", "Settings", reason=echo(), times=1)]
    assert "***" in mine("deploy DEF 2 ...", exit_code=1)
    Path("broken").touch()
    assert "***" in mine("deploy DEF 3 ...", exit_code=1)
    mine.sandbox.faults.add("sns:Publish", code="InvalidParameter", message=echo(), times=None)
    mine("deploy DEF 4 ...", exit_code=1)
    for command in ("rollout status hello-world -o json", "rollout report hello-world", "history hello-world"):
        mine(command)
    assert mine.leaks() == []


def test_mistakes_and_bugs_tell_no_secret(mine: Mine) -> None:
    for words in ("1 ... Nope=1", "1-2 ...", "1 ... Token=again"):
        for command in ("create", "update", "diff", "deploy", "print"):
            mine(f"{command} DEF {words}", exit_code=2)
    assert "senza has a bug" in mine("create DEF 1 ...", exit_code=70, buggy=True)
    reports = list((Path(os.environ["XDG_STATE_HOME"]) / "senza").glob("bug-*"))
    assert ["RuntimeError: ***" in one.read_text() for one in reports] == [True]
    word = CANARIES["url"]
    for location in (
        f"https://me:{word}@127.0.0.1:9/d.yaml",
        f"https://127.0.0.1:9/d.yaml?token={word}",
        f"http://x/?{word}",
    ):
        for command in ("create", "check"):
            mine(f"{command} {location} 1", exit_code=2)
        mine(f"create DEF 1 ... --verify {location}", exit_code=2)
        mine(f"config policy.file {location}", exit_code=2)
    local = f"file://{mine.definition}?token={word}"
    mine(f"check {local} --no-lint --format json", exit_code=None)
    mine(f"create {local} 1 ...")
    mine(f"deploy {local} 2 ...")
    mine("history hello-world")
    assert mine.leaks() == []
