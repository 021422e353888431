"""MetricDataQueries: checked as GetMetricData checks them, and answered from a store."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from senza.sandbox.cloudwatch import arithmetic
from senza.sandbox.cloudwatch.arithmetic import Scope, Series, Value
from senza.sandbox.cloudwatch.data import MINUTE, Key, Store, is_statistic, periods, statistic
from senza.sandbox.cloudwatch.expressions import ExpressionError, parse

MAX_QUERIES = 500
ID = re.compile(r"[a-z][a-zA-Z0-9_]{0,254}")
SHORT_PERIODS = (1, 5, 10, 20, 30)
DAY = 86_400.0


class Invalid(Exception):
    """Why CloudWatch refuses a request. code: as the API reference calls it."""

    def __init__(self, message: str, code: str = "ValidationError") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Query:
    """One MetricDataQuery: either a metric (key, statistic, unit) or an expression. period: seconds, 0 for none."""

    id: str
    label: str
    returned: bool
    period: int
    key: Key | None = None
    statistic: str = ""
    unit: str | None = None
    expression: str = ""


def dimensions_of(given: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    return {one["Name"]: one.get("Value", "") for one in given or ()}


def check_period(period: int | None, where: str) -> int:
    if period is None or not (period in SHORT_PERIODS or (period > 0 and period % MINUTE == 0)):
        raise Invalid(f"The value {period} for parameter {where} must be 1, 5, 10, 20, 30 or a multiple of 60.")
    return period


def checked(given: Sequence[Mapping[str, Any]]) -> list[Query]:
    """The queries of a request. Raises Invalid as the API does."""
    if len(given) > MAX_QUERIES:
        raise Invalid(f"The collection MetricDataQueries must not have a size greater than {MAX_QUERIES}.")
    for number, one in enumerate(given, 1):
        where = f"MetricDataQueries.member.{number}"
        if not ID.fullmatch(one.get("Id") or ""):
            raise Invalid(
                f"The value {one.get('Id')} for parameter {where}.Id is not matching the expected pattern "
                f"^[a-z][a-zA-Z0-9_]*$."
            )
        if ("MetricStat" in one) == bool(one.get("Expression")):
            which = "mutually exclusive and you have specified both" if "MetricStat" in one else "required: give one"
            raise Invalid(f"The parameters {where}.Expression and {where}.MetricStat are {which}.")
    if len({one["Id"] for one in given}) < len(given):
        raise Invalid("The values for parameter id in MetricDataQueries are not unique.")
    return [query(one, f"MetricDataQueries.member.{number}") for number, one in enumerate(given, 1)]


def query(given: Mapping[str, Any], where: str) -> Query:
    ident, returned = given["Id"], given.get("ReturnData") is not False
    if "MetricStat" not in given:
        period = check_period(given["Period"], f"{where}.Period") if given.get("Period") else 0
        return Query(ident, given.get("Label") or ident, returned, period, expression=given["Expression"])
    stat = given["MetricStat"]
    metric = stat.get("Metric") or {}
    if not metric.get("Namespace") or not metric.get("MetricName"):
        raise Invalid(f"The parameter {where}.MetricStat.Metric needs Namespace and MetricName.")
    if not is_statistic(stat.get("Stat") or ""):
        raise Invalid(f"The value {stat.get('Stat')} for parameter {where}.MetricStat.Stat is not supported.")
    period = check_period(stat.get("Period"), f"{where}.MetricStat.Period")
    key = Key.of(metric["Namespace"], metric["MetricName"], dimensions_of(metric.get("Dimensions")))
    label = given.get("Label") or metric["MetricName"]
    return Query(ident, label, returned, period, key, stat["Stat"], stat.get("Unit"))


def rounded(start: float, now: float, period: int) -> int:
    """StartTime rounded down, as the reference of GetMetricData says: the older, the coarser."""
    age = now - start
    step = MINUTE if age < 15 * DAY else 300 if age < 63 * DAY else 3600
    if period < MINUTE and age < DAY / 8:
        step = period
    return int(start // step * step)


def read(store: Store, query: Query, start: float, end: float, now: float) -> Series:
    """A metric's series. start, end: seconds since the epoch, both without their odd seconds; the end is exclusive."""
    assert query.key is not None
    step = min(query.period, MINUTE)
    end = end // step * step
    begin = rounded(start, now, query.period)
    found = periods(store.between(query.key, begin, end, query.unit), begin, query.period)
    values = {at: statistic(data, query.statistic) for at, data in found.items()}
    points = {at: value for at, value in values.items() if value is not None}
    return Series(query.label, points, range(begin, int(end), query.period), query.key in store)


class Evaluation:
    """The values of queries that refer to each other, each computed once."""

    def __init__(self, store: Store, queries: Sequence[Query], start: float, end: float, now: float) -> None:
        self._queries = {one.id: one for one in queries}
        self._found: dict[str, Value] = {}
        self._busy: set[str] = set()
        self._asked = (store, start, end, now)

    def value(self, ident: str) -> Value:
        """Raises ExpressionError."""
        if ident not in self._queries:
            raise ExpressionError(f"it refers to {ident}, which is no id of this request")
        if ident in self._busy:
            raise ExpressionError(f"{ident} refers to itself")
        if ident not in self._found:
            self._busy.add(ident)
            one = self._queries[ident]
            self._found[ident] = self._read(one) if one.key else self._computed(one)
            self._busy.remove(ident)
        return self._found[ident]

    def _computed(self, one: Query) -> Value:
        scope = Scope(self.value, self._metrics)
        return arithmetic.evaluate(parse(one.expression), scope)

    def _read(self, one: Query) -> Series:
        store, start, end, now = self._asked
        return read(store, one, start, end, now)

    def _metrics(self) -> dict[str, Series]:
        return {ident: self._read(one) for ident, one in self._queries.items() if one.key}

    def result(self, one: Query) -> list[Series]:
        """Its series: several where the expression gives an array. Raises Invalid."""
        try:
            found = self.value(one.id)
        except ExpressionError as error:
            raise Invalid(f"Error in expression '{one.id}': {error}.") from error
        if isinstance(found, Series):
            return [found]
        if isinstance(found, list):
            return found
        raise Invalid(f"Error in expression '{one.id}': it gives a number, and not a time series.")


def answers(
    store: Store, queries: Sequence[Query], start: float, end: float, now: float
) -> list[tuple[Query, str, Mapping[int, float]]]:
    """(query, label, points) of those that are to be returned, in their order. Raises Invalid."""
    if start >= end:
        less = "must not equal parameter EndTime" if start == end else "must be less than the parameter EndTime"
        raise Invalid(f"The parameter StartTime {less}.")
    evaluation = Evaluation(store, queries, start, end, now)
    found = [(one, evaluation.result(one)) for one in queries]  # those that are not returned must be right, too
    return [
        (one, one.label if one.key or len(series) == 1 else f"{one.label} {each.label}", each.points)
        for one, series in found
        if one.returned
        for each in series
    ]
