"""How much load an app of the sandbox gets, and how its versions fare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from senza.errors import UsageError

OTHERS = "*"
"""Stands for every version that is not named."""
ERRORS = 0.001
LATENCY = 0.05


@dataclass(frozen=True)
class Load:
    """What comes in for one app. By version means: the stack's version, or ``*`` for all that are not named.

    requests: a minute, to all versions together. errors: the share of 5xx (0 to 1) by version; 0.001 unless given.
    latency: the median by version, seconds; 0.05 unless given. delay: seconds on top of each request, by version.
    metrics: of own metrics (``{"conversion": {"*": 0.25, "2": 0.3}}``) the share of visits that count, by version.
    lag: seconds that resolvers go on with old weights. seed: of the random numbers; the same one gives the same data.
    """

    requests: float
    errors: Mapping[str, float] = field(default_factory=dict)
    latency: Mapping[str, float] = field(default_factory=dict)
    delay: Mapping[str, float] = field(default_factory=dict)
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    lag: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        checks = [
            (0 <= self.requests < 1e8, f"{self.requests:g} requests a minute"),
            (0 <= self.lag <= 86_400, f"a lag of {self.lag:g} seconds"),
            *((0 <= value <= 1, f"a share of errors of {value:g}") for value in self.errors.values()),
            *((0 < value < 3600, f"a latency of {value:g} seconds") for value in self.latency.values()),
            *((0 <= value < 3600, f"a delay of {value:g} seconds") for value in self.delay.values()),
            *(
                (0 <= value <= 1, f"a share of {value:g} for {name}")
                for name, by_version in self.metrics.items()
                for value in by_version.values()
            ),
        ]
        for fine, what in checks:
            if not fine:
                raise UsageError(f"a load cannot have {what}")


def of_version(by_version: Mapping[str, float], version: str, otherwise: float) -> float:
    return by_version.get(version, by_version.get(OTHERS, otherwise))
