"""Component types by name: ours, imported when they are used, and those of installed packages.

A package adds types with entry points of the group ``senza.components``: the entry point's name is the full type, e.g.
``Acme::Queue = acme_senza:Queue``, its object a subclass of ComponentType. The prefix ``Senza`` is ours.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING

from senza.components.model import ComponentType
from senza.definition.model import Component, Source
from senza.definition.suggest import did_you_mean
from senza.errors import DefinitionError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

PREFIX = "Senza"
GROUP = "senza.components"

BUILT_IN = {
    "Configuration": "configuration",
    "SubnetAutoConfiguration": "network",
    "StupsAutoConfiguration": "stups",
    "AutoScalingGroup": "auto_scaling_group",
    "TaupageAutoScalingGroup": "taupage",
    "ElasticLoadBalancer": "elastic_load_balancer",
    "WeightedDnsElasticLoadBalancer": "weighted_dns",
    "ElasticLoadBalancerV2": "elastic_load_balancer_v2",
    "WeightedDnsElasticLoadBalancerV2": "weighted_dns_v2",
    "NetworkLoadBalancer": "network_load_balancer",
    "WeightedDnsNetworkLoadBalancer": "weighted_dns_network",
    "SharedLoadBalancer": "shared_load_balancer",
    "WeightedTargetGroup": "weighted_target_group",
    "IamRole": "iam_role",
    "RedisNode": "redis",
    "RedisCluster": "redis",
    "CoreosAutoConfiguration": "coreos",
    "Elastigroup": "elastigroup",
    "DockerAutoScalingGroup": "docker_group",
    "AutoConfiguration": "auto_configuration",
}
"""Class -> module of this package."""


def snake(name: str) -> str:
    """``IAMRole`` and ``IamRole`` are both ``iam_role``: types that agree in this are the same type."""
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def built_in_types() -> list[type[ComponentType]]:
    """All of ours, e.g. for documentation."""
    return [_load(name) for name in BUILT_IN]


def _load(name: str) -> type[ComponentType]:
    found: type[ComponentType] = getattr(import_module(f"senza.components.{BUILT_IN[name]}"), name)
    return found


def extensions() -> dict[str, EntryPoint]:
    """Full type name -> entry point, of all installed packages."""
    from importlib.metadata import entry_points  # slow, and seldom needed

    return {entry.name: entry for entry in entry_points(group=GROUP)}


def component_class(component: Component, source: Source) -> type[ComponentType]:
    """The class of a component. Raises DefinitionError for an unknown type."""
    prefix, _, name = component.type.partition("::")
    if prefix == PREFIX:
        for known in BUILT_IN:
            if snake(known) == snake(name):
                return _load(known)
    else:
        for known, entry in extensions().items():
            other, _, type_name = known.partition("::")
            if other == prefix and snake(type_name) == snake(name):
                return _loaded(entry, component, source)
    everything = [f"{PREFIX}::{known}" for known in BUILT_IN] + list(extensions())
    hint = did_you_mean(component.type, everything)
    if not hint:
        hint = f"There are {', '.join(sorted(everything))}."
        if component.type.startswith("AWS::"):
            hint = "Plain CloudFormation resources belong under Resources."
    raise DefinitionError(
        f"there is no component type {component.type}", hint=hint, where=source.where(*component.path, "Type")
    )


def _loaded(entry: EntryPoint, component: Component, source: Source) -> type[ComponentType]:
    where = source.where(*component.path, "Type")
    try:
        found = entry.load()
    except Exception as error:
        raise DefinitionError(f"{component.type} ({entry.value}) cannot be loaded: {error}", where=where) from error
    if not isinstance(found, type) or not issubclass(found, ComponentType):
        raise DefinitionError(
            f"{component.type} ({entry.value}) is no component type: it must be a subclass of ComponentType",
            where=where,
        )
    return found
