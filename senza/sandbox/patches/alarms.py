"""Gap: moto's alarms never change their state, are in OK from the beginning, and cannot be made by a stack;
DescribeAlarms takes one filter only and ends without pages.

Alarms are evaluated when somebody looks, for each minute since somebody last did, and so as if they had been then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from senza.sandbox.cloudwatch import alarms
from senza.sandbox.cloudwatch.queries import Invalid
from senza.sandbox.patches.cloudwatch import naive, refuse, store_of
from senza.sandbox.world import world

TYPE = "AWS::CloudWatch::Alarm"
SHOWN = (
    *("AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions", "InsufficientDataActions"),
    *("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit", "Metrics"),
    *("EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData"),
    "EvaluateLowSampleCountPercentile",
)
LISTS = ("OKActions", "AlarmActions", "InsufficientDataActions", "Dimensions")
PAGE, MOST = 50, 100
Filters = Mapping[str, Any]


def put(backend: Any, given: Mapping[str, Any]) -> Any:
    """Make or change an alarm of moto's, with what is needed to evaluate it. Raises Invalid."""
    rule = alarms.rule_of(given)
    alarms.points(rule, store_of(backend), world.timeline.now // 60 * 60)  # expressions are checked when they are put
    name, before = given["AlarmName"], backend.alarms.get(given["AlarmName"])
    if before is not None:
        evaluate(backend, [before])
    alarm = backend.put_metric_alarm(
        name=name,
        namespace=given.get("Namespace"),
        metric_name=given.get("MetricName"),
        comparison_operator=given["ComparisonOperator"],
        evaluation_periods=given["EvaluationPeriods"],
        period=given.get("Period"),
        threshold=given["Threshold"],
        statistic=given.get("Statistic"),
        description=given.get("AlarmDescription"),
        dimensions=given.get("Dimensions") or [],
        alarm_actions=given.get("AlarmActions") or [],
        actions_enabled=given.get("ActionsEnabled", True),
        tags=given.get("Tags"),
    )
    alarm.senza_given, alarm.senza_rule, alarm.senza_looked = dict(given), rule, world.timeline.now
    alarm.state_value = before.state_value if before is not None else alarms.UNKNOWN
    if before is not None:  # "its state is left unchanged"
        alarm.state_reason, alarm.state_updated_timestamp = before.state_reason, before.state_updated_timestamp
        alarm.history = before.history
    return alarm


def evaluate(backend: Any, wanted: Iterable[Any] | None = None) -> None:
    """Let alarms have been evaluated at each full minute up to now."""
    store = store_of(backend)
    for alarm in backend.alarms.values() if wanted is None else wanted:
        rule = getattr(alarm, "senza_rule", None)
        if rule is None:
            continue
        for at in alarms.minutes(alarm.senza_looked, world.timeline.now):
            if not alarms.enough(rule, store, at):
                continue
            values = alarms.points(rule, store, at)
            new = alarms.state(rule, values, alarm.state_value)
            if new != alarm.state_value:
                alarm.update_state(alarms.reason(rule, values, new), "{}", new)
                alarm.state_updated_timestamp = naive(at)
        alarm.senza_looked = world.timeline.now


def described(alarm: Any) -> dict[str, Any]:
    """A MetricAlarm of DescribeAlarms."""
    given = alarm.senza_given
    lists = {name: given.get(name) or [] for name in LISTS}
    return {name: given[name] for name in SHOWN if given.get(name) is not None} | {
        **lists,
        "ActionsEnabled": alarm.actions_enabled,
        "AlarmArn": alarm.alarm_arn,
        "AlarmConfigurationUpdatedTimestamp": alarm.configuration_updated_timestamp,
        "StateValue": alarm.state_value,
        "StateReason": alarm.state_reason,
        "StateReasonData": alarm.state_reason_data,
        "StateUpdatedTimestamp": alarm.state_updated_timestamp,
        "StateTransitionedTimestamp": alarm.state_updated_timestamp,
    }


def matches(alarm: Any, given: Filters) -> bool:
    names, prefix = given.get("AlarmNames"), given.get("AlarmNamePrefix")
    state, action = given.get("StateValue"), given.get("ActionPrefix")
    return (
        (not names or alarm.name in names)
        and (not prefix or alarm.name.startswith(prefix))
        and (not state or alarm.state_value == state)
        and (not action or any(one.startswith(action) for one in alarm.alarm_actions))
    )


def describe(backend: Any, given: Filters) -> dict[str, Any]:
    """DescribeAlarms. Raises Invalid."""
    if given.get("AlarmNames") and given.get("AlarmNamePrefix"):
        raise Invalid("AlarmNamePrefix and AlarmNames are mutually exclusive", "InvalidParameterCombination")
    token = given.get("NextToken") or "0"
    if not token.isdigit():
        raise Invalid("Request parameter NextToken is invalid", "InvalidNextToken")
    types = given.get("AlarmTypes") or ["MetricAlarm"]
    evaluate(backend)
    found = [one for _, one in sorted(backend.alarms.items()) if matches(one, given)]
    found = [one for one in found if ("MetricAlarm" if one.rule is None else "CompositeAlarm") in types]
    start, size = int(token), min(given.get("MaxRecords") or PAGE, MOST)
    page = found[start : start + size]
    return {
        "MetricAlarms": [described(one) for one in page if one.rule is None],
        "CompositeAlarms": [one for one in page if one.rule is not None],
        "NextToken": str(start + size) if len(found) > start + size else None,
    }


def stack_model() -> None:
    """What AWS::CloudFormation makes of it; moto finds the class by its base."""
    from moto.cloudwatch.models import cloudwatch_backends
    from moto.core.common_models import CloudFormationModel

    class StackAlarm(CloudFormationModel):  # type: ignore[misc]
        def __init__(self, name: str, arn: str) -> None:
            self.name, self.arn = name, arn

        @property
        def physical_resource_id(self) -> str:
            return self.name

        @staticmethod
        def cloudformation_name_type() -> str:
            return "AlarmName"

        @staticmethod
        def cloudformation_type() -> str:
            return TYPE

        @classmethod
        def has_cfn_attr(cls, attr: str) -> bool:
            return attr == "Arn"

        def get_cfn_attribute(self, attribute_name: str) -> str:
            if attribute_name != "Arn":
                raise KeyError(attribute_name)
            return self.arn

        @classmethod
        def create_from_cloudformation_json(
            cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
        ) -> Any:
            given = alarms.converted(cloudformation_json["Properties"]) | {"AlarmName": resource_name}
            try:
                alarm = put(cloudwatch_backends[account_id][region_name], given)
            except Invalid as error:
                raise refuse(error) from error
            return cls(resource_name, alarm.alarm_arn)

        @classmethod
        def update_from_cloudformation_json(
            cls, original_resource: Any, new_resource_name: str, cloudformation_json: Any, **place: Any
        ) -> Any:
            named = cloudformation_json["Properties"].get("AlarmName", original_resource.name)
            made = cls.create_from_cloudformation_json(named, cloudformation_json, **place)
            return original_resource if named == original_resource.name else made

        @classmethod
        def delete_from_cloudformation_json(
            cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
        ) -> None:
            cloudwatch_backends[account_id][region_name].delete_alarms([resource_name])

    kept.append(StackAlarm)


kept: list[type] = []
"""Python forgets subclasses that nobody holds."""


def apply() -> None:
    from moto.cloudwatch.models import CloudWatchBackend
    from moto.cloudwatch.responses import CloudWatchResponse
    from moto.core.responses import ActionResult, EmptyResult

    set_state, put_alarm = CloudWatchBackend.set_alarm_state, CloudWatchResponse.put_metric_alarm

    def put_metric_alarm(self: Any) -> Any:
        if self._get_param("AlarmRule"):
            return put_alarm(self)  # PutCompositeAlarm comes here, too
        try:
            put(self.cloudwatch_backend, self._get_params())
        except Invalid as error:
            raise refuse(error) from error
        return EmptyResult()

    def describe_alarms(self: Any) -> Any:
        try:
            return ActionResult(describe(self.cloudwatch_backend, self._get_params()))
        except Invalid as error:
            raise refuse(error) from error

    def describe_alarms_for_metric(self: Any) -> Any:
        given = self._get_params()
        evaluate(self.cloudwatch_backend)
        found = [described(one) for one in self.cloudwatch_backend.alarms.values() if one.rule is None]
        names = ("MetricName", "Namespace", "Unit", "Period", "Statistic", "ExtendedStatistic")
        found = [one for one in found if all(given.get(name) in (None, one.get(name)) for name in names)]
        return ActionResult(
            {"MetricAlarms": [one for one in found if one["Dimensions"] == given.get("Dimensions", [])]}
        )

    def set_alarm_state(self: Any, alarm_name: str, *args: Any, **kwargs: Any) -> None:
        """Until the next evaluation ("SetAlarmState")."""
        if alarm_name in self.alarms:
            evaluate(self, [self.alarms[alarm_name]])
        set_state(self, alarm_name, *args, **kwargs)

    CloudWatchResponse.put_metric_alarm = put_metric_alarm
    CloudWatchResponse.describe_alarms = describe_alarms
    CloudWatchResponse.describe_alarms_for_metric = describe_alarms_for_metric
    CloudWatchBackend.set_alarm_state = set_alarm_state
    stack_model()
