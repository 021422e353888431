"""What a listener's rules and actions may be: the checks that moto leaves out.

Limits: CreateRule, ForwardActionConfig and RuleCondition in the API reference of Elastic Load Balancing, and "Quotas
for your Application Load Balancers" in its guide. The sentences are AWS's where they are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

MAX_PRIORITY = 50_000
MAX_WEIGHT = 999
MAX_RULES = 100
"""Of a load balancer, default rules not counted."""
MAX_GROUPS_PER_ACTION = 5
MAX_GROUPS = 100
"""Different ones of a load balancer."""
MAX_VALUES = 5
MAX_WILDCARDS = 5
MAX_STICKY_SECONDS = 604_800
LAST = ("forward", "redirect", "fixed-response")
"""Each rule has one of these actions, as its last."""
ONCE = ("host-header", "http-request-method", "path-pattern", "source-ip")
CONFIGS = {
    "host-header": "HostHeaderConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "path-pattern": "PathPatternConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}
HOST = re.compile(r"[A-Za-z0-9*?.-]*\.[A-Za-z*?]+")
"""At least one dot, and letters or wildcards behind the last."""


def refused(message: str, code: str = "ValidationError") -> Exception:
    from moto.elbv2.exceptions import ELBClientError

    error: Exception = ELBClientError(code, message)
    return error


def check_given(actions: Sequence[Any]) -> None:
    if not actions:
        raise refused("A rule must have at least one action")


def check_room(count: int, balancer: str) -> None:
    """count: its rules so far."""
    if count >= MAX_RULES:
        raise refused(f"The maximum number of rules on load balancer '{balancer}' has been reached", "TooManyRules")


def groups_of(action: Any) -> list[dict[str, Any]]:
    """The target groups of an action with their weights, however they were given."""
    config = action.get("ForwardConfig") or {}
    if config.get("TargetGroups"):
        return list(config["TargetGroups"])
    return [{"TargetGroupArn": action["TargetGroupArn"]}] if action.get("TargetGroupArn") else []


def as_shown(action: dict[str, Any]) -> dict[str, Any]:
    """An action as AWS answers: one target group in both ways, several only in ``ForwardConfig``, and no secrets."""
    groups = groups_of(action) if action.get("Type") == "forward" else []
    if not groups:
        login = action.get("AuthenticateOidcConfig")
        hidden = ("ClientSecret", "UseExistingClientSecret")
        return dict(action) | (
            {"AuthenticateOidcConfig": {key: value for key, value in login.items() if key not in hidden}}
            if login
            else {}
        )
    weighted = [{"TargetGroupArn": one["TargetGroupArn"], "Weight": int(one.get("Weight", 1))} for one in groups]
    sticky = (action.get("ForwardConfig") or {}).get("TargetGroupStickinessConfig") or {"Enabled": False}
    shown = {key: value for key, value in action.items() if key != "TargetGroupArn"}
    shown["ForwardConfig"] = {"TargetGroups": weighted, "TargetGroupStickinessConfig": dict(sticky)}
    return shown | ({"TargetGroupArn": groups[0]["TargetGroupArn"]} if len(groups) == 1 else {})


def check_actions(actions: Sequence[dict[str, Any]]) -> None:
    """Raises what the API answers for actions that no rule may have."""
    last = [one for one in actions if one.get("Type") in LAST]
    if len(last) > 1:
        raise refused("You have specified more than one action of type 'forward', 'redirect' or 'fixed-response'",
                      "TooManyActions")  # fmt: skip
    in_order = sorted(actions, key=lambda one: int(one.get("Order", 0)))
    if not last or in_order[-1] is not last[0]:
        raise refused("The last action must be of type 'forward', 'redirect' or 'fixed-response'",
                      "InvalidLoadBalancerAction")  # fmt: skip
    orders = [one.get("Order") for one in actions]
    if len(actions) > 1 and (None in orders or len(set(orders)) < len(orders)):
        raise refused("A rule with multiple actions needs a different 'Order' for each of them")
    for one in actions:
        if one.get("Type") == "forward":
            check_forward(one)


def check_secrets(actions: Iterable[dict[str, Any]], before: Iterable[dict[str, Any]] = ()) -> None:
    """Raises what the API answers for a log-in without client secret. before: the actions that the rule has so far.

    ``ClientSecret`` may be left out where ``UseExistingClientSecret`` says so and there is one
    (AuthenticateOidcActionConfig in the API reference).
    """
    there = any(one.get("Type") == "authenticate-oidc" for one in before)
    for one in actions:
        if one.get("Type") != "authenticate-oidc":
            continue
        login = one.get("AuthenticateOidcConfig") or {}
        given, keeps = bool(login.get("ClientSecret")), str(login.get("UseExistingClientSecret")).lower() == "true"
        if given == keeps:
            said = "cannot be given with" if given else "must be given, unless the rule keeps it by"
            raise refused(f"The client secret {said} UseExistingClientSecret", "InvalidLoadBalancerAction")
        if keeps and not there:
            raise refused("There is no client secret that the rule could keep", "InvalidLoadBalancerAction")


def check_forward(action: dict[str, Any]) -> None:
    groups = groups_of(action)
    if not groups:
        raise refused("A forward action must have at least one target group", "InvalidLoadBalancerAction")
    if len(groups) > MAX_GROUPS_PER_ACTION:
        raise refused(
            f"A maximum of '{MAX_GROUPS_PER_ACTION}' target groups can be specified in a forward action",
            "InvalidLoadBalancerAction",
        )
    arns = [one.get("TargetGroupArn") for one in groups]
    if len(set(arns)) < len(arns):
        raise refused("A target group can be specified only once in a forward action", "InvalidLoadBalancerAction")
    if action.get("TargetGroupArn") and arns != [action["TargetGroupArn"]]:
        raise refused("TargetGroupArn and ForwardConfig must name the same target group", "InvalidLoadBalancerAction")
    if any("Weight" in one and not 0 <= int(one["Weight"]) <= MAX_WEIGHT for one in groups):
        raise refused(f"The weight for each target group must be between 0 and {MAX_WEIGHT}, inclusive")
    sticky = (action.get("ForwardConfig") or {}).get("TargetGroupStickinessConfig") or {}
    if str(sticky.get("Enabled")).lower() == "true":
        seconds = int(sticky.get("DurationSeconds") or 0)
        if not 1 <= seconds <= MAX_STICKY_SECONDS:
            raise refused(f"The stickiness duration must be between 1 and {MAX_STICKY_SECONDS} seconds")


def values_of(condition: dict[str, Any]) -> list[Any]:
    """What a condition compares with, however it was given."""
    config = condition.get(CONFIGS.get(str(condition.get("Field")), "")) or {}
    return list(config.get("Values") or condition.get("Values") or ())


def check_conditions(conditions: Sequence[dict[str, Any]]) -> None:
    """Raises what the API answers for conditions that no rule may have together; moto looks at each alone."""
    if not conditions:
        raise refused("A rule must have at least one condition")
    fields = [str(one.get("Field")) for one in conditions]
    for field in ONCE:
        if fields.count(field) > 1:
            raise refused(f"A rule can only have one '{field}' condition")
    values = [value for one in conditions for value in values_of(one)]
    if len(values) > MAX_VALUES:
        raise refused(f"A rule can only have '{MAX_VALUES}' condition values")
    texts = [text for value in values for text in (value.values() if isinstance(value, dict) else [value])]
    if sum(len(re.findall(r"[*?]", str(text))) for text in texts) > MAX_WILDCARDS:
        raise refused(f"A rule can only have '{MAX_WILDCARDS}' condition wildcards")
    hosts = [value for one in conditions if one.get("Field") == "host-header" for value in values_of(one)]
    for host in hosts:
        if not HOST.fullmatch(str(host)):
            raise refused(f"Condition value '{host}' contains a character that is not valid, or no domain")


def conditions_as_shown(conditions: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Hosts and paths are answered in both ways of giving them."""
    shown = []
    for one in conditions:
        config = CONFIGS.get(str(one.get("Field")), "")
        if one.get("Field") in ("host-header", "path-pattern") and (values := values_of(one)):
            one = one | {"Values": values, config: dict(one.get(config) or {}) | {"Values": values}}
        shown.append(one)
    return shown


def check_priority(priority: Any) -> int:
    number = int(priority)
    if not 1 <= number <= MAX_PRIORITY:
        raise refused(
            f"1 validation error detected: Value '{number}' at 'priority' failed to satisfy constraint: "
            f"Member must have value {'greater' if number < 1 else 'less'} than or equal to "
            f"{1 if number < 1 else MAX_PRIORITY}"
        )
    return number
