"""When an alarm changes its state, as "Using Amazon CloudWatch alarms" tells it.

An alarm is evaluated every minute, on the periods that end then. It looks at some periods more than it needs
(the evaluation range); where even those hold too few data points, TreatMissingData decides.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from senza.sandbox.cloudwatch.data import MINUTE, PERCENTILE, Key, Store, count, is_statistic
from senza.sandbox.cloudwatch.queries import (
    DAY,
    Evaluation,
    Invalid,
    Query,
    check_period,
    checked,
    dimensions_of,
)

OK, ALARM, UNKNOWN = "OK", "ALARM", "INSUFFICIENT_DATA"
COMPARE: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
EXTRA = 2
"""Periods that are looked at beyond those needed: as many as in the user guide's examples."""
LONGEST = 7 * DAY
ITSELF = "alarm"
NUMBERS = ("Threshold",)
COUNTS = ("EvaluationPeriods", "DatapointsToAlarm", "Period")


@dataclass(frozen=True)
class Rule:
    """What an alarm watches. queries: the one called ``watched``, and what it refers to."""

    queries: tuple[Query, ...]
    watched: str
    period: int
    compare: str
    threshold: float
    periods: int
    to_alarm: int
    missing: str
    few_ignored: bool

    @property
    def percentile(self) -> Query | None:
        """The watched metric, where it is a percentile."""
        one = next(one for one in self.queries if one.id == self.watched)
        return one if one.key and PERCENTILE.fullmatch(one.statistic) else None


def rule_of(given: Mapping[str, Any]) -> Rule:
    """The parameters of PutMetricAlarm. Raises Invalid as it does."""
    for name in ("AlarmName", "ComparisonOperator", "EvaluationPeriods"):
        if not given.get(name):
            raise Invalid(f"The parameter {name} is required.")
    if given["ComparisonOperator"] not in COMPARE or given.get("ThresholdMetricId"):
        raise Invalid("the senza sandbox has no alarms on anomalies: give a Threshold and one of " + ", ".join(COMPARE))
    if given.get("Threshold") is None:
        raise Invalid("The parameter Threshold is required.")
    queries, watched = watched_queries(given)
    period = next((one.period for one in queries if one.id == watched and one.period), 0)
    period = period or max(one.period for one in queries)
    periods, to_alarm = int(given["EvaluationPeriods"]), int(given.get("DatapointsToAlarm") or 0)
    if not 0 <= to_alarm <= periods:
        raise Invalid("DatapointsToAlarm must be less than or equal to EvaluationPeriods.")
    if period * periods > (LONGEST if period >= 3600 else DAY):
        raise Invalid("Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).")
    treatment = given.get("TreatMissingData") or "missing"
    if treatment not in TREATMENTS:
        raise Invalid(f"The value {treatment} for parameter TreatMissingData is not one of {', '.join(TREATMENTS)}.")
    return Rule(
        queries=queries,
        watched=watched,
        period=period,
        compare=given["ComparisonOperator"],
        threshold=float(given["Threshold"]),
        periods=periods,
        to_alarm=to_alarm or periods,
        missing=treatment,
        few_ignored=given.get("EvaluateLowSampleCountPercentile") == "ignore",
    )


