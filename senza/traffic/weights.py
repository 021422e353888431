"""The arithmetic of traffic: integers out of 200, no AWS.

Route 53 gives each weighted record ``weight / sum of weights`` of the answers (Amazon Route 53 Developer Guide,
"Weighted routing"). We keep the sum at exactly 200, so that one unit is half a percent. When every weight is 0,
Route 53 answers with *every* record: a sum of 0 is the one thing that must not be written by accident.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

TOTAL = 200
"""The sum of the weights of one domain, in half percents."""

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Shift(Generic[K]):
    """New weights, and why the asked version did not get what was asked (None where it did)."""

    weights: Mapping[K, int]
    because: str | None = None


def shift(current: Mapping[K, int], target: K, asked: int) -> Shift[K]:
    """Give ``asked`` half percents (0 to 200) to ``target`` and split the rest among those that have traffic.

    current: weight of every record of one domain, any non-negative integers; ``target`` is one of them.

    A record without traffic never gains any; one with traffic keeps at least 1 unless 100 % was asked; what is left
    is split in proportion to the current weights by largest remainder. The result sums to 200, except that it is all 0
    where the last record with traffic is set to 0, which is for the caller to refuse.
    """
    if not 0 <= asked <= TOTAL:
        raise ValueError(f"a weight is 0 to {TOTAL} half percents, not {asked}")
    others = {key: weight for key, weight in current.items() if key != target and weight > 0}
    given, because = asked, None
    if asked > 0 and not others and asked < TOTAL:
        given, because = TOTAL, "no other version has traffic"
    elif asked < TOTAL and TOTAL - asked < len(others):
        given = TOTAL - len(others)
        because = f"each of the {len(others)} other versions with traffic keeps at least 0.5 %"
    weights = {**dict.fromkeys(current, 0), **apportion(others, TOTAL - given), target: given}
    return Shift(weights, because)


def apportion(shares: Mapping[K, int], seats: int) -> dict[K, int]:
    """Split ``seats`` in proportion to positive ``shares`` by largest remainder (Hamilton's method).

    Everybody gets at least 1 as long as there are enough seats, and 0 where there are none: who would get 0 is given 1,
    and the rest is split among the others. Splitting a result again gives the same result.
    """
    if seats == 0 or not shares:
        return dict.fromkeys(shares, 0)
    if seats < len(shares):
        raise ValueError(f"{seats} seats are not enough for {len(shares)} shares")
    least: dict[K, int] = {}
    while True:
        rest = {key: share for key, share in shares.items() if key not in least}
        result = largest_remainder(rest, seats - len(least))
        without = [key for key, units in result.items() if units == 0]
        if not without:
            return {key: least[key] if key in least else result[key] for key in shares}
        least.update(dict.fromkeys(without, 1))


def largest_remainder(shares: Mapping[K, int], seats: int) -> dict[K, int]:
    """Hamilton's method alone. Of equal remainders the larger share comes first, then the order of ``shares``."""
    total = sum(shares.values())
    result = {key: share * seats // total for key, share in shares.items()}
    by_remainder = sorted(shares, key=lambda key: (shares[key] * seats % total, shares[key]), reverse=True)
    for key in by_remainder[: seats - sum(result.values())]:
        result[key] += 1
    return result


def effective(weights: Mapping[K, int]) -> dict[K, float]:
    """The share of answers in percent that Route 53 gives each record: equal ones when all weights are 0."""
    total = sum(weights.values())
    if total == 0:
        return {key: 100.0 / len(weights) for key in weights}
    return {key: 100.0 * weight / total for key, weight in weights.items()}


def percent(weight: int) -> str:
    """Half percents as people write them: ``1`` is ``0.5``, ``200`` is ``100``."""
    return f"{weight / 2:g}"
