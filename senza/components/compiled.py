"""What compiling yields, and what AWS allows it to be."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from senza.account import Account
from senza.account.shared import DOMAIN_TAG, LISTENER_TAG
from senza.components.capabilities import resources_of
from senza.components.model import Container
from senza.definition.model import Bound
from senza.errors import DefinitionError
from senza.provenance import CheckedImage
from senza.userdata.text import MAX_BYTES as MAX_USER_DATA
from senza.userdata.text import literal_bytes

MAX_TEMPLATE = 1_000_000
"""Bytes of a template that CloudFormation reads from S3 (its quotas: 1 MB); above 51,200 senza sends it that way."""
MAX_RESOURCES = 500
MAX_PARAMETERS = 200


@dataclass(frozen=True)
class WeightedRecord:
    """A weighted DNS record that the template makes."""

    name: str
    """Of the domain, with its final dot."""
    zone_name: str
    """Of its hosted zone, with its final dot; "" where only an id is given and the account has no such zone."""
    type: str
    """``A``, ``CNAME``..."""
    set_identifier: str
    """What tells it from the other versions' records: the full stack name for ours."""
    logical_id: str


@dataclass(frozen=True)
class WeightedTarget:
    """A target group that the template makes for a domain of a shared load balancer."""

    logical_id: str
    """Of the target group."""
    domain: str
    """That its app's versions share by weight: lower case, without a final dot."""
    listener: str
    """ARN of the shared load balancer's listener that forwards to it."""


@dataclass(frozen=True)
class Compiled:
    """A template and everything that CloudFormation is told with it.

    parameters: values for the template's parameters, NoEcho ones included, therefore not in the repr.
    """

    template: dict[str, Any]
    stack_name: str
    version: str
    tags: dict[str, str]
    parameters: dict[str, str] = field(repr=False)
    capabilities: tuple[str, ...]
    notification_arns: tuple[str, ...]
    warnings: tuple[str, ...]
    weighted_records: tuple[WeightedRecord, ...]
    made_by: Mapping[str, str] = field(default_factory=dict)
    """Logical id of a resource -> name of the component that made it; plain resources are not in here."""
    images: tuple[CheckedImage, ...] = ()
    """What is known of the container images, and what the policy says of them."""
    containers: tuple[Container, ...] = field(default=(), repr=False)
    """What the instances of each group run."""
    weighted_targets: tuple[WeightedTarget, ...] = ()
    bound: Bound | None = field(default=None, repr=False, compare=False)
    """What it was made from; it holds the values of NoEcho parameters."""

    @property
    def full_name(self) -> str:
        """The stack's name in AWS, e.g. ``hello-world-1``."""
        return f"{self.stack_name}-{self.version}"

    @property
    def weighted(self) -> bool:
        """Whether versions share the stack's traffic by weight: in Route 53, or at a shared load balancer."""
        return bool(self.weighted_records or self.weighted_targets)

    def template_body(self) -> str:
        """The template as it is sent: JSON without spaces, the same bytes for the same input."""
        return json.dumps(ordered(self.template), separators=(",", ":"), ensure_ascii=False, default=str)

    def template_json(self) -> str:
        """The template as a person reads it."""
        return json.dumps(ordered(self.template), indent=4, ensure_ascii=False, default=str)


def ordered(node: Any, path: str = "") -> Any:
    """The node with its keys in order, as the texts that JSON makes of them: YAML has numbers and others as keys, too.

    Raises DefinitionError for what JSON cannot say.
    """
    if isinstance(node, Mapping):
        named = {key if isinstance(key, str) else json.dumps(key, default=str): key for key in node}
        if len(named) < len(node):
            raise DefinitionError(f"{path or 'the template'} has a key twice, once as text and once as a number")
        return {name: ordered(node[named[name]], f"{path}.{name}".lstrip(".")) for name in sorted(named)}
    if isinstance(node, (list, tuple)):
        return [ordered(item, f"{path}[{number}]") for number, item in enumerate(node)]
    if isinstance(node, float) and not math.isfinite(node):
        raise DefinitionError(f"{path}: {node} is no number that a template can hold", hint="Write a finite number.")
    return node


