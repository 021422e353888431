"""Working on many resources at once, each after those it needs."""

from __future__ import annotations

from collections.abc import Callable, Generator

from senza.sandbox.cloudformation.errors import ResourceFailed
from senza.sandbox.world import world

Needs = dict[str, set[str]]
"""Logical id to the logical ids that must be done before; those that are not keys themselves do not count."""


class Work:
    """begin: start on a resource, returns the seconds it takes, or None where there is nothing to do.

    finish: end it; returns 0, or the longest time to wait for something else to happen and ask again.
    failed: told of each resource that failed and why; both functions say so by raising ResourceFailed.
    cancel: whether the first failure stops everything; its reason then is "" for those that were under way.
    """

    def __init__(
        self,
        needs: Needs,
        begin: Callable[[str], float | None],
        finish: Callable[[str], float],
        failed: Callable[[str, str], None],
        *,
        cancel: bool,
    ) -> None:
        self._needs = {name: needed & needs.keys() for name, needed in needs.items()}
        self._begin = begin
        self._finish = finish
        self._failed = failed
        self._cancel = cancel
        self._waiting = list(needs)
        self._due: dict[str, float] = {}
        self._asking: set[str] = set()
        self._done: set[str] = set()
        self.broken: list[str] = []
        """What failed, in order."""

    def run(self) -> Generator[float, None, list[str]]:
        """Do it all; returns :attr:`broken`."""
        while True:
            self._begin_ready()
            if self.broken and self._cancel:
                for name in list(self._due):
                    self._note(name, "")
                break
            if not self._due:
                break  # what is left, if anything, needs something that failed
            yield max(0.0, min(self._due.values()) - world.timeline.now)
            self._finish_due()
        return self.broken

    def _begin_ready(self) -> None:
        while not (self.broken and self._cancel):
            ready = [name for name in self._waiting if self._needs[name] <= self._done]
            if not ready:
                return
            for name in ready:
                self._waiting.remove(name)
                try:
                    taking = self._begin(name)
                except ResourceFailed as error:
                    self._note(name, str(error))
                    if self._cancel:
                        return
                    continue
                if taking is None:
                    self._done.add(name)
                else:
                    self._due[name] = world.timeline.now + taking

    def _finish_due(self) -> None:
        for name in sorted(self._due, key=lambda one: self._due[one]):
            if self._due[name] > world.timeline.now and name not in self._asking:
                continue
            try:
                again = self._finish(name)
            except ResourceFailed as error:
                self._note(name, str(error))
                if self._cancel:
                    return
                continue
            if again:
                self._asking.add(name)
                self._due[name] = world.timeline.now + again
            else:
                del self._due[name]
                self._done.add(name)

    def _note(self, name: str, reason: str) -> None:
        self._due.pop(name, None)
        self.broken.append(name)
        self._failed(name, reason)
