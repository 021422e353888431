"""The groups of the template: which instances they start, how many, and in which zones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from senza.checks.model import Subject, entries, literal, mapping, target
from senza.checks.rules.availability import GROUP, seconds_of, zones_of
from senza.checks.rules.instances import LAUNCHERS, launch_data


@dataclass(frozen=True)
class Fleet:
    """Instances of one type in one group.

    group: its logical id. launcher: that of what says how they are launched. first, most: how many at once; 0 where the
    group chooses among several types. zones: empty where they are not known. alternatives: how many types there are.
    """

    group: str
    launcher: str
    type: str
    spot: bool
    first: int
    most: int
    zones: frozenset[str]
    alternatives: int = 1


def fleets(subject: Subject) -> Iterator[Fleet]:
    """The groups whose instance types are written in the template, once for each type."""
    launchers = {resource.id: resource for resource in subject.of(*LAUNCHERS)}
    for group in subject.of(GROUP):
        properties = group.properties
        mixed = mapping(mapping(properties.get("MixedInstancesPolicy")).get("LaunchTemplate"))
        template = mapping(properties.get("LaunchTemplate")) or mapping(mixed.get("LaunchTemplateSpecification"))
        name = target(template.get("LaunchTemplateId")) or target(properties.get("LaunchConfigurationName"))
        launcher = launchers.get(name)
        if launcher is None:
            continue
        _, data = launch_data(launcher)
        zones = frozenset(subject.zones.values()) & zones_of(subject, properties, "VPCZoneIdentifier")
        overrides = [literal(mapping(one).get("InstanceType")) for one in entries(mixed.get("Overrides"))]
        types = [one for one in dict.fromkeys(overrides) if one]
        if mixed:
            for one in types:
                yield Fleet(group.id, launcher.id, one, False, 0, 0, zones, len(types))
            continue
        least, most = seconds_of(properties.get("MinSize")) or 0, seconds_of(properties.get("MaxSize")) or 0
        first = max(seconds_of(properties.get("DesiredCapacity")) or 0, least)
        spot = "InstanceMarketOptions" in data or "SpotPrice" in data
        if kind := literal(data.get("InstanceType")):
            yield Fleet(group.id, launcher.id, kind, spot, first, max(first, most), zones)
