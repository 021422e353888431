"""Alarms: their states as time goes on, what TreatMissingData does, and those that stacks make."""

from __future__ import annotations

from typing import Any

import pytest

from senza.aws import Aws
from senza.errors import AwsError
from senza.sandbox.cloudwatch.alarms import rule_of, state
from senza.sandbox.embedded import EmbeddedSandbox
from tests.sandbox.stacks import Stacks

ERRORS = {
    "AlarmName": "errors",
    "Namespace": "hello",
    "MetricName": "Errors",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 2,
    "Threshold": 10.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


class Alarms:
    def __init__(self, sandbox: EmbeddedSandbox, aws: Aws) -> None:
        self.sandbox, self.aws = sandbox, aws

    def put(self, **other: Any) -> None:
        given = {key: value for key, value in {**ERRORS, **other}.items() if value is not None}
        self.aws.call("cloudwatch", "put_metric_alarm", **given)

    def refused(self, **other: Any) -> str:
        with pytest.raises(AwsError) as raised:
            self.put(**other)
        return str(raised.value.code)

    def minute(self, *values: float, name: str = "Errors") -> str:
        """Report values, let their minute pass, and look at the alarm."""
        if values:
            self.sandbox.report("hello", name, {}, *values)
        self.sandbox.advance(60)
        return str(self.now()["StateValue"])

    def now(self, **filters: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.aws.call("cloudwatch", "describe_alarms", **filters)["MetricAlarms"][0]
        return found


@pytest.fixture
def alarms(sandbox: EmbeddedSandbox, aws: Aws) -> Alarms:
    return Alarms(sandbox, aws)


def test_states_follow_the_data(alarms: Alarms) -> None:
    alarms.put()
    assert alarms.now()["StateValue"] == "INSUFFICIENT_DATA"
    assert [alarms.minute(value) for value in (1, 20, 20, 20, 1)] == ["OK", "OK", "ALARM", "ALARM", "OK"]
    assert "crossed the threshold 10" in alarms.now()["StateReason"]


def test_a_state_has_the_time_at_which_it_came_even_when_nobody_looked(
    alarms: Alarms, sandbox: EmbeddedSandbox
) -> None:
    alarms.put()
    start = sandbox.clock.now()
    for minute in range(5):
        sandbox.report("hello", "Errors", {}, 20, at=start + 60 * minute)
    sandbox.advance(300)
    found = alarms.now(StateValue="ALARM")
    assert found["StateUpdatedTimestamp"].timestamp() == start + 120
    sandbox.advance(3600)
    assert alarms.now()["StateValue"] == "INSUFFICIENT_DATA"


def test_two_of_three_percentiles_and_periods_of_several_minutes(alarms: Alarms) -> None:
    alarms.put(EvaluationPeriods=3, DatapointsToAlarm=2, Statistic=None, ExtendedStatistic="p90")
    assert [alarms.minute(1, 1, 1, value) for value in (20, 1, 20, 1)] == ["OK", "OK", "ALARM", "OK"]
    alarms.put(EvaluationPeriods=1, Period=180, Threshold=25.0)
    assert alarms.now()["StateValue"] == "OK"
    assert [alarms.minute(10) for _ in range(3)] == ["ALARM", "OK", "ALARM"], (
        "evaluated every minute, on the last three"
    )


def test_metric_math(alarms: Alarms) -> None:
    metrics = [
        {
            "Id": ident,
            "ReturnData": False,
            "MetricStat": {"Metric": {"Namespace": "hello", "MetricName": name}, "Period": 60, "Stat": "Sum"},
        }
        for ident, name in (("errors", "Errors"), ("requests", "Requests"))
    ]
    ratio = {"Id": "ratio", "Expression": "100 * FILL(errors, 0) / requests"}
    plain = dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period"))
    alarms.put(Metrics=[*metrics, ratio], EvaluationPeriods=1, Threshold=5.0, **plain)
    alarms.sandbox.report("hello", "Requests", {}, 100)
    assert alarms.minute(6) == "ALARM"
    assert alarms.minute(100, name="Requests") == "OK"
    assert alarms.now()["Metrics"][2]["Expression"] == ratio["Expression"]
    assert alarms.refused(Metrics=[*metrics, {**ratio, "Expression": "nobody + 1"}], **plain) == "ValidationError"
    assert alarms.refused(Metrics=[*metrics, ratio, {**ratio, "Id": "again"}], **plain) == "ValidationError"
    assert alarms.refused(Metrics=[*metrics, ratio]) == "ValidationError"


X, O, N = 20.0, 0.0, None  # noqa: E741 - as in the tables of the user guide: breaching, not breaching, no data


@pytest.mark.parametrize(
    ("to_alarm", "values", "missing", "ignore", "breaching", "not_breaching"),
    [
        (3, [O, N, X, N, X], "OK", "OK", "OK", "OK"),
        (3, [N, N, N, N, O], "OK", "OK", "OK", "OK"),
        (3, [N, N, N, N, N], "INSUFFICIENT_DATA", "RETAIN", "ALARM", "OK"),
        (3, [O, X, X, N, X], "ALARM", "ALARM", "ALARM", "ALARM"),
        (3, [N, N, X, N, N], "ALARM", "RETAIN", "ALARM", "OK"),
        (2, [O, N, X, N, X], "ALARM", "ALARM", "ALARM", "ALARM"),
        (2, [O, O, X, O, X], "ALARM", "ALARM", "ALARM", "ALARM"),
        (2, [O, N, X, N, N], "OK", "OK", "ALARM", "OK"),
        (2, [N, N, N, N, O], "OK", "OK", "ALARM", "OK"),
        (2, [N, N, N, X, N], "ALARM", "RETAIN", "ALARM", "OK"),
    ],
)
def test_missing_data_as_in_the_tables_of_the_user_guide(
    to_alarm: int, values: list[float | None], missing: str, ignore: str, breaching: str, not_breaching: str
) -> None:
    given = ERRORS | {"EvaluationPeriods": 3, "DatapointsToAlarm": to_alarm}
    found = [
        state(rule_of(given | {"TreatMissingData": treatment}), values, "RETAIN")
        for treatment in ("missing", "ignore", "breaching", "notBreaching")
    ]
    assert found == [missing, ignore, breaching, not_breaching]


def test_too_few_samples_for_a_percentile_may_be_ignored(alarms: Alarms) -> None:
    extended = {"Statistic": None, "ExtendedStatistic": "p90", "EvaluationPeriods": 1}
    alarms.put(**extended, EvaluateLowSampleCountPercentile="ignore")
    assert alarms.minute(*[20] * 50) == "INSUFFICIENT_DATA"
    assert alarms.minute(*[20] * 100) == "ALARM"


def test_a_state_that_was_set_lasts_until_the_next_evaluation(alarms: Alarms, aws: Aws) -> None:
    alarms.put()
    alarms.minute(1)
    aws.call("cloudwatch", "set_alarm_state", AlarmName="errors", StateValue="ALARM", StateReason="a test")
    assert alarms.now()["StateValue"] == "ALARM"
    assert alarms.minute(1) == "OK"


@pytest.mark.parametrize(
    "wrong",
    [
        {"DatapointsToAlarm": 3},
        {"Period": 61},
        {"Period": 3000, "EvaluationPeriods": 30},
        {"TreatMissingData": "sometimes"},
        {"ExtendedStatistic": "p99"},
        {"Statistic": None, "ExtendedStatistic": "best"},
        {"Threshold": None},
        {"MetricName": None},
    ],
)
def test_alarms_that_cloudwatch_refuses(alarms: Alarms, wrong: dict[str, Any]) -> None:
    assert alarms.refused(**wrong) in ("ValidationError", "InvalidParameterValue")


def test_filters_and_pages(alarms: Alarms, aws: Aws) -> None:
    for name in ("app-1-errors", "app-2-errors", "other"):
        alarms.put(AlarmName=name, AlarmActions=[f"arn:aws:sns:eu-central-1:123456789012:{name}"])

    def names(**given: Any) -> list[str]:
        return [one["AlarmName"] for one in aws.pages("cloudwatch", "describe_alarms", "MetricAlarms", **given)]

    assert names(PaginationConfig={"PageSize": 1}) == ["app-1-errors", "app-2-errors", "other"]
    assert names(AlarmNamePrefix="app-", StateValue="OK") == []
    assert names(AlarmNames=["other", "nobody"]) == ["other"]
    assert names(ActionPrefix="arn:aws:sns:eu-central-1:123456789012:app-2") == ["app-2-errors"]
    assert names(AlarmTypes=["CompositeAlarm"]) == []


def test_alarms_of_a_stack(alarms: Alarms, stacks: Stacks, aws: Aws) -> None:
    given = {key: value for key, value in ERRORS.items() if key != "AlarmName"}
    written = given | {"Period": "60", "EvaluationPeriods": "1", "Threshold": "10"}

    def resources(**other: Any) -> dict[str, Any]:
        return {"Errors": {"Type": "AWS::CloudWatch::Alarm", "Properties": written | other}}

    outputs = {"Arn": {"Value": {"Fn::GetAtt": ["Errors", "Arn"]}}, "Name": {"Value": {"Ref": "Errors"}}}
    stacks.create("app-1", resources(), Outputs=outputs)
    found = alarms.now()
    said = {one["OutputKey"]: one["OutputValue"] for one in stacks.describe("app-1")["Outputs"]}
    assert said == {"Arn": found["AlarmArn"], "Name": found["AlarmName"]}
    assert found["AlarmName"].startswith("app-1-Errors-")
    assert alarms.minute(20) == "ALARM"
    stacks.update("app-1", resources(Threshold="30"), Outputs=outputs)
    assert alarms.now()["AlarmName"] == found["AlarmName"]
    assert alarms.minute(20) == "OK"
    stacks.update("app-1", resources(AlarmName="mine"), Outputs=outputs)
    assert [one["AlarmName"] for one in aws.pages("cloudwatch", "describe_alarms", "MetricAlarms")] == ["mine"]
    stacks.delete("app-1")
    assert aws.call("cloudwatch", "describe_alarms")["MetricAlarms"] == []
    stacks.create("app-2", {"Errors": {"Type": "AWS::CloudWatch::Alarm", "Properties": written | {"Period": 7}}})
    assert stacks.status("app-2") == "ROLLBACK_COMPLETE"
