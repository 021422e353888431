"""What a gate says of its evidence: from values to values."""

from __future__ import annotations

from senza.rollout.judging.bounds import bound_series
from senza.rollout.judging.ratios import bound_ratio, compare_ratios
from senza.rollout.judging.series import compare_series
from senza.rollout.judging.spending import is_ratio
from senza.rollout.judging.words import Finding
from senza.rollout.model import Alarm, Evidence, Gate, Says, Verdict


def judge(gate: Gate, evidence: Evidence, *, share: float, since: float = 0.0, baseline: bool = True) -> Verdict:
    """One look.

    evidence: all minutes since the rollout's first change of traffic, and of the old version also earlier ones: the
    promise about false alarms is for looks at a growing number of minutes.
    share: the part of the rollout's false alarms that is this gate's, see ``shares``.
    since: when the traffic changed last, seconds since the epoch; no pass without ``gate.least`` since then.
    baseline: whether there is an old version at all; if not, only bounds and alarms count.
    """
    findings = _findings(gate, evidence, share, since, baseline)
    worst = next(
        says for says in (Says.FAIL, Says.INCONCLUSIVE, Says.PASS) if any(one.says is says for one in findings)
    )
    because = "; ".join(one.because for one in findings if one.says is worst)
    figures: dict[str, float] = {}
    for one in sorted(findings, key=lambda one: one.says is worst):  # those of what is said win
        figures |= one.figures
    return Verdict(gate.name, worst, because, figures)


def _findings(gate: Gate, evidence: Evidence, share: float, since: float, baseline: bool) -> list[Finding]:
    """At least one."""
    if evidence.alarming:
        alarms = ", ".join(evidence.alarming)
        return [Finding(Says.FAIL, f"{gate.name}: in state ALARM: {alarms}")]
    if evidence.unavailable:
        return [Finding(Says.INCONCLUSIVE, f"{gate.name} cannot be read: {evidence.unavailable}")]
    if isinstance(gate.source, Alarm):
        return [Finding(Says.PASS, f"{gate.name}: no alarm")]
    bounded = gate.minimum is not None or gate.maximum is not None
    compared = gate.compare and baseline
    alpha = (1 - gate.confidence) * share
    if is_ratio(gate):
        part = alpha / 2 if bounded and compared else alpha
        found = [compare_ratios(gate, evidence, part, since)] if compared else []
        found += [bound_ratio(gate, evidence, part, since)] if bounded else []
    else:
        found = [compare_series(gate, evidence, alpha, since)] if compared else []
        found += [bound_series(gate, evidence, since)] if bounded else []
    return found or [Finding(Says.PASS, f"{gate.name}: no version to compare with")]
