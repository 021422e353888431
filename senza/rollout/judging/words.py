"""Values as a person reads them at 3 a.m."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from senza.rollout.model import BuiltIn, Gate, Minute, Says

LATENCIES = (BuiltIn.P50, BuiltIn.P99)


@dataclass(frozen=True)
class Finding:
    """What one question to a gate's evidence says."""

    says: Says
    because: str
    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Count:
    """Events out of so many."""

    events: int
    of: int

    @property
    def ratio(self) -> float:
        return self.events / self.of if self.of else 0.0


def count(minutes: Sequence[Minute]) -> Count:
    return Count(sum(int(minute.value) for minute in minutes), sum(int(minute.of or 0) for minute in minutes))


def what(gate: Gate) -> str:
    """What a ratio's counts are counted out of: ``requests``."""
    return " requests" if isinstance(gate.source, BuiltIn) else ""


def ratio(gate: Gate, counted: Count) -> str:
    """``1.02 % (13 of 1,270 requests)``."""
    return f"{percent(counted.ratio)} ({counted.events:,} of {counted.of:,}{what(gate)})"


def value(gate: Gate, number: float) -> str:
    """A value of the gate with its unit, where that is known."""
    if gate.source in LATENCIES:
        return f"{number * 1000:.3g} ms" if abs(number) < 1 else f"{number:.3g} s"
    if gate.source is BuiltIn.HOSTS:
        return percent(number)
    return f"{number:,.6g}"


def percent(share: float) -> str:
    """Two digits behind the point below 10 %, as many as it takes for very small ones."""
    number = 100 * share
    if number == 0:
        return "0 %"
    if abs(number) < 0.1:
        return f"{number:.2g} %"
    return f"{number:.2f} %" if abs(number) < 10 else f"{number:.1f} %"


def change(first: float, second: float) -> str:
    """`` (+15 %)``, of the first relative to the second; nothing where that has no meaning."""
    if second <= 0 or first < 0:
        return ""
    relative = 100 * (first / second - 1)
    return f" ({relative:+.0f} %)" if abs(relative) < 1000 else f" ({first / second:.0f} times as much)"


def odds(p_value: float, limit: float) -> str:
    """``p = 2e-9, limit 0.0004``; small ones are not known to the last digit."""
    p = "p < 1e-12" if p_value < 1e-12 else f"p = {p_value:.2g}"
    return f"{p}, limit {limit:.2g}"


def minutes(number: int) -> str:
    return f"{number} minute{'' if number == 1 else 's'}"
