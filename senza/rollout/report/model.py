"""What a report is made from. Moments are seconds since the epoch, weights half percents out of 200."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from senza.rollout.model import BuiltIn, Gate, Minute, Verdict


class Unit(StrEnum):
    """How values are written."""

    RATIO = "ratio"
    """0.012 is 1.2 %."""
    SECONDS = "seconds"
    """0.25 is 250 ms."""
    NUMBER = "number"


def unit_of(gate: Gate) -> Unit:
    if gate.of is not None or gate.source in (BuiltIn.ERRORS, BuiltIn.HOSTS):
        return Unit.RATIO
    return Unit.SECONDS if gate.source in (BuiltIn.P50, BuiltIn.P99) else Unit.NUMBER


@dataclass(frozen=True)
class Move:
    """Traffic was moved. weight: asked for the new version. observed: share (0 to 1) of the requests from then on."""

    at: float
    weight: int
    observed: float | None = None


@dataclass(frozen=True)
class GateRecord:
    """One gate: its minutes of both versions, and its last verdict. decided: when that fell, None for no line."""

    name: str
    unit: Unit = Unit.NUMBER
    new: tuple[Minute, ...] = ()
    old: tuple[Minute, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    verdict: Verdict | None = None
    decided: float | None = None


@dataclass(frozen=True)
class Record:
    """One rollout. new, old: versions, ``""`` where there was no old one. ended: None while it goes on.

    result: in a few words, ``taken back``. because: the reason in a sentence. who: the person or role, and where.
    good: whether the new version has the traffic; None while it is open. shares: by minute, requests of the new version
    (value) of all (of). events: what else happened, oldest first.
    """

    app: str
    new: str
    old: str
    strategy: str
    started: float
    ended: float | None
    result: str
    because: str
    who: str
    steps: tuple[Move, ...] = ()
    gates: tuple[GateRecord, ...] = ()
    events: tuple[tuple[float, str], ...] = ()
    good: bool | None = None
    shares: tuple[Minute, ...] = ()
