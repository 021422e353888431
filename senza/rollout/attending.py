"""How a running rollout listens: to Ctrl-C, to what was asked from another machine, and to its lock's lease."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from senza.clock import Clock

INTERVAL = 30.0
"""Seconds after which a waiting rollout listens again."""


SOON = "interrupted: it stops when the request or hook under way has ended; once more, and it stops at once"


class Stop:
    """Ctrl-C, once: the call in flight is finished, then the rollout stops. The second time it stops at once.

    Install :meth:`on_signal` as the handler of SIGINT and SIGTERM. say: tell the user that it is not forgotten, where
    it does not stop at once: a hook may take minutes.
    """

    def __init__(self, say: Callable[[str], None] = lambda text: None) -> None:
        self.requested = False
        self.waiting = False
        self._say = say

    def on_signal(self, *_: Any) -> None:
        if self.requested or self.waiting:
            self.requested = True
            raise KeyboardInterrupt
        self.requested = True
        with suppress(RuntimeError):  # whoever was just writing to the terminal cannot be interrupted for it
            self._say(SOON)

    def check(self) -> None:
        """Raises KeyboardInterrupt where it was requested."""
        if self.requested:
            raise KeyboardInterrupt


class AttentiveClock:
    """A clock on which whoever waits listens: ``attend`` is called now and then, and may raise to end the waiting."""

    def __init__(self, clock: Clock, attend: Callable[[], None], stop: Stop) -> None:
        self._clock = clock
        self._attend = attend
        self._stop = stop
        self._attended = clock.now()

    def now(self) -> float:
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        until = self.now() + seconds
        while (left := until - self.now()) > 0:
            self._stop.check()
            self._stop.waiting = True
            try:
                self._clock.sleep(min(left, INTERVAL))
            finally:
                self._stop.waiting = False
            if self.now() - self._attended >= INTERVAL:
                self._attended = self.now()
                self._attend()
