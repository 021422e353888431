"""``AutoScaling``: how many instances, when they count as started, and when there should be more or fewer."""

from __future__ import annotations

import re
from typing import Any

from senza.components.functions import is_function, ref
from senza.components.model import Property
from senza.components.settings import Settings, shown
from senza.definition.suggest import did_you_mean

MAX_SIGNAL_SECONDS = 12 * 3600
"""Longest wait for signals (CloudFormation template reference, CreationPolicy)."""

UNITS = {"B": "Bytes", "KB": "Kilobytes", "MB": "Megabytes", "GB": "Gigabytes", "TB": "Terabytes"}

_SUCCESS = re.compile(r"(?:(\d+)(?:\s+(?:healthy\s+)?instances?)?)?(?:\s*\bwithin\s+(\S.*?))?\s*")
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.IGNORECASE)
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)")

PROPERTIES = (
    Property("Minimum", "integer", "Fewest instances.", required=True),
    Property("Maximum", "integer", "Most instances.", required=True),
    Property("DesiredCapacity", "integer", "Instances to start with; not fewer than Minimum.", 1),
    Property("SuccessRequires", "text", "When the group counts as started, e.g. `4 within 1h20m30s`.", "1 within 15m"),
    Property("MetricType", "CPU, NetworkIn or NetworkOut", "What is watched; nothing by default."),
    Property("ScaleUpThreshold", "number", "Percent of CPU, or e.g. `20 GB` per period: above it instances are added."),
    Property("ScaleDownThreshold", "number", "As above: below it instances are removed."),
    Property("ScalingAdjustment", "integer", "How many instances are added or removed at once.", 1),
    Property("ScaleUpAdjustment", "integer", "As ScalingAdjustment, upwards only."),
    Property("ScaleDownAdjustment", "integer", "As ScalingAdjustment, downwards only."),
    Property("Cooldown", "seconds", "Pause between two adjustments.", 60),
    Property("ScaleUpCooldown", "seconds", "As Cooldown, upwards only."),
    Property("ScaleDownCooldown", "seconds", "As Cooldown, downwards only."),
    Property("Statistic", "text", "CloudWatch statistic that is compared.", "Average"),
    Property("Period", "seconds", "Length of the period that is compared.", 300),
    Property("EvaluationPeriods", "integer", "How many such periods in a row.", 2),
)


def iso_duration(text: str) -> str:
    """``1h20m30s`` as ``PT1H20M30S``. Raises ValueError where it is no duration, or longer than AWS waits."""
    match = _DURATION.fullmatch(text.strip())
    if not match or not any(match.groups()):
        raise ValueError(f"{text!r} is no duration; write e.g. 15m or 1h20m30s")
    hours, minutes, seconds = (int(group or 0) for group in match.groups())
    if not 0 < hours * 3600 + minutes * 60 + seconds <= MAX_SIGNAL_SECONDS:
        raise ValueError(f"{text!r} is not between 1s and 12h, which is as long as CloudFormation waits")
    return "PT" + "".join(f"{int(group)}{unit}" for group, unit in zip(match.groups(), "HMS", strict=True) if group)


def success_requires(value: Any) -> tuple[int, str]:
    """``"4 within 1h20m30s"``, ``"within 20m"`` or ``2`` as count and ISO 8601 duration. Raises ValueError."""
    text = str(value).strip()
    match = _SUCCESS.fullmatch(text)
    if isinstance(value, bool) or not text or not match or not any(match.groups()):
        raise ValueError(f"{text!r} says nothing about when the group has started; write e.g. 1 within 15m")
    return int(match[1] or 1), iso_duration(match[2] or "15m")


def network_threshold(value: Any) -> tuple[str, str]:
    """``"20 GB"`` as number and CloudWatch unit; bytes without a unit. Raises ValueError."""
    match = None if isinstance(value, bool) else _AMOUNT.fullmatch(str(value).strip())
    if not match or (match[2] or "B").upper() not in UNITS:
        raise ValueError(f"{value!r} is no amount of data; write e.g. 20 GB (B, KB, MB, GB, TB)")
    return match[1], UNITS[(match[2] or "B").upper()]


