"""The charts of a record: the traffic, then one for each gate that has numbers; all over the same time."""

from __future__ import annotations

import math

from senza.rollout.model import Minute, Says
from senza.rollout.report.axes import Scale, clock, lasting, time_scale, value_of, value_scale, written
from senza.rollout.report.drawing import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Drawing, Line, Mark, Points
from senza.rollout.report.model import GateRecord, Record, Unit
from senza.traffic.weights import TOTAL, percent

WORDS = {Says.PASS: ("good", "passed"), Says.FAIL: ("bad", "failed"), Says.INCONCLUSIVE: ("open", "inconclusive")}
"""How a verdict looks and is called."""
FAR = 4.0
"""A bound more than so many times above all values is only written, as it would press them to the ground."""


def times_of(record: Record) -> Scale:
    moments = [record.started, *([record.ended] if record.ended else []), *(move.at for move in record.steps)]
    series = [record.shares, *(one for gate in record.gates for one in (gate.new, gate.old))]
    minutes = [minute.at for one in series for minute in one]
    return time_scale(min([*moments, *minutes]), max([*moments, *(at + 60 for at in minutes)]), LEFT, WIDTH - RIGHT)


def moves(record: Record) -> tuple[Mark, ...]:
    return tuple(Mark(move.at, f"{percent(move.weight)} %") for move in record.steps)


def traffic(record: Record) -> Drawing:
    """What was asked, and what the new version really got."""
    asked = [(move.at, move.weight / TOTAL, "") for move in record.steps]
    got = points(record.shares, Unit.RATIO)
    lines = [Line("asked", "asked", asked), *([Line("observed", "new", got)] if got else [])]
    values = Scale(0.0, 1.0, HEIGHT - BOTTOM, TOP, (0.0, 0.25, 0.5, 0.75, 1.0))
    about = f"The share of the traffic of {record.app} {record.new}, as asked and as observed."
    return Drawing(Unit.RATIO, times_of(record), values, tuple(lines), moves(record), about=about)


def of_gate(record: Record, gate: GateRecord) -> Drawing:
    lines = [Line(record.new, "new", points(gate.new, gate.unit))]
    if gate.old:
        lines.append(Line(record.old or "before", "old", points(gate.old, gate.unit)))
    known = [value for line in lines for _, value, _ in line.points]
    limits = [
        (bound, name) for bound, name in ((gate.maximum, "at most"), (gate.minimum, "at least")) if bound is not None
    ]
    top = max(known, default=0.0)
    near = [bound for bound, _ in limits if top == 0 or bound <= FAR * top]
    return Drawing(
        gate.unit,
        times_of(record),
        value_scale([*known, *near], HEIGHT - BOTTOM, TOP),
        tuple(lines),
        (*moves(record), *decision(gate)),
        tuple(limits),
        about=f"{gate.name} of {record.app} {record.new}{f' and {record.old}' if gate.old else ''}, minute by minute.",
    )


def decision(gate: GateRecord) -> list[Mark]:
    if gate.decided is None or gate.verdict is None or gate.verdict.says == Says.INCONCLUSIVE:
        return []
    kind, word = WORDS[gate.verdict.says]
    return [Mark(gate.decided, word, kind)]


def points(minutes: tuple[Minute, ...], unit: Unit) -> Points:
    """A value stands in the middle of its minute."""
    return [
        (minute.at + 30.0, value, f"{clock(minute.at)} {exact(minute, unit)}")
        for minute in minutes
        if math.isfinite(value := value_of(minute))
    ]


def exact(minute: Minute, unit: Unit) -> str:
    """``0.5 % (3 of 600)``."""
    said = written(value_of(minute), unit)
    return f"{said} ({minute.value:,.0f} of {minute.of:,.0f})" if minute.of is not None else said


def title(record: Record) -> str:
    change = f"{record.old} → {record.new}" if record.old else record.new
    return f"{record.app} {change}: {record.result}"


def span(record: Record) -> str:
    """``13:07 to 13:42 UTC (35 min)``."""
    if record.ended is None:
        return f"since {clock(record.started)} UTC"
    return f"{clock(record.started)} to {clock(record.ended)} UTC ({lasting(record.ended - record.started)})"
