"""Every AWS call of a canary goes wrong in every way: nothing is lost, and the message says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from senza.aws import Call
from senza.clock import Clock
from tests.branches import Tree, explore
from tests.rollout.conftest import APP, Rollouts
from tests.rollout.rounds import BACK, RESUMED, Rounds, States

PARTS = 2
WAYS = (RESUMED, BACK)
FAULTS = {
    "throttled once": {"status": 400, "code": "Throttling"},
    "an internal error once": {"status": 500, "code": "InternalError"},
    "the answer lost after it took effect": {"when": "after", "drop": True},
}
LASTING: dict[str, tuple[dict[str, Any], str]] = {
    "expired": ({"status": 403, "code": "ExpiredToken"}, "log in again"),
    "denied": ({"status": 403, "code": "AccessDenied"}, "permission"),
    "throttled": ({"status": 400, "code": "Throttling"}, "rate of calls"),
    "broken": ({"status": 500, "code": "InternalError"}, "InternalError"),
}
"""What every call is answered with from some call on, and a word of the message."""


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore's pauses between attempts take no time."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)


@pytest.mark.usefixtures("over_http")
@pytest.mark.parametrize("skip", [0, 1, 2])
@pytest.mark.parametrize("fault", FAULTS)
def test_every_third_call_goes_wrong_once(rollouts: Rollouts, fault: str, skip: int) -> None:
    """More, and botocore's retry quota would be used up."""
    rounds = Rounds(rollouts)
    rollouts.sandbox.faults.add(".", times=None, skip=skip, every=4, **FAULTS[fault])
    rollouts.senza("deploy DEF 2 0.2", fresh=True)
    rollouts.sandbox.faults.clear()
    rounds.check_promoted()


@pytest.mark.parametrize("part", range(PARTS))
def test_from_any_call_on_everything_goes_wrong(rollouts: Rollouts, clock: Clock, part: int) -> None:
    """The kinds of faults take turns, and so do resuming and taking back.

    Nothing that the command still does has an effect, so it leaves the account as if it had been killed, and
    test_interrupted.py goes both ways on from each of its states. That the messages' advice leads on, too, is seen from
    every third one.
    """
    rounds = Rounds(rollouts)
    rounds.deploy()
    rounds.won()
    faults = rollouts.sandbox.faults
    states = States(clock)

    def choose(number: int, call: Call) -> Sequence[str]:
        kind = list(LASTING)[number // PARTS % len(LASTING)]
        on = states.another(call) and states.number % 3 == 0
        way = WAYS[states.number // 3 % 2] if on else ""
        return [f"{kind}, {way}"] if number % PARTS == part else ()

    def run(tree: Tree) -> None:
        rollouts.sandbox.advance(1)  # no two rollouts begin within one second
        command = f"deploy DEF {rounds.next} 0.{rounds.next}"
        result = rollouts.senza(command, exit_code=None, fresh=True, observe=tree)
        faults.clear()
        assert result.exit_code in ((0, 1) if tree.name else (0,)), result.output
        if result.exit_code == 0:  # it is over, and only the lock could not be given back
            rounds.check_promoted()
            return
        kind, _, way = tree.name.partition(", ")
        assert LASTING[kind][1] in result.stderr
        rounds.watch()
        if way:
            rounds.ends(back=way == BACK)

    def begin(name: str) -> None:
        faults.add(".", times=None, **LASTING[name.partition(", ")[0]][0])

    assert len(explore(choose, begin, run)) > 100 / PARTS, f"{APP} hardly met a fault at all"
