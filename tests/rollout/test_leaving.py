"""Old versions that leave, or cannot: the rollout itself is done, and what is left is told."""

from __future__ import annotations

import pytest

from tests.rollout.conftest import APP, Rollouts

OFF = "Gates: [{ErrorRatio: off}, {Latency: off}, {HealthyHosts: off}]"
QUICK = ("Steps: [{Weight: 100, Bake: 2m}]", OFF, "Keep: {Versions: 0, For: 1s}")


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
