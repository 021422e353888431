"""A canary that dies before any of its AWS calls, is refused any of them, or meets another one: nothing is lost.

The process dies in memory: its door to AWS raises before the n-th request and before every later one, so nothing that
it still does has an effect. Whatever lies between two calls changes nothing in AWS, so these are all the states in
which a rollout can be lost. Each round deploys one more version onto the same account, and ends with that version in
charge (or, taken back, with the one before), which is what an undisturbed round ends with.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from senza.aws import Call
from senza.journal import Operation
from senza.rollout.progress import progress
from senza.rollout.steps import DeleteOld
from tests.rollout.conftest import APP, Rollouts

PART = 4
"""The calls are dealt out to so many tests, so that workers share them."""
QUICK = (
    "Steps: [{Weight: 50, Bake: 1m}, {Weight: 100, Bake: 1m}]",
    "Gates: [{Latency: off}, {HealthyHosts: off}, {ErrorRatio: {Least: 1}}]",
    "Keep: {Versions: 0, For: 1s}",
)


class Killed(BaseException):
    """Nothing of ours catches it."""


class Death:
    """Comes before the ``at``-th call, and is final."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.calls = 0
        self._lock = threading.Lock()

    def __call__(self, call: Call) -> None:
        with self._lock:
            self.calls += 1
            if self.calls >= self.at:
                raise Killed


class Rounds:
    """Rounds of one app on one account. current: the version that has all traffic."""

    def __init__(self, rollouts: Rollouts) -> None:
        self.rollouts = rollouts
        rollouts.define(*QUICK, minimum=1, maximum=4)
        rollouts.start()
        self.current = 1
        self.sums: list[int] = []

    @property
    def next(self) -> int:
        return self.current + 1

    def deploy(self, death: Death) -> bool:
        """Whether it died."""
        try:
            self.rollouts.senza(f"deploy DEF {self.next} 0.{self.next}", observe=death)
        except Killed:
            self.watch()
            return True
        return False

    def watch(self) -> None:
        """No weight sum is ever 0."""
        assert sum(self.rollouts.weights().values()) > 0

    def lock(self) -> str:
        holder = self.rollouts.journal.lock(APP).holder()
        return f" --force-unlock {holder.id}" if holder else ""

    def goes_on(self) -> None:
        """Finish the round: by ``resume`` where it is open, else it had not begun and begins now."""
        newest = self.rollouts.journal.newest(APP, "rollout")
        if newest and newest.entries[0].facts["version"] == str(self.next):
            if progress(newest.entries).open:
                self.rollouts.senza(f"rollout resume {APP}{self.lock()}")
        else:
            self.rollouts.senza(f"deploy DEF {self.next} 0.{self.next}{self.lock()}")
        self.check_promoted()
        self.current += 1

    def check_promoted(self) -> None:
        weights = {version: weight for version, weight in self.rollouts.weights().items() if weight}
        assert weights == {str(self.next): 200}
        assert self.rollouts.stacks() == {str(self.next): "CREATE_COMPLETE"}, "a resource is left over"
        assert self.rollouts.sizes() == {str(self.next): (1, 1)}
        self.check_journal(self.rollouts.operation(), "promoted")

    def goes_back(self) -> None:
        """Take it back, whatever it had come to, and clear the version away that it left."""
        newest = self.rollouts.journal.newest(APP, "rollout")
        begun = newest is not None and newest.entries[0].facts["version"] == str(self.next)
        if begun:
            self.rollouts.senza(f"rollout abort {APP}{self.lock()}")
            self.check_journal(self.rollouts.operation(), "aborted")
        weights = self.rollouts.weights()
        stacks = self.rollouts.stacks()
        if str(self.current) not in stacks:  # the rollout was over and had deleted the old version: no way back
            return
        assert {version: weight for version, weight in weights.items() if weight} == {str(self.current): 200}
        assert self.rollouts.sizes()[str(self.current)] == (1, 1)
        assert set(stacks) <= {str(self.current), str(self.next)}
        if str(self.next) in stacks:
            self.rollouts.senza(f"delete {APP} {self.next} --force{self.lock()}")

    def check_journal(self, operation: Operation, result: str) -> None:
        """It tells the truth: numbers without gaps, each step begun before it is confirmed, the weights as they are."""
        entries = operation.entries
        assert [entry.seq for entry in entries] == list(range(len(entries)))
        assert entries[-1].kind == "finished"
        assert entries[-1].facts["result"] == result
        begun: set[int] = set()
        for entry in entries:
            if entry.kind == "plan":
                begun = set()
            if entry.kind == "step":
                begun.add(entry.facts["number"])
            if entry.kind == "confirmed":
                assert entry.facts["number"] in begun
        told = {name: weight for siblings in entries[-1].facts["weights"].values() for name, weight in siblings.items()}
        live = {f"{APP}-{version}": weight for version, weight in self.rollouts.weights().items()}
        assert {name: weight for name, weight in told.items() if weight} == {
            name: weight for name, weight in live.items() if weight
        }
        assert self.rollouts.journal.lock(APP).holder() is None


@pytest.fixture
def rounds(rollouts: Rollouts) -> Rounds:
    return Rounds(rollouts)


def all_calls(rounds: Rounds, part: int) -> Iterator[int]:
    """Every ``PART``-th call, until the round has no such call any more."""
    at = part + 1
    while True:
        yield at
        at += PART


@pytest.mark.parametrize("part", range(PART))
def test_killed_at_any_call_and_resumed(rounds: Rounds, part: int) -> None:
    for at in all_calls(rounds, part):
        died = rounds.deploy(Death(at))
        if not died:
            rounds.check_promoted()
            break
        rounds.goes_on()
    assert at > 60, "it was hardly killed at all"


@pytest.mark.parametrize("part", range(PART))
def test_killed_at_any_call_and_aborted(rounds: Rounds, part: int) -> None:
    for at in all_calls(rounds, part):
        died = rounds.deploy(Death(at))
        if not died:
            break
        stands = rounds.rollouts.journal.newest(APP, "rollout")
        ours = stands and stands.entries[0].facts["version"] == str(rounds.next)
        if stands and ours and any(isinstance(step, DeleteOld) for step in progress(stands.entries).begun):
            rounds.goes_on()  # the old version may be gone: it can only go on
        else:
            rounds.goes_back()
    assert at > 60, "it was hardly killed at all"
