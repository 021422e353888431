"""What is stored of metrics, and the statistics of it."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter

Dimensions = tuple[tuple[str, str], ...]
"""(name, value), sorted by name: a metric is identified by all of them."""
PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{0,10})?|100)")
MINUTE = 60


@dataclass(frozen=True)
class Key:
    """What identifies a metric."""

    namespace: str
    name: str
    dimensions: Dimensions = ()

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Mapping[str, str]) -> Key:
        return cls(namespace, name, tuple(sorted(dimensions.items())))


@dataclass(frozen=True)
class Datum:
    """What one call reported for one moment: values, or the statistics of values that nobody kept.

    at: seconds since the epoch, the beginning of the minute (or second) that it is for.
    values: (value, how often); None where only statistics were reported.
    """

    at: float
    count: float
    total: float
    least: float
    most: float
    values: tuple[tuple[float, float], ...] | None
    unit: str = "None"

    @classmethod
    def of(cls, at: float, values: Iterable[tuple[float, float]], unit: str = "None") -> Datum:
        """From (value, how often); there must be one that occurred."""
        kept = tuple((value, count) for value, count in values if count > 0)
        amounts = [value for value, _ in kept]
        total = sum(value * count for value, count in kept)
        return cls(at, sum(count for _, count in kept), total, min(amounts), max(amounts), kept, unit)

    @classmethod
    def of_statistics(
        cls, at: float, count: float, total: float, least: float, most: float, unit: str = "None"
    ) -> Datum:
        """From a statistic set. Where all its values must have been the same, they are known ("Percentiles")."""
        known = least == most and total == least * count
        return cls(at, count, total, least, most, ((least, count),) if known else None, unit)


class Store:
    """The data of one account and region."""

    def __init__(self) -> None:
        self._series: dict[Key, list[Datum]] = {}

    def add(self, key: Key, datum: Datum) -> None:
        insort(self._series.setdefault(key, []), datum, key=attrgetter("at"))

    def forget(self, key: Key, before: float) -> None:
        """Drop the data of a metric from before that time, all but the newest."""
        data = self._series[key]
        del data[: min(bisect_left(data, before, key=attrgetter("at")), len(data) - 1)]

    def __contains__(self, key: Key) -> bool:
        return key in self._series

    def keys(self, since: float) -> list[Key]:
        """The metrics that had data since then."""
        return [key for key, data in self._series.items() if data[-1].at >= since]

    def between(self, key: Key, start: float, end: float, unit: str | None = None) -> list[Datum]:
        """From start on, before end; of that unit, where one is given."""
        data = self._series.get(key, [])
        found = data[bisect_left(data, start, key=attrgetter("at")) : bisect_left(data, end, key=attrgetter("at"))]
        return found if unit is None else [one for one in found if one.unit == unit]


def periods(data: Sequence[Datum], start: float, period: int) -> dict[int, list[Datum]]:
    """The data by the beginning of its period; periods are counted from start on."""
    found: dict[int, list[Datum]] = {}
    for one in data:
        found.setdefault(int(start + (one.at - start) // period * period), []).append(one)
    return found


def count(data: Sequence[Datum]) -> float:
    return sum(one.count for one in data)


BASIC: dict[str, Callable[[Sequence[Datum]], float]] = {
    "SampleCount": count,
    "Sum": lambda data: sum(one.total for one in data),
    "Average": lambda data: sum(one.total for one in data) / count(data),
    "Minimum": lambda data: min(one.least for one in data),
    "Maximum": lambda data: max(one.most for one in data),
}


def is_statistic(name: str) -> bool:
    """Whether the sandbox has it: the five basic ones and percentiles."""
    return name in BASIC or PERCENTILE.fullmatch(name) is not None


def statistic(data: Sequence[Datum], name: str) -> float | None:
    """One of :func:`is_statistic` of the data, of which there is some; None where the data does not allow it.

    Percentiles need values, not statistic sets, and none below zero ("Percentiles"). They are found by rank: the least
    value that at least that share of all values does not exceed.
    """
    if name in BASIC:
        return BASIC[name](data)
    if any(one.values is None or one.least < 0 for one in data):
        return None
    pairs = sorted(chain.from_iterable(one.values or () for one in data))
    wanted = float(name[1:]) / 100 * count(data)
    passed = 0.0
    for value, times in pairs:
        passed += times
        if passed >= wanted - 1e-9:
            return value
    return pairs[-1][0]
