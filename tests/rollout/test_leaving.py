"""Old versions that leave, or cannot: the rollout itself is done, and what is left is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from senza.journal import Entry, Summary
from senza.rollout.leaving import young
from senza.rollout.past import taken_back
from senza.stacks.summaries import Stack
from tests.rollout.conftest import APP, Rollouts

OFF = "Gates: [{ErrorRatio: off}, {Latency: off}, {HealthyHosts: off}]"
QUICK = ("Steps: [{Weight: 100, Bake: 2m}]", OFF, "Keep: {Versions: 0, For: 1s}")


@pytest.mark.parametrize(("ago", "said"), [(59.0, "59 s"), (3500.0, "58 min"), (57187.0, "16 h")])
def test_since_when_a_version_has_no_traffic_is_told_in_round_figures(ago: float, said: str) -> None:
    stack = Stack("shop-1", "arn", "CREATE_COMPLETE", datetime(2026, 1, 1, tzinfo=UTC))
    assert young(stack, 1000.0, 1000.0 + ago, 86400.0) == f"it had traffic until {said} ago"
    assert young(stack, 1000.0, 1000.0 + ago, ago) == ""


def refuse(rollouts: Rollouts) -> None:
    rollouts.sandbox.faults.add("cloudformation:DeleteStack", times=None, status=403, code="AccessDenied")


def test_a_version_that_may_not_be_deleted_stays_for_a_cleanup(rollouts: Rollouts) -> None:
    rollouts.define(*QUICK)
    rollouts.start()
    refuse(rollouts)
    result = rollouts.senza("deploy DEF 2 0.2")
    assert result.stdout == "hello-world-2 is promoted.\n"
    assert "hello-world-1 stays: " in result.stderr
    assert "The permission cloudformation:DeleteStack is missing." in result.stderr
    assert f"senza rollout cleanup {APP} tries again" in result.stderr
    assert rollouts.progress().result == "promoted"
    assert set(rollouts.stacks()) == {"1", "2"}

    rollouts.sandbox.advance(3600)
    refused = rollouts.senza(f"rollout cleanup {APP}", exit_code=1)
    assert "hello-world-1 stays" in refused.stderr
    failed = rollouts.journal.newest(APP, "cleanup")
    assert failed is not None
    assert [entry.kind for entry in failed.entries] == ["cleanup", "failed"]
    assert set(failed.entries[-1].facts["facts"]["failed"]) == {"hello-world-1"}

    rollouts.sandbox.faults.clear()
    rollouts.sandbox.advance(1)
    assert rollouts.senza(f"rollout cleanup {APP}").stdout == "deleted: hello-world-1\n"
    assert set(rollouts.stacks()) == {"2"}
    done = rollouts.journal.newest(APP, "cleanup")
    assert done is not None
    assert [entry.kind for entry in done.entries] == ["cleanup", "done"]


@pytest.mark.parametrize("match", ["autoscaling:DescribeAutoScalingGroups", "cloudformation:DeleteStack"])
def test_a_cleanup_that_is_cut_off_says_so_in_the_journal(rollouts: Rollouts, match: str) -> None:
    """Whether it looks or deletes when its credentials expire: there is a last entry, if S3 still takes one."""
    rollouts.define("Steps: [{Weight: 100, Bake: 2m}]", OFF, "Keep: {Versions: 0, For: 1h}")
    rollouts.start()
    rollouts.senza("deploy DEF 2 0.2")
    rollouts.sandbox.advance(2 * 3600)
    rollouts.sandbox.faults.add(match, times=None, status=400, code="ExpiredToken")
    result = rollouts.senza(f"rollout cleanup {APP}", exit_code=1)
    assert "log in again" in result.stderr
    cut = rollouts.journal.newest(APP, "cleanup")
    assert cut is not None
    assert [entry.kind for entry in cut.entries] == ["cleanup", "failed"]
    assert "ExpiredToken" in cut.entries[-1].facts["because"]


def test_a_version_that_was_taken_back_takes_nobodys_place(rollouts: Rollouts) -> None:
    """One old version is kept as the way back: that is version 1, and not version 2, which was no good."""
    rollouts.define("Steps: [{Weight: 100, Bake: 2m}]", OFF, "Keep: {Versions: 2, For: 1h}")
    rollouts.start()
    bad = "Hooks: [{When: after-step, Run: 'exit 1'}]"
    rollouts.define("Steps: [{Weight: 100, Bake: 2m}]", OFF, bad)
    rollouts.senza("deploy DEF 2 0.2", exit_code=1)
    for version in (3, 4):
        rollouts.define("Steps: [{Weight: 100, Bake: 2m}]", OFF, "Keep: {Versions: 2, For: 1h}")
        rollouts.senza(f"deploy DEF {version} 0.{version}")
    said = rollouts.senza(f"rollout cleanup {APP} --dry-run").stdout.splitlines()
    kept = "it is one of the 2 that are kept"
    assert said[0] == f"hello-world-1: {kept}"
    assert said[1].startswith("hello-world-2: it had traffic until")
    assert said[2] == f"hello-world-3: {kept}"
    rollouts.sandbox.advance(2 * 3600)
    assert rollouts.senza(f"rollout cleanup {APP}").stdout == "deleted: hello-world-2\n"


def summary(kind: str, stack: str = "", result: str = "", **weights: int) -> Summary:
    """Of an operation that left these weights."""
    told = {"weights": {"app.example.org": weights}} if weights else {}
    first = Entry(0, kind, 0.0, "", "", {"stack": stack})
    return Summary("app", "1", first, Entry(1, "finished", 1.0, "", "", {"result": result, **told}))


BAD = summary("rollout", "app-2", "taken back", **{"app-1": 200, "app-2": 0})


@pytest.mark.parametrize(
    ("history", "bad"),
    [
        ([], False),
        ([BAD], True),
        ([summary("rollout", "app-2", "aborted"), summary("traffic", "app-2")], True),
        ([summary("rollout", "app-2", "promoted"), BAD], False),
        ([summary("rollout", "app-3", "promoted", **{"app-3": 200, "app-2": 0}), BAD], True),
        ([summary("traffic", "app-2", "done", **{"app-2": 20, "app-1": 180}), BAD], False),
        ([summary("rollout", "app-3", "taken back"), summary("create", "app-2")], False),
    ],
)
def test_what_counts_as_taken_back(history: list[Summary], bad: bool) -> None:
    assert taken_back(history, "app-2") is bad
