"""Killed before any of its AWS calls and run again, a command ends where it ends undisturbed, never with all weights 0.

The states in which it can be lost are those after each call that changes something, see ``lose`` in tests/branches.py.
Where it matters that a lock's holder is dead, the process is really killed.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from click.testing import CliRunner

from senza.aws import Aws, Call, Endpoint
from senza.cli.context import Context
from senza.cli.main import cli
from senza.clock import Clock
from senza.journal import Caller, Journal
from senza.sandbox.embedded import EmbeddedSandbox
from tests.branches import READING, Killed, lose
from tests.traffic.conftest import ZONE, Apps

HELLO_WORLD = os.path.join(os.path.dirname(__file__), "..", "..", "definitions", "hello-world.yaml")
NAME = "hello-world.hello.example.org"
KILLED = 137
FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(
    ["senza.components.compile", "senza.cli.main", "senza.traffic.guards", "senza.fleet.respawn", "tests.cli.preloaded"]
)


class Hasty:
    """A clock on which nothing takes time."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def invoke(endpoint: Endpoint, args: list[str], observe: Callable[[Call], None] | None = None) -> int:
    context = Context(Aws(endpoint=endpoint, observe=observe), clock=Hasty())
    return CliRunner().invoke(cli, args, obj=context).exit_code


def completed(endpoint: Endpoint, args: list[str], observe: Callable[[Call], None] | None = None) -> None:
    assert invoke(endpoint, args, observe) == 0, f"{args} failed"


def run_until_killed(endpoint: Endpoint, args: list[str], at: int) -> None:
    """In a process of its own: dies just before its ``at``-th call, or ends with 0 if it makes fewer."""
    calls, lock = itertools.count(1), threading.Lock()

    def count(call: Call) -> None:
        with lock:  # some calls are made side by side
            if next(calls) == at:
                os._exit(KILLED)

    os._exit(0 if invoke(endpoint, args, count) == 0 else 1)


def killed(endpoint: Endpoint, args: list[str], at: int) -> bool:
    process = FORK.Process(target=run_until_killed, args=(endpoint, args, at))
    process.start()
    process.join()
    assert process.exitcode in (0, KILLED), f"{args} failed with {process.exitcode}"
    return process.exitcode == KILLED


def state(aws: Aws) -> tuple[Any, ...]:
    """Everything in the account that these commands change, without random ids and times."""
    stacks = [
        (
            item["StackName"],
            item["StackStatus"].removeprefix("UPDATE_").removeprefix("CREATE_"),
            item.get("Description", ""),
        )
        for item in aws.pages("cloudformation", "describe_stacks", "Stacks")
    ]
    weights = [
        (record["Name"], record.get("SetIdentifier"), record.get("Weight"))
        for zone in aws.pages("route53", "list_hosted_zones", "HostedZones")
        for record in aws.pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"])
        if record["Type"] == "A"
    ]
    return sorted(stacks), sorted(weights, key=str)


def sums(aws: Aws) -> dict[str, int]:
    """The sum of the weights of each name."""
    result: dict[str, int] = {}
    for name, identifier, weight in state(aws)[1]:
        if identifier:
            result[name] = result.get(name, 0) + weight
    return result


def versions(apps: Apps, weights: dict[str, int], name: str = NAME, **more: Any) -> None:
    for stack in weights:
        apps.create(stack, {"Main": name, "VersionDomain": f"{stack}.{ZONE.rstrip('.')}"}, **more)
    apps.set(weights, name)


def first_version_at_zero(apps: Apps) -> None:
    versions(apps, {"hello-world-1": 0})


def three_versions(apps: Apps) -> None:
    versions(apps, {"hello-world-1": 120, "hello-world-2": 80, "hello-world-3": 0})


def two_zones(apps: Apps) -> None:
    apps.aws.call("route53", "create_hosted_zone", Name="example.net.", CallerReference="second")
    for version in "12":
        extra = apps.record("hello-world.example.net", f"hello-world-{version}")
        extra["Properties"] |= {"HostedZoneName": "example.net."}
        apps.create(f"hello-world-{version}", {"Main": NAME}, Net=extra)
    apps.set({"hello-world-1": 200}, NAME)
    apps.set({"hello-world-1": 200}, "hello-world.example.net", "example.net.")


def classic_version(apps: Apps) -> None:
    """As the classic tool leaves it: the templates carry weights, and we have switched since."""
    versions(apps, {"hello-world-1": 0}, weight="200")
    versions(apps, {"hello-world-2": 200}, weight="0")


def journal_of(aws: Aws) -> Journal:
    caller = Caller(aws)
    return Journal(aws, Hasty(), account_id=caller.account_id, who=caller.who)


def recorded_versions(apps: Apps) -> None:
    """Where senza has deployed before, so that there is a journal."""
    journal = journal_of(apps.aws)
    journal.ensure()
    journal.begin("other", "rollout", {})
    three_versions(apps)


