"""A canary that dies before any of its AWS calls, or meets another one: nothing is lost."""

from __future__ import annotations

import pytest

from senza.aws import Call
from tests.rollout.conftest import APP, Rollouts
from tests.rollout.rounds import Death, Rounds

PARTS = 4
"""The calls are dealt out to so many tests, so that workers share them."""


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_at_any_call(rollouts: Rollouts, part: int) -> None:
    """One half is resumed, the other half taken back."""
    rounds, at, back = Rounds(rollouts), part + 1, part % 2 == 0
    while rounds.deploy(Death(at)):
        rounds.ends(back=back)
        at, back = at + PARTS, not back
    rounds.check_promoted()
    assert at > 100, "it was hardly killed at all"


def test_of_two_rollouts_at_once_exactly_one_runs(rollouts: Rollouts) -> None:
    """The second one is tried just before a call of the first one: refused once that one has the lock."""
    rounds = Rounds(rollouts)
    locked = False
    for at in (1, 10, 14, 18, 22, 30, 60, 90):
        calls: list[Call] = []
        codes: list[int] = []

        def second(call: Call, at: int = at, calls: list[Call] = calls, codes: list[int] = codes) -> None:
            calls.append(call)
            if len(calls) == at:
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
