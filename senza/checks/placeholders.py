"""Values for parameters that nobody gave, so that a definition can be checked without them."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from senza.definition import constraints
from senza.definition.model import Definition, Parameter
from senza.errors import SenzaError, Where

VERSION = "1"
TYPED = {
    "AWS::EC2::Image::Id": "ami-0123456789abcdef0",
    "AWS::EC2::Instance::Id": "i-0123456789abcdef0",
    "AWS::EC2::KeyPair::KeyName": "example",
    "AWS::EC2::SecurityGroup::Id": "sg-0123456789abcdef0",
    "AWS::EC2::Subnet::Id": "subnet-0123456789abcdef0",
    "AWS::EC2::VPC::Id": "vpc-0123456789abcdef0",
    "AWS::EC2::AvailabilityZone::Name": "eu-central-1a",
    "AWS::Route53::HostedZone::Id": "Z0123456789ABCDEFGHIJ",
}
"""Parameter types of CloudFormation that only take ids (User guide, "AWS-specific parameter types")."""
TEXTS = (
    *(
        "1.0",
        "1",
        "1.0.0",
        "example",
        "Example",
        "a",
        "A",
        "t3.micro",
        "true",
        "example.org",
        "10.0.0.0/16",
        "10.0.0.1",
    ),
    *("subnet-0123456789abcdef0", "sg-0123456789abcdef0", "vpc-0123456789abcdef0", "ami-0123456789abcdef0", "8080"),
    *("arn:aws:sns:eu-central-1:123456789012:example", "example@example.org", "https://example.org", "eu-central-1"),
    *(
        "0123456789abcdef0123456789abcdef01234567",
        "2026-01-01",
        "v1",
        "example-1",
        "db.t3.micro",
        "12345678",
        "Example-123",
    ),
)
"""Tried in this order until one is allowed."""


def completed(
    definition: Definition, arguments: Sequence[str], values: Mapping[str, object], defaults: Mapping[str, str]
) -> tuple[Definition, dict[str, object]]:
    """The definition, and a value for each parameter without a default that arguments, ``values`` and ``defaults`` (of
    the environment) leave open.

    Where no placeholder fits, the definition that is returned has lost the parameter's rules. Arguments that cannot be
    assigned are not judged here.
    """
    named = {text.partition("=")[0] for text in arguments if "=" in text}
    positional = [
        text for text in arguments if text.partition("=")[0] not in {one.name for one in definition.parameters}
    ]
    in_order = {one.name for one in definition.parameters[: len(positional)]}
    made: dict[str, object] = dict(values)
    loose: list[int] = []
    for index, parameter in enumerate(definition.parameters):
        known = {*named, *in_order, *values, *defaults}
        if parameter.name in known or parameter.settings.get("Default") is not None:
            continue
        fitting = placeholder(parameter)
        if fitting is None:
            loose.append(index)
        made[parameter.name] = TEXTS[0] if fitting is None else fitting
    return (without_rules(definition, loose) if loose else definition), made


def placeholder(parameter: Parameter) -> str | None:
    """A value that the parameter allows; None where none of ours is."""
    kind = str(parameter.settings.get("Type", "String"))
    allowed = parameter.settings.get("AllowedValues")
    inner = kind.removeprefix("List<").removesuffix(">")
    candidates = (
        [str(item).lower() if isinstance(item, bool) else str(item) for item in allowed or ()]
        if isinstance(allowed, list)
        else []
    )
    if inner in TYPED:
        candidates.append(TYPED[inner])
    for name in ("MinValue", "MaxValue"):
        if name in parameter.settings:
            candidates.append(str(parameter.settings[name]))
    candidates += TEXTS
    if shortest := str(parameter.settings.get("MinLength", "")):
        candidates.append("example" * (min(int(shortest), 4096) // 7 + 1) if shortest.isdigit() else "example")
    return next((text for text in candidates if fits(parameter, text)), None)


def fits(parameter: Parameter, text: str) -> bool:
    try:
        return not constraints.check(parameter, text, Where(""), is_default=False)
    except SenzaError:
        return False


def without_rules(definition: Definition, indices: Sequence[int]) -> Definition:
    """The definition without what these parameters allow."""
    tree: Any = copy.deepcopy(dict(definition.tree))
    parameters = list(definition.parameters)
    for index in indices:
        name = parameters[index].name
        ((key, settings),) = tree["SenzaInfo"]["Parameters"][index].items()
        kept = {rule: value for rule, value in (settings or {}).items() if rule in ("Description", "NoEcho", "Default")}
        tree["SenzaInfo"]["Parameters"][index] = {key: kept}
        parameters[index] = Parameter(name, kept)
    return replace(definition, tree=tree, parameters=tuple(parameters))
