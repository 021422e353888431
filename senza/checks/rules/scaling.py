"""Scaling policies and scheduled actions: numbers and times that AWS refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from senza.checks.model import Hit, Resource, Rule, Subject, entries, literal, mapping, target, unknown
from senza.checks.rules.availability import GROUP, seconds_of
from senza.definition.suggest import did_you_mean

POLICY = "AWS::AutoScaling::ScalingPolicy"
ACTION = "AWS::AutoScaling::ScheduledAction"
OLD_NAME = "US/Pacific"
"""Where this machine does not know it, it was given a part of the database only."""
FORECAST_SECONDS = 3600
"""Instances can be started less than this before they are needed (PredictiveScalingConfiguration)."""
_NAMES = {
    "month": ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
    "day of week": ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
}
CRON = (("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("day of week", 0, 7))


def wrong_policies(subject: Subject) -> Iterator[Hit]:
    for policy in subject.of(POLICY):
        tracking = mapping(policy.properties.get("TargetTrackingConfiguration"))
        value = literal(tracking.get("TargetValue"))
        if tracking and is_number(value) and float(value) <= 0:
            message = f"a target of {value} cannot be held"
            yield _about(policy, "Targets", message, "Write a number above 0.")
        own = mapping(tracking.get("CustomizedMetricSpecification"))
        missing = [name for name in ("MetricName", "Namespace", "Statistic") if name not in own]
        if own and not unknown(own) and "Metrics" not in own and missing:
            message = f"a metric of your own needs {' and '.join(missing)}"
            yield _about(policy, "Targets", message, "Or Metrics, with expressions.")
        yield from _wrong_forecast(policy, mapping(policy.properties.get("PredictiveScalingConfiguration")))


def _wrong_forecast(policy: Resource, given: Mapping[str, Any]) -> Iterator[Hit]:
    if not given:
        return
    behavior, buffered = given.get("MaxCapacityBreachBehavior"), given.get("MaxCapacityBuffer")
    plain = not unknown(behavior) and not unknown(buffered)
    if plain and (literal(behavior) == "IncreaseMaxCapacity") != (buffered is not None):
        message = "IncreaseMaxCapacity and MaxCapacityBuffer need each other"
        hint = "Write both, or none of them."
        yield _about(policy, "Predictive", message, hint)
    buffer = literal(given.get("SchedulingBufferTime"))
    if is_number(buffer) and not 0 <= float(buffer) < FORECAST_SECONDS:
        message = f"SchedulingBufferTime {buffer} is not less than the hour that is forecast"
        yield _about(policy, "Predictive", message, f"Write 0 to {FORECAST_SECONDS - 1} seconds.")
    for one in entries(given.get("MetricSpecifications")):
        pair = mapping(mapping(one).get("PredefinedMetricPairSpecification"))
        value = literal(mapping(one).get("TargetValue"))
        percent = literal(pair.get("PredefinedMetricType")) == "ASGCPUUtilization"
        if is_number(value) and not 0 < float(value) <= (100 if percent else float("inf")):
            message = f"{value} {'percent of CPU ' if percent else ''}cannot be what an instance should have"
            yield _about(policy, "Predictive", message, "Write e.g. 60." if percent else "Write a number above 0.")


def _about(policy: Resource, section: str, message: str, hint: str) -> Hit:
    return Hit(message, policy.id, (), ("AutoScaling", section), hint=hint)


def is_number(text: str) -> bool:
    return bool(re.fullmatch(r"-?\d{1,12}(\.\d+)?", text))


def wrong_times(subject: Subject) -> Iterator[Hit]:
    actions = list(subject.of(ACTION))
    for action in actions:
        given, words = action.properties, ("AutoScaling", "Schedule")
        if problem := cron_problem(literal(given.get("Recurrence"))):
            hint = "minute hour day-of-month month day-of-week, e.g. 0 7 * * MON-FRI"
            yield Hit(problem, action.id, ("Recurrence",), words, hint=hint)
        zone = literal(given.get("TimeZone"))
        if zone and zone not in (known := available_timezones()) and OLD_NAME in known:
            hint = did_you_mean(zone, known) or "Write a name of the IANA database, e.g. Europe/Berlin."
            cities = [name for name in sorted(known) if name.endswith(f"/{zone}")]
            hint = f"Did you mean {cities[0]}?" if cities else hint
            yield Hit(f"there is no time zone {zone}", action.id, ("TimeZone",), words, hint=hint)
        for name in ("StartTime", "EndTime"):
            text = literal(given.get(name))
            if text and not may_be_utc(text):
                hint = "Write it as UTC: 2026-12-01T06:00:00Z."
                yield Hit(f"{name} {text!r} is no time", action.id, (name,), words, hint=hint)
        sizes = [seconds_of(given.get(name)) for name in ("MinSize", "DesiredCapacity", "MaxSize")]
        known_sizes = [size for size in sizes if size is not None]
        if known_sizes != sorted(known_sizes):
            message = "Minimum, DesiredCapacity and Maximum of an action must not be less than the one before"
            yield Hit(message, action.id, (), words, hint="Correct the sizes.")


def may_be_utc(text: str) -> bool:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    return not moment.utcoffset()


def cron_problem(text: str) -> str:
    """Why Auto Scaling would refuse the expression, "" where it would not ("Recurring schedules" in its guide)."""
    fields = text.split()
    if not text:
        return ""
    if len(fields) != len(CRON):
        return f"{text!r} is no cron expression of five fields"
    for (name, least, most), field in zip(CRON, fields, strict=True):
        for part in field.split(","):
            values, _, step = part.partition("/")
            ends = [] if values in ("*", "?") else values.split("-")
            numbers = [_cron_value(name, end) for end in ends]
            wrong = len(ends) > 2 or any(one is None or not least <= one <= most for one in numbers)
            if wrong or (("/" in part) and not re.fullmatch(r"[1-9]\d?", step)):
                return f"{part} is no {name} in {text!r}"
    return ""


def _cron_value(name: str, text: str) -> int | None:
    if re.fullmatch(r"\d{1,2}", text):
        return int(text)
    names = _NAMES.get(name, [])
    return names.index(text.upper()) + (name == "month") if text.upper() in names else None


def unreachable(subject: Subject) -> Iterator[Hit]:
    """A minimum that the group's maximum, and that of no other action, allows."""
    groups = {group.id: group for group in subject.of(GROUP)}
    actions = list(subject.of(ACTION))
    for action in actions:
        name = target(action.properties.get("AutoScalingGroupName"))
        least, group = seconds_of(action.properties.get("MinSize")), groups.get(name)
        others = [one.properties for one in actions if target(one.properties.get("AutoScalingGroupName")) == name]
        maxima = [one.get("MaxSize") for one in others if "MaxSize" in one]
        maxima += [group.properties.get("MaxSize")] if group else []
        numbers = [seconds_of(one) for one in maxima]
        if least is None or not numbers or any(one is None or one >= least for one in numbers):
            continue
        message = f"the group has never {least} instances, which the action wants as a minimum: it would fail"
        yield Hit(message, action.id, ("MinSize",), ("AutoScaling", "Schedule"), hint="Raise Maximum.")


