"""The groups of the template: which instances they start, how many, and in which zones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from senza.checks.model import Subject, literal, mapping, target
from senza.checks.rules.availability import GROUP, seconds_of, zones_of
from senza.checks.rules.instances import LAUNCHERS, launch_data


@dataclass(frozen=True)
class Fleet:
    """Instances of one type in one group.

    group: its logical id. launcher: that of what says how they are launched. first, most: how many at once.
    zones: empty where they are not known.
    """

    group: str
    launcher: str
    type: str
    spot: bool
    first: int
    most: int
    zones: frozenset[str]


def fleets(subject: Subject) -> Iterator[Fleet]:
    """The groups whose instance type is written in the template."""
    launchers = {resource.id: resource for resource in subject.of(*LAUNCHERS)}
    for group in subject.of(GROUP):
        properties = group.properties
        template = mapping(properties.get("LaunchTemplate")).get("LaunchTemplateId")
        launcher = launchers.get(target(template) or target(properties.get("LaunchConfigurationName")))
        if launcher is None:
            continue
        _, data = launch_data(launcher)
        kind = literal(data.get("InstanceType"))
        if not kind:
            continue
        least, most = seconds_of(properties.get("MinSize")) or 0, seconds_of(properties.get("MaxSize")) or 0
        first = max(seconds_of(properties.get("DesiredCapacity")) or 0, least)
        spot = "InstanceMarketOptions" in data or "SpotPrice" in data
        zones = frozenset(subject.zones.values()) & zones_of(subject, properties, "VPCZoneIdentifier")
        yield Fleet(group.id, launcher.id, kind, spot, first, max(first, most), zones)
