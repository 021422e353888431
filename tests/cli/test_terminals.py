"""What a terminal would obey comes from senza alone, whatever stands in AWS, in the journal or in a definition."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from senza.aws import Aws
from senza.cli.context import Context
from senza.cli.main import cli
from senza.journal import Caller, Journal
from senza.sandbox.embedded import EmbeddedSandbox
from senza.sandbox.world import Failure
from tests.conftest import FakeClock

EVIL = "\x1b]52;c;ZXZpbA==\x07\x1b[2Jevil\x1b[8m\u202egnp\x9b31m\r\x7f\u2066"
"""Would fill the clipboard, clear the screen, hide what follows, and turn the direction of writing."""
IN_XML = "\x9d52;c;ZXZpbA==\x9c\x9b2Jevil\x9b8m\u202egnp\x7f\u2066\u2028"
"""The same as far as XML can say it, in which most of AWS answers."""
OURS = re.compile(r"\x1b\[[0-9;]*m")
DEFINITION = f"""\
SenzaInfo:
  StackName: hello
  Tags: {{Team: {json.dumps(IN_XML)}}}
SenzaComponents:
  - Configuration: {{Type: Senza::StupsAutoConfiguration}}
Description: {json.dumps(IN_XML)}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {{DisplayName: {json.dumps(IN_XML)}}}
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties: {{GroupDescription: {json.dumps(IN_XML + chr(10) + IN_XML)}}}
"""


class Terminal:
    def __init__(self, sandbox: EmbeddedSandbox, clock: FakeClock) -> None:
        self.aws = Aws(endpoint=sandbox.endpoint)
        self._clock = clock
        self.said = ""

    def __call__(self, command: str) -> str:
        context = Context(self.aws, clock=self._clock, environ={}, interactive=False)
        result = CliRunner().invoke(cli, command.split(), obj=context, color=True)
        assert result.exit_code in (0, 1, 2), f"{command}: {result.output}"
        left = [letter for letter in OURS.sub("", result.output) if not (letter.isprintable() or letter in "\n\t")]
        assert not left, f"{command}: {left} in {result.output!r}"
        assert "\x1b[8m" not in result.output, command
        return result.output


@pytest.fixture
def terminal(sandbox: EmbeddedSandbox, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    Path("hello.yaml").write_text(DEFINITION)
    return Terminal(sandbox, clock)


FORMATS = ("", " -o json", " -o tsv")
COMMANDS = (
    *("print hello.yaml 1", "print hello.yaml 1 -o yaml", "dump hello", "dump hello -o yaml", "rollout status hello"),
    *(f"check hello.yaml --no-lint --format {form}" for form in ("text", "json", "github", "sarif")),
    *(
        f"{command}{form}"
        for command in ("list hello", "resources hello", "events hello", "drift hello")
        for form in FORMATS
    ),
    *(f"{command}{form}" for command in ("history hello", "history", "instances", "status hello") for form in FORMATS),
    *("diff hello.yaml 1", "diff hello.yaml 1 -o json", "diff hello.yaml 2 --all", "update hello.yaml 1 --dry-run"),
    *("rollout status hello -o json", "delete hello 1 --dry-run", "images", "domains", "doctor"),
)


def test_tables_messages_and_formats(terminal: Terminal, clock: FakeClock, sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.failures = [Failure("hello-2", "Topic", reason=IN_XML)]
    caller = Caller(terminal.aws)
    journal = Journal(terminal.aws, clock, account_id=caller.account_id, who=lambda: f"arn:aws:iam::1:user/{EVIL}")
    journal.ensure()
    operation = journal.begin("hello", "traffic", {"version": EVIL, EVIL: EVIL})
    operation.write("failed", {"because": EVIL})
    vpc = sandbox.values["subnets"]["internal-eu-central-1a"]
    tags = [
        {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": IN_XML}, {"Key": "StackName", "Value": IN_XML}]}
    ]
    given = {"ImageId": "ami-0a000000000000002", "InstanceType": "t3.micro", "SubnetId": vpc, "TagSpecifications": tags}
    terminal.aws.call("ec2", "run_instances", MinCount=1, MaxCount=1, **given)
    terminal("create hello.yaml 1 --wait")
    assert "evil" in terminal("create hello.yaml 2 --wait")
    Path("hello.yaml").write_text(DEFINITION.replace("evil", "worse"))
    for command in COMMANDS:
        terminal(command)
    terminal(f"history hello {operation.id}")
    whole = json.loads(terminal(f"history hello {operation.id} -o json"))
    assert whole[0]["facts"] == {"app": "hello", "version": EVIL, EVIL: EVIL} or whole[0]["facts"][EVIL] == EVIL
    (shown,) = [json.loads(terminal("dump hello 1"))]
    assert shown["Resources"]["Topic"]["Properties"]["DisplayName"] == IN_XML, "programs get what there is"


def test_what_aws_refuses(terminal: Terminal, sandbox: EmbeddedSandbox) -> None:
    for command in ("create hello.yaml 1", "list", "print hello.yaml 1", "delete hello 1 --force"):
        for operation in ("cloudformation:.*", "ec2:.*"):
            sandbox.faults.add(operation, code="ValidationError", message=f"no {IN_XML}")
            terminal(command)
            sandbox.faults.clear()


def test_what_is_typed_or_written_wrongly(terminal: Terminal) -> None:
    for text in (
        "[\x1b]0;x\x07",
        f"SenzaInfo: {{{json.dumps(EVIL)}: 1}}",
        f"SenzaInfo: {{StackName: {json.dumps(EVIL)}}}",
    ):
        Path("odd.yaml").write_text(text)
        for command in ("print odd.yaml 1", "check odd.yaml", "check odd.yaml --format github", "list odd.yaml"):
            terminal(command)
    for command in (
        "print \x1b[2J.yaml 1",
        "history \x1b[2J",
        "list \x1b[2J",
        "traffic \x1b[2J 1 2",
        "--\x1b[2J",
        "\x1b[2J",
    ):
        terminal(command)