class Scaling:
    """The ``AutoScaling`` section of a group.

    settings: the section. Raises DefinitionError where it is wrong.
    """

    def __init__(self, settings: Settings, group: str) -> None:
        self.settings = settings
        self.group = group
        self.minimum = settings.integer("Minimum", settings.require("Minimum", "1"))
        self.maximum = settings.integer("Maximum", settings.require("Maximum", "3"))
        if isinstance(self.minimum, int) and isinstance(self.maximum, int) and self.minimum > self.maximum:
            raise settings.wrong(f"Minimum {self.minimum} is more than Maximum {self.maximum}", "Minimum")

    @property
    def desired(self) -> Any:
        desired = self.settings.integer("DesiredCapacity", 1)
        if isinstance(desired, int) and isinstance(self.minimum, int):
            return max(desired, self.minimum)
        return desired if "DesiredCapacity" in self.settings else self.minimum

    def policies(self) -> dict[str, dict[str, Any]]:
        """Logical id -> properties of the two scaling policies; none where targets are held instead."""
        if "Targets" in self.settings:
            return {}
        return {
            f"{self.group}ScaleUp": self._policy("ScaleUp", 1),
            f"{self.group}ScaleDown": self._policy("ScaleDown", -1),
        }

    def _policy(self, direction: str, sign: int) -> dict[str, Any]:
        adjustment = self._either(f"{direction}Adjustment", "ScalingAdjustment", 1)
        return {
            "AdjustmentType": "ChangeInCapacity",
            "AutoScalingGroupName": ref(self.group),
            "Cooldown": self._either(f"{direction}Cooldown", "Cooldown", 60),
            "ScalingAdjustment": sign * adjustment if isinstance(adjustment, int) else adjustment,
        }

    def _either(self, name: str, general: str, default: int) -> Any:
        return self.settings.integer(name, self.settings.integer(general, default))

    def alarms(self) -> dict[str, dict[str, Any]]:
        """Logical id -> properties of the alarms; none without ``MetricType``."""
        settings = self.settings
        if "MetricType" not in settings:
            return {}
        metric = settings.text("MetricType")
        kinds = {"cpu": "CPU", "networkin": "NetworkIn", "networkout": "NetworkOut"}
        kind = kinds.get(metric.lower())
        if kind is None:
            hint = did_you_mean(metric, kinds.values()) or "There are CPU, NetworkIn and NetworkOut."
            raise settings.wrong(f"there is no MetricType {metric}", "MetricType", hint=hint)
        alarms = {}
        for direction, suffix in (("Up", "High"), ("Down", "Low")):
            threshold = f"Scale{direction}Threshold"
            if kind != "CPU":
                settings.require(threshold, '"20 GB"')
            if threshold in settings:
                name = f"{self.group}{'CPU' if kind == 'CPU' else 'Network'}Alarm{suffix}"
                alarms[name] = self._alarm(kind, direction, threshold)
        return alarms

    def _alarm(self, kind: str, direction: str, name: str) -> dict[str, Any]:
        settings = self.settings
        measured = self._cpu_threshold(name) if kind == "CPU" else self._network_threshold(name)
        period, periods = settings.integer("Period", 300), settings.integer("EvaluationPeriods", 2)
        statistic = settings.text("Statistic", "Average")
        limit = (
            f"{measured['Threshold']} {measured.get('Unit', 'percent')}"
            if not is_function(settings.get(name))
            else name
        )
        return {
            "AlarmActions": [ref(f"{self.group}Scale{direction}")],
            "AlarmDescription": f"{statistic} of {kind} {'above' if direction == 'Up' else 'below'} {limit}",
            "ComparisonOperator": "GreaterThanThreshold" if direction == "Up" else "LessThanThreshold",
            "Dimensions": [{"Name": "AutoScalingGroupName", "Value": ref(self.group)}],
            "EvaluationPeriods": periods,
            "MetricName": "CPUUtilization" if kind == "CPU" else kind,
            "Namespace": "AWS/EC2",
            "Period": period,
            "Statistic": statistic,
            **measured,
        }

    def _cpu_threshold(self, name: str) -> dict[str, Any]:
        value = self.settings.get(name)
        if is_function(value):
            return {"Threshold": value}
        match = None if isinstance(value, bool) else re.fullmatch(r"(\d+(?:\.\d+)?)\s*%?", str(value).strip())
        if not match:
            raise self.settings.wrong(f"{name} must be a percentage such as 70, not {shown(value)}", name)
        return {"Threshold": match[1]}

    def _network_threshold(self, name: str) -> dict[str, Any]:
        value = self.settings.get(name)
        if is_function(value):
            return {"Threshold": value, "Unit": "Bytes"}
        try:
            number, unit = network_threshold(value)
        except ValueError as error:
            raise self.settings.wrong(f"{name}: {error}", name) from error
        return {"Threshold": number, "Unit": unit}


def creation_policy(scaling: Settings | None) -> dict[str, Any]:
    """When the group counts as created. Raises DefinitionError."""
    value = scaling.get("SuccessRequires", 1) if scaling else 1
    if scaling and is_function(value):
        return {"ResourceSignal": {"Count": value, "Timeout": "PT15M"}}
    try:
        count, timeout = success_requires(value)
    except ValueError as error:
        assert scaling is not None
        raise scaling.wrong(f"SuccessRequires: {error}", "SuccessRequires") from error
    return {"ResourceSignal": {"Count": count, "Timeout": timeout}}
