"""Whatever is typed, and whatever stands in the definition: one message and an exit code, and nothing done by mistake.

``make fuzz`` runs this with many more examples (the profile ``nightly``, see tests/conftest.py).
"""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from senza.aws import Aws
from senza.cli.context import Context
from senza.cli.main import cli
from senza.sandbox.embedded import EmbeddedSandbox
from tests.cli.grammar import command_lines

ROOT = Path(__file__).parents[2]
SOURCES = [*sorted((ROOT / "definitions").glob("*.yaml")), *sorted((ROOT / "tests/parity/cases").glob("*.yaml"))]
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in SOURCES}
ROLLOUT = """\
  Rollout:
    Strategy: Canary
    Steps: [{Weight: 20, Bake: 3m}, {Weight: 100, Bake: 2m}]
    Gates:
      - {ErrorRatio: {Compare: baseline}}
      - {Name: conversion, Metric: {Namespace: shop, Name: Conversions, Dimensions: {StackVersion: "{version}"}}}
    Keep: {Versions: 2, For: 24h}
"""
TEXTS["rollout.yaml"] = TEXTS["hello-world.yaml"].replace("  Parameters:\n", f"{ROLLOUT}  Parameters:\n")
READING = ("Describe", "List", "Get", "BatchGet", "Head", "HEAD", "Decrypt", "Encrypt", "Simulate")
CHANGING = {"create", "deploy", "promote", "update", "delete", "scale", "patch", "respawn-instances", "init"}
FINDING = {"check", "diff", "drift"}
"""Their exit code 1 may mean that there is something to see, and then that is on stdout."""
DRY = ("Would: ", "Earliest end: ")
ZONE = "hello.example.org"
SMALL = "SenzaInfo: {StackName: small}\nResources:\n  Jobs: {Type: AWS::SQS::Queue}\n"
ENVIRONMENTS = """\
environments:
  staging: {account: "111111111111", region: eu-central-1}
  live: {account: "222222222222", parameters: {ImageVersion: "0.2"}}
"""
FILES = {
    "hello.yaml": TEXTS["hello-world.yaml"],
    "small.yaml": SMALL,
    "broken.yaml": "SenzaInfo: [\n",
    "values.yaml": "ImageVersion: 1.10\n",
    "senza.yaml": ENVIRONMENTS,
}


class LeapingClock:
    """What would be waited for a long time is over after a few looks."""

    def __init__(self, sandbox: EmbeddedSandbox) -> None:
        self._sandbox = sandbox

    def now(self) -> float:
        return self._sandbox.clock.now()

    def sleep(self, seconds: float) -> None:
        self._sandbox.advance(seconds * 200)


@dataclass
class Outcome:
    words: list[str]
    result: Result
    changes: list[str]

    def check(self) -> None:
        """What every command promises."""
        said = f"senza {self.words!r}\n{self.result.output}\nchanges: {self.changes}"
        result = self.result
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise AssertionError(said) from result.exception  # SENZA_DEBUG lets the bug through
        assert result.exit_code in (0, 1, 2), said
        if "the senza sandbox failed here" not in result.stderr:  # where its own traceback goes
            assert "Traceback" not in result.output, said
        found = result.exit_code == 1 and self.words[0] in FINDING and result.stdout
        if result.exit_code and not found:
            assert any(line.startswith("Error:") for line in result.stderr.splitlines()), said
        elif not result.exit_code:
            assert not any(line.startswith("Error:") for line in result.stderr.splitlines()), said
            assert result.output or self.changes, f"nothing said, nothing done: {said}"
        if result.exit_code == 2:
            assert not self.changes, f"changed something before it looked at the input: {said}"
        dry = any(line.startswith(DRY) for line in result.stdout.splitlines())
        if dry:
            assert not self.changes, f"not dry: {said}"
        if result.exit_code == 0 and self.words and self.words[0] in CHANGING and "Usage: " not in result.stdout:
            assert self.changes or dry or result.stderr, f"nothing done: {said}"


