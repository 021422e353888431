"""More commands that die before any call that follows a change, and are run again (see :mod:`tests.branches`)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from senza.aws import Aws, Call
from senza.cli.context import Context
from senza.cli.main import cli
from senza.journal import Caller, Journal
from senza.sandbox.embedded import EmbeddedSandbox
from senza.sandbox.world import Failure
from tests.branches import READING, Killed, Tree, explore
from tests.cli.conftest import HELLO_WORLD
from tests.conftest import FakeClock
from tests.promotion.conftest import Repository
from tests.promotion.conftest import senza as repository

__all__ = ["repository"]

AGAIN = "again"
APP = "hello-world"


class Chosen:
    """The first call, and those that follow one that changes something but an entry of the journal."""

    def __init__(self) -> None:
        self._before = ""

    def __call__(self, number: int, call: Call) -> tuple[str, ...]:
        before, self._before = self._before, call.operation
        return () if before.startswith((*READING, "AssumeRole", "BatchGet", "PutObject")) else (AGAIN,)


def die(name: str) -> None:
    raise Killed


def given(context: Context, command: str) -> int:
    return CliRunner().invoke(cli, command.split(), obj=context, catch_exceptions=False).exit_code


def killed_and_run_again(
    context: Callable[[Callable[[Call], None] | None], Context],
    command: str,
    state: Callable[[], Any],
    lock: Callable[[], str],
) -> int:
    """Run it undisturbed, and killed at each state and run again, which ends the same; returns how often it was."""
    before = state()
    ends: list[Any] = []

    def run(tree: Tree) -> None:
        try:
            code = given(context(tree), command)
            died = False
        except Killed:
            died = True
        assert died == bool(tree.name)
        if died:
            ours = state()
            code = given(context(None), command + lock())
            assert code == 0 or ours != before, "it did nothing, and now cannot"
        else:
            assert code == 0
        assert state() != before
        (Path.cwd() / f"end-{len(list(Path.cwd().glob('end-*')))}").write_text(json.dumps(state(), default=str))

    tried = explore(Chosen(), die, run)
    ends = [path.read_text() for path in Path.cwd().glob("end-*")]
    assert len(ends) == len(tried) + 1
    assert len(set(ends)) == 1, "not all of them end the same"
    return len(tried)


def stacks(aws: Aws) -> list[tuple[str, str]]:
    found = aws.pages("cloudformation", "describe_stacks", "Stacks")
    return sorted((one["StackName"], one["StackStatus"]) for one in found)


def test_deleting_a_stuck_stack(
    sandbox: EmbeddedSandbox, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    aws, door = Aws(endpoint=sandbox.endpoint), Aws(endpoint=sandbox.endpoint)

    def context(observe: Callable[[Call], None] | None) -> Context:
        door.observe = observe
        return Context(door, clock=clock, environ={}, interactive=False)

    given(context(None), f"create {HELLO_WORLD} 1 0.1 --wait")
    given(context(None), f"traffic {APP} 1 0")
    sandbox.settings.failures = [Failure(f"{APP}-1", "AppLoadBalancer", "delete", "has dependents")]
    assert given(context(None), f"delete {APP} 1 --wait") == 1
    assert stacks(aws) == [(f"{APP}-1", "DELETE_FAILED")]
    assert killed_and_run_again(context, f"delete {APP} 1 --stuck --wait", lambda: stacks(aws), str) >= 2


def test_a_template_that_goes_through_s3(
    sandbox: EmbeddedSandbox, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one in an account makes the bucket."""
    monkeypatch.chdir(tmp_path)
    aws, door = Aws(endpoint=sandbox.endpoint), Aws(endpoint=sandbox.endpoint)
    queues = "".join(f"  Q{number}: {{Type: AWS::SQS::Queue, Metadata: {{x: {'y' * 900}}}}}\n" for number in range(60))
    (tmp_path / "large.yaml").write_text(f"SenzaInfo: {{StackName: large}}\nResources:\n{queues}")

    def context(observe: Callable[[Call], None] | None) -> Context:
        door.observe = observe
        return Context(door, clock=clock, environ={}, interactive=False)

    def state() -> Any:
        buckets = [one["Name"] for one in aws.call("s3", "list_buckets")["Buckets"] if "journal" in one["Name"]]
        versioned = [aws.call("s3", "get_bucket_versioning", Bucket=one).get("Status") for one in buckets]
        return stacks(aws), buckets, versioned

    assert killed_and_run_again(context, "create large.yaml 1", state, str) >= 7


def test_promoting(repository: Repository) -> None:
    repository.define("hello-world")
    repository("deploy hello-world.yaml 1 0.1 -e staging")
    live = repository.aws("live")
    caller = Caller(live)
    journal = Journal(live, repository.clock, account_id=caller.account_id, who=caller.who)

    def context(observe: Callable[[Call], None] | None) -> Context:
        made = repository.context()
        made.aws().observe = observe
        return made

    def state() -> Any:
        records = [
            (record["Name"], record.get("SetIdentifier"), record.get("Weight"))
            for zone in live.pages("route53", "list_hosted_zones", "HostedZones")
            for record in live.pages(
                "route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"]
            )
            if record["Type"] == "A"
        ]
        newest = journal.newest(APP, "rollout")
        result = str(newest.entries[-1].facts.get("result")) if newest else ""
        return stacks(live), sorted(records, key=str), result

    def lock() -> str:
        holder = journal.lock(APP).holder()
        return f" --force-unlock {holder.id}" if holder else ""

    assert killed_and_run_again(context, "promote hello-world --from staging --to live", state, lock) >= 4
