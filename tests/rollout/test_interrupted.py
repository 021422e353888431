"""A canary that dies before any of its AWS calls, or meets another one: nothing is lost."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import pytest

from senza.aws import Call
from tests.branches import Choose, Killed, Tree, explore
from tests.conftest import FakeClock
from tests.rollout.conftest import APP, Rollouts
from tests.rollout.rounds import BACK, RESUMED, BothWays, Rounds

PARTS = 4
BUCKET = {
    *("CreateBucket", "PutPublicAccessBlock", "PutBucketEncryption", "PutBucketPolicy"),
    *("PutBucketLifecycleConfiguration", "PutBucketTagging", "PutBucketVersioning"),
}


def die(name: str) -> None:
    raise Killed


def killed(rounds: Rounds, choose: Choose) -> list[str]:
    """Kill a rollout before each of these calls, and end it in the way chosen."""

    def run(tree: Tree) -> None:
        died = rounds.deploy(tree)
        assert died == bool(tree.name)
        if died:
            rounds.ends(back=tree.name == BACK)
        else:
            rounds.check_promoted()

    return explore(choose, die, run)


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_at_any_call(rollouts: Rollouts, clock: FakeClock, part: int) -> None:
    """From each state in which it can be lost it is resumed, and taken back."""
    rounds = Rounds(rollouts)
    rounds.deploy()
    rounds.check_promoted()
    rounds.won()
    tried = killed(rounds, BothWays(clock, part, PARTS))
    assert tried.count(BACK) == tried.count(RESUMED) >= 44 / PARTS, "it was hardly killed at all"


def test_killed_while_the_bucket_is_made(rollouts: Rollouts) -> None:
    """The first rollout of an account makes the bucket of the journal."""
    before = [""]

    def choose(number: int, call: Call) -> Sequence[str]:
        before.append(call.operation)
        return (RESUMED, BACK) if BUCKET & set(before[-2:]) else ()

    assert len(killed(Rounds(rollouts), choose)) == 2 * (len(BUCKET) + 1)


def test_of_two_rollouts_at_once_exactly_one_runs(rollouts: Rollouts) -> None:
    """The second one is tried just before a call of the first one: refused once that one has the lock."""
    rounds = Rounds(rollouts)
    locked = False
    for at in (1, 10, 14, 18, 22, 30, 60, 90):
        numbers = itertools.count(1)  # of calls, some of which are made side by side
        codes: list[int] = []

        def second(call: Call, at: int = at, numbers: Iterator[int] = numbers, codes: list[int] = codes) -> None:
            if next(numbers) == at:
                codes.append(rollouts.senza(f"deploy DEF {rounds.next}x 0.9", exit_code=None).exit_code)

        locked = locked or rollouts.journal.lock(APP).holder() is not None
        rollouts.senza(f"deploy DEF {rounds.next} 0.2", observe=second)
        assert codes in ([0], [1])
        locked = locked or codes == [1]
        assert codes == ([1] if locked else [0]), "where the lock is free, one runs after the other"
        rounds.check_promoted()
        rounds.won()
    assert locked


def test_asked_from_another_machine_while_it_runs(rollouts: Rollouts) -> None:
    """pause, then abort, are heard by the process that carries the rollout on, within its next look."""
    rollouts.start()
    asks = iter(("pause", "abort"))

    def ask(call: Call) -> None:
        if call.operation == "GetMetricData" and (what := next(asks, "")):
            rollouts.operation().ask(what)

    paused = rollouts.senza("deploy DEF 2 0.2", observe=ask, exit_code=1)
    assert "stopped: pause asked by" in paused.stderr
    assert rollouts.weights() == {"1": 160, "2": 40}
    again = rollouts.senza(f"rollout resume {APP}", observe=ask, exit_code=1)
    assert "hello-world-2 was aborted: abort asked by" in again.stderr
    assert rollouts.weights() == {"1": 200, "2": 0}