class Shell:
    """An account with two versions of hello-world, and for each command a home and a folder of its own.

    Made anew, never emptied: nothing here deletes a file, so that no mistake of a test can delete one of the user's.
    """

    def __init__(self, sandbox: EmbeddedSandbox, root: Path, patch: pytest.MonkeyPatch) -> None:
        self._sandbox = sandbox
        self._root = root
        self._patch = patch
        self._touched = True
        self.aws = Aws(endpoint=sandbox.endpoint)

    def __call__(self, words: list[str], stdin: str = "", **files: str) -> Outcome:
        self._settle(files)
        before = len(self._sandbox.log)
        context = Context(self.aws, clock=LeapingClock(self._sandbox), environ={}, interactive=False)
        result = CliRunner().invoke(cli, words, obj=context, input=stdin)
        calls = [call for call in self._sandbox.log[before:] if not call.operation.startswith(READING)]
        self._touched = bool(calls)
        return Outcome(words, result, [str(call) for call in calls if call.status < 400])

    def _settle(self, files: dict[str, str]) -> None:
        place = Path(tempfile.mkdtemp(dir=self._root))
        folder = place / "deep" / "in" / "here"
        for one in (folder / "folder", place / "home"):
            one.mkdir(parents=True)
        for name, text in {**FILES, **files}.items():
            (folder / name).write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
        self._patch.chdir(folder)
        self._patch.setenv("HOME", str(place / "home"))
        if self._touched:
            self._sandbox.reset()
            for version in "12":
                self._create(f"hello-world-{version}")

    def _create(self, stack: str) -> None:
        """Everything that commands look at, but no domain of its own: nothing of this is to ask a name server."""
        subnets = [self._sandbox.values["subnets"]["internal-eu-central-1a"]]
        record: dict[str, Any] = {"Name": f"hello-world.{ZONE}", "HostedZoneName": f"{ZONE}.", "Type": "CNAME"}
        record |= {"TTL": "20", "SetIdentifier": stack, "Weight": "0", "ResourceRecords": ["localhost"]}
        launch = {"ImageId": "ami-0a000000000000002", "InstanceType": "t3.micro"}
        template = {"LaunchTemplateId": {"Ref": "AppServerConfig"}, "Version": "1"}
        group = {"MinSize": "1", "MaxSize": "1", "VPCZoneIdentifier": subnets, "LaunchTemplate": template}
        resources = {
            "MainDomain": {"Type": "AWS::Route53::RecordSet", "Properties": record},
            "AppServerConfig": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": launch}},
            "AppServer": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": group},
        }
        body = json.dumps({"Resources": resources})
        self.aws.call("cloudformation", "create_stack", StackName=stack, TemplateBody=body)


