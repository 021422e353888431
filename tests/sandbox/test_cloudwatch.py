"""CloudWatch's data: what goes in, which statistics and expressions come out, and what is refused."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.aws import Aws
from senza.errors import AwsError
from senza.sandbox.cloudwatch.arithmetic import Scope, Series, evaluate
from senza.sandbox.cloudwatch.data import BASIC, Datum, statistic
from senza.sandbox.cloudwatch.expressions import parse
from senza.sandbox.embedded import EmbeddedSandbox

HERE = [{"Name": "StackVersion", "Value": "1"}]


def metric(name: str, stat: str = "Sum", period: int = 60, **other: Any) -> dict[str, Any]:
    return {
        "MetricStat": {
            "Metric": {"Namespace": "hello", "MetricName": name, "Dimensions": HERE},
            "Period": period,
            "Stat": stat,
            **other,
        }
    }


class Watch:
    """Reports and asks by minutes since the sandbox's start; the clock is advanced behind them."""

    def __init__(self, sandbox: EmbeddedSandbox, aws: Aws) -> None:
        self.aws = aws
        self.start = sandbox.clock.now()
        sandbox.advance(3600)

    def at(self, minute: float) -> datetime:
        return datetime.fromtimestamp(self.start + 60 * minute, UTC)

    def put(self, name: str, *values: float | None, **other: Any) -> None:
        """One value for each minute, from the first on; None for a minute without data."""
        data = [
            {"MetricName": name, "Dimensions": HERE, "Timestamp": self.at(minute), "Value": value, **other}
            for minute, value in enumerate(values)
            if value is not None
        ]
        self.aws.call("cloudwatch", "put_metric_data", Namespace="hello", MetricData=data)

    def put_one(self, name: str, minute: float = 0, **data: Any) -> None:
        one = {"MetricName": name, "Dimensions": HERE, "Timestamp": self.at(minute), **data}
        self.aws.call("cloudwatch", "put_metric_data", Namespace="hello", MetricData=[one])

    def data(self, *queries: dict[str, Any], minutes: float = 10, **other: Any) -> list[dict[str, Any]]:
        other = {"StartTime": self.at(0), "EndTime": self.at(minutes), "ScanBy": "TimestampAscending"} | other
        answer = self.aws.call("cloudwatch", "get_metric_data", MetricDataQueries=list(queries), **other)
        found: list[dict[str, Any]] = answer["MetricDataResults"]
        return found

    def values(self, expression: str, **metrics: str) -> dict[int, float]:
        """Of an expression on metrics (``id="Name"``): by minute."""
        queries = [{"Id": ident, "ReturnData": False, **metric(name)} for ident, name in metrics.items()]
        (found,) = self.data(*queries, {"Id": "expression", "Expression": expression})
        minutes = [round((at.timestamp() - self.start) / 60) for at in found["Timestamps"]]
        return dict(zip(minutes, found["Values"], strict=True))

    def refused(self, operation: str, **parameters: Any) -> AwsError:
        with pytest.raises(AwsError) as raised:
            self.aws.call("cloudwatch", operation, **parameters)
        return raised.value

    def refused_data(self, *queries: dict[str, Any]) -> AwsError:
        with pytest.raises(AwsError) as raised:
            self.data(*queries)
        return raised.value


@pytest.fixture
def watch(sandbox: EmbeddedSandbox, aws: Aws) -> Watch:
    return Watch(sandbox, aws)


# -- statistics


