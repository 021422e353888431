"""Series that must stay within limits.

One bad minute proves nothing, so a gate fails after some bad minutes in a row. A bad last minute is reason to wait for
the next one before going on.
"""

from __future__ import annotations

from collections.abc import Sequence

from senza.rollout.judging.matching import measurable
from senza.rollout.judging.series import too_few
from senza.rollout.judging.words import Finding, minutes, value
from senza.rollout.model import BuiltIn, Evidence, Gate, Says

IN_A_ROW = 3
"""So many minutes beyond a limit fail a gate, if `least` minutes are known altogether."""
HOSTS_IN_A_ROW = 10
"""Of healthy hosts: a group that scales out has hosts that are not healthy yet, for as long as they take to start."""
FEW_HOSTS_IN_A_ROW = 5
"""The same, where fewer than half of the hosts that are wanted are healthy."""


def bound_series(gate: Gate, evidence: Evidence, since: float) -> Finding:
    """What the last minutes say."""
    known = measurable(evidence.new)
    recent = [minute.value for minute in known if minute.at >= since]
    if len(recent) < gate.least:
        return too_few(gate, len(recent), "new")
    values = [minute.value for minute in known]
    last = values[-1]
    for bound, word, sign in ((gate.maximum, "above", 1), (gate.minimum, "below", -1)):
        if bound is None:
            continue
        row = _in_a_row(values, bound, sign)
        if not row:
            continue
        said = f"{gate.name} {value(gate, last)}, {word} {value(gate, bound)} for {minutes(len(row))}"
        figures = {"new": last, "bound": bound, "minutes": float(len(row))}
        if len(row) >= IN_A_ROW and (gate.source is not BuiltIn.HOSTS or _lost(row, bound)):
            return Finding(Says.FAIL, said, figures)
        return Finding(Says.INCONCLUSIVE, said, figures)
    return Finding(Says.PASS, f"{gate.name} {value(gate, last)}, within its limits", {"new": last})


def _in_a_row(values: Sequence[float], bound: float, sign: int) -> list[float]:
    """The last values, as far as all of them are beyond the bound."""
    start = next((i for i in range(len(values), 0, -1) if sign * (values[i - 1] - bound) <= 0), 0)
    return list(values[start:])


def _lost(row: Sequence[float], wanted: float) -> bool:
    """Whether hosts are missing for so long that they do not just start. While their number rises, they do."""
    if row[-1] > min(row):
        return False
    few = [one for one in row[-FEW_HOSTS_IN_A_ROW:] if one < wanted / 2]
    return len(row) >= HOSTS_IN_A_ROW or len(few) == FEW_HOSTS_IN_A_ROW
