"""Every AWS call of a canary goes wrong in every way: nothing is lost, and the message says what to do."""

from __future__ import annotations

import pytest

from tests.rollout.conftest import APP, Rollouts
from tests.rollout.rounds import Rounds

PARTS = 4
FAULTS = {
    "throttled once": {"status": 400, "code": "Throttling"},
    "an internal error once": {"status": 500, "code": "InternalError"},
    "the answer lost after it took effect": {"when": "after", "drop": True},
}
LASTING = (
    ({"status": 403, "code": "ExpiredToken"}, "log in again"),
    ({"status": 403, "code": "AccessDenied"}, "permission"),
    ({"status": 400, "code": "Throttling"}, "rate of calls"),
    ({"status": 500, "code": "InternalError"}, "InternalError"),
)
"""What every call is answered with from some call on, and a word of the message."""


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore's pauses between attempts take no time."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)


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
    rounds, at, back = Rounds(rollouts), part, part % 2 == 0
    while True:
        rollouts.sandbox.advance(1)  # no two rollouts begin within one second
        fault, word = LASTING[(at // PARTS) % len(LASTING)]
        rollouts.sandbox.faults.add(".", times=None, skip=at, **fault)
        result = rollouts.senza(f"deploy DEF {rounds.next} 0.{rounds.next}", exit_code=None, fresh=True)
        rollouts.sandbox.faults.clear()
        if result.exit_code == 0:
            break
        assert result.exit_code == 1, result.output
        assert word in result.stderr
        rounds.watch()
        rounds.ends(back=back)
        at, back = at + PARTS, not back
    rounds.check_promoted()
    assert at > 100, f"{APP} hardly met a fault at all"