def weighted_records_of(template: Mapping[str, Any], account: Account) -> tuple[WeightedRecord, ...]:
    """All weighted records of the template whose name is literal, those of plain CloudFormation included."""
    records = []
    for logical_id, resource_type, properties in resources_of(template):
        if resource_type != "AWS::Route53::RecordSet":
            continue
        name, identifier = properties.get("Name"), properties.get("SetIdentifier")
        if "Weight" not in properties or not isinstance(name, str) or not isinstance(identifier, str):
            continue
        zone = properties.get("HostedZoneName")
        if not isinstance(zone, str):
            ident = properties.get("HostedZoneId")
            zone = next((item.name for item in account.zones() if item.id == ident), "")
        records.append(
            WeightedRecord(
                name.rstrip(".") + ".",
                zone.rstrip(".") + "." if zone else "",
                str(properties.get("Type")),
                identifier,
                logical_id,
            )
        )
    return tuple(records)


def weighted_targets_of(template: Mapping[str, Any], listeners: Mapping[str, str]) -> tuple[WeightedTarget, ...]:
    """All target groups of the template whose tags say that they share a domain, plain ones included.

    listeners: ARNs by logical id, where the tag is a function.
    """
    targets = []
    for logical_id, resource_type, properties in resources_of(template):
        if resource_type != "AWS::ElasticLoadBalancingV2::TargetGroup":
            continue
        given = properties.get("Tags")
        pairs = [tag for tag in given if isinstance(tag, Mapping)] if isinstance(given, list) else []
        tags = {str(tag.get("Key")): tag.get("Value") for tag in pairs}
        domain, listener = tags.get(DOMAIN_TAG), listeners.get(logical_id, tags.get(LISTENER_TAG))
        if isinstance(domain, str) and isinstance(listener, str):
            targets.append(WeightedTarget(logical_id, domain.lower().rstrip("."), listener))
    return tuple(targets)


def check_limits(compiled: Compiled) -> None:
    """Raise DefinitionError where AWS would refuse the template for its size. Called before anything is changed."""
    template = compiled.template
    for logical_id, _, properties in resources_of(template):
        size = literal_bytes(user_data_of(properties))
        if size > MAX_USER_DATA:
            raise DefinitionError(
                f"the user data of {logical_id} has {size:,} bytes; AWS allows {MAX_USER_DATA:,}",
                hint="Move long texts into the container image or to S3.",
            )
    for section, limit in (("Resources", MAX_RESOURCES), ("Parameters", MAX_PARAMETERS)):
        entries = template.get(section)
        count = len(entries) if isinstance(entries, Mapping) else 0
        if count > limit:
            raise DefinitionError(
                f"the template has {count} {section}; CloudFormation allows {limit}", hint="Make two stacks of it."
            )
    size = len(compiled.template_body().encode())
    if size > MAX_TEMPLATE:
        raise DefinitionError(
            f"the template has {size:,} bytes; CloudFormation takes {MAX_TEMPLATE:,}. {_largest(template)}",
            hint="Shorten it, or make two stacks of it.",
        )


def _largest(template: Mapping[str, Any]) -> str:
    sizes = {
        name: len(json.dumps(dict(properties), default=str, ensure_ascii=False).encode())
        for name, _, properties in resources_of(template)
    }
    if not sizes:
        return ""
    name = max(sizes, key=lambda key: (sizes[key], key))
    return f"The largest resource is {name} ({sizes[name]:,} bytes)."


def user_data_of(properties: Mapping[str, Any]) -> Any:
    """User data of an instance, a launch template or a launch configuration."""
    data = properties.get("LaunchTemplateData")
    return (data if isinstance(data, Mapping) else properties).get("UserData")