@given(st.lists(st.tuples(st.floats(0, 1e6), st.integers(1, 5)), min_size=1), st.floats(0, 100))
def test_statistics_are_those_of_all_the_values(pairs: list[tuple[float, int]], percent: float) -> None:
    values = [value for value, times in pairs for _ in range(times)]
    data = [Datum.of(0, pairs[:1])] + ([Datum.of(0, pairs[1:])] if pairs[1:] else [])
    found = {name: statistic(data, name) for name in BASIC}
    assert found == {
        "SampleCount": len(values),
        "Sum": pytest.approx(sum(values)),
        "Average": pytest.approx(statistics.fmean(values)),
        "Minimum": min(values),
        "Maximum": max(values),
    }
    at_percent = statistic(data, f"p{math.floor(percent)}")
    assert at_percent is not None
    assert sum(value <= at_percent for value in values) >= math.floor(percent) / 100 * len(values) - 1e-6
    assert sum(value < at_percent for value in values) <= math.floor(percent) / 100 * len(values) + 1e-6


def test_distributions_and_percentiles(watch: Watch) -> None:
    watch.put_one("Latency", Values=[float(one) for one in range(1, 101)], Counts=[1.0] * 100)
    watch.put_one("Latency", Values=[500.0], Counts=[900.0])
    stats = ("p5", "p50", "p99.9", "Minimum", "SampleCount")
    found = watch.data(*({"Id": f"q{number}", **metric("Latency", one)} for number, one in enumerate(stats)))
    assert [one["Values"] for one in found] == [[50.0], [500.0], [500.0], [1.0], [1000.0]]


def test_statistic_sets_have_percentiles_only_where_all_values_are_the_same(watch: Watch) -> None:
    same = {"SampleCount": 4.0, "Sum": 8.0, "Minimum": 2.0, "Maximum": 2.0}
    watch.put_one("A", StatisticValues=same)
    watch.put_one("B", StatisticValues=same | {"Sum": 9.0, "Maximum": 3.0})
    queries = [("A", "p99"), ("B", "p99"), ("B", "Average"), ("B", "Maximum")]
    found = watch.data(*({"Id": f"q{number}", **metric(*one)} for number, one in enumerate(queries)))
    assert [one["Values"] for one in found] == [[2.0], [], [2.25], [3.0]]


def test_units_dimensions_and_periods(watch: Watch, aws: Aws) -> None:
    watch.put("A", 1, 2, 3, 4, 5, 6, 7, Unit="Count")
    watch.put_one("A", Value=100.0, Unit="Seconds")
    by_unit = watch.data({"Id": "a", **metric("A", Unit="Count")}, {"Id": "b", **metric("A", Unit="Bytes")})
    assert [one["Values"] for one in by_unit] == [[1, 2, 3, 4, 5, 6, 7], []]
    # periods count from the minute that was asked for, and the minute of the end is left out
    (threes,) = watch.data({"Id": "a", **metric("A", period=180)}, minutes=6.9, StartTime=watch.at(1.5))
    assert (threes["Values"], threes["Timestamps"][0]) == ([9, 11], watch.at(1))
    other = metric("A")
    other["MetricStat"]["Metric"]["Dimensions"] = []
    (without,) = watch.data({"Id": "a", **other})
    assert without == {"Id": "a", "Label": "A", "Timestamps": [], "Values": [], "StatusCode": "Complete"}
    (newest_first,) = watch.data({"Id": "a", **metric("A", Unit="Count")}, ScanBy="TimestampDescending")
    assert newest_first["Values"] == [7, 6, 5, 4, 3, 2, 1]


def test_get_metric_statistics(watch: Watch, aws: Aws) -> None:
    watch.put("A", 1, 2, 3, 4, Unit="Count")
    given = {
        "Namespace": "hello",
        "MetricName": "A",
        "Dimensions": HERE,
        "StartTime": watch.at(0),
        "EndTime": watch.at(4),
        "Period": 120,
    }
    found = aws.call("cloudwatch", "get_metric_statistics", Statistics=["Sum", "Maximum"], **given)["Datapoints"]
    assert sorted((one["Timestamp"], one["Sum"], one["Maximum"], one["Unit"]) for one in found) == [
        (watch.at(0), 3.0, 2.0, "Count"),
        (watch.at(2), 7.0, 4.0, "Count"),
    ]
    found = aws.call("cloudwatch", "get_metric_statistics", ExtendedStatistics=["p50"], **given)["Datapoints"]
    assert sorted(one["ExtendedStatistics"]["p50"] for one in found) == [1.0, 3.0]
    for wrong in (
        {"Statistics": ["Sum"], "ExtendedStatistics": ["p50"]},
        {},
        {"Statistics": ["p50"]},
        {"Statistics": ["Sum"], "Period": 61},
        {"Statistics": ["Sum"], "StartTime": watch.at(-1441), "Period": 60},
    ):
        watch.refused("get_metric_statistics", **{**given, **wrong})