def watched_queries(given: Mapping[str, Any]) -> tuple[tuple[Query, ...], str]:
    """The queries, and the id of the one that is compared. Raises Invalid."""
    own = [name for name in ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period") if given.get(name)]
    if given.get("Metrics"):
        if own:
            raise Invalid(f"The parameters Metrics and {own[0]} cannot be given together.")
        queries = tuple(checked(given["Metrics"]))
        returned = [one.id for one in queries if one.returned]
        if len(returned) != 1:
            raise Invalid(f"Exactly one element of the metrics list must return data, not {len(returned)}.")
        return queries, returned[0]
    if not given.get("MetricName") or not given.get("Namespace"):
        raise Invalid("The parameters MetricName and Namespace, or Metrics, are required.")
    statistics = [str(given[name]) for name in ("Statistic", "ExtendedStatistic") if given.get(name)]
    if len(statistics) != 1 or not is_statistic(statistics[0]):
        raise Invalid("Exactly one of Statistic and ExtendedStatistic is required, and must be one that there is.")
    period = check_period(int(given["Period"]) if given.get("Period") else None, "Period")
    key = Key.of(given["Namespace"], given["MetricName"], dimensions_of(given.get("Dimensions")))
    query = Query(ITSELF, given["MetricName"], True, period, key, statistics[0], given.get("Unit"))
    return (query,), ITSELF


def points(rule: Rule, store: Store, at: float) -> list[float | None]:
    """The value of each period of the evaluation range, oldest first; None where there is no data.

    Raises Invalid for an expression that is wrong.
    """
    start = at - (rule.periods + EXTRA) * rule.period
    watched = next(one for one in rule.queries if one.id == rule.watched)
    series = Evaluation(store, rule.queries, start, at, at).result(watched)
    if len(series) != 1:
        raise Invalid(f"Error in expression '{rule.watched}': an alarm needs one time series, not {len(series)}.")
    return [series[0].points.get(int(start) + number * rule.period) for number in range(rule.periods + EXTRA)]


def enough(rule: Rule, store: Store, at: float) -> bool:
    """Whether the last period has enough samples for its percentile to be told ("Percentile-based alarms")."""
    if not rule.few_ignored or (query := rule.percentile) is None or query.key is None:
        return True
    share = float(query.statistic[1:]) / 100
    needed = 10 / (1 - share) if 0.5 <= share < 1 else 10 / share if 0 < share < 0.5 else 0
    return count(store.between(query.key, at - rule.period, at, query.unit)) >= round(needed)


def state(rule: Rule, values: Sequence[float | None], current: str) -> str:
    """The state that follows from the values of the evaluation range, oldest first."""
    breaks = COMPARE[rule.compare]
    real = [breaks(value, rule.threshold) for value in values if value is not None]
    if len(real) >= rule.periods:
        return ALARM if sum(real[-rule.periods :]) >= rule.to_alarm else OK
    if not real:
        return {"missing": UNKNOWN, "ignore": current, "breaching": ALARM, "notBreaching": OK}[rule.missing]
    filled = (rule.periods - len(real)) * (rule.missing == "breaching")
    if sum(real) + filled >= rule.to_alarm:
        return ALARM
    oldest = next(len(values) - number for number, value in enumerate(values) if value is not None)
    if all(real) and oldest >= rule.to_alarm and rule.missing in ("missing", "ignore"):
        # "the oldest available breaching datapoint is at least as old as the value of Datapoints to Alarm, and all
        # other more recent data points are breaching or missing"
        return ALARM if rule.missing == "missing" else current
    return OK


def reason(rule: Rule, values: Sequence[float | None], new: str) -> str:
    real = [value for value in values if value is not None][-rule.periods :]
    if not real:
        return f"{new}: no data points were received for {rule.periods} period{'s'[: rule.periods > 1]}."
    breaching = sum(COMPARE[rule.compare](value, rule.threshold) for value in real)
    return (
        f"Threshold Crossed: {breaching} of the last {len(real)} datapoints {[round(value, 6) for value in real]} "
        f"crossed the threshold {rule.threshold:g} ({rule.compare}), {rule.to_alarm} are needed."
    )


def minutes(since: float, until: float) -> range:
    """The full minutes after the one and up to the other, a day of them at most."""
    last = int(until // MINUTE * MINUTE)
    first = int(max(since // MINUTE * MINUTE + MINUTE, last - DAY))
    return range(first, last + 1, MINUTE)


def converted(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of a template's alarm as PutMetricAlarm has them: numbers that are texts are numbers."""
    found = dict(properties)
    for names, kind in ((NUMBERS, float), (COUNTS, int)):
        found |= {name: kind(found[name]) for name in names if name in found}
    for name in ("Metrics", "Dimensions"):
        if name in found:
            found[name] = [converted_query(one) if name == "Metrics" else dict(one) for one in found[name]]
    return found


def converted_query(given: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(given)
    if "ReturnData" in found:
        found["ReturnData"] = str(found["ReturnData"]).lower() == "true"
    if "Period" in found:
        found["Period"] = int(found["Period"])
    if "MetricStat" in found:
        found["MetricStat"] = {**found["MetricStat"], "Period": int(found["MetricStat"]["Period"])}
    return found