@pytest.fixture
def shell(sandbox_server: EmbeddedSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("PATH", str(tmp_path))  # neither piu nor the AWS command line
    monkeypatch.setenv("SENZA_DEBUG", "1")
    return Shell(sandbox_server, tmp_path, monkeypatch)


fuzz = settings(suppress_health_check=list(HealthCheck))


@given(words=command_lines(), stdin=st.sampled_from(["", "y\n", "n\n", "\x04", "y\ny\ny\n"]))
@fuzz
@example(words=[], stdin="")
@example(words=["create", "hello.yaml", "3", "0.1"], stdin="")
@example(words=["traffic", "hello-world", "1", "100"], stdin="")
@example(words=["deploy", "hello.yaml", "3", "0.1"], stdin="")
@example(words=["deploy", "hello.yaml", "3", "0.1", "--dry-run"], stdin="")
@example(words=["rollout", "abort", "hello-world"], stdin="")
@example(words=["promote", "hello-world", "--from", "staging", "--to", "live"], stdin="")
@example(words=["list", "-e", "all", "hello-world"], stdin="")
@example(words=["history", "hello-world"], stdin="")
@example(words=["delete", "hello-.*", "--force"], stdin="")
def test_any_command_line(shell: Shell, words: list[str], stdin: str) -> None:
    if not words:
        return  # the help, which is no mistake and no command
    shell(words, stdin).check()


# -- definitions

SNIPPETS = (
    *(
        "{{",
        "}}",
        "{{x}}",
        "{{#x}}",
        "{{/x}}",
        "{{{x}}}",
        "{{=<% %>=}}",
        "{{Arguments.ImageVersion}}",
        "{{AccountInfo.x}}",
    ),
    *(": ", ":", "- ", "-", "#", " #", "\t", "\n", "\r", "\r\n", "  ", "'", '"', "|", ">", "|-", "&a ", "*a", "<<: *a"),
    *("!Ref x", "!Sub", "!GetAtt a.b", "!!python/object:os.system", "!!binary x", "%YAML 1.1\n---\n", "---\n", "...\n"),
    *("[", "]", "{", "}", "{a: b}", "[a, b]", "? a\n: b\n", "~", "null", "0x1F", "1_000", "2026-01-01", "1:30", ".inf"),
    *("\x00", "\x07", "\x85", "\u2028", "\ufeff", "\ud800", "é", "𝔘", "x" * 2000, "SenzaInfo:", "Type: Senza::X"),
)
JUNK: tuple[Any, ...] = (
    *(None, 3, -1, 0, -1.5, True, "", " ", "x", "a b", "sg-1", "{{", "{{x}}", "{{Arguments.ImageVersion}}", "x" * 3000),
    *([], [3], ["x"], [None], [[]], [{}], {}, {"a": 1}, {"Ref": "X"}, {"Ref": 3}, {"Fn::GetAtt": "x"}, {"Fn::If": []}),
    *({1: 2}, {True: None}, {"Fn::Sub": ["${x}", 3]}, 10**30, float("inf"), {"Type": "Senza::AutoScalingGroup"}),
)


@st.composite
def broken_texts(draw: st.DrawFn) -> str:
    """A definition in which an editor, a merge or a generator has left its marks."""
    text = draw(st.sampled_from(sorted(TEXTS.values())))
    for _ in range(draw(st.integers(1, 3))):
        lines = text.splitlines(keepends=True) or [""]
        at, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        column = draw(st.integers(0, len(lines[at])))
        kind = draw(st.sampled_from(["insert", "replace", "drop", "repeat", "move", "indent", "cut"]))
        if kind == "insert":
            lines[at] = lines[at][:column] + draw(st.sampled_from(SNIPPETS)) + lines[at][column:]
        elif kind == "replace":
            lines[at] = lines[at][:column] + draw(st.sampled_from(SNIPPETS)) + "\n"
        elif kind == "drop":
            del lines[at]
        elif kind == "repeat":
            lines.insert(other, lines[at])
        elif kind == "move":
            lines.insert(other, lines.pop(at))
        elif kind == "indent":
            lines[at] = " " * draw(st.integers(0, 8)) + lines[at].lstrip(" ")
        else:
            lines[at:] = [lines[at][:column]]
        text = "".join(lines)
    return text


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths to everything below the node."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in children:
        yield (*path, key)
        yield from places(value, (*path, key))


@st.composite
def odd_trees(draw: st.DrawFn) -> str:
    """A definition with something else than expected at up to three places."""
    tree = copy.deepcopy(yaml.safe_load(draw(st.sampled_from(sorted(TEXTS.values())))))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(tree)) or [()]))
        if not path:
            break
        *above, last = path
        node = tree
        for key in above:
            node = node[key]
        kind = draw(st.sampled_from(["junk", "junk", "remove", "rename", "copy", "wrap"]))
        if kind == "junk":
            node[last] = copy.deepcopy(draw(st.sampled_from(JUNK)))
        elif kind == "rename" and isinstance(node, dict):
            node[draw(st.sampled_from([f"{last}s", str(last).lower(), "", 7, None, True]))] = node.pop(last)
        elif kind == "copy":
            node[last] = copy.deepcopy(draw(st.sampled_from([tree, node, node[last]])))
        elif kind == "wrap":
            node[last] = draw(st.sampled_from([[node[last]], {"Value": node[last]}, str(node[last])]))
        else:
            del node[last]
    return yaml.safe_dump(tree, allow_unicode=True)


CALLS = (
    *("print odd.yaml 1", "print odd.yaml 1 0.1", "print odd.yaml 1 0.1 --force -o yaml"),
    *("print odd.yaml 1 --parameter-file odd.yaml", "create odd.yaml 1 0.1 --dry-run", "create odd.yaml 9 0.1 --force"),
    *("update odd.yaml 1 0.1", "list odd.yaml 1", "print odd.yaml 1-1 a b c"),
    *("check odd.yaml --no-lint", "userdata odd.yaml 1 0.1", "diff odd.yaml 1 0.1", "deploy odd.yaml 9 0.1 --dry-run"),
)


@given(text=broken_texts(), command=st.sampled_from(CALLS))
@fuzz
def test_any_definition_text(shell: Shell, text: str, command: str) -> None:
    shell(command.split(), **{"odd.yaml": text}).check()


@given(text=odd_trees(), command=st.sampled_from(CALLS))
@fuzz
@example(
    text=TEXTS["17-elastigroup.yaml"].replace("DeviceName:", "7:"), command="print odd.yaml 1"
)  # a key that is no text, where properties are renamed
def test_any_definition_tree(shell: Shell, text: str, command: str) -> None:
    shell(command.split(), **{"odd.yaml": text}).check()
