"""Parameter values: which ones hold, and whether a template allows them ("Parameters" in the CloudFormation guide)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from senza.sandbox.cloudformation.errors import Refusal

Given = list[dict[str, Any]]


def effective(template: dict[str, Any], given: Given, previous: Mapping[str, str] | None = None) -> dict[str, str]:
    """The value of each declared parameter, as text.

    given: as the API has it, ``ParameterKey`` with ``ParameterValue`` or ``UsePreviousValue``.
    previous: the values of the stack that is updated. Raises Refusal.
    """
    declared: dict[str, Any] = template.get("Parameters") or {}
    values: dict[str, str] = {}
    for one in given:
        key = one["ParameterKey"]
        if key in values:
            raise Refusal(f"Duplicate input parameter key: {key}")
        if str(one.get("UsePreviousValue", "")).lower() == "true":
            if previous is None or key not in previous:
                raise Refusal(f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as true for it")
            values[key] = previous[key]
        else:
            values[key] = str(one.get("ParameterValue", ""))
    extra = sorted(values.keys() - declared.keys())
    if extra:
        raise Refusal(f"Parameters: [{', '.join(extra)}] do not exist in the template")
    for key, description in declared.items():
        if key not in values and "Default" in description:
            values[key] = default_text(description["Default"])
    missing = [key for key in declared if key not in values]
    if missing:
        raise Refusal(f"Parameters: [{', '.join(missing)}] must have values")
    for key, description in declared.items():
        check(key, description, values[key])
    return values


def default_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def check(key: str, description: dict[str, Any], value: str) -> None:
    """Raises Refusal for a value that the declaration does not allow."""
    complaint = description.get("ConstraintDescription")
    if "AllowedValues" in description and value not in [default_text(one) for one in description["AllowedValues"]]:
        raise broken(key, complaint) if complaint else Refusal(f"Parameter '{key}' must be one of AllowedValues")
    pattern = str(description.get("AllowedPattern", ""))
    if pattern and not re.fullmatch(pattern, value):
        raise broken(key, complaint or f"must match pattern {pattern}")
    if "MinLength" in description and len(value) < int(description["MinLength"]):
        raise broken(key, complaint or f"must contain at least {description['MinLength']} characters")
    if "MaxLength" in description and len(value) > int(description["MaxLength"]):
        raise broken(key, complaint or f"must contain at most {description['MaxLength']} characters")
    if description.get("Type") == "Number":
        check_number(key, description, value)


def broken(key: str, rule: str) -> Refusal:
    return Refusal(f"Parameter {key} failed to satisfy constraint: {rule}")


def check_number(key: str, description: dict[str, Any], value: str) -> None:
    try:
        number = float(value)
    except ValueError:
        raise Refusal(f"Parameter '{key}' must be a number.") from None
    if "MinValue" in description and number < float(description["MinValue"]):
        raise Refusal(f"Parameter '{key}' must be a number not less than {description['MinValue']}")
    if "MaxValue" in description and number > float(description["MaxValue"]):
        raise Refusal(f"Parameter '{key}' must be a number not greater than {description['MaxValue']}")


def referenced(template: dict[str, Any], values: Mapping[str, str], account_id: str, region: str) -> dict[str, Any]:
    """What a Ref to each parameter gives: lists split, SSM parameters looked up. Raises Refusal."""
    declared: dict[str, Any] = template.get("Parameters") or {}
    found: dict[str, Any] = {}
    for key, value in values.items():
        kind = str(declared[key].get("Type", "String"))
        held = kind
        result: Any = value
        if kind.startswith("AWS::SSM::Parameter::Value<"):
            result = ssm_value(key, value, account_id, region)
            held = kind.removeprefix("AWS::SSM::Parameter::Value<").removesuffix(">")
        if held == "CommaDelimitedList" or held.startswith("List<"):
            result = [one.strip() for one in result.split(",")] if result else []
        found[key] = result
    return found


def ssm_value(key: str, name: str, account_id: str, region: str) -> str:
    from moto.ssm.models import ssm_backends

    parameter = ssm_backends[account_id][region].get_parameter(name)
    if parameter is None:
        raise Refusal(f"Unable to fetch parameters [{name}] from parameter store for this account. ({key})")
    value: str = parameter.value
    return value


def shown(template: dict[str, Any], values: Mapping[str, str]) -> list[dict[str, str]]:
    """As DescribeStacks shows them: what must not be echoed is masked."""
    declared = template.get("Parameters") or {}
    return [
        {"ParameterKey": key, "ParameterValue": "****" if secret(declared[key]) else value}
        for key, value in values.items()
    ]


def secret(description: dict[str, Any]) -> bool:
    return str(description.get("NoEcho", "")).lower() == "true"
