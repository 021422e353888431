"""Every strategy, and what takes a rollout on or back, dies before any call that follows a change, and is run again.

Whatever lies between two calls changes nothing in AWS, and neither does a call that only reads. That the journal may
stand anywhere between two changes is tried with a canary (:mod:`tests.rollout.rounds`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from senza.aws import Call
from senza.rollout.progress import progress
from tests.branches import READING, Killed, Tree, explore
from tests.rollout.conftest import APP, Rollouts
from tests.rollout.rounds import BACK, RESUMED
from tests.rollout.test_corners import OFF, killed_at, lock

HALVES = ("Steps: [{Weight: 50, Bake: 1m}, {Weight: 100, Bake: 1m}]", OFF, "Keep: {Versions: 0, For: 1s}")
SIZES = {"minimum": 1, "maximum": 4}


class AfterChanges:
    """Chooses the calls that follow one that changes something but the journal, and the first one.

    What is tried there is each of the names in turn.
    """

    def __init__(self, *names: str) -> None:
        self._names = names
        self._before = ""
        self._number = 0

    def __call__(self, number: int, call: Call) -> Sequence[str]:
        before, self._before = self._before, call.operation
        if before.startswith((*READING, "PutObject")):
            return ()
        self._number += 1
        return (self._names[self._number % len(self._names)],)


def die(name: str) -> None:
    raise Killed


def state(rollouts: Rollouts) -> tuple[Any, ...]:
    """What a rollout changes: weights, stacks, what images they run, sizes."""
    templates = {
        version: "0.9" in str(rollouts.aws.call("cloudformation", "get_template", StackName=f"{APP}-{version}"))
        for version in rollouts.stacks()
    }
    return rollouts.weights(), rollouts.stacks(), templates, rollouts.sizes()


def dies(rollouts: Rollouts, tree: Tree, command: str) -> bool:
    try:
        rollouts.senza(command, observe=tree)
    except Killed:
        return True
    return False


def goes_on(rollouts: Rollouts, command: str, before: tuple[Any, ...]) -> None:
    """The command again where nothing was begun, else ``resume``, unless it was over already."""
    found = rollouts.journal.newest(APP, "rollout")
    if found is None:
        assert state(rollouts) == before, "it changed something without a word"
        rollouts.senza(f"{command}{lock(rollouts)}")
    elif progress(found.entries).open:
        rollouts.senza(f"rollout resume {APP}{lock(rollouts)}")


STRATEGIES: dict[str, tuple[tuple[str, ...], str]] = {
    "rolling": (("Strategy: Rolling", OFF, "Bake: 1m"), "deploy DEF 1 0.9"),
    "recreate": (("Strategy: Recreate", OFF, "Bake: 1m"), "deploy DEF 2 0.9"),
    "blue-green": (("Strategy: BlueGreen", OFF, "Bake: 1m"), "deploy DEF 2 0.9"),
}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_strategy(rollouts: Rollouts, strategy: str) -> None:
    lines, command = STRATEGIES[strategy]
    rollouts.define(*lines, **SIZES)
    rollouts.start(errors="0%")
    before = state(rollouts)

    def run(tree: Tree) -> None:
        died = dies(rollouts, tree, command)
        assert died == bool(tree.name)
        if strategy != "recreate" and died:
            assert sum(rollouts.weights().values()) > 0
        if tree.name == BACK:
            begun = rollouts.journal.newest(APP, "rollout")
            if begun is None:
                assert state(rollouts) == before, "it changed something without a word"
                return
            rollouts.senza(f"rollout abort {APP}{lock(rollouts)}")
            weights, stacks, templates, sizes = state(rollouts)
            assert {version: weight for version, weight in weights.items() if weight} == {"1": 200}
            assert (stacks["1"].endswith("_COMPLETE"), templates["1"], sizes["1"]) == (True, False, before[3]["1"])
            assert rollouts.progress().result == "aborted"
            return
        goes_on(rollouts, command, before)
        weights, stacks, templates, sizes = state(rollouts)
        new = command.split()[2]
        assert {version: weight for version, weight in weights.items() if weight} == {new: 200}
        assert (stacks[new].endswith("_COMPLETE"), templates[new], sizes[new]) == (True, True, (1, 1))
        assert rollouts.progress().result == "promoted"

    tried = explore(AfterChanges(RESUMED, BACK), die, run)
    assert min(tried.count(BACK), tried.count(RESUMED)) >= 3, "it was hardly killed at all"


def half_way(rollouts: Rollouts) -> None:
    """A canary whose process died with half of the traffic at the new version."""
    killed_at(rollouts, "deploy DEF 2 0.9", "ChangeResourceRecordSets", 2)


def promoted(rollouts: Rollouts) -> None:
    rollouts.define("Strategy: BlueGreen", OFF, "Bake: 1m", "Keep: {Versions: 3, For: 1h}", **SIZES)
    rollouts.senza("deploy DEF 2 0.9")


def crowded(rollouts: Rollouts) -> None:
    """Two old versions that nobody needs any more."""
    rollouts.define("Strategy: BlueGreen", OFF, "Bake: 1m", "Keep: {Versions: 0, For: 1h}", **SIZES)
    rollouts.senza("deploy DEF 2 0.2")
    rollouts.senza("deploy DEF 3 0.9")
    rollouts.sandbox.advance(7200)


COMMANDS: dict[str, tuple[Callable[[Rollouts], None], str]] = {
    "abort half-way": (half_way, f"rollout abort {APP}"),
    "abort afterwards": (promoted, f"rollout abort {APP}"),
    "promote half-way": (half_way, f"rollout promote {APP}"),
    "resume half-way": (half_way, f"rollout resume {APP}"),
    "cleanup": (crowded, f"rollout cleanup {APP}"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command(rollouts: Rollouts, name: str) -> None:
    prepare, command = COMMANDS[name]
    rollouts.define(*HALVES, **SIZES)
    rollouts.start(errors="0%")
    prepare(rollouts)
    before = state(rollouts)

    def run(tree: Tree) -> None:
        died = dies(rollouts, tree, command + lock(rollouts))
        assert died == bool(tree.name)
        if died:
            assert sum(rollouts.weights().values()) > 0
            found = progress(rollouts.operation().entries)
            over = "cleanup" not in name and not found.open and state(rollouts) != before
            if not over:
                rollouts.senza(command + lock(rollouts))
        check(rollouts, name, before)

    tried = explore(AfterChanges(RESUMED), die, run)
    assert len(tried) >= 3, "it was hardly killed at all"


def check(rollouts: Rollouts, name: str, before: tuple[Any, ...]) -> None:
    """What the command leads to."""
    weights = {version: weight for version, weight in rollouts.weights().items() if weight}
    if name == "cleanup":
        assert (weights, list(rollouts.stacks())) == ({"3": 200}, ["3"])
        return
    back = name.startswith("abort")
    assert weights == ({"1": 200} if back else {"2": 200})
    assert rollouts.progress().result == ("aborted" if back else "promoted")
    assert rollouts.sizes()["1" if back else "2"] == (1, 1)
