"""``Spot``, ``InstanceTypes``, ``InstanceRequirements``: a group whose instances are not all alike.

("Auto Scaling groups with multiple instance types and purchase options" in the EC2 Auto Scaling guide.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troposphere import autoscaling

from senza.components.functions import is_function
from senza.components.model import Property, Site
from senza.components.sections import checked_section, one_of, without_nothing
from senza.components.settings import Settings, shown
from senza.components.shapes import Shaper

SPOT = (
    Property("OnDemandBase", "integer", "So many instances are on demand in any case.", 0),
    Property("OnDemandPercentage", "percent", "So many of the instances above OnDemandBase are on demand.", 0),
    Property("AllocationStrategy", "text", "How the kinds of spot instances are chosen.", "price-capacity-optimized"),
    Property("MaxPrice", "number", "Dollars per hour; AWS advises against it. Default: the price on demand."),
)
STRATEGIES = ("price-capacity-optimized", "capacity-optimized", "capacity-optimized-prioritized", "lowest-price")
PROPERTIES = (
    Property("InstanceTypes", "list of instance types", "Instead of InstanceType: any of these, the first preferred."),
    Property(
        "InstanceRequirements",
        "mapping",
        "Instead of types: any that has at least this, e.g. `{VCpuCount: 2, MemoryMiB: {Min: 4096, Max: 8192}}`.",
    ),
    Property("Spot", "mapping", "How many instances may be spot instances, see below; `{}` means all."),
)
NAMES = tuple(item.name for item in PROPERTIES)
MAX_TYPES = 40
"""Overrides of a group (EC2 Auto Scaling quotas)."""
EXCLUDED = ("SpotPrice", "InstanceMarketOptions", "MixedInstancesPolicy", "LaunchConfigurationName", "InstanceId")


def wants_mixed(settings: Settings) -> bool:
    return any(name in settings for name in NAMES)


def instance_type(settings: Settings) -> Any:
    """What the launch template says; None where requirements decide. Raises DefinitionError."""
    if "InstanceRequirements" in settings:
        for other in ("InstanceType", "InstanceTypes"):
            if other in settings:
                raise settings.wrong(
                    f"{other} and InstanceRequirements exclude each other", other, hint="Remove one of them."
                )
        return None
    if "InstanceTypes" not in settings:
        return settings.require("InstanceType", "t3.micro")
    types = instance_types(settings)
    chosen = settings.get("InstanceType", types[0])
    if chosen not in types:
        hint = "Remove InstanceType: the first of InstanceTypes is preferred."
        raise settings.wrong(f"InstanceType {shown(chosen)} is not among the InstanceTypes", "InstanceType", hint=hint)
    return chosen


def instance_types(settings: Settings) -> list[Any]:
    types = settings.items("InstanceTypes")
    for number, item in enumerate(types):
        if not isinstance(item, str) and not is_function(item):
            raise settings.wrong(f"an instance type must be a text, not {shown(item)}", "InstanceTypes", number)
        if item in types[:number]:
            raise settings.wrong(f"{shown(item)} is there twice", "InstanceTypes", number)
    if not 0 < len(types) <= MAX_TYPES:
        raise settings.wrong(f"there must be 1 to {MAX_TYPES} InstanceTypes", "InstanceTypes")
    return types


def group_properties(settings: Settings, site: Site, template: Mapping[str, Any]) -> dict[str, Any]:
    """``MixedInstancesPolicy`` and what goes with it. template: id and version of the launch template.

    Raises DefinitionError.
    """
    for name in EXCLUDED:
        if name in settings:
            mine = next(own for own in NAMES if own in settings)
            hint = "Write Spot: {MaxPrice: ...}." if name == "SpotPrice" else f"Remove {name} or {mine}."
            raise settings.wrong(f"{mine} and {name} exclude each other", name, hint=hint)
    launch: dict[str, Any] = {"LaunchTemplateSpecification": dict(template)}
    if "InstanceTypes" in settings:
        launch["Overrides"] = [{"InstanceType": item} for item in instance_types(settings)]
    elif "InstanceRequirements" in settings:
        launch["Overrides"] = [{"InstanceRequirements": requirements(settings, site)}]
    policy: dict[str, Any] = {"LaunchTemplate": launch}
    properties: dict[str, Any] = {"MixedInstancesPolicy": policy}
    spot = checked_section(settings, "Spot", SPOT, site.tolerate)
    if spot:
        policy["InstancesDistribution"] = distribution(spot, "InstanceRequirements" in settings)
        properties["CapacityRebalance"] = True
    return properties


def distribution(spot: Settings, by_requirements: bool) -> dict[str, Any]:
    strategy = one_of(spot, "AllocationStrategy", STRATEGIES, STRATEGIES[0])
    if by_requirements and strategy == "capacity-optimized-prioritized":
        raise spot.wrong("InstanceRequirements have no order to prioritize by", "AllocationStrategy")
    percentage = spot.integer("OnDemandPercentage", 0)
    if isinstance(percentage, int) and not 0 <= percentage <= 100:
        raise spot.wrong(f"OnDemandPercentage must be 0 to 100, not {percentage}", "OnDemandPercentage")
    price = spot.get("MaxPrice")
    return without_nothing(
        {
            "OnDemandBaseCapacity": spot.integer("OnDemandBase", 0),
            "OnDemandPercentageAboveBaseCapacity": percentage,
            "SpotAllocationStrategy": strategy,
            "SpotMaxPrice": price if price is None or is_function(price) else spot.text("MaxPrice"),
        }
    )


def requirements(settings: Settings, site: Site) -> Any:
    """As EC2 has them; where it wants a range, a number is the least. Raises DefinitionError."""
    section = settings.section("InstanceRequirements")
    assert section is not None
    for name in ("VCpuCount", "MemoryMiB"):
        section.require(name, "2" if name == "VCpuCount" else "4096")
    kinds = autoscaling.InstanceRequirements.props
    values = {
        name: {"Min": value} if name in kinds and _is_range(kinds[name][0]) and _is_number(value) else value
        for name, value in section.values.items()
    }
    return Shaper(settings, site.tolerate).part(autoscaling.InstanceRequirements, values, "InstanceRequirements")


def _is_range(kind: Any) -> bool:
    return isinstance(kind, type) and "Min" in getattr(kind, "props", ())


def _is_number(value: Any) -> bool:
    return is_function(value) or (isinstance(value, int | float | str) and not isinstance(value, bool))
