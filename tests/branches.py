"""Something happens before any call of a command, for the price of one run: a branch of the process for each call.

The command runs once, the trunk. Before a call that is to be tried, the process forks (fork(2)): in the branch it
happens there, while the trunk waits for the branch to end and then goes on undisturbed. The sandbox is in memory and
answers in the thread that asks (:mod:`tests.direct`), so a branch has an account of its own, forgotten with it.

Of the threads, only the one that forks goes on in a branch. Before calls of other threads, which look things up side by
side, it is therefore tried the plain way: the command runs anew up to there.
"""

from __future__ import annotations

import gc
import json
import os
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from senza.aws import Call

Choose = Callable[[int, Call], Sequence[str]]
"""What is to be tried before the n-th call, from 1, by name: a branch for each."""
READING = ("Describe", "List", "Get", "Head")
"""How the operations begin that change nothing."""
Happen = Callable[[str], None]
"""Makes what is tried in a branch happen. What it raises is final: it is raised before every later call, too."""


class Killed(BaseException):
    """Nothing of ours catches it."""


@dataclass
class Told:
    """What a process tells at its end. tried: its branches. left: those that it could not make. broken: tracebacks."""

    tried: list[str] = field(default_factory=list)
    left: list[tuple[int, str]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


class Tree:
    """An observer of calls (``Aws.observe``). name: what is tried in this process, "" in the trunk."""

    def __init__(self, choose: Choose, happen: Happen, at: int = 0, name: str = "") -> None:
        self._choose = choose
        self._happen = happen
        self._at = at
        self._final: BaseException | None = None
        self._lock = threading.Lock()
        self._out = -1
        self._told = Told()
        self.calls = 0
        self.name = name

    def __call__(self, call: Call) -> None:
        with self._lock:
            self.calls += 1
            if not self.name:
                self._branch(self._choose(self.calls, call))
            if self.name and self.calls == self._at:
                try:
                    self._happen(self.name)
                except BaseException as error:  # noqa: BLE001 - whatever it is
                    self._final = error
            if self._final:
                raise self._final

    def _branch(self, names: Sequence[str]) -> None:
        for name in names:
            if threading.current_thread() is not threading.main_thread():
                self._told.left.append((self.calls, name))
                continue
            told = self._fork()
            if told is None:
                self._at, self.name, self._told = self.calls, name, Told()
                return
            self._told.tried.append(name)
            self._told.broken += told.broken

    def grow(self, run: Callable[[Tree], None]) -> Told:
        """Run the command in a process of its own."""
        told = self._fork()
        if told is not None:
            return told
        try:
            run(self)
        except BaseException:  # noqa: BLE001 - the parent is told, and nobody else
            self._told.broken.append(f"{self.name or 'nothing'} before call {self._at}: {traceback.format_exc()}")
        finally:
            with os.fdopen(self._out, "w") as out:  # that of the branch that this process has become
                json.dump(asdict(self._told), out)
            os._exit(0)

    def _fork(self) -> Told | None:
        """What the new process told in the end; None in the new process."""
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            gc.disable()  # it does not live long, and to look at all objects would copy the memory that they are in
            os.close(reading)
            self._out = writing
            return None
        os.close(writing)
        with os.fdopen(reading) as answer:
            said = answer.read()
        os.waitpid(child, 0)
        return Told(**json.loads(said)) if said else Told(broken=["a branch ended without a word"])


def explore(choose: Choose, happen: Happen, run: Callable[[Tree], None]) -> list[str]:
    """Run the command in a trunk and in all branches, and return the names of these.

    run: gives the command, observed by the tree, and looks at what came of it; raises where that is wrong.
    """
    trunk = Tree(choose, happen).grow(run)
    others = [Tree(lambda number, call: (), happen, at, name).grow(run) for at, name in trunk.left]
    broken = [one for told in (trunk, *others) for one in told.broken]
    assert not broken, "\n".join(broken)
    return [*trunk.tried, *(name for _, name in trunk.left)]


def lose(command: Callable[[Tree], object], then: Callable[[str], None]) -> int:
    """Lose a command in each state that it leads through, the first one included, and return in how many.

    It dies in memory: its door to AWS raises before a call and before every later one, so nothing that it still does
    has an effect. Whatever lies between two calls changes nothing in AWS, and neither does a call that only reads.
    command: is given, observed by the tree; raises where it fails undisturbed.
    then: looks at what is left and goes on from there; is told where it was lost.
    """
    begun, last = False, "Get"

    def choose(number: int, call: Call) -> Sequence[str]:
        nonlocal begun, last
        before, last = last, call.operation
        if not before.startswith(READING):
            return (f"killed after {before}",)
        if begun or last.startswith(READING):
            return ()
        begun = True
        return (f"killed before {last}",)

    def die(name: str) -> None:
        raise Killed

    def run(tree: Tree) -> None:
        try:
            command(tree)
        except Killed:
            then(tree.name)
        else:
            assert not tree.name, "it goes on after its death"

    return len(explore(choose, die, run))
