"""Every AWS call of a canary goes wrong in every way: nothing is lost, and the message says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from senza.aws import Call
from tests.branches import Tree, explore
from tests.rollout.conftest import APP, Rollouts
from tests.rollout.rounds import BACK, RESUMED, Rounds

PARTS = 4
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
def test_from_any_call_on_everything_goes_wrong(rollouts: Rollouts, part: int) -> None:
    """One half is resumed, the other half taken back; the kinds of faults take turns."""
    rounds = Rounds(rollouts)
    rounds.deploy()
    rounds.won()
    faults = rollouts.sandbox.faults

    def choose(number: int, call: Call) -> Sequence[str]:
        turn = number // PARTS
        kind, way = list(LASTING)[turn % len(LASTING)], WAYS[(turn + part) % 2]
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
        rounds.ends(back=way == BACK)

    def begin(name: str) -> None:
        faults.add(".", times=None, **LASTING[name.partition(", ")[0]][0])

    assert len(explore(choose, begin, run)) > 100 / PARTS, f"{APP} hardly met a fault at all"
