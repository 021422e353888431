"""Things that go on after the request that started them was answered: a stack being created, a failed one rolled back.

An operation is a generator: it does a part of its work, yields the seconds until it goes on, and so forth. Whoever
handles a request first lets all operations catch up with the clock, so nobody ever sees a state that is overdue.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Generator

Operation = Generator[float, None, None]


class Timeline:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._due: list[tuple[float, int, Operation]] = []
        self._number = itertools.count()
        self._at: float | None = None

    @property
    def now(self) -> float:
        """The moment at which things happen: inside an operation its own time, otherwise the clock's."""
        return self._clock() if self._at is None else self._at

    def start(self, operation: Operation) -> None:
        """Begin now; what takes no time is done when this returns."""
        heapq.heappush(self._due, (self.now, next(self._number), operation))
        if self._at is None:
            self.catch_up()

    def catch_up(self) -> None:
        """Let everything happen that is due by now, in the order of its time."""
        until = self._clock()
        try:
            while self._due and self._due[0][0] <= until:
                self._at, _, operation = heapq.heappop(self._due)
                pause = next(operation, None)
                if pause is not None:
                    heapq.heappush(self._due, (self._at + pause, next(self._number), operation))
        finally:
            self._at = None

    def clear(self) -> None:
        self._due.clear()

    def hurry(self, operation: Operation) -> None:
        """Let an operation that waits go on now: what it waits for may have happened."""
        self._due = [(self.now if one is operation else at, number, one) for at, number, one in self._due]
        heapq.heapify(self._due)
        if self._at is None:
            self.catch_up()

    def cancel(self, operation: Operation) -> None:
        """Let an operation end where it is."""
        self._due = [entry for entry in self._due if entry[2] is not operation]
        heapq.heapify(self._due)
        operation.close()