def test_list_metrics_knows_what_is_recent(watch: Watch, aws: Aws, sandbox: EmbeddedSandbox) -> None:
    watch.put("A", 1)
    watch.put("B", 1)

    def names(**given: Any) -> list[str]:
        return [one["MetricName"] for one in aws.pages("cloudwatch", "list_metrics", "Metrics", **given)]

    assert names(Namespace="hello", Dimensions=[{"Name": "StackVersion"}]) == ["A", "B"]
    assert names(MetricName="B", Dimensions=HERE) == ["B"]
    assert names(Dimensions=[{"Name": "StackVersion", "Value": "2"}]) == []
    sandbox.advance(15 * 86_400)
    assert names() == []


# -- what is refused


@pytest.mark.parametrize(
    ("namespace", "data"),
    [
        ("AWS/ELB", {"Value": 1.0}),
        ("hello", {}),
        ("hello", {"Value": 1.0, "Values": [1.0]}),
        ("hello", {"Values": [1.0, 2.0], "Counts": [1.0]}),
        ("hello", {"Value": math.nan}),
        ("hello", {"Value": 2.0**361}),
        ("hello", {"Values": [1.0] * 151}),
    ],
)
def test_data_that_cloudwatch_does_not_take(watch: Watch, namespace: str, data: dict[str, Any]) -> None:
    watch.refused("put_metric_data", Namespace=namespace, MetricData=[{"MetricName": "A", **data}])


def test_data_of_another_age(watch: Watch) -> None:
    watch.put_one("A", minute=-14 * 1440 + 61, Value=1.0)
    for minute in (-14 * 1440 + 59, 60 + 121):
        one = {"MetricName": "A", "Value": 1.0, "Timestamp": watch.at(minute)}
        refused = watch.refused("put_metric_data", Namespace="hello", MetricData=[one])
        assert refused.code == "InvalidParameterValue"


@pytest.mark.parametrize(
    "queries",
    [
        [{"Id": "Big", **metric("A")}],
        [{"Id": "a", **metric("A")}, {"Id": "a", **metric("B")}],
        [{"Id": "a", **metric("A"), "Expression": "b"}],
        [{"Id": "a"}],
        [{"Id": "a", **metric("A", "Median")}],
        [{"Id": "a", **metric("A", period=61)}],
        [{"Id": f"q{number}", **metric("A")} for number in range(501)],
        [{"Id": "e", "Expression": "m9 + 1"}],
        [{"Id": "e", "Expression": "f"}, {"Id": "f", "Expression": "e"}],
        [{"Id": "a", **metric("A")}, {"Id": "e", "Expression": "SUM(a)"}],
        [{"Id": "e", "Expression": "1 +"}],
    ],
)
def test_queries_that_cloudwatch_does_not_answer(watch: Watch, queries: list[dict[str, Any]]) -> None:
    assert watch.refused_data(*queries).code == "ValidationError"


@pytest.mark.parametrize("expression", ["SEARCH('{AWS/ELB}', 'Sum')", "ANOMALY_DETECTION_BAND(a)", "TIME_SERIES(1)"])
def test_functions_that_are_not_there_are_named(watch: Watch, expression: str) -> None:
    refused = watch.refused_data({"Id": "a", **metric("A")}, {"Id": "e", "Expression": expression})
    assert f"has no function {expression.split('(')[0]}" in refused.message