RECORDED = {
    "traffic": ["traffic", "hello-world", "2", "100"],
    "delete": ["delete", "hello-world", "1", "--force"],
    "create": ["create", HELLO_WORLD, "4", "0.4"],
}


@pytest.mark.parametrize("case", RECORDED)
def test_killed_at_any_call_the_journal_tells_the_truth(case: str, sandbox: EmbeddedSandbox) -> None:
    args = RECORDED[case]

    def fresh() -> Aws:
        sandbox.reset()
        aws = Aws(endpoint=sandbox.endpoint)
        recorded_versions(Apps(aws))
        return aws

    aws = fresh()
    before = state(aws)
    calls: list[Call] = []
    completed(sandbox.endpoint, args, calls.append)
    undisturbed = state(aws)
    assert [one.result for one in journal_of(aws).operations("hello-world")] == ["done"]

    changing = [number for number, call in enumerate(calls, 1) if not call.operation.startswith(READING)]
    for number in changing[:-1]:
        aws = fresh()
        assert killed(sandbox.endpoint, args, number + 1)
        after = f"killed after {calls[number - 1]}, call {number}"
        journal = journal_of(aws)
        begun = journal.operations("hello-world")
        assert begun or state(aws) == before, f"{after}: it changed something without a word"
        changed = state(aws) != before
        invoke(sandbox.endpoint, args)  # is not held up by the lock of its dead self, and may say that it is done
        assert state(aws) == undisturbed, f"{after} and run again"
        assert journal.lock("hello-world").holder() is None
        told = [one.result for one in journal.operations("hello-world")]
        assert "done" in told or (changed and begun), f"{after}: {told}"
    assert len(changing) > 4, "it was hardly killed at all"


def running_version(apps: Apps) -> None:
    """A real one, with all traffic."""
    assert invoke(apps.aws._endpoint, ["create", HELLO_WORLD, "1", "0.1"]) == 0  # type: ignore[arg-type]
    assert invoke(apps.aws._endpoint, ["traffic", "hello-world", "1", "100"]) == 0  # type: ignore[arg-type]


CASES = {
    "update": (running_version, ["update", HELLO_WORLD, "1", "0.2"]),
    "create": (first_version_at_zero, ["create", HELLO_WORLD, "2", "0.2"]),
    "traffic": (three_versions, ["traffic", "hello-world", "3", "50"]),
    "traffic 100": (three_versions, ["traffic", "hello-world", "2", "100"]),
    "traffic, two zones": (two_zones, ["traffic", "hello-world", "2", "100"]),
    "delete": (three_versions, ["delete", "hello-world", "3"]),
    "delete by force": (three_versions, ["delete", "hello-world", "1", "--force"]),
    "delete a classic one": (classic_version, ["delete", "hello-world", "1"]),
}


@pytest.mark.parametrize("case", CASES)
def test_killed_at_any_call_and_run_again(case: str, sandbox: EmbeddedSandbox) -> None:
    prepare, args = CASES[case]
    sandbox.settings.insync_polls = 1

    def fresh() -> Aws:
        sandbox.reset()
        sandbox.settings.insync_polls = 1
        aws = Aws(endpoint=sandbox.endpoint)
        prepare(Apps(aws))
        return aws

    aws = fresh()
    before, sum_before = state(aws), sums(aws)
    completed(sandbox.endpoint, args)
    undisturbed = state(aws)
    assert before != undisturbed, "the command changes nothing, so this shows nothing"
    aws = fresh()

    def again(killed: str) -> None:
        for name, total in sums(aws).items():
            assert total > 0 or sum_before.get(name, 0) == 0, f"{killed}: all weights of {name} are 0"
        invoke(sandbox.endpoint, args)  # may say that it was done already
        assert state(aws) == undisturbed, f"{killed} and run again"

    assert lose(partial(completed, sandbox.endpoint, args), again)


def test_what_a_killed_diff_leaves_behind_does_nothing_and_is_cleared_away(
    sandbox: EmbeddedSandbox, aws: Aws, clock: Clock
) -> None:
    def left() -> list[str]:
        listed = aws.pages("cloudformation", "list_change_sets", "Summaries", StackName="hello-world-1")
        return [one["ChangeSetName"] for one in listed]

    def die(call: Call) -> None:
        if call.operation == "DeleteChangeSet":  # the last one
            raise Killed

    running_version(Apps(aws))
    before = state(aws)
    calls: list[Call] = []
    assert invoke(sandbox.endpoint, ["diff", HELLO_WORLD, "1", "0.2"], calls.append) == 0
    assert calls[-1].operation == "DeleteChangeSet"
    with pytest.raises(Killed):
        invoke(sandbox.endpoint, ["diff", HELLO_WORLD, "1", "0.2"], die)
    assert [name.startswith("senza-diff-") for name in left()] == [True]
    assert state(aws) == before
    sandbox.advance(3600)
    context = Context(Aws(endpoint=sandbox.endpoint), clock=clock)
    assert CliRunner().invoke(cli, ["diff", HELLO_WORLD, "1", "0.2"], obj=context).exit_code == 0
    assert left() == []
