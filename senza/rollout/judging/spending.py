"""How the false alarms that a rollout may give are shared out: over its gates, and over its looks.

Looking every minute is looking often, and each look could give a false alarm. Alpha spending (K. K. G. Lan,
D. L. DeMets: Discrete sequential boundaries for clinical trials. Biometrika 70 (1983), 659-663) fixes beforehand how
much of alpha may be used up by the k-th minute, for any number of minutes: here alpha * k / (k + h), which never gets
to alpha however long a rollout is held. h is the minute by which half of it is used up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from senza.rollout.model import Alarm, BuiltIn, Gate

EARLY = 0.5
"""h for ratios: a bad version that gives errors should be caught in its first minutes."""
STEADY = 10.0
"""h for series: a handful of minutes proves nothing, whatever they say."""

RATIO_WEIGHT, SERIES_WEIGHT = 3.0, 1.0
"""Ratios get the larger part: they can use it in the first minutes, series only later."""


def spent(minute: int, half: float) -> float:
    """The part of alpha, below 1, that may be used up by the end of a minute, counted from 1; 0 for none."""
    return minute / (minute + half) if minute > 0 else 0.0


@dataclass
class Spending:
    """Gives out alpha, minute by minute."""

    alpha: float
    half: float
    minute: int = 0

    def next(self) -> float:
        """What the next minute adds."""
        self.minute += 1
        return self.alpha * (spent(self.minute, self.half) - spent(self.minute - 1, self.half))


def is_ratio(gate: Gate) -> bool:
    """Whether its minutes are counts out of counts."""
    return gate.of is not None or gate.source is BuiltIn.ERRORS


def shares(gates: Sequence[Gate]) -> dict[str, float]:
    """By name, the part of a rollout's alpha that each gate gets; the sum is 1, or 0 where no gate tests anything.

    A gate that only watches a limit of a series, or an alarm, tests nothing and gets 0.
    """
    weights = {gate.name: _weight(gate) for gate in gates}
    total = sum(weights.values())
    return {name: weight / total if total else 0.0 for name, weight in weights.items()}


def _weight(gate: Gate) -> float:
    if isinstance(gate.source, Alarm):
        return 0.0
    bounded = gate.minimum is not None or gate.maximum is not None
    if is_ratio(gate):
        return RATIO_WEIGHT if gate.compare or bounded else 0.0
    return SERIES_WEIGHT if gate.compare else 0.0
