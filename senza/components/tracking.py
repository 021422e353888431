"""``Targets``, ``Predictive`` and ``Schedule`` of ``AutoScaling``: following a value, a forecast, a calendar."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from senza.components.functions import is_function, ref
from senza.components.model import Balanced, Property, Site
from senza.components.sections import checked, checked_section, entries, one_of, without_nothing
from senza.components.settings import Settings, shown

TARGET = (
    Property("Metric", "CPU, NetworkIn, NetworkOut or RequestsPerTarget", "What is held, averaged over the instances."),
    Property("Value", "number", "At which value: percent, bytes, or requests per minute.", required=True),
    Property("LoadBalancer", "name", "Whose requests count, where the group has several load balancers."),
    Property("DisableScaleIn", "boolean", "Only ever add instances.", False),
    Property("Warmup", "seconds", "Until a new instance's metrics count. Default: DefaultInstanceWarmup."),
    Property("CustomizedMetricSpecification", "mapping", "Instead of Metric: any other one, as in CloudFormation."),
)
PREDICTIVE = (
    Property("Metric", "CPU, NetworkIn, NetworkOut or Requests", "What is forecast.", required=True),
    Property("Value", "number", "What an instance should have of it.", required=True),
    Property("Mode", "ForecastOnly or ForecastAndScale", "Whether the forecast is also followed.", "ForecastOnly"),
    Property("LoadBalancer", "name", "Whose requests count, where the group has several load balancers."),
    Property("SchedulingBufferTime", "seconds", "How long before it is needed an instance is started.", 300),
    Property("MaxCapacityBreachBehavior", "HonorMaxCapacity or IncreaseMaxCapacity", "At the maximum.",
             "HonorMaxCapacity"),
    Property("MaxCapacityBuffer", "percent", "So far the maximum may be exceeded."),
)  # fmt: skip
SCHEDULE = (
    Property("Recurrence", "cron expression", "When, e.g. `0 7 * * MON-FRI`: minute, hour, day, month, day of week."),
    Property("TimeZone", "name", "Of Recurrence, e.g. Europe/Berlin.", "Etc/UTC"),
    Property("StartTime", "UTC time", "Once then, or first of all then, e.g. `2026-12-01T06:00:00Z`."),
    Property("EndTime", "UTC time", "When the recurrence ends."),
    Property("Minimum", "integer", "Fewest instances from then on."),
    Property("Maximum", "integer", "Most instances from then on."),
    Property("DesiredCapacity", "integer", "Instances to have then."),
)
PROPERTIES = (
    Property("Targets", "list of targets", "Values that are held by adding and removing instances, see below."),
    Property("Predictive", "mapping", "Instances are started before they are needed, see below."),
    Property("Schedule", "mapping of name to action", "Other sizes at certain times, see below."),
)
PREDEFINED = {
    "CPU": "ASGAverageCPUUtilization",
    "NetworkIn": "ASGAverageNetworkIn",
    "NetworkOut": "ASGAverageNetworkOut",
    "RequestsPerTarget": "ALBRequestCountPerTarget",
}
PAIRS = {
    "CPU": "ASGCPUUtilization",
    "NetworkIn": "ASGNetworkIn",
    "NetworkOut": "ASGNetworkOut",
    "Requests": "ALBRequestCount",
}


class Tracking:
    """What the ``AutoScaling`` section of a group says about targets, forecasts and times.

    scaling: the section. balancers: names of the load balancers that the group belongs to.
    """

    def __init__(self, scaling: Settings, group: str, balancers: Sequence[Any], site: Site) -> None:
        self.scaling = scaling
        self.group = group
        self.balancers = balancers
        self.site = site

    def policies(self) -> dict[str, tuple[dict[str, Any], list[str]]]:
        """Logical id -> properties of a scaling policy, and the resources that it has to wait for.

        Raises DefinitionError.
        """
        found: dict[str, tuple[dict[str, Any], list[str]]] = {}
        if "Targets" in self.scaling and "MetricType" in self.scaling:
            raise self.scaling.wrong(
                "Targets and MetricType work against each other", "MetricType", hint="Remove one of them."
            )
        for target in entries(self.scaling, "Targets", TARGET, self.site.tolerate):
            name, policy, waits = self._target(target)
            logical_id = f"{self.group}{name}Target"
            if logical_id in found:
                raise target.wrong(f"there are two targets for {name}")
            found[logical_id] = policy, waits
        predictive = checked_section(self.scaling, "Predictive", PREDICTIVE, self.site.tolerate)
        if predictive:
            found[f"{self.group}Predictive"] = self._predictive(predictive)
        return found

    def _target(self, target: Settings) -> tuple[str, dict[str, Any], list[str]]:
        tracking: dict[str, Any] = {"TargetValue": number(target, "Value")}
        waits: list[str] = []
        own = target.section("CustomizedMetricSpecification")
        if own and "Metric" in target:
            raise target.wrong("Metric and CustomizedMetricSpecification exclude each other", "Metric")
        if own:
            name = re.sub(r"[^A-Za-z0-9]", "", str(own.get("MetricName", "Customized")))
            tracking["CustomizedMetricSpecification"] = own.values
        else:
            target.require("Metric", "CPU")
            name = one_of(target, "Metric", tuple(PREDEFINED))
            tracking["PredefinedMetricSpecification"], waits = self._metric(target, PREDEFINED[name])
        if name == "CPU" and isinstance(tracking["TargetValue"], float) and not 0 < tracking["TargetValue"] <= 100:
            raise target.wrong(f"{target.get('Value')} percent of CPU cannot be held", "Value")
        if "DisableScaleIn" in target:
            tracking["DisableScaleIn"] = target.boolean("DisableScaleIn", False)
        policy = {
            "AutoScalingGroupName": ref(self.group),
            "PolicyType": "TargetTrackingScaling",
            "EstimatedInstanceWarmup": target.integer("Warmup"),
            "TargetTrackingConfiguration": tracking,
        }
        return name, without_nothing(policy), waits

    def _predictive(self, section: Settings) -> tuple[dict[str, Any], list[str]]:
        metric, waits = self._metric(section, PAIRS[one_of(section, "Metric", tuple(PAIRS))])
        configuration = {
            "MetricSpecifications": [
                {"TargetValue": number(section, "Value"), "PredefinedMetricPairSpecification": metric}
            ],
            "Mode": one_of(section, "Mode", ("ForecastOnly", "ForecastAndScale"), "ForecastOnly"),
            "SchedulingBufferTime": section.integer("SchedulingBufferTime"),
            "MaxCapacityBreachBehavior": section.get("MaxCapacityBreachBehavior"),
            "MaxCapacityBuffer": section.integer("MaxCapacityBuffer"),
        }
        policy = {
            "AutoScalingGroupName": ref(self.group),
            "PolicyType": "PredictiveScaling",
            "PredictiveScalingConfiguration": without_nothing(configuration),
        }
        return policy, waits

    def _metric(self, settings: Settings, kind: str) -> tuple[dict[str, Any], list[str]]:
        """A predefined metric, and what must be there first: the target group must have its load balancer."""
        if not kind.startswith("ALB"):
            return {"PredefinedMetricType": kind}, []
        balancer = self._balancer(settings)
        label = balancer.request_label()
        if label is None:
            raise settings.wrong("only application load balancers count requests", "Metric")
        return {"PredefinedMetricType": kind, "ResourceLabel": label}, balancer.listeners()

    def _balancer(self, settings: Settings) -> Balanced:
        names = [settings.text("LoadBalancer")] if "LoadBalancer" in settings else list(self.balancers)
        if len(names) != 1:
            which = "several load balancers" if names else "no application load balancer"
            raise settings.wrong(
                f"{self.group} has {which}, so nobody knows whose requests count",
                "Metric",
                hint="Write LoadBalancer: NAME." if names else "Give the group an ElasticLoadBalancerV2.",
            )
        found = self.site.balanced.get(str(names[0])) if isinstance(names[0], str) else None
        if found is None:
            place = "LoadBalancer" if "LoadBalancer" in settings else "Metric"
            raise settings.wrong(f"{shown(names[0])} is no component with a target group", place)
        return found

    def schedule(self) -> dict[str, dict[str, Any]]:
        """Logical id -> properties of a scheduled action. Raises DefinitionError."""
        section = self.scaling.section("Schedule")
        actions = {}
        for name in section.values if section else ():
            assert section is not None
            entry = section.section(name)
            assert entry is not None
            actions[f"{self.group}Schedule{name}"] = self._action(checked(entry, SCHEDULE, self.site.tolerate))
        return actions

    def _action(self, action: Settings) -> dict[str, Any]:
        if "Recurrence" not in action and "StartTime" not in action:
            raise action.wrong(f"{action.name} says not when", hint='Write e.g. Recurrence: "0 7 * * MON-FRI".')
        recurrence = action.get("Recurrence")
        if isinstance(recurrence, str) and len(recurrence.split()) != 5:
            raise action.wrong(
                f"{recurrence!r} is no cron expression of five fields",
                "Recurrence",
                hint="minute hour day-of-month month day-of-week, e.g. 0 7 * * MON-FRI",
            )
        sizes = {key: action.integer(key) for key in ("Minimum", "Maximum", "DesiredCapacity")}
        if all(size is None for size in sizes.values()):
            raise action.wrong(f"{action.name} changes no size", hint="Write Minimum, Maximum or DesiredCapacity.")
        least, most = sizes["Minimum"], sizes["Maximum"]
        if isinstance(least, int) and isinstance(most, int) and least > most:
            raise action.wrong(f"Minimum {least} is more than Maximum {most}", "Minimum")
        given = {key: action.get(key) for key in ("Recurrence", "TimeZone", "StartTime", "EndTime")}
        return without_nothing(
            {
                "AutoScalingGroupName": ref(self.group),
                **given,
                "MinSize": least,
                "MaxSize": most,
                "DesiredCapacity": sizes["DesiredCapacity"],
            }
        )


def number(settings: Settings, name: str) -> Any:
    """A number as float, a function as it is. Raises DefinitionError."""
    value = settings.get(name)
    if is_function(value):
        return value
    try:
        if isinstance(value, bool):
            raise ValueError
        return float(value)
    except (TypeError, ValueError):
        raise settings.wrong(f"{name} must be a number, not {shown(value)}", name) from None
