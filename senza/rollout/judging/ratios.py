"""Gates whose minutes are counts out of counts: the error ratio, or how many visits end in a conversion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from senza.rollout.judging.counts import Table, at_least, at_most, tail
from senza.rollout.judging.matching import HISTORY_EFFECT, Pair, countable, enough_of_both, pairs
from senza.rollout.judging.sequential import Significance, Step, repeated
from senza.rollout.judging.spending import EARLY, STEADY, spent
from senza.rollout.judging.words import Count, Finding, count, odds, percent, ratio, what
from senza.rollout.model import Better, Evidence, Gate, Minute, Says


@dataclass(frozen=True)
class Worsening:
    """How much worse counts as no worse. relative: of the new version's ratio to the old one's, e.g. 1.25.

    swapped: more is better, so what is counted are the events of the old version.
    """

    relative: float
    base: float
    swapped: bool
    rates: bool

    @classmethod
    def of(cls, gate: Gate, effect: float, base: float, *, rates: bool) -> Worsening:
        swapped = gate.better is Better.HIGHER
        return cls(max(1 - effect, 1e-3) if swapped else 1 + effect, base, swapped, rates)

    @property
    def odds(self) -> float:
        """Of an event in the version that is counted, as odds: of rates the ratio itself.

        (1 + e)(1 - p) / (1 - (1 + e)p) is the odds ratio of (1 + e)p to p.
        """
        new = self.relative
        if not self.rates and new != 1:
            base = min(self.base, 0.999 / max(new, 1.0))
            new *= (1 - base) / (1 - new * base)
        return 1 / new if self.swapped else new

    def table(self, new: Count, old: Count) -> tuple[Table, int]:
        """The minute as a table, and the events that were seen in the version that is counted."""
        one, other = (old, new) if self.swapped else (new, old)
        return Table(one.of, other.of, new.events + old.events, self.odds, self.rates), one.events


def compare_ratios(gate: Gate, evidence: Evidence, alpha: float, since: float) -> Finding:
    """alpha: what all looks of this gate may use up together. since: the fresh minutes begin, epoch seconds."""
    new, old = countable(evidence.new), countable(evidence.old)
    rates = any(minute.value > (minute.of or 0) for minute in (*new, *old))
    of_both = pairs(new, old, enough_of_both, alpha, EARLY)
    matched = [pair for pair in of_both if pair.old]
    alone = [pair for pair in of_both if not pair.old]
    baseline = count(old)
    if baseline.of < gate.least:
        return too_few(gate, "old", baseline.of)
    fresh = count([minute for minute in new if minute.at >= since])
    now = _at_once(gate, matched, rates)
    before = _with_history(gate, alone, baseline, rates)
    last_alone = bool(of_both) and of_both[-1].old is None
    found = before if last_alone else now
    for one in (now, before):
        if one.tested.significant:
            return one.told(gate, Says.FAIL)
    if fresh.of < gate.least:
        return too_few(gate, "new", fresh.of)
    if not now.tested.limit and not before.tested.limit:
        return too_few(gate, "old" if last_alone else "new", min(found.new.of, found.old.of))
    return found.told(gate, Says.PASS)


@dataclass(frozen=True)
class Compared:
    new: Count
    old: Count
    tested: Significance
    earlier: bool

    def told(self, gate: Gate, says: Says) -> Finding:
        worse = "worse" if says is Says.FAIL else "not worse"
        when = " before" if self.earlier else ""
        because = (
            f"{gate.name} {ratio(gate, self.new)} against {ratio(gate, self.old)}{when}: {worse}"
            f" ({odds(self.tested.p_value, self.tested.limit)})"
        )
        figures = {"new": self.new.ratio, "old": self.old.ratio, "n_new": self.new.of, "n_old": self.old.of}
        return Finding(says, because, figures | {"p_value": self.tested.p_value, "alpha": self.tested.limit})


def _at_once(gate: Gate, matched: Sequence[Pair], rates: bool) -> Compared:
    """Over the same minutes."""
    new = count([pair.new for pair in matched])
    old = count([pair.old for pair in matched if pair.old])
    allowed = Worsening.of(gate, gate.effect, old.ratio, rates=rates)
    steps = []
    so_far = least = 0
    for pair in matched:
        assert pair.old
        of = (count([pair.new]), count([pair.old]))
        so_far, least = so_far + of[0].of, least + of[1].of
        table, seen = allowed.table(*of)
        steps.append(Step(table, seen, pair.budget, min(so_far, least) >= gate.least))
    return Compared(new, old, repeated(steps), earlier=False)


def _with_history(gate: Gate, alone: Sequence[Pair], baseline: Count, rates: bool) -> Compared:
    """Where the old version has no traffic any more: with everything that is known of it."""
    new = count([pair.new for pair in alone])
    available, so_far = 0.0, 0
    for number, pair in enumerate(alone, 1):
        so_far += int(pair.new.of or 0)
        available += pair.budget
        if so_far >= gate.least and number < len(alone):
            available = 0.0  # used up by that look
    if not alone or so_far < gate.least:
        return Compared(new, baseline, Significance(), earlier=True)
    allowed = Worsening.of(gate, max(gate.effect, HISTORY_EFFECT), baseline.ratio, rates=rates)
    table, seen = allowed.table(new, baseline)
    return Compared(new, baseline, Significance(tail(table, seen), available), earlier=True)


def too_few(gate: Gate, version: str, number: int) -> Finding:
    said = f"{gate.name}: {number:,}{what(gate)} of the {version} version so far, {gate.least:,} are needed"
    return Finding(Says.INCONCLUSIVE, said)


# -- bounds ----


def bound_ratio(gate: Gate, evidence: Evidence, alpha: float, since: float) -> Finding:
    """Whether the ratio since then is beyond a bound by more than chance: an exact test against the bound."""
    minutes = countable(evidence.new)
    recent = [minute for minute in minutes if minute.at >= since]
    seen = count(recent)
    if seen.of < gate.least:
        return too_few(gate, "new", seen.of)
    limit = alpha * _new_budget(minutes, recent, gate.least)
    rates = any(minute.value > (minute.of or 0) for minute in minutes)
    probability = partial(_beyond, seen, rates=rates)
    figures = {"new": seen.ratio, "n_new": float(seen.of)}
    for bound, word, upper in ((gate.maximum, "above", True), (gate.minimum, "below", False)):
        if bound is None or not (seen.ratio > bound if upper else seen.ratio < bound):
            continue
        p = probability(bound, upper=upper)
        said = f"{gate.name} {ratio(gate, seen)}, {word} {percent(bound)}"
        figures |= {"p_value": p, "alpha": limit, "bound": bound}
        if p <= limit:
            return Finding(Says.FAIL, f"{said} ({odds(p, limit)})", figures)
        return Finding(Says.INCONCLUSIVE, f"{said}, which may be chance ({odds(p, limit)})", figures)
    return Finding(Says.PASS, f"{gate.name} {ratio(gate, seen)}, within its limits", figures)


def _new_budget(minutes: Sequence[Minute], recent: Sequence[Minute], least: int) -> float:
    """The part of alpha that the last minute adds; all that was added since the last conclusion was possible."""
    number = len(minutes)
    previous = count(recent[:-1]).of >= least
    return spent(number, STEADY) - (spent(number - 1, STEADY) if previous else spent(number - len(recent), STEADY))


def _beyond(seen: Count, bound: float, *, upper: bool, rates: bool) -> float:
    bound = max(bound, 0.0)
    if upper:
        return at_least(seen.events, seen.of, bound, rates=rates)
    return at_most(seen.events, seen.of, bound if rates else min(bound, 1.0), rates=rates)
