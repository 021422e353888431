"""Looking at a growing number of events minute by minute, with no more false alarms than were promised.

At each minute there is a smallest number of events that is too many: the one with which the probability of having had
too many at this or an earlier minute stays within what may be spent by then. As the numbers are small whole ones, what
cannot be spent at one minute is left for the next ones. The probabilities are counted out minute by minute: from the
distribution of the sum, those sums that were too many are taken away, as the rollout would have ended there. This is
the recursion of P. Armitage, C. K. McPherson, B. C. Rowe: Repeated Significance Tests on Accumulating Data. Journal of
the Royal Statistical Society A 132 (1969), 235-244, for discrete data and with alpha spending.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from senza.rollout.judging.counts import EXACT_VARIANCE, Table, approximate_tail, folded, tails


@dataclass(frozen=True)
class Significance:
    """p_value: the probability of what was seen, where the new version is no worse. limit: too little if not above.

    A limit of 0 says that there was too little data for any conclusion.
    """

    p_value: float = 1.0
    limit: float = 0.0

    @property
    def significant(self) -> bool:
        return 0 < self.limit >= self.p_value


@dataclass(frozen=True)
class Step:
    """One minute. seen: events of the first version. budget: the part of alpha that this minute adds.

    open: whether there is enough data for a conclusion; if not, the budget is left for later.
    """

    table: Table
    seen: int
    budget: float
    open: bool


def repeated(steps: Sequence[Step]) -> Significance:
    """What the last of these minutes says, given that each of them was looked at."""
    offset, probabilities = 0, [1.0]
    variance = available = 0.0
    seen = 0
    exact = True
    for number, step in enumerate(steps, 1):
        last = number == len(steps)
        seen += step.seen
        available += step.budget
        variance += step.table.cumulants()[1]
        exact = exact and variance <= EXACT_VARIANCE
        if exact:
            offset, probabilities = folded(offset, probabilities, step.table.distribution())
            if not step.open:
                continue
            above = tails(probabilities)
            if last:
                place = seen - offset
                return Significance(above[max(place, 0)] if place < len(above) else 0.0, available)
            cut = next((i for i, one in enumerate(above) if one <= available), len(above))
            if cut < len(above):
                available -= above[cut]
                probabilities = probabilities[:cut]
            if not probabilities:  # whatever was seen would have been too much
                return Significance(0.0, available)
        elif last and step.open:
            return Significance(approximate_tail([one.table for one in steps], seen), available)
        elif step.open:
            available = 0.0
    return Significance()
