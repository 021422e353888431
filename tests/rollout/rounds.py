"""Rounds of rollouts on one account: each deploys one more version, disturbed, and then finishes it or takes it back.

A process dies in memory: its door to AWS raises before the n-th request and before every later one, so nothing that it
still does has an effect. Whatever lies between two calls changes nothing in AWS, and neither does a call that only
reads; so the states in which a rollout can be lost are those after each other call and after each pause. Of the pauses
in a row in which nothing but time changes, the first one and every fourth from there are states of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from senza.aws import Call
from senza.clock import Clock
from senza.journal import Operation
from senza.rollout.progress import progress
from senza.rollout.steps import DeleteOld
from tests.branches import READING, Killed
from tests.rollout.conftest import APP, Rollouts

QUICK = (
    "Steps: [{Weight: 50, Bake: 1m}, {Weight: 100, Bake: 1m}]",
    "Gates: [{Latency: off}, {HealthyHosts: off}, {ErrorRatio: {Least: 1}}]",
    "Keep: {Versions: 0, For: 1s}",
)


RESUMED, BACK = "resumed", "taken back"


class States:
    """Tells of the calls (tests/branches.py), in their order, whether each finds the rollout in another state."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._before = ("", 0.0)
        self._pauses = 0
        self.number = 0
        """How many states there were so far."""

    def another(self, call: Call) -> bool:
        operation, then = self._before
        self._before = (call.operation, self._clock.now())
        if not operation.startswith(READING):
            self._pauses = 0
        elif then == self._clock.now():
            return False
        else:
            self._pauses += 1
        if self._pauses and self._pauses % 4 != 1:
            return False
        self.number += 1
        return True


class BothWays:
    """Chooses each state, to go both ways on from there; dealt out, so that workers share them: part from 0."""

    def __init__(self, clock: Clock, part: int, parts: int) -> None:
        self._states = States(clock)
        self._part = part
        self._parts = parts

    def __call__(self, number: int, call: Call) -> Sequence[str]:
        mine = self._states.another(call) and self._states.number % self._parts == self._part
        return (RESUMED, BACK) if mine else ()


class Rounds:
    """Rounds of one app on one account. current: the version with all traffic. next: the one that is deployed."""

    def __init__(self, rollouts: Rollouts) -> None:
        self.rollouts = rollouts
        rollouts.define(*QUICK, minimum=1, maximum=4)
        rollouts.start(errors="0%")  # in so many rounds, chance would take one back
        self.current, self.next = 1, 2

    def deploy(self, observe: Callable[[Call], None] | None = None) -> bool:
        """Whether it died."""
        self.rollouts.sandbox.advance(1)  # no two rollouts begin within one second
        try:
            self.rollouts.senza(f"deploy DEF {self.next} 0.{self.next}", observe=observe)
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

    def goes_on(self, begun: Operation | None) -> None:
        """Finish the round: by ``resume`` where it is open, else it had not begun and begins now."""
        if begun is None:
            self.rollouts.senza(f"deploy DEF {self.next} 0.{self.next}{self.lock()}")
        elif progress(begun.entries).open:
            self.rollouts.senza(f"rollout resume {APP}{self.lock()}")
        self.check_promoted()
        self.won()

    def won(self) -> None:
        """The next version is the current one from here on."""
        self.current, self.next = self.next, self.next + 1

    def check_promoted(self) -> None:
        weights = {version: weight for version, weight in self.rollouts.weights().items() if weight}
        assert weights == {str(self.next): 200}
        assert self.rollouts.stacks() == {str(self.next): "CREATE_COMPLETE"}, "a resource is left over"
        assert self.rollouts.sizes() == {str(self.next): (1, 1)}
        self.check_journal(self.rollouts.operation(), "promoted")

    def ends(self, *, back: bool) -> None:
        """Take it back or finish it. Where the old version may be gone already, there is nothing to go back to."""
        newest = self.rollouts.journal.newest(APP, "rollout")
        ours = newest is not None and newest.entries[0].facts["version"] == str(self.next)
        leaving = newest and any(isinstance(step, DeleteOld) for step in progress(newest.entries).begun)
        if back and not (ours and leaving):
            self.goes_back(begun=ours)
        else:
            self.goes_on(newest if ours else None)

    def goes_back(self, *, begun: bool) -> None:
        """Take it back, whatever it had come to, and clear the version away that it left."""
        if begun:
            self.rollouts.senza(f"rollout abort {APP}{self.lock()}")
            self.check_journal(self.rollouts.operation(), "aborted")
        elif holder := self.rollouts.journal.lock(APP).holder():
            self.rollouts.journal.lock(APP).force_unlock(holder.id)
        weights = self.rollouts.weights()
        stacks = self.rollouts.stacks()
        assert {version: weight for version, weight in weights.items() if weight} == {str(self.current): 200}
        assert self.rollouts.sizes()[str(self.current)] == (1, 1)
        assert set(stacks) <= {str(self.current), str(self.next)}
        if str(self.next) in stacks:
            self.rollouts.senza(f"delete {APP} {self.next} --force{self.lock()}")
        self.next += 1

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
        holder = self.rollouts.journal.lock(APP).holder()
        assert holder is None or holder.operation == operation.id, "it is known to be over"
