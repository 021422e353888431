"""CloudWatch: everything a look wants to know in one GetMetricData call, and the states of alarms in another.

A call takes 500 queries (GetMetricData in the API reference); more are several calls. What one gate asks wrongly makes
CloudWatch refuse the whole call, so then each of the definition's own questions is asked alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from senza.aws import Aws
from senza.aws.failures import DENIED, EXPIRED, INVALID, THROTTLED
from senza.errors import AwsError
from senza.rollout.metrics.targets import Side, Targets, alarm_name, hopeless
from senza.rollout.model import Evidence, Metric, MetricMath
from senza.rollout.settings.placeholders import fill

PERIOD = 60
"""Seconds per data point."""
QUERIES = 500
ALARMS = 100
"""Names per DescribeAlarms call (API reference)."""
NOT_THE_QUESTION = EXPIRED | INVALID | DENIED | THROTTLED | {"Connection", "InternalServiceError", "ServiceUnavailable"}
"""Error codes that have nothing to do with what was asked."""
_LOGICAL_ID = re.compile(r"[A-Za-z0-9]{1,255}", re.ASCII)
_WORD = re.compile(r"'[^']*'|\"[^\"]*\"|\b[a-z][A-Za-z0-9_]*\b")

Question = Metric | MetricMath
Points = Mapping[int, float]
"""Beginning of the minute → value."""


@dataclass(frozen=True)
class Window:
    """Whole minutes, seconds since the epoch; the end is exclusive."""

    start: int
    end: int

    @classmethod
    def of(cls, start: float, end: float) -> Window:
        """The minutes that lie wholly inside."""
        return cls(math.ceil(start / PERIOD) * PERIOD, math.floor(end / PERIOD) * PERIOD)

    def __bool__(self) -> bool:
        return self.start < self.end


@dataclass(frozen=True)
class Unknown:
    """A question without an answer, and why."""

    because: str


Answers = Mapping[Question, Points | Unknown]


def filled(question: Question, side: Side) -> Question:
    """The question for that version."""
    values = side.values
    if isinstance(question, MetricMath):
        metrics = tuple((name, filled_metric(metric, values)) for name, metric in question.metrics)
        return replace(question, metrics=metrics)
    return filled_metric(question, values)


def filled_metric(metric: Metric, values: Mapping[str, str]) -> Metric:
    return replace(
        metric,
        namespace=fill(metric.namespace, values),
        name=fill(metric.name, values),
        dimensions=tuple((name, fill(value, values)) for name, value in metric.dimensions),
    )


def ask(aws: Aws, built_in: Iterable[Question], own: Iterable[Question], window: Window) -> Answers:
    """The minutes of each question.

    built_in: those that are known to be well-formed. Raises AwsError where no call would work.
    """
    safe = list(dict.fromkeys(built_in))
    risky = [question for question in dict.fromkeys(own) if question not in safe]
    if not safe and not risky:
        return {}
    try:
        return fetch(aws, [*safe, *risky], window)
    except AwsError as error:
        if hopeless(error):
            raise
        if error.code in NOT_THE_QUESTION or not risky or len(safe) + len(risky) == 1:
            return dict.fromkeys([*safe, *risky], Unknown(error.message))
    apart = [safe, *([question] for question in risky)]
    jobs = {number: partial(fetch_or_say, aws, part, window) for number, part in enumerate(apart) if part}
    return {question: points for part in aws.parallel(jobs).values() for question, points in part.items()}


def fetch_or_say(aws: Aws, questions: Sequence[Question], window: Window) -> Answers:
    try:
        return fetch(aws, questions, window)
    except AwsError as error:
        if hopeless(error):
            raise
        return dict.fromkeys(questions, Unknown(error.message))


def fetch(aws: Aws, questions: Sequence[Question], window: Window) -> Answers:
    """Raises AwsError."""
    jobs: dict[int, Callable[[], Answers]] = {
        number: partial(fetch_part, aws, part, window) for number, part in enumerate(parts(questions))
    }
    return {question: points for part in aws.parallel(jobs).values() for question, points in part.items()}


def parts(questions: Sequence[Question]) -> Iterator[list[Question]]:
    """As many questions at a time as a call takes, counting the metrics of expressions each time."""
    part: list[Question] = []
    room = QUERIES
    for question in questions:
        size = 1 + (len(question.metrics) if isinstance(question, MetricMath) else 0)
        if size > room:
            yield part
            part, room = [], QUERIES
        part.append(question)
        room -= size
    if part:
        yield part


def fetch_part(aws: Aws, questions: Sequence[Question], window: Window) -> Answers:
    queries = Queries()
    ids = {queries.add(question): question for question in questions}
    results = aws.pages(
        "cloudwatch",
        "get_metric_data",
        "MetricDataResults",
        MetricDataQueries=queries.items(),
        StartTime=datetime.fromtimestamp(window.start, UTC),
        EndTime=datetime.fromtimestamp(window.end, UTC),
        ScanBy="TimestampAscending",
    )
    found: dict[str, list[Mapping[str, Any]]] = {}
    for result in results:
        found.setdefault(result["Id"], []).append(result)
    return {question: points_of(found.get(query_id, ())) for query_id, question in ids.items()}


def points_of(results: Sequence[Mapping[str, Any]]) -> Points | Unknown:
    """What the pages say about one query."""
    if len({result.get("Label") for result in results}) > 1:
        return Unknown("the expression answers with several series; a gate needs one")
    points: dict[int, float] = {}
    for result in results:
        if result.get("StatusCode") in ("InternalError", "Forbidden"):
            told = "; ".join(str(message.get("Value", "")) for message in result.get("Messages", ()))
            return Unknown(f"CloudWatch says {result['StatusCode']}{': ' if told else ''}{told}")
        for moment, value in zip(result["Timestamps"], result["Values"], strict=True):
            if math.isfinite(value):
                points[int(moment.timestamp())] = float(value)
    return points


class Queries:
    """MetricDataQueries in which each metric stands once."""

    def __init__(self) -> None:
        self._ids: dict[Metric, str] = {}
        self._shown: set[str] = set()
        self._maths: list[dict[str, Any]] = []

    def add(self, question: Question) -> str:
        """The id under which the answer comes."""
        if isinstance(question, Metric):
            self._shown.add(self._metric(question))
            return self._metric(question)
        own = {name: self._metric(metric) for name, metric in question.metrics}
        expression = _WORD.sub(lambda match: own.get(match[0], match[0]), question.expression)
        query_id = f"e{len(self._maths)}"
        self._maths.append({"Id": query_id, "Expression": expression, "Period": PERIOD})
        return query_id

    def _metric(self, metric: Metric) -> str:
        return self._ids.setdefault(metric, f"m{len(self._ids)}")

    def items(self) -> list[dict[str, Any]]:
        metrics = [
            {"Id": query_id, "MetricStat": stat(metric), "ReturnData": query_id in self._shown}
            for metric, query_id in self._ids.items()
        ]
        return [*metrics, *self._maths]


def stat(metric: Metric) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in metric.dimensions]
    named = {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions}
    return {"Metric": named, "Period": PERIOD, "Stat": metric.statistic}


def alarm_evidence(aws: Aws, targets: Targets, new: Side, wanted: Mapping[str, str]) -> dict[str, Evidence]:
    """wanted: gate → name or logical id, with placeholders. Raises AwsError where no call would work.

    An alarm without enough data does not alarm: what missing data mean is for its TreatMissingData to say.
    """
    names = {gate: fill(name, new.values) for gate, name in wanted.items()}
    try:
        states = alarm_states(aws, [targets.alarms.get(name, name) for name in names.values()])
        missing = [name for name in names.values() if targets.alarms.get(name, name) not in states]
        resolved = {
            name: alarm_name(aws, targets, new.stack, name) for name in missing if re.fullmatch(r"[A-Za-z0-9]+", name)
        }
        if any(resolved.values()):
            states |= alarm_states(aws, [name for name in resolved.values() if name])
    except AwsError as error:
        if hopeless(error):
            raise
        return {gate: Evidence(unavailable=error.message) for gate in wanted}
    result = {}
    for gate, name in names.items():
        real = targets.alarms.get(name, name)
        if real not in states:
            result[gate] = Evidence(unavailable=f"there is no alarm {name}, neither of that name nor in {new.stack}")
            continue
        state, reason = states[real]
        result[gate] = Evidence(alarming=(f"{real}: {reason}".strip(": "),) if state == "ALARM" else ())
    return result


def alarm_states(aws: Aws, names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Name → state and reason, metric and composite alarms. Raises AwsError."""
    wanted = sorted(set(names))
    found: dict[str, tuple[str, str]] = {}
    for start in range(0, len(wanted), ALARMS):
        answer = aws.call(
            "cloudwatch",
            "describe_alarms",
            AlarmNames=wanted[start : start + ALARMS],
            AlarmTypes=["MetricAlarm", "CompositeAlarm"],
            MaxRecords=ALARMS,
        )
        for alarm in (*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())):
            found[alarm["AlarmName"]] = (alarm["StateValue"], alarm.get("StateReason", ""))
    return found