# -- metric math


def test_arithmetic_where_both_have_data(watch: Watch) -> None:
    watch.put("Errors", 1, None, 3, 4)
    watch.put("Requests", 10, 20, None, 0)
    assert watch.values("100 * e / r", e="Errors", r="Requests") == {0: 10.0}  # not the fourth: a division by zero
    assert watch.values("-(e - 1) ^ 2", e="Errors") == {0: 0.0, 2: -4.0, 3: -9.0}
    assert watch.values("e >= 3 && e != 4", e="Errors") == {0: 0.0, 2: 1.0, 3: 0.0}


def test_filling(watch: Watch) -> None:
    watch.put("Errors", 1, None, 3)
    watch.put("Requests", *[10] * 10)
    assert watch.values("FILL(e, 0)", e="Errors") == {minute: {0: 1, 2: 3}.get(minute, 0) for minute in range(10)}
    assert watch.values("FILL(e, REPEAT)", e="Errors") == {0: 1, 1: 1} | dict.fromkeys(range(2, 10), 3)
    assert watch.values("FILL(e, r)", e="Errors", r="Requests") == {0: 1, 1: 10, 2: 3} | dict.fromkeys(range(3, 10), 10)
    assert watch.values("FILL(e, 0)", e="NeverHadData") == {}


def test_arrays_and_what_reduces_them(watch: Watch) -> None:
    watch.put("A", 1, 2, None)
    watch.put("B", 10, None, 30)
    assert watch.values("SUM(METRICS())", a="A", b="B") == {0: 11, 1: 2, 2: 30}
    assert watch.values("AVG([a, b])", a="A", b="B") == {0: 5.5, 1: 2, 2: 30}
    assert watch.values("a / MAX(a)", a="A") == {0: 0.5, 1: 1}
    assert watch.values("SUM(METRICS('first') * 2)", first_a="A", b="B") == {0: 2, 1: 4}
    both = watch.data(
        {"Id": "a", "ReturnData": False, **metric("A")},
        {"Id": "b", "ReturnData": False, **metric("B")},
        {"Id": "e", "Expression": "METRICS() + 1", "Label": "more"},
    )
    assert [(one["Id"], one["Label"], one["Values"]) for one in both] == [
        ("e", "more A", [2, 3]),
        ("e", "more B", [11, 31]),
    ]


def test_conditions_and_rates(watch: Watch) -> None:
    watch.put("A", 60, 120, 60)
    assert watch.values("IF(a > 100, a, 0)", a="A") == {0: 0, 1: 120, 2: 0}
    assert watch.values("IF(a > 100, a)", a="A") == {1: 120}
    assert watch.values("RATE(a)", a="A") == {1: 1, 2: -1}
    assert watch.values("a / PERIOD(a)", a="A") == {0: 1, 1: 2, 2: 1}
    assert watch.values("half", a="A", half="A") == {0: 60, 1: 120, 2: 60}


@given(st.recursive(st.integers(1, 9).map(str), lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner)))
def test_precedence_is_that_of_arithmetic(tree: Any) -> None:
    def written(node: Any, brackets: bool = False) -> str:
        if isinstance(node, str):
            return node
        text = f"{written(node[0])} {node[1]} {written(node[2], True)}"
        return f"({text})" if brackets else text

    def nobody(ident: str) -> Series:
        raise AssertionError(ident)

    text = written(tree)
    try:
        expected = float(eval(text))
    except ZeroDivisionError:
        expected = math.nan
    found = evaluate(parse(text), Scope(nobody, dict))
    assert found == pytest.approx(expected, nan_ok=True)


def test_a_sequence_of_statistics_is_quick(watch: Watch) -> None:
    """Data of one metric does not make reading another one slower: each is found by its key."""
    found: Sequence[Any] = watch.data(*({"Id": f"q{number}", **metric(f"M{number}")} for number in range(500)))
    assert len(found) == 500
