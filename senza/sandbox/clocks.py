"""The sandbox's time for those who wait for it: what runs faster there must be waited for faster. Imports no moto.

A sandbox that was started with a speed of 60 lives a minute in each second from its start on. Whoever talks to it uses
the same clock, so that "five minutes" take five seconds, and what it calls "now" is now.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from senza.clock import Clock, SystemClock
from senza.errors import UsageError

VARIABLE = "SENZA_SANDBOX_CLOCK"
"""What ``senza sandbox env`` carries the clock in: the second of its start and its speed."""
SLOWEST, FASTEST = 1.0, 3600.0


@dataclass(frozen=True)
class ScaledClock:
    """A clock (senza.clock.Clock) that began to run faster than real time at a certain moment.

    start: when, seconds since the epoch; until then both show the same. speed: its seconds per real second.
    """

    start: float
    speed: float

    def __post_init__(self) -> None:
        if not SLOWEST <= self.speed <= FASTEST:
            raise UsageError(
                f"the speed of a sandbox's clock is between {SLOWEST:.0f} and {FASTEST:.0f}, not {self.speed:g}"
            )

    def now(self) -> float:
        real = time.time()
        return real + max(0.0, real - self.start) * (self.speed - 1)

    def sleep(self, seconds: float) -> None:
        """Return after that many seconds of this clock."""
        time.sleep(seconds / self.speed)

    def __str__(self) -> str:
        """As in the environment; :func:`parsed` reads it."""
        return f"{self.start!r} {self.speed!r}"


def parsed(text: str) -> ScaledClock:
    """What :data:`VARIABLE` says. Raises UsageError."""
    try:
        start, speed = (float(part) for part in text.split())
    except ValueError:
        raise UsageError(
            f"{VARIABLE} is not a time and a speed: {text!r}",
            hint='It is written by: eval "$(senza sandbox env)"; and removed by: eval "$(senza sandbox env --unset)"',
        ) from None
    return ScaledClock(start, speed)


def made(start: float, speed: float) -> Clock:
    """The clock of a sandbox that started then with that speed; the machine's own where it is not faster."""
    return SystemClock() if speed == 1 else ScaledClock(start, speed)


def clock_of(environ: Mapping[str, str]) -> Clock | None:
    """The clock that ``eval "$(senza sandbox env)"`` left in the environment; None where that leads to no sandbox.

    Raises UsageError for a variable that makes no sense.
    """
    if environ.get("SENZA_SANDBOX") != "1":
        return None
    text = environ.get(VARIABLE, "")
    return parsed(text) if text else SystemClock()
