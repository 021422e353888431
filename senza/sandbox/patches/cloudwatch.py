"""Gap: moto's GetMetricData fails on percentiles and answers expressions with nothing, mixes up dimensions, and takes
data into AWS's own namespaces and of any age.

The operations on data are answered from a store of the sandbox's own, see ``senza.sandbox.cloudwatch``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from senza.sandbox.cloudwatch.data import BASIC, MINUTE, PERCENTILE, Datum, Key, Store, periods, statistic
from senza.sandbox.cloudwatch.queries import DAY, Invalid, answers, check_period, checked, dimensions_of, rounded
from senza.sandbox.world import world

BIGGEST = 2.0**360
MAX_DATA, MAX_VALUES, MAX_DIMENSIONS, MAX_POINTS, PAGE = 1000, 150, 30, 1440, 500
PAST, FUTURE = 14 * DAY, 7200.0
WRONG = "InvalidParameterValue"
CLASH = "InvalidParameterCombination"


def store_of(backend: Any) -> Store:
    """The data of moto's backend; gone with it when the sandbox is reset."""
    found: Store = backend.__dict__.setdefault("senza_store", Store())
    return found


def seconds(moment: Any) -> float:
    """Of moto's naive UTC, or of an aware moment; since the epoch."""
    return float((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def naive(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC).replace(tzinfo=None)


def refuse(error: Invalid) -> Exception:
    from moto.cloudwatch.exceptions import CloudWatchException

    refused: Exception = CloudWatchException(error.code, str(error))
    return refused


def here() -> Store:
    """The data of the account and region that is meant, where AWS's services report to."""
    from moto.cloudwatch.models import cloudwatch_backends

    account, region = world.place
    return store_of(cloudwatch_backends[account][region])


# -- in -------------------------------------------------------------------------------------------------------------
def datum(given: Mapping[str, Any], where: str, now: float) -> Datum:
    """What a MetricDatum reports. Raises Invalid as PutMetricData does."""
    at = seconds(given["Timestamp"]) if given.get("Timestamp") else now
    if at < now - PAST:
        raise Invalid(f"The parameter {where}.Timestamp must specify a time no more than two weeks in the past.", WRONG)
    if at > now + FUTURE:
        raise Invalid(
            f"The parameter {where}.Timestamp must specify a time no more than two hours in the future.", WRONG
        )
    kinds = [kind for kind in ("Value", "Values", "StatisticValues") if given.get(kind) not in (None, [])]
    if len(kinds) != 1:
        both = " and ".join(f"{where}.{kind}" for kind in kinds)
        raise Invalid(
            f"The parameters {both} are mutually exclusive and you have specified both."
            if kinds
            else f"The parameter {where} needs Value, Values or StatisticValues.",
            CLASH,
        )
    step = 1 if given.get("StorageResolution") == 1 else MINUTE
    at, unit = at // step * step, given.get("Unit") or "None"
    if kinds == ["StatisticValues"]:
        names = ("SampleCount", "Sum", "Minimum", "Maximum")
        count, total, least, most = (float(given["StatisticValues"][name]) for name in names)
        check_numbers([count, total, least, most], f"{where}.StatisticValues")
        return Datum.of_statistics(at, count, total, least, most, unit)
    values = [float(one) for one in given.get("Values") or [given.get("Value")]]
    counts = [float(one) for one in given.get("Counts") or [1.0] * len(values)]
    check_numbers(values, f"{where}.{kinds[0]}")
    if len(counts) != len(values):
        raise Invalid(f"The parameters {where}.Values and {where}.Counts must be of the same size.", WRONG)
    if len(values) > MAX_VALUES or min(counts) <= 0:
        raise Invalid(f"The collection {where}.Values must have 1 to {MAX_VALUES} values, each counted.", WRONG)
    return Datum.of(at, zip(values, counts, strict=True), unit)


def check_numbers(values: list[float], where: str) -> None:
    for value in values:
        if not math.isfinite(value) or abs(value) > BIGGEST:
            raise Invalid(f"The value {value} for parameter {where} is invalid.", WRONG)


def put(store: Store, namespace: str, given: list[dict[str, Any]], now: float) -> None:
    """PutMetricData: all of it or nothing. Raises Invalid."""
    if namespace.startswith("AWS/"):
        raise Invalid(f"The value {namespace} for parameter Namespace is invalid.", WRONG)
    if not 1 <= len(given) <= MAX_DATA:
        raise Invalid(f"The collection MetricData must have a size between 1 and {MAX_DATA}.", WRONG)
    found = []
    for number, one in enumerate(given, 1):
        where = f"MetricData.member.{number}"
        if len(one.get("Dimensions") or ()) > MAX_DIMENSIONS:
            raise Invalid(f"The collection {where}.Dimensions must not have more than {MAX_DIMENSIONS} members.", WRONG)
        key = Key.of(namespace, one["MetricName"], dimensions_of(one.get("Dimensions")))
        found.append((key, datum(one, where, now)))
    for key, data in found:
        store.add(key, data)


# -- out ------------------------------------------------------------------------------------------------------------
def metric_data(store: Store, given: Mapping[str, Any], now: float) -> dict[str, Any]:
    """GetMetricData. Raises Invalid."""
    start, end = seconds(given["StartTime"]), seconds(given["EndTime"])
    newest_first = given.get("ScanBy") != "TimestampAscending"
    results = []
    for query, label, points in answers(store, checked(given.get("MetricDataQueries") or []), start, end, now):
        moments = sorted(points, reverse=newest_first)
        results.append(
            {
                "Id": query.id,
                "Label": label,
                "Timestamps": [naive(at) for at in moments],
                "Values": [points[at] for at in moments],
                "StatusCode": "Complete",
            }
        )
    return {"MetricDataResults": results, "Messages": []}


def metric_statistics(store: Store, given: Mapping[str, Any], now: float) -> dict[str, Any]:
    """GetMetricStatistics. Raises Invalid."""
    start, end = seconds(given["StartTime"]), seconds(given["EndTime"])
    basic, extended = given.get("Statistics") or [], given.get("ExtendedStatistics") or []
    if bool(basic) == bool(extended):
        raise Invalid("Must specify either Statistics or ExtendedStatistics", CLASH)
    for name in (*basic, *extended):
        if name not in BASIC and not (name in extended and PERCENTILE.fullmatch(name)):
            raise Invalid(f"The value {name} for parameter {'Extended' * bool(extended)}Statistics is invalid.", WRONG)
    if start >= end:
        raise Invalid("The parameter StartTime must be less than the parameter EndTime.", WRONG)
    period = check_period(given.get("Period"), "Period")
    coarsest = 3600 if now - start > 63 * DAY else 300 if now - start > 15 * DAY else 1
    if period % coarsest:
        raise Invalid(f"The parameter Period must be a multiple of {coarsest} for data of that age.", WRONG)
    begin, end = rounded(start, now, period), end // min(period, MINUTE) * min(period, MINUTE)
    if (wanted := math.ceil((end - begin) / period)) > MAX_POINTS:
        raise Invalid(
            f"You have requested up to {wanted} datapoints, which exceeds the limit of {MAX_POINTS}. You may reduce "
            "the datapoints requested by increasing Period, or decreasing the time range.",
            CLASH,
        )
    key = Key.of(given["Namespace"], given["MetricName"], dimensions_of(given.get("Dimensions")))
    points: list[dict[str, Any]] = []
    data = store.between(key, begin, end, given.get("Unit"))
    for unit in sorted({one.unit for one in data}):
        for at, found in periods([one for one in data if one.unit == unit], begin, period).items():
            values = {name: statistic(found, name) for name in (*basic, *extended)}
            values = {name: value for name, value in values.items() if value is not None}
            shown = values if basic else {"ExtendedStatistics": values}
            points.append({"Timestamp": naive(at), "Unit": unit, **shown})
    points.sort(key=lambda one: one["Timestamp"].minute % 7)  # "not returned in chronological order"
    return {"Label": given["MetricName"], "Datapoints": points}


def list_metrics(store: Store, given: Mapping[str, Any], now: float) -> dict[str, Any]:
    """ListMetrics: those with data within two weeks, or three hours where asked for. Raises Invalid."""
    since = now - (3 * 3600 if given.get("RecentlyActive") == "PT3H" else PAST)
    wanted = [(one["Name"], one.get("Value")) for one in given.get("Dimensions") or ()]
    found = [
        key
        for key in store.keys(since)
        if given.get("Namespace") in (None, key.namespace)
        and given.get("MetricName") in (None, key.name)
        and all(any(name == one[0] and value in (None, one[1]) for one in key.dimensions) for name, value in wanted)
    ]
    token = given.get("NextToken") or "0"
    if not token.isdigit():
        raise Invalid("Request parameter NextToken is invalid", WRONG)
    start = int(token)
    page = [
        {
            "Namespace": key.namespace,
            "MetricName": key.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in key.dimensions],
        }
        for key in found[start : start + PAGE]
    ]
    return {"Metrics": page, "NextToken": str(start + PAGE) if len(found) > start + PAGE else None}


def apply() -> None:
    from moto.cloudwatch.responses import CloudWatchResponse
    from moto.core.responses import ActionResult, EmptyResult

    def reading(answer: Callable[[Store, Mapping[str, Any], float], dict[str, Any]]) -> Any:
        def handler(self: Any) -> Any:
            try:
                return ActionResult(answer(store_of(self.cloudwatch_backend), self._get_params(), world.timeline.now))
            except Invalid as error:
                raise refuse(error) from error

        return handler

    def put_metric_data(self: Any) -> Any:
        given = self._get_params()
        try:
            data = given.get("MetricData") or []
            put(store_of(self.cloudwatch_backend), given["Namespace"], data, world.timeline.now)
        except Invalid as error:
            raise refuse(error) from error
        return EmptyResult()

    CloudWatchResponse.get_metric_data = reading(metric_data)
    CloudWatchResponse.get_metric_statistics = reading(metric_statistics)
    CloudWatchResponse.list_metrics = reading(list_metrics)
    CloudWatchResponse.put_metric_data = put_metric_data