SCALING = Rule(
    id="SZ315",
    severity="error",
    title="A scaling policy cannot be made",
    why="AWS refuses the policy after the group was made, and the whole stack is rolled back.",
    link="https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScalingPolicy.html",
    find=wrong_policies,
    bad="""\
SenzaComponents:
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
      AutoScaling: {Minimum: 1, Maximum: 4, Predictive: {Metric: CPU, Value: 60, MaxCapacityBuffer: 10}}
""",
    good="""\
SenzaComponents:
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
      AutoScaling:
        Minimum: 1
        Maximum: 4
        Predictive:
          {Metric: CPU, Value: 60, MaxCapacityBreachBehavior: IncreaseMaxCapacity, MaxCapacityBuffer: 10}
""",
)
TIMES = Rule(
    id="SZ316",
    severity="error",
    title="A scheduled action cannot be made",
    why="AWS refuses times, time zones and cron expressions that there are not.",
    link="https://docs.aws.amazon.com/autoscaling/ec2/userguide/scheduled-scaling-cron-expressions-and-time-zones.html",
    find=wrong_times,
    bad="""\
SenzaComponents:
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
      AutoScaling:
        Minimum: 1
        Maximum: 4
        Schedule: {Morning: {Recurrence: 0 7 * * MON-FRI, TimeZone: Berlin, Minimum: 2}}
""",
    good="""\
SenzaComponents:
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
      AutoScaling:
        Minimum: 1
        Maximum: 4
        Schedule: {Morning: {Recurrence: 0 7 * * MON-FRI, TimeZone: Europe/Berlin, Minimum: 2}}
""",
)
UNREACHABLE = Rule(
    id="SZ318",
    severity="warning",
    title="A scheduled action wants more than the group may have",
    why="The action fails when its time has come, and nobody is there to see it.",
    link="https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html",
    find=unreachable,
    bad="""\
SenzaComponents:
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
      AutoScaling:
        Minimum: 1
        Maximum: 4
        Schedule: {Morning: {Recurrence: 0 7 * * MON-FRI, Minimum: 6}}
""",
    good="""\
SenzaComponents:
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
      AutoScaling:
        Minimum: 1
        Maximum: 8
        Schedule: {Morning: {Recurrence: 0 7 * * MON-FRI, Minimum: 6}}
""",
)
